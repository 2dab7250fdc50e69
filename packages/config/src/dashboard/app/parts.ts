/** Small components of several pages. States are shown by shape and word, never by colour alone. */
import { html, type Content } from "./html.ts";
import { to } from "./address.ts";

const SHAPES: Readonly<Record<string, readonly [shape: string, tone: string]>> = {
  ok: ["●", "good"],
  waiting: ["○", "calm"],
  running: ["◐", "busy"],
  runnable: ["◔", "busy"],
  suspended: ["❚❚", "warn"],
  starting: ["◌", "busy"],
  stopping: ["◌", "warn"],
  restarting: ["↻", "warn"],
  stopped: ["■", "calm"],
  absent: ["○", "calm"],
  loading: ["◌", "busy"],
  pending: ["◌", "calm"],
  refused: ["✕", "bad"],
  error: ["✕", "bad"],
  stale: ["▲", "warn"],
  down: ["■", "bad"],
  slow: ["▲", "warn"],
  nobody: ["▲", "warn"],
  degraded: ["▲", "warn"],
  warning: ["▲", "warn"],
  info: ["·", "calm"],
  committed: ["●", "good"],
};

export function Status({ of, title }: { of: string | undefined; title?: string | undefined }) {
  const [shape, tone] = SHAPES[of ?? ""] ?? ["·", "calm"];
  return html`<span class="status ${tone}" title=${title}><i aria-hidden="true">${shape}</i> ${of ?? "unknown"}</span>`;
}

/** An amount as a bar on a logarithmic scale, so that small and large ones are both visible. */
export function Bar({ of, text }: { of: number | undefined; text?: string | undefined }) {
  const amount = of ?? 0;
  const width = amount <= 0 ? 0 : Math.min(100, 12 + Math.log10(amount + 1) * 22);
  const tone = amount >= 1_000 ? "bad" : amount >= 50 ? "warn" : "calm";
  return html`<span class="bar"
    ><b class=${tone} style=${{ width: `${width}%` }}></b
    ><span>${text ?? (amount === 0 ? "0" : amount.toLocaleString("en"))}</span></span
  >`;
}

/** The last two minutes as a line. */
export function Spark({ of, label }: { of: readonly number[] | undefined; label: string }) {
  const values = of ?? [];
  const most = Math.max(1e-9, ...values);
  const points = values.map(
    (value, index) => `${((index + 120 - values.length) * 100) / 119},${27 - (value / most) * 25}`,
  );
  const first = points[0]?.split(",")[0] ?? "0";
  return html`<svg class="spark" viewBox="0 0 100 28" preserveAspectRatio="none" role="img" aria-label=${label}>
    ${points.length > 1 ? html`<path class="area" d=${`M${first},28 L${points.join(" L")} L100,28 Z`} /><polyline points=${points.join(" ")} />` : null}
  </svg>`;
}

export interface Link {
  readonly pid?: string;
  readonly name: string;
}

export function Process({ of }: { of: Link | undefined }) {
  if (of === undefined) return html`<span class="dim">–</span>`;
  if (of.pid === undefined) return html`<span>${of.name}</span>`;
  return html`<a href=${to("processes", { pid: of.pid })}>${of.name}</a>`;
}

export const pid = (key: string | undefined): string => (key === undefined ? "" : `<${key}>`);

export function Badge({ of, title }: { of: string | undefined; title?: string | undefined }) {
  return of === undefined
    ? null
    : html`<span class="badge ${of === "put" || of === "runtime" ? "put" : ""}" title=${title}
        >${of === "runtime" ? "put" : of}</span
      >`;
}

export function Panel({ title, close, children }: { title: Content; close: string; children?: Content }) {
  return html`<aside class="panel" aria-label="Details">
    <header>
      <h2>${title}</h2>
      <a class="close" href=${close} aria-label="Close" data-close>✕</a>
    </header>
    ${children}
  </aside>`;
}

export function Facts({ of }: { of: readonly (readonly [string, Content] | undefined)[] }) {
  return html`<dl class="facts">
    ${of.map((fact) =>
      fact === undefined
        ? null
        : html`<dt>${fact[0]}</dt>
            <dd>${fact[1]}</dd>`,
    )}
  </dl>`;
}

export function Empty({ children }: { children?: Content }) {
  return html`<p class="empty">${children}</p>`;
}

export function Managers({
  all,
  now,
  page,
}: {
  all: readonly string[] | undefined;
  now: string | undefined;
  page: string;
}) {
  if (all === undefined || all.length < 2) return null;
  return html`<nav class="tabs" aria-label="Managers">
    ${all.map((name) => html`<a href=${to(page, { manager: name, path: undefined, from: undefined, to: undefined })} aria-current=${name === now ? "page" : undefined}>${name}</a>`)}
  </nav>`;
}

export function Search({ value, label, onInput }: { value: string; label: string; onInput: (text: string) => void }) {
  return html`<label class="search"
    ><span class="hidden">${label}</span
    ><input
      type="search"
      data-search
      placeholder=${`${label}  ( / )`}
      value=${value}
      onInput=${(event: InputEvent) => onInput((event.target as HTMLInputElement).value)}
  /></label>`;
}

/** The form that applies a change, with a reason for the history. */
export function ReasonForm({
  reason,
  onReason,
  label,
  onApply,
}: {
  reason: string;
  onReason: (text: string) => void;
  label: string;
  onApply: () => void;
}) {
  return html`<form
    class="editor"
    onSubmit=${(event: Event) => {
      event.preventDefault();
      onApply();
    }}
  >
    <label
      >Reason, for the history
      <input
        data-reason
        value=${reason}
        onInput=${(event: InputEvent) => onReason((event.target as HTMLInputElement).value)}
    /></label>
    <p class="buttons"><button class="primary" data-apply>${label}</button></p>
  </form>`;
}

/** The lines of a difference, old and new side by side. */
export function Difference({
  lines,
  more,
}: {
  lines: readonly { path: string; old_value?: string; new_value?: string }[];
  more?: number;
}) {
  if (lines.length === 0) return html`<p class="empty">Nothing changes.</p>`;
  return html`<table class="difference">
      <thead>
        <tr>
          <th>Path</th>
          <th>Before</th>
          <th>After</th>
        </tr>
      </thead>
      <tbody>
        ${lines.map(
          (line) =>
            html`<tr key=${line.path}>
              <td class="mono"><a href=${to("configuration", { path: line.path })}>${line.path}</a></td>
              <td class="mono old">
                ${line.old_value === undefined ? html`<i>none</i>` : html`<span>− ${line.old_value}</span>`}
              </td>
              <td class="mono new">
                ${line.new_value === undefined ? html`<i>gone</i>` : html`<span>+ ${line.new_value}</span>`}
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
    ${(more ?? 0) > 0 ? html`<p class="dim">and ${more} more</p>` : null}`;
}

export function Problems({ of }: { of: readonly { path: string; message: string; origin?: string }[] }) {
  return html`<ul class="problems">
    ${of.map((one) => html`<li><b class="mono">${one.path}</b> ${one.message}${one.origin === undefined ? null : html` <span class="dim">(${one.origin})</span>`}</li>`)}
  </ul>`;
}
