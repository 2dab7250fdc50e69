import { useState } from "preact/hooks";
import { to } from "./address.ts";
import { type Answer, post } from "./api.ts";
import { mayWrite } from "./boot.ts";
import { ago, clock, number } from "./format.ts";
import { html } from "./html.ts";
import { Difference, Empty, Managers, Panel, Problems, ReasonForm, Status } from "./parts.ts";

interface Entry {
  readonly kind: "committed" | "refused";
  readonly version: number;
  readonly at: string;
  readonly cause: string;
  readonly actor?: string;
  readonly reason?: string;
  readonly paths?: readonly string[];
  readonly changed?: number;
  readonly error?: string;
  readonly problems?: readonly { path: string; message: string; origin?: string }[];
}

interface Data {
  readonly managers: readonly string[];
  readonly manager: string;
  readonly missing?: boolean;
  readonly can_write: boolean;
  readonly current: number;
  readonly entries: readonly Entry[];
  readonly difference?: {
    from?: number;
    to: number;
    /** Nothing before it is kept. */
    oldest?: boolean;
    changed?: number;
    lines?: readonly { path: string; old_value?: string; new_value?: string }[];
    error?: string;
  };
}

export function Changes({ data, query }: { data: Data; query: URLSearchParams }) {
  const { difference } = data;
  if (data.missing === true) return html`<${Empty}>No configuration manager is registered as "${data.manager}".<//>`;
  return html`<div class=${difference === undefined ? "page" : "page split"}>
    <div class="main">
      <${Managers} all=${data.managers} now=${data.manager} page="changes" />
      <div class="tools">
        <span class="dim"
          >${data.entries.length === 1 ? "One change" : `The last ${data.entries.length} changes, the newest first`}.
          Version ${data.current} is effective.</span
        >
      </div>
      <ol class="timeline">
        ${data.entries.map((entry, index) => html`<${Item} key=${`${entry.kind}${entry.version}${entry.at}`} of=${entry} current=${data.current} selected=${query.get("to")} first=${index === data.entries.length - 1} />`)}
      </ol>
      ${data.entries.length === 0 ? html`<${Empty}>Nothing was loaded yet.<//>` : null}
    </div>
    ${difference === undefined ? null : html`<${Details} key=${`${difference.from}-${difference.to}`} data=${data} />`}
  </div>`;
}

function Item({
  of,
  current,
  selected,
  first,
}: {
  of: Entry;
  current: number;
  selected: string | null;
  first: boolean;
}) {
  if (of.kind === "refused")
    return html`<li class="refused">
      <span class="node" aria-hidden="true">✕</span>
      <div>
        <p>
          <${Status} of="refused" />
          <b>${of.cause}</b>
          ${of.paths?.map((path) => html`<a class="mono" href=${to("configuration", { path })}>${path}</a> `)}<time
            class="dim"
            title=${of.at}
            >${clock(of.at)}</time
          >
        </p>
        <p class="dim">
          ${[of.actor === undefined ? "" : `by ${of.actor}`, of.reason === undefined ? "" : `“${of.reason}”`].filter(Boolean).join(", ")}
        </p>
        ${(of.problems?.length ?? 0) > 0 ? html`<${Problems} of=${of.problems} />` : html`<p class="error">${of.error}</p>`}
      </div>
    </li>`;
  return html`<li class=${selected === String(of.version) ? "selected" : ""}>
    <span class="node" aria-hidden="true">${of.version === current ? "◉" : "●"}</span>
    <div>
      <p>
        <a href=${to("changes", { to: String(of.version), from: undefined })}><b>Version ${of.version}</b></a>
        ${of.version === current ? html`<span class="badge put">effective</span> ` : null}<span class="badge"
          >${of.cause}</span
        >
        <time class="dim" title=${of.at}>${clock(of.at)}, ${ago(of.at)}</time>
      </p>
      ${of.actor === undefined && of.reason === undefined ? null : html`<p>${of.actor === undefined ? "" : html`by <b>${of.actor}</b>`}${of.reason === undefined ? "" : html` “${of.reason}”`}</p>`}
      ${of.paths === undefined ? html`<p class="dim">${first ? "the oldest that is kept" : ""}</p>` : html`<p class="paths">${of.paths.map((path) => html`<a class="mono" href=${to("configuration", { path })}>${path}</a> `)}${(of.changed ?? 0) > of.paths.length ? html`<span class="dim">and ${number((of.changed ?? 0) - of.paths.length)} more</span>` : null}</p>`}
    </div>
  </li>`;
}

function Details({ data }: { data: Data }) {
  const { difference, entries, current } = data;
  const close = to("changes", { to: undefined, from: undefined });
  if (difference === undefined) return null;
  const others = entries
    .filter(({ kind, version }) => kind === "committed" && version !== difference.to)
    .slice(0, 12)
    .map(({ version }) => version);
  const link = (from: number) =>
    html`<a
      href=${to("changes", { from: String(from), to: String(difference.to) })}
      aria-current=${from === difference.from ? "page" : undefined}
      >${from}</a
    >`;
  return html`<${Panel} title=${`Version ${difference.to}`} close=${close}>
    ${
      others.length === 0
        ? null
        : html`<nav class="tabs small" aria-label="Compare with">
            <span class="dim">${difference.from === undefined ? "compare with" : "compared with"}</span
            >${others.map(link)}
          </nav>`
    }
    ${difference.oldest === true ? html`<p class="dim">This is the oldest version that is kept; earlier values are unknown.</p>` : difference.error === undefined ? html`<${Difference} lines=${difference.lines ?? []} more=${(difference.changed ?? 0) - (difference.lines?.length ?? 0)} />` : html`<p class="dim">${difference.error}</p>`}
    ${mayWrite(data.can_write) && difference.to !== current ? html`<${Rollback} manager=${data.manager} version=${difference.to} />` : null}
  <//>`;
}

/** A rollback is a change like any other: tried first, shown, then made. */
function Rollback({ manager, version }: { manager: string; version: number }) {
  const [tried, set] = useState<Answer | undefined>(undefined);
  const [said, say] = useState<Answer | undefined>(undefined);
  const [reason, setReason] = useState("");
  const look = async () => {
    say(undefined);
    set(await post("changes/rollback", { manager, version, dry_run: true }));
  };
  const commit = async () => {
    const answer = await post("changes/rollback", { manager, version, reason, if_version: tried?.preview?.version });
    say(answer);
    if (answer.ok) set(undefined);
  };
  return html`<h3>Roll back to here</h3>
    <p class="dim">The runtime overrides become those of that version. The values of the sources stay.</p>
    <p class="buttons"><button onClick=${look} data-rollback>Preview the changes…</button></p>
    ${
      tried === undefined
        ? null
        : tried.ok
          ? html`<${Difference}
                lines=${tried.preview?.changes ?? []}
                more=${(tried.preview?.changed ?? 0) - (tried.preview?.changes.length ?? 0)}
              />
              ${
                (tried.preview?.changed ?? 0) === 0
                  ? null
                  : html`<${ReasonForm}
                      reason=${reason}
                      onReason=${setReason}
                      label="Roll back"
                      onApply=${() => void commit()}
                    />`
              }`
          : html`<div role="alert" class="refusal">
              <p class="error">✕ ${tried.error}</p>
              <${Problems} of=${tried.problems ?? []} />
            </div>`
    }
    ${said === undefined ? null : said.ok ? html`<p role="status" class="good-text">✓ ${said.done}: version ${said.version}</p>` : html`<p role="alert" class="error">✕ ${said.error}</p>`}`;
}
