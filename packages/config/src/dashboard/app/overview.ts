import { ago, bytes, clock, count, duration, number } from "./format.ts";
import { html } from "./html.ts";
import type { Line } from "./live.ts";
import { to } from "./address.ts";
import { Empty, Problems, Process, Spark, Status, pid } from "./parts.ts";

interface Busy {
  readonly pid: string;
  readonly name?: string;
  readonly module?: string;
  readonly amount: number;
}

interface Data {
  readonly program: { title: string; pid: number; node: string; started_at: string };
  readonly numbers: Readonly<Record<string, number>>;
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly managers: readonly {
    name: string;
    state: string;
    why?: string;
    version: number;
    keys?: number;
    overrides?: number;
    slow?: number;
    content_hash?: string;
    problems: readonly { path: string; message: string; origin?: string }[];
    sources?: readonly { name: string; kind: string; state: string; stale_for?: number; error?: string }[];
  }[];
  /** Processes whose current callback has been running for more than a second. */
  readonly running: readonly (Busy & { readonly callback?: string })[];
  readonly longest_queues: readonly Busy[];
  readonly busiest: readonly Busy[];
  readonly restarted: readonly {
    pid?: string;
    name?: string;
    id: string;
    restarts: number;
    at: string;
    reason: string;
  }[];
  readonly waits: readonly {
    caller: string;
    caller_pid?: string;
    server: string;
    server_pid?: string;
    request: string;
    waiting_for: number;
  }[];
  readonly events: readonly Line[];
}

