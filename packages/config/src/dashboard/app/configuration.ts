import { useState } from "preact/hooks";
import { go, to } from "./address.ts";
import { type Answer, post } from "./api.ts";
import { mayWrite } from "./boot.ts";
import { clock, count, number } from "./format.ts";
import { html } from "./html.ts";
import { Badge, Difference, Empty, Facts, Managers, Panel, Problems, ReasonForm, Search } from "./parts.ts";
import { toggled, without } from "./words.ts";

interface Node {
  readonly path: string;
  readonly key: string;
  readonly depth: number;
  readonly kind: "table" | "leaf" | "more" | "rest";
  readonly type?: string;
  readonly value?: string;
  readonly secret?: boolean;
  readonly badge?: string;
  readonly place?: string;
  readonly overridden?: boolean;
  readonly keys?: number;
  readonly open?: boolean;
  readonly left?: number;
}

interface Layer {
  readonly role: "winner" | "merged" | "shadowed";
  readonly source: string;
  readonly badge: string;
  readonly place: string;
  readonly value: string;
  readonly why: string;
}

interface Detail {
  readonly path: string;
  readonly error?: string;
  readonly version: number;
  readonly value?: string;
  readonly editable: string;
  readonly type: string;
  readonly secret: boolean;
  /** It is secret, as a whole or in part, and not shown. */
  readonly masked: boolean;
  /** It has too many values to be edited at once. */
  readonly large: boolean;
  /** The setting in other notations, by their names. */
  readonly copies: Readonly<Record<string, string>>;
  readonly schema?: "default" | "coerced";
  /** The change that set the value, if it is known. */
  readonly since?: { version: number; at: string; cause: string; actor?: string; reason?: string };
  readonly expected?: string;
  readonly stack: readonly Layer[];
  readonly overridden: boolean;
  readonly comes_back?: { nothing?: boolean; value?: string; place?: string };
}

interface Data {
  readonly managers: readonly string[];
  readonly manager: string;
  readonly missing?: boolean;
  readonly can_write: boolean;
  readonly version: number;
  readonly keys: number;
  readonly overrides: number;
  readonly matching?: number;
  readonly rows: readonly Node[];
  readonly panel?: Detail;
}

