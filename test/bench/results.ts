import os from "node:os";
import type { Derived, ProbeSpec, Row, Unit } from "./rows.ts";
import { median } from "./stopwatch.ts";

/** The results of a run: the JSON beside the table, from which the table and the README are made. */
export interface Results {
  readonly date: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly platform: string };
  readonly rounds: number;
  readonly quick: boolean;
  readonly contenders: readonly { readonly name: string; readonly notes: readonly string[] }[];
  /** Contenders that did not take part, and why. */
  readonly skipped: Readonly<Record<string, string>>;
  readonly rows: readonly Line[];
}

export interface Line {
  readonly id: string;
  readonly section: "runtime" | "config";
  readonly group: string;
  readonly title: string;
  readonly unit: Unit;
  readonly target?: number;
  readonly limit?: number;
  readonly note?: string;
  /** For each contender the median with its samples, or the reason why there is none. */
  readonly figures: Readonly<Record<string, Figure>>;
}

export type Figure = { readonly median: number; readonly samples: readonly number[] } | { readonly absent: string };

export const base = "BEAM";
export const ours = "@otpts/runtime";
export const oursConfig = "@otpts/config";

/** The median of a contender's figure in a line, undefined if it has none. */
export function value(line: Line, contender: string): number | undefined {
  const figure = line.figures[contender];
  return figure !== undefined && "median" in figure ? figure.median : undefined;
}

/** The ratio of a contender's figure to the BEAM's. */
export function ratio(line: Line, contender: string): number | undefined {
  const [mine, theirs] = [value(line, contender), value(line, base)];
  return mine === undefined || theirs === undefined ? undefined : mine / theirs;
}

/** Whether the row's target was reached; undefined without a target or a measurement. */
export function reached(line: Line): boolean | undefined {
  const contender = line.section === "config" ? oursConfig : ours;
  const mine = value(line, contender);
  if (line.limit !== undefined) return mine === undefined ? undefined : mine <= line.limit;
  const times = ratio(line, contender);
  return line.target === undefined || times === undefined ? undefined : times <= line.target;
}

/** The JavaScript peers that have a better figure than ours in this line. */
export function ahead(line: Line): string[] {
  const contender = line.section === "config" ? oursConfig : ours;
  const mine = value(line, contender);
  // A row made of two others compares a contender with itself.
  if (mine === undefined || line.unit === "×") return [];
  return Object.keys(line.figures).filter((peer) => {
    if (peer === contender || peer === base) return false;
    const theirs = value(line, peer);
    return theirs !== undefined && (line.unit === "/s" ? theirs > mine : theirs < mine);
  });
}

/** A row's line from the samples of each contender. */
export function line(spec: ProbeSpec, row: Row, samples: ReadonlyMap<string, readonly number[] | string>): Line {
  const { id, title, unit, target, limit, note } = row;
  const figures: Record<string, Figure> = {};
  for (const [name, found] of samples)
    figures[name] = typeof found === "string" ? { absent: found } : { median: median(found), samples: found };
  const { section, group } = spec;
  return { id, section, group, title, unit, ...defined({ target, limit, note }), figures };
}

/** The line of a derived row, if both of its rows were measured. */
export function derive(row: Derived, lines: readonly Line[]): Line | undefined {
  const of = lines.find(({ id }) => id === row.of);
  const over = lines.find(({ id }) => id === row.over);
  if (of === undefined || over === undefined) return undefined;
  const figures: Record<string, Figure> = {};
  for (const name of Object.keys(of.figures)) {
    const [mine, theirs] = [value(of, name), value(over, name)];
    if (mine !== undefined && theirs !== undefined) figures[name] = { median: mine / theirs, samples: [] };
  }
  const { id, section, group, title, unit, target, limit, note } = row;
  return { id, section, group, title, unit, ...defined({ target, limit, note }), figures };
}

export function machine(): Results["machine"] {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

function defined<T extends Record<string, unknown>>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