export function Overview({ data }: { data: Data }) {
  const { program, numbers: n, history, managers } = data;
  const bad = managers.filter(({ state }) => state !== "ok" && state !== "starting");
  return html` ${bad.map(
      (one) =>
        html`<section class="banner ${one.state === "stale" ? "warn" : "bad"}" role="alert">
          <h2>
            <${Status} of=${one.state} />
            ${one.state === "refused" ? "The sources' values are refused: the last good configuration stays" : one.state === "stale" ? "A source fails: its last good values stay" : `The configuration manager ${one.name} does not run`}
          </h2>
          ${one.problems.length > 0 ? html`<${Problems} of=${one.problems} />` : html`<p>${one.why}</p>`}
          <p>
            <a href=${to("sources", { manager: one.name })}>Sources</a> ·
            <a href=${to("changes", { manager: one.name })}>Changes</a>
          </p>
        </section>`,
    )}
    <section class="tiles" aria-label="Numbers">
      <${Tile}
        href=${to("processes", { view: "table", sort: "rate" })}
        name="Messages"
        value=${`${number(n.message_rate)}/s`}
        spark=${history.rate}
      />
      <${Tile}
        href=${to("processes", { view: "table", sort: "queue" })}
        name="Waiting messages"
        value=${number(n.waiting)}
        spark=${history.waiting}
      />
      <${Tile}
        name="Event loop delay, p99"
        value=${n.loop_delay === undefined ? "–" : duration(n.loop_delay)}
        spark=${history.delay}
      />
      <${Tile} name="Heap" value=${bytes(n.heap_used)} spark=${history.heap} more=${`${bytes(n.rss)} in all`} />
      <${Tile}
        href=${to("processes")}
        name="Processes"
        value=${number(n.processes)}
        more=${`${count(n.supervisors, "supervisor")}, ${number(n.unsupervised)} in no tree`}
      />
      <${Tile}
        href=${to("processes", { view: "table", sort: "restarts" })}
        name="Restarts"
        value=${number(n.restarts)}
        more=${`${count(n.restarted_within_an_hour, "child", "children")} within the hour`}
      />
      <${Tile}
        name="Open calls"
        value=${number(n.open_calls)}
        more=${n.open_calls === 1 ? "that waits for a reply" : "that wait for a reply"}
      />
      <${Tile}
        name="Up"
        value=${duration(Date.now() - Date.parse(program.started_at))}
        more=${`process ${program.pid}, ${program.node}`}
      />
    </section>
    <div class="cards">
      <section class="card wide">
        <h2>Configuration</h2>
        ${managers.map(
          (one) =>
            html`<div class="manager">
              <p>
                <${Status} of=${one.state} />
                <a href=${to("configuration", { manager: one.name })}><b>${one.name}</b></a>
                <a href=${to("changes", { manager: one.name })}>version ${one.version}</a>,
                ${count(one.keys, "setting")},
                <a href=${to("configuration", { manager: one.name, only: "overrides" })}
                  >${number(one.overrides)} put at run time</a
                >${(one.slow ?? 0) > 0 ? html`, <a href=${to("sources", { manager: one.name })}>${count(one.slow, "slow subscriber")}</a>` : null}${one.content_hash === undefined ? null : html`, content <span class="mono" title=${`${one.content_hash}: equal where configurations are equal, but for their secrets`}>${one.content_hash.slice(0, 12)}</span>`}
              </p>
              <ul class="plain">
                ${(one.sources ?? []).map((source) => html`<li><${Status} of=${source.state} /> <a href=${to("sources", { manager: one.name })}>${source.name}</a>${source.stale_for === undefined ? null : html` <span class="dim">stale for ${duration(source.stale_for)}</span>`}${source.error === undefined ? null : html` <span class="error">${source.error}</span>`}</li>`)}
              </ul>
            </div>`,
        )}
      </section>
      ${
        data.running.length === 0
          ? null
          : html`<section class="card">
              <h2>Running longest</h2>
              <ul class="plain amounts">
                ${data.running.map(
                  (one) =>
                    html`<li>
                      <span
                        ><${Process} of=${{ pid: one.pid, name: one.name ?? `${one.module} ${pid(one.pid)}` }} />
                        <span class="mono">${one.callback}</span></span
                      ><b>${duration(one.amount)}</b>
                    </li>`,
                )}
              </ul>
            </section>`
      }
      <section class="card">
        <h2>Busiest</h2>
        <${List} of=${data.busiest} unit="/s" empty="No process has handled a message lately." />
      </section>
      <section class="card">
        <h2>Longest queues</h2>
        <${List} of=${data.longest_queues} unit=" waiting" empty="No message waits." />
      </section>
      <section class="card">
        <h2>Restarted last</h2>
        ${
          data.restarted.length === 0
            ? html`<${Empty}>No child was restarted.<//>`
            : html`<ul class="plain">
                ${data.restarted.map((one) => html`<li><${Process} of=${{ pid: one.pid, name: one.name ?? one.id }} /> <span class="dim">${ago(one.at)}, ${number(one.restarts)} in all</span><br /><span class="reason">${one.reason}</span></li>`)}
              </ul>`
        }
      </section>
      <section class="card">
        <h2>Waiting calls</h2>
        ${
          data.waits.length === 0
            ? html`<${Empty}>No call waits for a reply.<//>`
            : html`<ul class="plain">
                ${data.waits.map((one) => html`<li><${Process} of=${{ pid: one.caller_pid, name: one.caller }} /> → <${Process} of=${{ pid: one.server_pid, name: one.server }} /> <span class="mono dim">${one.request}</span> ${one.waiting_for >= 1_000 ? html`<b>${duration(one.waiting_for)}</b>` : null}</li>`)}
              </ul>`
        }
      </section>
      <section class="card wide">
        <h2><a href=${to("events")}>Events</a></h2>
        ${
          data.events.length === 0
            ? html`<${Empty}>Nothing noteworthy has happened since this page was opened.<//>`
            : html`<ol class="lines">
                ${data.events.map((line) => html`<li key=${line.seq}><time>${clock(line.at)}</time> <${Status} of=${line.level} /> <b>${line.event}</b> <span>${line.text}</span></li>`)}
              </ol>`
        }
      </section>
    </div>`;
}

function Tile({
  name,
  value,
  more,
  spark,
  href,
}: {
  name: string;
  value: string;
  more?: string;
  spark?: readonly number[];
  href?: string;
}) {
  const inner = html`<span class="name">${name}</span
    ><strong>${value}</strong
    >${more === undefined ? null : html`<span class="dim">${more}</span>`}${spark === undefined ? null : html`<${Spark} of=${spark} label=${`${name}, the last two minutes`} />`}`;
  return href === undefined ? html`<div class="tile">${inner}</div>` : html`<a class="tile" href=${href}>${inner}</a>`;
}

function List({ of, unit, empty }: { of: readonly Busy[]; unit: string; empty: string }) {
  if (of.length === 0) return html`<${Empty}>${empty}<//>`;
  return html`<ul class="plain amounts">
    ${of.map((one) => html`<li><${Process} of=${{ pid: one.pid, name: one.name ?? `${one.module} ${pid(one.pid)}` }} /><span>${number(one.amount)}${unit}</span></li>`)}
  </ul>`;
}