export function Configuration({ data, query }: { data: Data; query: URLSearchParams }) {
  const { panel } = data;
  const q = query.get("q") ?? "";
  const only = query.get("only");
  const filter = (name: string | undefined, text: string) =>
    html`<a
      href=${to("configuration", { only: name })}
      aria-current=${(only ?? undefined) === name ? "page" : undefined}
      >${text}</a
    >`;
  if (data.missing === true)
    return html`<${Managers} all=${data.managers} now=${data.manager} page="configuration" /><${Empty}
        >No configuration manager is registered as "${data.manager}". Give the dashboard the one to show: dashboard({
        config: spec }).<//
      >`;
  return html`<div class=${panel === undefined ? "page" : "page split"}>
    <div class="main">
      <${Managers} all=${data.managers} now=${data.manager} page="configuration" />
      <div class="tools">
        <nav class="tabs" aria-label="Filter">
          ${filter(undefined, "All")}${filter("overrides", `Put at run time (${number(data.overrides)})`)}${filter("defaults", "Defaults")}
        </nav>
        <${Search}
          value=${q}
          label="Search path or value"
          onInput=${(text: string) => go(to("configuration", { q: text }), true)}
        />
        <span class="dim"
          ><a href=${to("changes")}>version ${data.version}</a>,
          ${count(data.keys, "setting")}${data.matching === undefined ? "" : `, ${number(data.matching)} found`}</span
        >
      </div>
      <div class="scroll">
        <table class="rows settings">
          <thead>
            <tr>
              <th>Setting</th>
              <th>Value</th>
              <th>Type</th>
              <th>From</th>
            </tr>
          </thead>
          <tbody>
            ${data.rows.map((node) => html`<${Row} key=${`${node.path}:${node.kind}`} node=${node} query=${query} selected=${panel?.path} />`)}
          </tbody>
        </table>
      </div>
      ${data.rows.length === 0 ? html`<${Empty}>${q !== "" ? "No path or value matches." : only === "overrides" ? "Nothing was put at run time." : only === "defaults" ? "Every setting has a value from a source: the schema adds none." : "The configuration is empty."}<//>` : null}
      ${(data.matching ?? 0) > data.rows.length ? html`<p><a class="button" href=${to("configuration", { n: String(data.rows.length + 200) })}>Show more of ${number(data.matching)}</a></p>` : null}
    </div>
    ${panel === undefined ? null : html`<${Details} key=${`${data.manager} ${panel.path}`} of=${panel} manager=${data.manager} write=${mayWrite(data.can_write)} />`}
  </div>`;
}

/** Longer texts do not fit into an address. */
const LONGEST_PATH = 2_000;

function Row({ node, query, selected }: { node: Node; query: URLSearchParams; selected: string | undefined }) {
  const indent = { "--depth": String(node.depth) };
  if (node.kind === "rest")
    return html`<tr>
      <td colspan="4" class="dim" style=${indent}>${count(node.left, "other")} of this table: search for them</td>
    </tr>`;
  if (node.kind === "more")
    return html`<tr>
      <td colspan="4" style=${indent}>
        <a class="more" href=${to("configuration", { more: toggled(query.get("more"), node.path) })}
          >Show ${number(node.left)} more</a
        >
      </td>
    </tr>`;
  const isTable = node.kind === "table";
  const toggle = () => {
    const list = node.open === true ? "closed" : "open";
    const other = node.open === true ? "open" : "closed";
    const rest = without(query.get(other), node.path);
    go(to("configuration", { [list]: toggled(query.get(list), node.path), [other]: rest }), true);
  };
  return html`<tr class=${node.path === selected ? "selected" : ""}>
    <td style=${indent}>
      ${isTable ? html`<button class="fold" aria-expanded=${node.open} aria-label=${`${node.open === true ? "Fold" : "Unfold"} ${node.path}`} onClick=${toggle}>${node.open === true ? "▾" : "▸"}</button>` : html`<span class="fold"></span>`}<a
        class="name mono"
        title=${node.key.length > 30 ? node.key : undefined}
        href=${node.path.length > LONGEST_PATH ? undefined : to("configuration", { path: node.path })}
        >${node.key}</a
      >${node.overridden === true ? html` <span class="dot" title="put at run time">◆</span>` : null}
    </td>
    ${
      isTable
        ? html`<td class="dim" colspan="3">${count(node.keys, "key")}</td>`
        : html` <td class="mono value">
              ${node.secret === true ? html`<span class="secret">•••• redacted</span>` : html`<span class="text">${node.value}</span>`}
            </td>
            <td class="dim">${node.type}</td>
            <td>
              <${Badge} of=${node.badge} /> <span class="dim place" title=${node.place}>${placeText(node)}</span>
            </td>`
    }
  </tr>`;
}

function placeText({ place, badge }: Node): string {
  return place === undefined || badge === "put"
    ? ""
    : place.replace(/^(?:file|env|consul):/u, "").replace(/^.*\//u, "");
}

function Details({ of, manager, write }: { of: Detail; manager: string; write: boolean }) {
  const close = to("configuration", { path: undefined });
  if (of.error !== undefined)
    return html`<${Panel} title="No path" close=${close}><p class="error">${of.error}</p><//>`;
  return html`<${Panel} title=${html`<span class="mono">${of.path}</span>`} close=${close}>
    <p class="current mono">
      ${of.secret ? html`<span class="secret">•••• redacted</span>` : of.value === undefined ? html`<i>none</i>` : of.value}
    </p>
    <${Facts}
      of=${[
        [
          "Type",
          html`${of.type}${of.expected === undefined ? null : html` <span class="dim">the schema wants ${of.expected}</span>`}`,
        ],
        of.since === undefined
          ? undefined
          : [
              "Since",
              html`<a href=${to("changes", { to: String(of.since.version) })}>version ${of.since.version}</a>,
                ${clock(of.since.at)}:
                ${of.since.cause}${of.since.actor === undefined ? null : html` by <b>${of.since.actor}</b>`}${of.since.reason === undefined ? null : html`<span class="said">“${of.since.reason}”</span>`}`,
            ],
        of.schema === "default"
          ? ["Schema", "set it: no source has it"]
          : of.schema === "coerced"
            ? ["Schema", "made this value from the source's"]
            : undefined,
      ]}
    />
    <h3>Origin</h3>
    ${
      of.stack.length === 0
        ? html`<p class="dim">
            ${of.schema === "default" ? "No source has it: the schema's default counts." : "No source has it."}
          </p>`
        : html`<ol class="stack">
            ${of.stack.map(
              (layer) =>
                html`<li class=${layer.role}>
                  <p class="head">
                    <span class="mark" aria-hidden="true"
                      >${layer.role === "winner" ? "▶" : layer.role === "merged" ? "+" : "✕"}</span
                    ><${Badge} of=${layer.badge} /><b>${layer.place}</b
                    ><span class="role"
                      >${layer.role === "winner" ? "counts" : layer.role === "merged" ? "merged in" : "hidden"}</span
                    >
                  </p>
                  <p class="mono value">${layer.role === "shadowed" ? html`<s>${layer.value}</s>` : layer.value}</p>
                  <p class="dim">${layer.why}</p>
                </li>`,
            )}
          </ol>`
    }
    ${write ? html`<${Editor} of=${of} manager=${manager} />` : null}
    <${Copy} of=${of.copies} />
  <//>`;
}

