import { type Attributes, type Counter, RELOAD_DURATION } from "../instruments.ts";
import { PersistentMap } from "./persistent_map.ts";

/** How often what is announced has happened, since the manager of a specification first ran: what `/metrics` tells. */
export interface Tally {
  /** By counter and attributes. */
  readonly counts: PersistentMap<Count>;
  readonly reloads: Readonly<Record<ReloadOutcome, Durations>>;
}

export interface Count {
  readonly counter: Counter;
  readonly attributes: Attributes;
  readonly value: number;
}

export type ReloadOutcome = "committed" | "refused";

/** How long something took, in seconds. */
export interface Durations {
  /** How many took as long as each bound of `RELOAD_DURATION` at most, and longer than the one before; the last: longer. */
  readonly buckets: readonly number[];
  readonly sum: number;
}

const NONE: Durations = { buckets: Array.from({ length: RELOAD_DURATION.bounds.length + 1 }, () => 0), sum: 0 };

export const emptyTally: Tally = { counts: PersistentMap.empty(), reloads: { committed: NONE, refused: NONE } };

/** So many series are kept apart: names of sources and patterns may be made by programs. */
const MOST = 1_000;

/** How many durations there are. */
export function countOf({ buckets }: Durations): number {
  return buckets.reduce((sum, one) => sum + one, 0);
}

/** With a reload counted. @param ms how long it took */
export function reloaded(tally: Tally, outcome: ReloadOutcome, ms: number): Tally {
  const { buckets, sum } = tally.reloads[outcome];
  const seconds = ms / 1_000;
  const found = RELOAD_DURATION.bounds.findIndex((bound) => seconds <= bound);
  const index = found === -1 ? RELOAD_DURATION.bounds.length : found;
  const next: Durations = { buckets: buckets.with(index, buckets[index]! + 1), sum: sum + seconds };
  return { ...tally, reloads: { ...tally.reloads, [outcome]: next } };
}

/** With one more counted. */
export function counted(tally: Tally, counter: Counter, named: Attributes): Tally {
  const { counts } = tally;
  const key = `${counter} ${JSON.stringify(named)}`;
  if (counts.size >= MOST && !counts.has(key) && Object.values(named).some((value) => value !== OTHER))
    return counted(tally, counter, Object.fromEntries(Object.keys(named).map((name) => [name, OTHER])));
  const { attributes, value } = counts.get(key) ?? { attributes: named, value: 0 };
  return { ...tally, counts: counts.set(key, { counter, attributes, value: value + 1 }) };
}

const OTHER = "other";
