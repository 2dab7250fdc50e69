/**
 * When to believe what a file says.
 *
 * Nothing tells that a writer has finished, but much tells that it may not have: a file that was emptied, that has fewer
 * lines, that ends within a line and did not or is shorter, that was created in place, that changed again after a pause, that
 * is being written when the program starts, or that does not parse. Such a state must stay as it is for `settle` before it
 * counts; any other change made in place for `debounce`. A file that was renamed into its place was complete before it came:
 * it counts at once. A rename is known by the event of it, never by the times of the file: `chmod`, `chown`, `touch` and a
 * hard link change them too.
 *
 * Example: an editor truncates `config.toml`, writes half, pauses for 300 ms and writes the rest. The half has fewer lines
 * than what was there: with `settle` at 1 s it is never believed. A value that became shorter leaves the lines as many as
 * they were, and counts after `debounce`.
 */
export interface Observation {
  readonly absent: boolean;
  readonly size: number;
  /** Device, inode and when that was made. */
  readonly identity: string;
  /** How many ends of lines the content has. */
  readonly lines: number;
  /** Whether the content ends with one of them. */
  readonly ended: boolean;
}

/**
 * How a file came to its place: `whole` by a rename, or by a link that was pointed to it later than it was written; `in one
 * moment` with such a link, as far as the file system's clock can tell; or written `in place`.
 */
export type Arrival = "whole" | "in one moment" | "in place";

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
 * @param how what else is known of the change: how the file came to its place, and whether it was seen to change after it
 *   had been calm for `debounce`
 */
export function quiet_needed(
  now: Observation,
  last: Observation | undefined,
  how: { readonly arrival: Arrival; readonly resumed: boolean },
  times: Settling,
): number {
  if (now.absent) return last === undefined || last.absent ? 0 : times.settle;
  if (now.size === 0) return times.settle;
  if (how.arrival === "whole") return 0;
  if (how.arrival === "in one moment" && !how.resumed) return times.debounce;
  if (last === undefined || now.identity !== last.identity) return times.settle;
  const cut = !now.ended && (last.ended || now.size < last.size);
  const doubtful = how.resumed || now.lines < last.lines || cut;
  return doubtful ? times.settle : times.debounce;
}
