/**
 * When to believe what a file says.
 *
 * Nothing tells that a writer has finished, but much tells that it may not have: a file that was emptied, that has fewer
 * lines, that ends within a line and did not or is shorter, that has just appeared, that changed again after a pause, or
 * that does not parse. Such a state must stay as it is for `settle` before it counts; any other change made in place for
 * `debounce`. A file that was moved into place was complete before it came: it counts at once.
 *
 * Example: an editor truncates `config.toml`, writes half, pauses for 300 ms and writes the rest. The half has fewer lines
 * than what was there: with `settle` at 1 s it is never believed. A value that became shorter leaves the lines as many as
 * they were, and counts after `debounce`.
 */
export interface Observation {
  readonly absent: boolean;
  readonly size: number;
  /** Device and inode. */
  readonly identity: string;
  /** Whether the inode changed after its last write, as it does when it is renamed. */
  readonly moved: boolean;
  /** How many ends of lines the content has. */
  readonly lines: number;
  /** Whether the content ends with one of them. */
  readonly ended: boolean;
}

/** Times in milliseconds. */
export interface Settling {
  readonly debounce: number;
  readonly settle: number;
}

/**
 * How long (ms) what is seen must have been as it is before it counts.
 *
 * @param now what is seen
 * @param last what counted last; `undefined` at the first load
 * @param resumed whether the file was seen to change after it had been calm for `debounce`
 */
export function quiet_needed(
  now: Observation,
  last: Observation | undefined,
  resumed: boolean,
  times: Settling,
): number {
  if (now.absent) return last === undefined || last.absent ? 0 : times.settle;
  if (now.size === 0) return times.settle;
  if (now.moved && now.identity !== last?.identity) return 0;
  if (last === undefined) return resumed ? times.settle : times.debounce;
  const cut = !now.ended && (last.ended || now.size < last.size);
  const doubtful = resumed || last.absent || now.lines < last.lines || cut;
  return doubtful ? times.settle : times.debounce;
}
