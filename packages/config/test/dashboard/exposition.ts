/**
 * Reads Prometheus' text format as strictly as its documentation has it, and as `promtool check metrics` lints it: it
 * accepts no deviation.
 */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;
const TYPES = ["counter", "gauge", "histogram", "summary", "untyped"];
/** Units that are not base units. */
const UNITS =
  /_(?:ms|milliseconds|microseconds|nanoseconds|minutes|hours|days|kilobytes|megabytes|kb|mb|percent)(?:_|$)/;

/** The metrics in a text, by name. @throws Error for the first line that is wrong */
export function parsed(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const families = new Map<string, { name: string; type: string; help: string; samples: Sample[] }>();
  const seen = new Set<string>();
  let current: { name: string; type: string; help: string; samples: Sample[] } | undefined;
  for (const [index, line] of text.slice(0, -1).split("\n").entries()) {
    const wrong = (why: string) => new Error(`line ${index + 1} ${why}: ${line}`);
    const help = /^# HELP (\S+) (.*)$/u.exec(line);
    if (help !== null) {
      const name = help[1]!;
      if (!NAME.test(name)) throw wrong("has a bad name");
      if (families.has(name)) throw wrong("describes a metric again");
      if (help[2]!.trim() === "" || /\\(?![\\n])/u.test(help[2]!)) throw wrong("has no good help");
      current = { name, type: "", help: help[2]!, samples: [] };
      families.set(name, current);
      continue;
    }
    const type = /^# TYPE (\S+) (\S+)$/u.exec(line);
    if (type !== null) {
      if (current === undefined || current.name !== type[1]) throw wrong("does not follow its HELP");
      if (current.type !== "" || current.samples.length > 0) throw wrong("comes too late");
      if (!TYPES.includes(type[2]!)) throw wrong("has an unknown type");
      current.type = type[2]!;
      continue;
    }
    const sample = /^([^\s{]+)(\{.*\})? (\S+)$/u.exec(line);
    if (sample === null) throw wrong("is no sample");
    if (current === undefined || current.type === "") throw wrong("has no HELP and TYPE before it");
    const [, name = "", braces, number = ""] = sample;
    const endings = current.type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    if (!endings.some((ending) => name === `${current!.name}${ending}`)) throw wrong(`is no sample of ${current.name}`);
    const labels = braces === undefined ? {} : labelsIn(braces, wrong);
    const key = `${name} ${textOf(labels)}`;
    if (seen.has(key)) throw wrong("is there twice");
    seen.add(key);
    if (!/^(?:[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?|\+Inf|-Inf|NaN)$/u.test(number)) throw wrong("has no good number");
    const value = number.endsWith("Inf") ? Number(number.replace("Inf", "Infinity")) : Number(number);
    current.samples.push({ name, labels, value });
  }
  for (const family of families.values()) lint(family);
  return families;
}

function labelsIn(braces: string, wrong: (why: string) => Error): Record<string, string> {
  const labels: Record<string, string> = {};
  let left = braces.slice(1, -1);
  while (left !== "") {
    const pair = /^([^=]+)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/u.exec(left);
    if (pair === null) throw wrong(`has labels that cannot be read at ${left}`);
    const [whole, label = "", text = ""] = pair;
    if (!LABEL.test(label) || Object.hasOwn(labels, label)) throw wrong(`has the bad label ${label}`);
    labels[label] = text.replaceAll(/\\([\\"n])/gu, (_, one: string) => (one === "n" ? "\n" : one));
    left = left.slice(whole.length);
  }
  return labels;
}

/** Labels as text, whatever their order. */
export function textOf(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function lint({ name, type, samples }: Family): void {
  const wrong = (why: string) => new Error(`${name} ${why}`);
  if (samples.length === 0) throw wrong("has no sample");
  if ((type === "counter") !== name.endsWith("_total")) throw wrong("must end in _total, and only counters");
  if (/_(?:count|sum|bucket|gauge|counter|histogram)$/u.test(name))
    throw wrong("has an ending that means something else");
  if (UNITS.test(name)) throw wrong("is in no base unit");
  if (/[A-Z]/u.test(name)) throw wrong("has capitals");
  if (type === "counter" && samples.some(({ value }) => !(value >= 0))) throw wrong("counts below 0");
  if (type === "histogram") checkHistogram(samples, wrong);
}

function checkHistogram(samples: readonly Sample[], wrong: (why: string) => Error): void {
  const series = new Map<string, { les: number[]; counts: number[]; sum?: number; count?: number }>();
  for (const { name, labels, value } of samples) {
    const { le, ...others } = labels;
    const key = textOf(others);
    const one = series.get(key) ?? { les: [], counts: [] };
    series.set(key, one);
    if (name.endsWith("_bucket")) {
      one.les.push(le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le));
      one.counts.push(value);
    } else if (le !== undefined) throw wrong("has a bound outside of a bucket");
    else if (name.endsWith("_sum")) one.sum = value;
    else one.count = value;
  }
  for (const { les, counts, sum, count } of series.values()) {
    const rises = (list: readonly number[], least: number) =>
      list.every((one, i) => i === 0 || one - list[i - 1]! >= least);
    if (!rises(les, Number.MIN_VALUE) || les.at(-1) !== Number.POSITIVE_INFINITY) throw wrong("has bad bounds");
    if (!rises(counts, 0) || counts.at(-1) !== count || sum === undefined)
      throw wrong("has buckets that do not add up");
  }
}
