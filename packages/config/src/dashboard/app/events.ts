import { go, to } from "./address.ts";
import { clock, number } from "./format.ts";
import { html } from "./html.ts";
import type { Line } from "./live.ts";
import { Empty, Search, Status } from "./parts.ts";

interface Data {
  readonly skipped: number;
  readonly rates: readonly { event: string; count: number }[];
}

export function Events({
  data,
  lines,
  query,
  paused,
}: {
  data: Data;
  lines: readonly Line[];
  query: URLSearchParams;
  paused: boolean;
}) {
  const q = (query.get("q") ?? "").toLowerCase();
  const level = query.get("level");
  const kind = query.get("event");
  const pid = query.get("pid");
  const shown = lines
    .filter(
      (line) =>
        (level === null || line.level === level) &&
        (kind === null || line.event === kind) &&
        (pid === null || line.pids.includes(pid)) &&
        (q === "" || `${line.event} ${line.text}`.toLowerCase().includes(q)),
    )
    .toReversed();
  const filter = (name: string | undefined, text: string) =>
    html`<a href=${to("events", { level: name })} aria-current=${(level ?? undefined) === name ? "page" : undefined}
      >${text}</a
    >`;
  return html`<div class="page">
    <div class="main">
      <div class="tools">
        <nav class="tabs" aria-label="Level">
          ${filter(undefined, "All")}${filter("warning", "Warnings")}${filter("error", "Errors")}
        </nav>
        <${Search}
          value=${query.get("q") ?? ""}
          label="Search events"
          onInput=${(text: string) => go(to("events", { q: text }), true)}
        />
        ${pid === null ? null : html`<a class="badge put" href=${to("events", { pid: undefined })}>process ${`<${pid}>`} ✕</a>`}
        ${kind === null ? null : html`<a class="badge put" href=${to("events", { event: undefined })}>${kind} ✕</a>`}
        <span class="dim"
          >${paused ? "paused: new events are held" : "new ones come on top"}${data.skipped > 0 ? `; ${number(data.skipped)} came too fast to be listed` : ""}</span
        >
      </div>
      <div class="columns">
        <div>
          ${
            shown.length === 0
              ? html`<${Empty}
                  >${lines.length === 0 ? "Nothing has happened since a page was opened. Crashes, restarts, changes and refusals appear here at once." : "No event matches."}<//
                >`
              : html`<ol class="lines">
                  ${shown.map(
                    (line) =>
                      html`<li key=${line.seq} class=${line.level}>
                        <time title=${line.at}>${clock(line.at)}</time> <${Status} of=${line.level} />
                        <a href=${to("events", { event: line.event })}><b>${line.event}</b></a>
                        <span>${line.text}</span>
                        ${line.pids.map((one) => html`<a class="mono" href=${to("processes", { pid: one })}>${`<${one}>`}</a> `)}${line.path === undefined || line.path === "" ? null : html`<a class="mono" href=${to("configuration", { path: line.path })}>${line.path}</a>`}
                      </li>`,
                  )}
                </ol>`
          }
        </div>
        <section class="card">
          <h2>How often</h2>
          ${
            data.rates.length === 0
              ? html`<${Empty}>–<//>`
              : html`<ul class="plain amounts">
                  ${data.rates.map((one) => html`<li><a href=${to("events", { event: one.event })}>${one.event}</a><span>${number(one.count)}</span></li>`)}
                </ul>`
          }
        </section>
      </div>
    </div>
  </div>`;
}