type Step =
  | { readonly kind: "edit" }
  | { readonly kind: "asked"; readonly unset: boolean; readonly value: string | undefined; readonly answer: Answer };

/** Edit → dry run → difference or problems → apply with a reason, if the version is still the one shown. */
function Editor({ of, manager }: { of: Detail; manager: string }) {
  const [text, setText] = useState(of.editable);
  const [reason, setReason] = useState("");
  const [step, setStep] = useState<Step>({ kind: "edit" });
  const [said, say] = useState<Answer | undefined>(undefined);
  const [open, setOpen] = useState(false);
  if (of.large) return html`<p class="dim">It has too many settings to be edited at once: change them one by one.</p>`;
  if (of.masked && !of.secret && (of.type === "table" || of.type === "list"))
    return html`<p class="dim">Parts of it are secret and not shown: change its settings one by one.</p>`;
  const kind = /boolean/u.test(of.type) ? "boolean" : /integer|number/u.test(of.type) ? "number" : "text";
  const ask = async (unset: boolean) => {
    say(undefined);
    const value = unset ? undefined : valueOf(text, of.type, of.expected);
    const wanted = { manager, path: of.path, dry_run: true };
    const answer = await post(unset ? "configuration/unset" : "configuration/put", wanted, value);
    setStep({ kind: "asked", unset, value, answer });
  };
  const commit = async () => {
    if (step.kind !== "asked") return;
    const { unset, value, answer } = step;
    const wanted = { manager, path: of.path, reason, if_version: answer.preview?.version };
    const result = await post(unset ? "configuration/unset" : "configuration/put", wanted, value);
    say(result);
    if (result.ok) {
      setStep({ kind: "edit" });
      setReason("");
      setOpen(false);
    }
  };
  if (!open)
    return html`<p class="buttons">
        <button
          onClick=${() => {
            setText(of.editable);
            setOpen(true);
            say(undefined);
          }}
        >
          Change…</button
        >${
          of.overridden
            ? html`<button
                onClick=${() => {
                  setOpen(true);
                  void ask(true);
                }}
              >
                Unset…
              </button>`
            : null
        }
      </p>
      ${of.overridden && of.comes_back !== undefined ? html`<p class="dim">Unset, ${of.comes_back.nothing === true ? "it would be removed" : html`<b class="mono">${of.comes_back.value}</b> of ${of.comes_back.place} would come back`}.</p>` : null}
      ${said?.ok === true ? html`<p role="status" class="good-text">✓ ${said.done}: version ${said.version}</p>` : null}`;
  return html`<h3>Change it</h3>
    <form
      class="editor"
      onSubmit=${(event: Event) => {
        event.preventDefault();
        void ask(false);
      }}
    >
      <label
        ><span class="hidden">New value</span>${
          kind === "boolean"
            ? html`<select
                data-edit
                value=${text}
                onChange=${(event: Event) => setText((event.target as HTMLSelectElement).value)}
              >
                <option>true</option>
                <option>false</option>
              </select>`
            : kind === "number"
              ? html`<input
                  data-edit
                  inputmode="decimal"
                  value=${text}
                  onInput=${(event: InputEvent) => setText((event.target as HTMLInputElement).value)}
                />`
              : html`<textarea
                  data-edit
                  rows=${Math.min(12, Math.max(2, text.split("\n").length))}
                  placeholder=${of.masked ? "a new value: the current one is secret" : ""}
                  value=${text}
                  onInput=${(event: InputEvent) => setText((event.target as HTMLTextAreaElement).value)}
                ></textarea>`
        }</label
      >
      <p class="buttons">
        <button class="primary">Check</button
        ><button
          type="button"
          onClick=${() => {
            setOpen(false);
            setStep({ kind: "edit" });
          }}
        >
          Cancel
        </button>
      </p>
    </form>
    ${step.kind === "edit" ? html`<p class="dim">A check validates the change and shows its effect, without applying it.</p>` : html`<${Outcome} step=${step} />`}
    ${
      step.kind === "asked" && step.answer.ok && (step.answer.preview?.changed ?? 0) > 0
        ? html`<${ReasonForm}
            reason=${reason}
            onReason=${setReason}
            label=${step.unset ? "Unset it" : "Apply"}
            onApply=${() => void commit()}
          />`
        : null
    }
    ${
      said === undefined || said.ok
        ? null
        : html`<div role="alert" class="refusal">
            <p class="error">✕ ${said.error}</p>
            ${said.conflict === undefined ? null : html`<p>Somebody changed the configuration meanwhile: it is at version ${said.conflict.current}. <button onClick=${() => step.kind === "asked" && ask(step.unset)}>Check again</button></p>`}${said.problems === undefined ? null : html`<${Problems} of=${said.problems} />`}
          </div>`
    }`;
}

