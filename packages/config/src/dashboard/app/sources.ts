import { useState } from "preact/hooks";
import { go, to } from "./address.ts";
import { type Answer, post } from "./api.ts";
import { mayWrite } from "./boot.ts";
import { ago, bytes, clock, count, duration, number } from "./format.ts";
import { html } from "./html.ts";
import { Bar, Empty, Managers, Problems, Process, Status } from "./parts.ts";

interface Source {
  readonly name: string;
  readonly kind: string;
  readonly required: boolean;
  readonly state: string;
  readonly last_checked?: string;
  readonly last_success?: string;
  readonly last_change?: string;
  readonly last_error?: { at: string; message: string; file?: string; line?: number; column?: number };
  readonly stale_for?: number;
  readonly failures: number;
  readonly bytes?: number;
  readonly keys: number;
  readonly alive: boolean;
  readonly pid?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

interface Subscription {
  readonly pattern: string;
  readonly to: string;
  readonly pid?: string;
  readonly owner?: string;
  readonly state: string;
  readonly running_for?: number;
  readonly backlog: number;
}

interface Data {
  readonly managers: readonly string[];
  readonly manager: string;
  readonly pid?: string;
  readonly missing?: boolean;
  readonly can_write: boolean;
  readonly reload: {
    reload_interval: number;
    running: boolean;
    last?: string;
    last_successful?: boolean;
    last_success?: string;
  };
  readonly refused?: {
    at: string;
    sources: readonly string[];
    problems: readonly { path: string; message: string; origin?: string }[];
  };
  readonly sources: readonly Source[];
  readonly subscriptions: readonly Subscription[];
  readonly subscriptions_count: number;
  readonly diagnostics: readonly { source: string; code: string; message: string; path?: string }[];
  readonly shape_conflicts: readonly { path: string; winner: string; loser: string }[];
  readonly tried?: { pattern: string; count?: number; paths?: readonly string[]; error?: string };
}

export function Sources({ data, query }: { data: Data; query: URLSearchParams }) {
  const [said, say] = useState<Answer | undefined>(undefined);
  if (data.missing === true) return html`<${Empty}>No configuration manager is registered as "${data.manager}".<//>`;
  const { reload } = data;
  return html`<div class="page">
    <div class="main">
      <${Managers} all=${data.managers} now=${data.manager} page="sources" />
      <div class="tools">
        <span
          >${reload.running ? html`<${Status} of="loading" />` : reload.last_successful === false ? html`<${Status} of="refused" />` : html`<${Status} of="ok" />`}
          Last reload
          ${reload.last === undefined ? "never" : html`<time title=${reload.last}>${ago(reload.last)}</time>`}${reload.last_successful === false && reload.last_success !== undefined ? html`, the last that was committed ${ago(reload.last_success)}` : null},
          ${reload.reload_interval > 0 ? `every ${number(reload.reload_interval)} s` : "by watching only"}</span
        >
        ${mayWrite(data.can_write) ? html`<button onClick=${async () => say(await post("sources/reload", { manager: data.manager }))}>Reload now</button>` : null}
        ${said === undefined ? null : said.ok ? html`<span role="status" class="good-text">✓ reloaded: version ${said.version}</span>` : html`<span role="alert" class="error">✕ ${said.error}</span>`}
        <span class="dim">manager <${Process} of=${{ pid: data.pid, name: data.manager }} /></span>
      </div>
      ${
        data.refused === undefined
          ? null
          : html`<section class="banner bad" role="alert">
              <h2><${Status} of="refused" /> ${data.refused.sources.join(", ")}</h2>
              <${Problems} of=${data.refused.problems} />
            </section>`
      }
      <h2>Sources <span class="dim">the last one counts most</span></h2>
      <div class="scroll">
        <table class="rows">
          <thead>
            <tr>
              <th>Source</th>
              <th>State</th>
              <th class="number">Settings</th>
              <th>Checked</th>
              <th>Last success</th>
              <th>Last change</th>
              <th class="number">Failures</th>
              <th class="number">Size</th>
            </tr>
          </thead>
          <tbody>
            ${data.sources.map(
              (one) =>
                html`<tr key=${one.name}>
                    <td>
                      <a class="name" href=${to("processes", { pid: one.pid })}>${one.name}</a>
                      <span class="badge">${one.kind}</span
                      >${one.required ? html` <span class="dim">required</span>` : null}
                    </td>
                    <td>
                      <${Status}
                        of=${one.state}
                      />${one.alive ? null : html` <${Status} of="down" />`}${one.stale_for === undefined ? null : html` <span class="warn-text">stale for ${duration(one.stale_for)}</span>`}
                    </td>
                    <td class="number">${number(one.keys)}</td>
                    <td>${ago(one.last_checked)}</td>
                    <td>${ago(one.last_success)}</td>
                    <td>${ago(one.last_change)}</td>
                    <td class="number">${one.failures}</td>
                    <td class="number">${one.bytes === undefined ? "–" : bytes(one.bytes)}</td>
                  </tr>
                  ${
                    one.last_error === undefined
                      ? null
                      : html`<tr class="sub">
                          <td colspan="8">
                            <span class="error">✕ ${one.last_error.message}</span>
                            <time class="dim">${clock(one.last_error.at)}</time>
                          </td>
                        </tr>`
                  }
                  ${
                    one.details === undefined
                      ? null
                      : html`<tr class="sub">
                          <td colspan="8" class="dim">
                            ${Object.entries(one.details)
                              .filter(([, value]) => typeof value !== "object")
                              .map(
                                ([key, value]) =>
                                  html`<span class="pair">${key.replaceAll("_", " ")} <b>${shown(value)}</b></span> `,
                              )}
                          </td>
                        </tr>`
                  }`,
            )}
          </tbody>
        </table>
      </div>
      <h2>Subscribers <span class="dim">${count(data.subscriptions_count, "subscription")}</span></h2>
      ${
        data.subscriptions.length === 0
          ? html`<${Empty}>There are no subscribers.<//>`
          : html`<div class="scroll">
              <table class="rows">
                <thead>
                  <tr>
                    <th>Pattern</th>
                    <th>Who</th>
                    <th>State</th>
                    <th class="number">Backlog</th>
                    <th>Process</th>
                  </tr>
                </thead>
                <tbody>
                  ${data.subscriptions.map(
                    (one) =>
                      html`<tr>
                        <td class="mono"><a href=${to("sources", { pattern: one.pattern })}>${one.pattern}</a></td>
                        <td>${one.to}</td>
                        <td>
                          <${Status}
                            of=${one.state}
                          />${(one.running_for ?? 0) >= 1_000 ? html` for ${duration(one.running_for)}` : null}
                        </td>
                        <td class="number"><${Bar} of=${one.backlog} /></td>
                        <td>
                          ${one.pid === undefined ? "–" : html`<a class="mono" href=${to("processes", { pid: one.pid })}>${`<${one.pid}>`}</a>`}${one.owner === undefined ? null : html` <span class="dim">for</span> <a class="mono" href=${to("processes", { pid: one.owner })}>${`<${one.owner}>`}</a>`}
                        </td>
                      </tr>`,
                  )}
                </tbody>
              </table>
            </div>`
      }
      <h2>Try a pattern</h2>
      <p>
        <label class="search wide"
          ><span class="hidden">Pattern</span
          ><input
            data-search
            placeholder="database.*   or   **   ( / )"
            value=${query.get("pattern") ?? ""}
            onInput=${(event: InputEvent) => go(to("sources", { pattern: (event.target as HTMLInputElement).value }), true)}
        /></label>
      </p>
      ${
        data.tried === undefined
          ? html`<p class="dim">It shows the paths of which a subscription would be notified.</p>`
          : data.tried.error !== undefined
            ? html`<p class="error">✕ ${data.tried.error}</p>`
            : html`<p>${count(data.tried.count, "path")}</p>
                <p class="paths">
                  ${data.tried.paths?.map((path) => html`<a class="mono" href=${to("configuration", { path })}>${path}</a> `)}
                </p>`
      }
      ${
        data.diagnostics.length + data.shape_conflicts.length === 0
          ? null
          : html`<h2>Diagnostics</h2>
              <ul class="plain">
                ${data.diagnostics.map((one) => html`<li><${Status} of="warning" /> <span class="badge">${one.code}</span> ${one.source}: ${one.message}</li>`)}${data.shape_conflicts.map((one) => html`<li><${Status} of="warning" /> <a class="mono" href=${to("configuration", { path: one.path })}>${one.path}</a> ${one.winner} hides what ${one.loser} has, which is of another shape</li>`)}
              </ul>`
      }
    </div>
  </div>`;
}

/** The `status` of a source, with dates as times ago. */
function shown(value: unknown): string {
  const text = String(value);
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/u.test(text) ? ago(text) : text;
}
