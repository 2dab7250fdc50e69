import { useState } from "preact/hooks";
import { go, to } from "./address.ts";
import { post } from "./api.ts";
import { mayWrite } from "./boot.ts";
import { ago, bytes, clock, count, duration, number } from "./format.ts";
import { html } from "./html.ts";
import type { Line } from "./live.ts";
import { Bar, Empty, Facts, type Link, Panel, Process, Search, Status, pid } from "./parts.ts";
import { toggled, without } from "./words.ts";

interface Row {
  readonly key: string;
  readonly pid?: string;
  readonly depth: number;
  readonly id?: string;
  readonly name?: string;
  readonly module?: string;
  readonly type: string;
  readonly status?: string;
  readonly strategy?: string;
  readonly restart?: string;
  readonly since?: string;
  readonly queue?: number;
  readonly handled?: number;
  readonly rate?: number;
  readonly reductions?: number;
  readonly restarts?: number;
  readonly last_restart?: { at: string; reason: string };
  readonly children?: number;
  readonly open?: boolean;
  readonly left?: number;
  readonly of?: string;
}

interface Wait {
  readonly who: Link;
  readonly request: string;
  readonly waiting_for: number;
}

interface Detail extends Row {
  readonly dead?: boolean;
  readonly supervisor?: Link;
  readonly trap_exit: boolean;
  readonly memory: number;
  readonly callback?: string;
  readonly callback_for?: number;
  readonly links: readonly Link[];
  readonly monitors: readonly Link[];
  readonly monitored_by: readonly Link[];
  readonly ancestors: readonly Link[];
  readonly waits_for: readonly Wait[];
  readonly waited_for_by: readonly Wait[];
  readonly crash?: Line;
  readonly can_show_state: boolean;
  readonly state?: string;
  readonly can_write: boolean;
}

interface Data {
  readonly view: "tree" | "table";
  readonly total: number;
  readonly matching?: number;
  readonly rows: readonly Row[];
  readonly panel?: Detail;
}

const COLUMNS = [
  ["queue", "Waiting", "messages in its mailbox"],
  ["rate", "Messages/s", "over the last second or so"],
  ["messages", "Handled", "messages so far"],
  ["restarts", "Restarts", "by its supervisor"],
] as const;