function Outcome({ step: { answer, unset } }: { step: Extract<Step, { kind: "asked" }> }) {
  if (!answer.ok)
    return html`<div role="alert" class="refusal">
      <p class="error">✕ It would be refused</p>
      ${(answer.problems?.length ?? 0) > 0 ? html`<${Problems} of=${answer.problems} />` : html`<p>${answer.error}</p>`}
    </div>`;
  const { preview } = answer;
  return html`<h3>${unset ? "Effect of the unset" : "Effect of the change"}</h3>
    <${Difference} lines=${preview?.changes ?? []} more=${(preview?.changed ?? 0) - (preview?.changes.length ?? 0)} />`;
}

/** The JSON of an edited text: the text itself if it is JSON, with all its digits, or a string if the old value was one. */
function valueOf(text: string, type: string, expected: string | undefined): string {
  if (type === "string" || expected === "string") return JSON.stringify(text);
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

function Copy({ of }: { of: Detail["copies"] }) {
  const [copied, set] = useState("");
  if (Object.keys(of).length === 0) return null;
  return html`<p class="copy dim">
    Copy as
    ${Object.entries(of).map(
      ([name, text]) =>
        html`<button
          class="link"
          onClick=${async () => {
            try {
              await navigator.clipboard.writeText(text);
              set(`✓ copied ${name}`);
            } catch {
              set("✕ the browser does not allow it");
            }
          }}
        >
          ${name}
        </button> `,
    )}${copied === "" ? null : html`<span role="status">${copied}</span>`}
  </p>`;
}
