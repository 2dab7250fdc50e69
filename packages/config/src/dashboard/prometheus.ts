/** Prometheus' text format, version 0.0.4. */
import type { Attributes, Instrument, Observation } from "../instruments.ts";

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A histogram's series: the number of values in each bucket, of which there is one more than bounds, and their sum. */
export interface Histogram {
  readonly attributes: Attributes;
  readonly bounds: readonly number[];
  readonly buckets: readonly number[];
  readonly sum: number;
}

type Described = Pick<Instrument, "name" | "description">;

/** Gauges as text; empty if there are none. */
export function gaugeText(of: Described, observations: readonly Observation[]): string {
  return family(nameOf(of.name), "gauge", of.description, observations);
}

/** A counter as text. Its name ends in `_total`. */
export function counterText(of: Described, observations: readonly Observation[]): string {
  return family(`${nameOf(of.name)}_total`, "counter", of.description, observations);
}

export function histogramText(of: Described, all: readonly Histogram[]): string {
  const name = nameOf(of.name);
  return head(name, "histogram", of.description, all, ({ attributes, bounds, buckets, sum }) => {
    let count = 0;
    const lines = buckets.map((more, i) => {
      count += more;
      const le = i < bounds.length ? String(bounds[i]) : "+Inf";
      return sample(`${name}_bucket`, { ...attributes, le }, count);
    });
    return [...lines, sample(`${name}_sum`, attributes, sum), sample(`${name}_count`, attributes, count)].join("");
  });
}

function family(name: string, type: string, help: string, observations: readonly Observation[]): string {
  return head(name, type, help, observations, ([value, attributes = {}]) => sample(name, attributes, value));
}

function head<T>(name: string, type: string, help: string, all: readonly T[], text: (one: T) => string): string {
  if (all.length === 0) return "";
  const escaped = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${escaped}\n# TYPE ${name} ${type}\n${all.map(text).join("")}`;
}

function sample(name: string, attributes: Attributes, value: number): string {
  const pairs = Object.entries(attributes).map(([label, text]) => `${nameOf(label)}="${labelText(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}\n`;
}

function nameOf(name: string): string {
  return name.replaceAll(".", "_");
}

function labelText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