export function Processes({ data, query }: { data: Data; query: URLSearchParams }) {
  const { view, rows, panel } = data;
  const q = query.get("q") ?? "";
  const sort = query.get("sort") ?? "";
  return html`<div class=${panel === undefined ? "page" : "page split"}>
    <div class="main">
      <div class="tools">
        <nav class="tabs" aria-label="View">
          <a
            href=${to("processes", { view: undefined, sort: undefined, q: undefined })}
            aria-current=${view === "tree" ? "page" : undefined}
            >Tree</a
          >
          <a
            href=${to("processes", { view: "table", sort: sort || "queue" })}
            aria-current=${view === "table" ? "page" : undefined}
            >Table</a
          >
        </nav>
        <${Search}
          value=${q}
          label="Search name, pid, module, status"
          onInput=${(text: string) => go(to("processes", { q: text }), true)}
        />
        <span class="dim"
          >${count(data.total, "process", "processes")}${data.matching === undefined || q === "" ? "" : `, ${number(data.matching)} found`}</span
        >
      </div>
      <div class="scroll">
        <table class="rows processes">
          <thead>
            <tr>
              <th>Process</th>
              <th>Status</th>
              ${COLUMNS.map(
                ([by, name, title]) =>
                  html`<th class="number" aria-sort=${view === "table" && sort === by ? "descending" : undefined}>
                    <a title=${title} href=${to("processes", { view: "table", sort: by })}
                      >${name}${view === "table" && sort === by ? " ▾" : ""}</a
                    >
                  </th>`,
              )}
              <th class="number">Up</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map((row) => html`<${RowOf} key=${row.key} row=${row} selected=${panel?.pid} query=${query} />`)}
          </tbody>
        </table>
      </div>
      ${rows.length === 0 ? html`<${Empty}>${q === "" ? "No process has any." : "No process matches."}<//>` : null}
      ${view === "table" && (data.matching ?? 0) > rows.length ? html`<p><a class="button" href=${to("processes", { n: String(rows.length + 200) })}>Show more of ${number(data.matching)}</a></p>` : null}
    </div>
    ${panel === undefined ? null : html`<${Details} key=${panel.pid} of=${panel} />`}
  </div>`;
}

function RowOf({ row, selected, query }: { row: Row; selected: string | undefined; query: URLSearchParams }) {
  const indent = { "--depth": String(row.depth) };
  if (row.type === "more") {
    const of = row.of ?? "";
    const now = Number(
      (query.get("more") ?? "")
        .split(",")
        .find((one) => one.startsWith(`${of}:`))
        ?.split(":")[1] ?? 100,
    );
    const others = (query.get("more") ?? "").split(",").filter((one) => one !== "" && !one.startsWith(`${of}:`));
    return html`<tr>
      <td style=${indent} colspan="7">
        <a class="more" href=${to("processes", { more: [...others, `${of}:${now + 200}`].join(",") })}
          >Show 200 more of ${number(row.left)} left</a
        >
        <a class="more" href=${to("processes", { view: "table", sort: "queue" })}>or the table</a>
      </td>
    </tr>`;
  }
  const toggle = () => {
    const list = row.open === true ? "closed" : "open";
    const other = row.open === true ? "open" : "closed";
    const changes = {
      [list]: toggled(query.get(list), row.key),
      [other]: without(query.get(other), row.key),
    };
    go(to("processes", changes), true);
  };
  const name = row.name ?? (row.id !== undefined && row.id !== "" ? row.id : (row.module ?? ""));
  const folds = (row.children ?? 0) > 0;
  return html`<tr class=${`${row.pid !== undefined && row.pid === selected ? "selected" : ""} ${row.type}`}>
    <td style=${indent}>
      ${folds ? html`<button class="fold" aria-expanded=${row.open} aria-label=${`${row.open === true ? "Fold" : "Unfold"} ${name}`} onClick=${toggle}>${row.open === true ? "▾" : "▸"}</button>` : html`<span class="fold"></span>`}
      ${row.pid === undefined ? html`<b>${name}</b>` : html`<a class="name" title=${name.length > 30 ? name : undefined} href=${to("processes", { pid: row.pid, state: undefined })}>${name}</a>`}
      ${row.type === "supervisor" ? html` <span class="badge" title="its strategy">${row.strategy ?? "supervisor"}</span>` : null}
      ${folds ? html` <span class="dim">${number(row.children)}</span>` : null}
      <span class="module"
        >${row.name !== undefined && row.id !== undefined && row.id !== "" && row.id !== row.name ? `${row.id} · ` : ""}${name === row.module ? "" : (row.module ?? "")}</span
      ><span class="module">${row.pid === undefined ? "" : pid(row.pid)}</span>
    </td>
    ${
      row.type === "group"
        ? html`<td colspan="6" class="dim">these are not restarted</td>`
        : html` <td><${Status} of=${row.status} /></td>
            <td class="number"><${Bar} of=${row.queue} /></td>
            <td class="number">${number(row.rate)}</td>
            <td class="number">${number(row.handled)}</td>
            <td
              class="number"
              title=${row.last_restart === undefined ? undefined : `${clock(row.last_restart.at)}: ${row.last_restart.reason}`}
            >
              ${row.restarts === 0 ? html`<span class="dim">0</span>` : html`<b class="warn-text">↻ ${number(row.restarts)}</b>`}
            </td>
            <td class="number">${row.since === undefined ? "–" : ago(row.since).replace(" ago", "")}</td>`
    }
  </tr>`;
}

function Details({ of }: { of: Detail }) {
  const close = to("processes", { pid: undefined, state: undefined });
  if (of.dead === true)
    return html`<${Panel} title=${html`Process ${pid(of.pid)}`} close=${close}
      ><p><${Status} of="stopped" /> This process is dead.</p>
      ${of.crash === undefined ? null : html`<${Crash} of=${of.crash} />`}<//
    >`;
  const title = of.name ?? of.id ?? of.module;
  return html`<${Panel} title=${title} close=${close}>
    <${Facts}
      of=${[
        [
          "Status",
          html`<${Status}
              of=${of.status}
            />${of.callback === undefined ? null : html` in <b class="mono">${of.callback}</b>${(of.callback_for ?? 0) >= 1_000 ? ` for ${duration(of.callback_for)}` : ""}`}`,
        ],
        ["Pid", html`<span class="mono">${pid(of.pid)}</span>`],
        ["Runs", of.module],
        ["Up", html`${ago(of.since).replace(" ago", "")} <span class="dim">since ${clock(of.since)}</span>`],
        of.supervisor === undefined
          ? ["Supervisor", html`<span class="dim">none: it is not restarted</span>`]
          : ["Supervisor", html`<${Process} of=${of.supervisor} />, as <b>${of.id}</b>`],
        ["Mailbox", html`${count(of.queue, "message")}, about ${bytes(of.memory)}`],
        ["Handled", html`${count(of.handled, "message")}, ${number(of.rate)}/s, ${count(of.reductions, "reduction")}`],
        [
          "Restarts",
          of.last_restart === undefined
            ? number(of.restarts)
            : html`${number(of.restarts)}, the last ${ago(of.last_restart.at)}`,
        ],
        of.trap_exit ? ["Traps exits", "yes"] : undefined,
      ]}
    />
    ${
      of.last_restart === undefined
        ? null
        : html`<h3>Why it was restarted</h3>
            <p class="reason">${of.last_restart.reason}</p>`
    }
    ${of.crash === undefined ? null : html`<${Crash} of=${of.crash} />`}
    <${Waits} title="It waits for" of=${of.waits_for} />
    <${Waits} title="These wait for it" of=${of.waited_for_by} />
    <${Links} title="Links" of=${of.links} />
    <${Links} title="Monitors" of=${of.monitors} />
    <${Links} title="Monitored by" of=${of.monitored_by} />
    <${Links} title="Ancestors" of=${of.ancestors} />
    ${
      of.can_show_state
        ? of.state === undefined
          ? html`<p><a class="button" href=${to("processes", { state: "1" })}>Show its state</a></p>`
          : html`<h3>State</h3>
              <pre>${of.state}</pre>`
        : null
    }
    ${mayWrite(of.can_write) ? html`<${Steer} of=${of} />` : null}
  <//>`;
}

