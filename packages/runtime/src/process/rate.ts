/**
 * How many messages a process handles per second, from two readings of its counter, so that it costs nothing unless
 * used.
 */
import type { Process } from "./process.ts";
import { elapsed } from "./stamp.ts";
import { now } from "./clock.ts";

/** Readings closer together than this, in ms, would show chance. */
const APART = 1_000;

class Sample {
  at = now();
  taken: number;
  rate: number;

  constructor(process: Process) {
    this.taken = process.taken;
    this.rate = perSecond(process.taken, elapsed(process.started));
  }
}

/**
 * Messages per second since the previous reading, at least a second ago; at the first reading, since the process was
 * started.
 */
export function rateOf(process: Process): number {
  const sample = process.extra?.sample as Sample | undefined;
  if (sample === undefined) {
    const first = new Sample(process);
    process.more.sample = first;
    return first.rate;
  }
  const at = now();
  if (at - sample.at < APART) return sample.rate;
  sample.rate = perSecond(process.taken - sample.taken, at - sample.at);
  sample.at = at;
  sample.taken = process.taken;
  return sample.rate;
}

// To a tenth.
function perSecond(messages: number, ms: number): number {
  return ms <= 0 ? 0 : Math.round((messages * 10_000) / ms) / 10;
}
