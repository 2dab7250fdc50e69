/** The metrics in Prometheus' text format. Their names are those that people alert on. */
import { observer } from "@otpts/runtime/observer";
import type { Context } from "./context.ts";
import { healthOf } from "./health.ts";

type Labels = Readonly<Record<string, string>>;
type Series = readonly (readonly [labels: Labels, value: number])[];

export async function metrics({ managers }: Context): Promise<string> {
  const numbers = observer.overview();
  const all = await Promise.all(managers.all.map(healthOf));
  const memory = process.memoryUsage();
  const of = (value: (health: (typeof all)[number]) => number | undefined): Series =>
    all.flatMap((health) => {
      const found = value(health);
      return found === undefined ? [] : [[{ manager: health.name }, found] as const];
    });
  const seconds = (date: string | undefined) => (date === undefined ? undefined : Date.parse(date) / 1_000);
  const sources = all.flatMap(({ name, status }) => (status?.sources ?? []).map((source) => [name, source] as const));
  const ofSource = (value: (source: (typeof sources)[number][1]) => number | undefined): Series =>
    sources.flatMap(([manager, source]) => {
      const found = value(source);
      return found === undefined ? [] : [[{ manager, source: source.name, kind: source.kind }, found] as const];
    });
  return [
    metric(
      "config_up",
      "gauge",
      "Whether the configuration manager runs",
      of(({ state }) => Number(state !== "down")),
    ),
    metric(
      "config_last_reload_successful",
      "gauge",
      "Whether the last reload was committed, and nothing that sources brought is refused",
      of(({ status }) =>
        status === undefined
          ? undefined
          : Number(status.reload.last_successful !== false && status.refused === undefined),
      ),
    ),
    metric(
      "config_last_reload_success_timestamp_seconds",
      "gauge",
      "When the last reload that was committed was over",
      of(({ status }) => seconds(status?.reload.last_success)),
    ),
    metric(
      "config_version",
      "gauge",
      "Version of the configuration",
      of(({ version }) => version),
    ),
    metric(
      "config_info",
      "gauge",
      "Hash of the effective configuration without its secrets",
      all.flatMap(({ name, content_hash: hash }) =>
        hash === undefined ? [] : [[{ manager: name, hash }, 1] as const],
      ),
    ),
    metric(
      "config_keys",
      "gauge",
      "Leaves of the configuration",
      of(({ status }) => status?.keys),
    ),
    metric(
      "config_overrides",
      "gauge",
      "Runtime overrides",
      of(({ status }) => status?.overrides.length),
    ),
    metric(
      "config_subscriptions",
      "gauge",
      "Subscriptions",
      of(({ status }) => status?.subscriptions),
    ),
    metric(
      "config_slow_subscribers",
      "gauge",
      "Callbacks that run longer than notify_timeout",
      of(({ status }) => status?.subscribers.slow.length),
    ),
    metric(
      "config_source_up",
      "gauge",
      "Whether a source's last load gave data, or found nothing to load",
      ofSource(({ state }) => Number(state === "ok" || state === "absent")),
    ),
    metric(
      "config_source_failures",
      "gauge",
      "Failures of a source in a row",
      ofSource(({ failures }) => failures),
    ),
    metric(
      "config_source_last_success_timestamp_seconds",
      "gauge",
      "When a source last gave data",
      ofSource(({ last_success }) => seconds(last_success)),
    ),
    metric("otp_processes", "gauge", "Processes that live", [[{}, numbers.processes]]),
    metric("otp_supervisors", "gauge", "Supervisors that live", [[{}, numbers.supervisors]]),
    metric("otp_messages_waiting", "gauge", "Messages that wait in mailboxes", [[{}, numbers.waiting]]),
    metric("otp_open_calls", "gauge", "Calls that wait for an answer", [[{}, numbers.open_calls]]),
    metric("otp_reductions_total", "counter", "Messages and other steps handled", [[{}, numbers.reductions]]),
    metric("otp_restarts_total", "counter", "Restarts by supervisors that live", [[{}, numbers.restarts]]),
    metric("process_resident_memory_bytes", "gauge", "Memory of the program", [[{}, memory.rss]]),
    metric("nodejs_heap_size_used_bytes", "gauge", "Heap in use", [[{}, memory.heapUsed]]),
    metric("process_start_time_seconds", "gauge", "When the program started", [
      [{}, Math.round(Date.now() / 1_000 - process.uptime())],
    ]),
  ].join("");
}

function metric(name: string, type: "gauge" | "counter", help: string, series: Series): string {
  if (series.length === 0) return "";
  const lines = series.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([key, label]) => `${key}="${escaped(label)}"`);
    return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escaped(label: string): string {
  return label.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
