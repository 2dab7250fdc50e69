import type { ConfigStatus, SourceStatus } from "./status.ts";

/**
 * The instruments, each with one name and one set of attributes for all exporters: OpenTelemetry's bridge (`otel.ts`)
 * and the dashboard's `/metrics`. Prometheus' name is the same with `_` for each dot. Units used in alerts are part of
 * the names, because exporters do not agree on adding them. Base units: seconds and bytes.
 */
export interface Instrument {
  readonly name: string;
  /** In UCUM, as in OpenTelemetry: `s`, or a word in braces. */
  readonly unit: string;
  readonly description: string;
}

export type Attributes = Readonly<Record<string, string>>;

/** A number and its attributes. */
export type Observation = readonly [value: number, attributes?: Attributes];

/** A value read from a manager's status. */
export interface Gauge extends Instrument {
  /** The observations, with attributes besides `manager`, which all have. */
  readonly of: (status: ConfigStatus) => readonly Observation[];
}

export const COUNTERS = {
  reloads: counter("config.reloads", "{reload}", "Reloads, by outcome: committed or refused"),
  validation_failures: counter(
    "config.validation.failures",
    "{failure}",
    "Puts and reloads that were refused as not valid",
  ),
  source_errors: counter("config.source.errors", "{error}", "Failures of sources, by kind"),
  source_recoveries: counter("config.source.recoveries", "{recovery}", "Sources that work again after failures"),
  subscriber_errors: counter("config.subscriber.errors", "{error}", "Callbacks of subscribers that failed"),
  slow_calls: counter("config.subscriber.slow_calls", "{call}", "Callbacks of subscribers that ran too long"),
} as const;

export type Counter = keyof typeof COUNTERS;

export const RELOAD_DURATION = {
  name: "config.reload.duration_seconds",
  unit: "s",
  description: "Time from the start of a reload until it is committed or refused",
  /** Bounds of its buckets: those advised by OpenTelemetry's conventions for requests, and two below. */
  bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
} as const;

export const UP: Instrument = { name: "config.up", unit: "", description: "Whether the configuration manager runs" };

export const GAUGES: readonly Gauge[] = [
  gauge(
    "config.last_reload_successful",
    "",
    "Whether the sources' values are effective: none is refused, and no required source fails",
    (status) => [[Number(isSuccessful(status))]],
  ),
  gauge(
    "config.last_reload_success_timestamp_seconds",
    "s",
    "Last time at which the values of all required sources were effective",
    (status) => {
      const at = lastSuccess(status);
      return at === undefined ? [] : [[at]];
    },
  ),
  gauge(
    "config.info",
    "",
    "Hash of the effective configuration without its secrets: equal for equal configurations",
    ({ content_hash }) => [[1, { hash: content_hash }]],
  ),
  gauge("config.version", "{version}", "Version of the effective configuration", ({ version }) => [[version]]),
  gauge("config.keys", "{key}", "Leaves of the effective configuration", ({ keys }) => [[keys]]),
  gauge("config.overrides", "{override}", "Runtime overrides", ({ overrides }) => [[overrides.length]]),
  gauge("config.subscriptions", "{subscription}", "Subscriptions", ({ subscriptions }) => [[subscriptions]]),
  gauge(
    "config.slow_subscribers",
    "{subscriber}",
    "Callbacks that have been running for longer than notify_timeout",
    ({ subscribers }) => [[subscribers.slow.length]],
  ),
  ofSource(
    "config.source.up",
    "",
    "Whether a source's last load gave valid data, or found nothing to load",
    ({ state }) => Number(state === "ok" || state === "absent"),
  ),
  gauge("config.source.state", "", "1 for the state that a source is in, 0 for the others", ({ sources }) =>
    sources.flatMap((source) =>
      STATES.map((state): Observation => [Number(source.state === state), { ...attributesOf(source), state }]),
    ),
  ),
  ofSource("config.source.failures", "{failure}", "Failures of a source in a row", ({ failures }) => failures),
  ofSource(
    "config.source.staleness_seconds",
    "s",
    "Time since the last success of a source that fails, else 0",
    ({ stale_for = 0 }) => stale_for / 1_000,
  ),
  ofSource(
    "config.source.last_success_timestamp_seconds",
    "s",
    "Time of a source's last successful load",
    ({ last_success }) => seconds(last_success),
  ),
];

const STATES: readonly SourceStatus["state"][] = ["ok", "absent", "error", "refused", "loading", "pending"];

function counter(name: string, unit: string, description: string): Instrument {
  return { name, unit, description };
}

function gauge(name: string, unit: string, description: string, of: Gauge["of"]): Gauge {
  return { name, unit, description, of };
}

function ofSource(
  name: string,
  unit: string,
  description: string,
  of: (source: SourceStatus) => number | undefined,
): Gauge {
  return gauge(name, unit, description, ({ sources }) =>
    sources.flatMap((source): readonly Observation[] => {
      const value = of(source);
      return value === undefined ? [] : [[value, attributesOf(source)]];
    }),
  );
}

function attributesOf({ name, kind }: SourceStatus): Attributes {
  return { source: name, kind };
}

function isSuccessful({ reload, refused, sources }: ConfigStatus): boolean {
  if (refused !== undefined || sources.some(holdsBack)) return false;
  if (reload.last_successful !== false) return true;
  // A later load by a watch counts as a reload.
  const last = seconds(reload.last) ?? 0;
  return sources.some((source) => (seconds(source.last_change) ?? 0) > last);
}

function lastSuccess({ reload, sources }: ConfigStatus): number | undefined {
  const changes = sources.map(({ last_change }) => seconds(last_change) ?? 0);
  const at = Math.max(seconds(reload.last_success) ?? 0, ...changes);
  const held = sources.filter(holdsBack).map(({ last_success }) => seconds(last_success) ?? at);
  return at === 0 ? undefined : Math.min(at, ...held);
}

/** Whether a source keeps the configuration from being complete: an optional one may be absent. */
function holdsBack({ required, state }: SourceStatus): boolean {
  return state === "refused" || (required && state === "error");
}

function seconds(date: string | undefined): number | undefined {
  return date === undefined ? undefined : Date.parse(date) / 1_000;
}