function Crash({ of }: { of: Line }) {
  return html`<h3>Last crash</h3>
    <p><time class="dim">${clock(of.at)}</time> ${of.text}</p>`;
}

function Waits({ title, of }: { title: string; of: readonly Wait[] }) {
  if (of.length === 0) return null;
  return html`<h3>${title}</h3>
    <ul class="plain">
      ${of.map((one) => html`<li><${Process} of=${one.who} /> <span class="mono dim">${one.request}</span> ${one.waiting_for >= 1_000 ? html`<b>${duration(one.waiting_for)}</b>` : null}</li>`)}
    </ul>`;
}

function Links({ title, of }: { title: string; of: readonly Link[] }) {
  if (of.length === 0) return null;
  return html`<h3>${title}</h3>
    <p class="links">${of.map((one) => html`<${Process} of=${one} /> `)}</p>`;
}

/** The actions on a process. Irreversible ones are confirmed by typing its name. */
function Steer({ of }: { of: Detail }) {
  const [asked, ask] = useState<"restart" | "stop" | undefined>(undefined);
  const [typed, type] = useState("");
  const [said, say] = useState<{ ok: boolean; text: string } | undefined>(undefined);
  const word = of.name ?? of.pid ?? "";
  const send = async (action: string, more: object = {}) => {
    const { ok, error, done } = await post(`processes/${action}`, { pid: of.pid, ...more });
    say({ ok, text: ok ? (done ?? "done") : (error ?? "it failed") });
    ask(undefined);
    type("");
  };
  const watch = async () => {
    const { ok, error } = await post("processes/trace", { pid: of.pid });
    if (ok) go(to("events", { pid: of.pid }));
    else say({ ok, text: error ?? "it failed" });
  };
  return html`<h3>Control</h3>
    <p class="buttons">
      ${of.status === "suspended" ? html`<button onClick=${() => send("resume")}>Resume</button>` : html`<button onClick=${() => send("suspend")}>Suspend</button>`}
      ${of.supervisor === undefined ? null : html`<button onClick=${() => ask("restart")}>Restart…</button>`}
      <button data-trace onClick=${watch}>Trace</button>
      <button class="danger" onClick=${() => ask("stop")}>Stop…</button>
    </p>
    ${
      asked === undefined
        ? null
        : html`<form
            class="confirm"
            onSubmit=${(event: Event) => {
              event.preventDefault();
              void send(asked, { confirm: typed });
            }}
          >
            <label
              >Type <b class="mono">${word}</b> to ${asked} it
              <input
                autofocus
                data-confirm
                value=${typed}
                onInput=${(event: InputEvent) => type((event.target as HTMLInputElement).value)}
            /></label>
            <button class="danger" disabled=${typed !== word}>${asked === "stop" ? "Stop it" : "Restart it"}</button>
            <button type="button" onClick=${() => ask(undefined)}>Cancel</button>
          </form>`
    }
    ${said === undefined ? null : html`<p role="status" class=${said.ok ? "good-text" : "error"}>${said.ok ? "✓" : "✕"} ${said.text}</p>`}`;
}
