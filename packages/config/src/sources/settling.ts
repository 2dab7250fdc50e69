/**
 * When the content of a file is accepted.
 *
 * Nothing shows that a writer has finished, but many signs show that it may not have: a file was emptied, has fewer
 * lines, ends within a line and did not before or is shorter, was created in place, changed again after a pause, is
 * being written when the program starts, or does not parse. Such a state must stay unchanged for `settle` before it is
 * accepted; any other change made in place, for `debounce`. A file that was renamed into place was complete before, so
 * it is accepted at once. A rename is recognised by its event, never by the times of the file: `chmod`, `chown`,
 * `touch` and a hard link change these too.
 *
 * Example: an editor truncates `config.toml`, writes half, pauses for 300 ms and writes the rest. The half has fewer
 * lines than before: with `settle` at 1 s it is never accepted. A value that became shorter does not change the number
 * of lines, and is accepted after `debounce`.
 */
export interface Observation {
  readonly absent: boolean;
  readonly size: number;
  /** Device, inode and its creation time. */
  readonly identity: string;
  /** The number of line ends in the content. */
  readonly lines: number;
  /** Whether the content ends with a line end. */
  readonly ended: boolean;
}

/**
 * How a file came into place: `whole` by a rename, or by a link that was pointed to it after it was written; `in one
 * moment` with such a link, as far as the file system's clock shows; or written `in place`.
 */
export type Arrival = "whole" | "in one moment" | "in place";

/** Times in milliseconds. */
export interface Settling {
  readonly debounce: number;
  readonly settle: number;
}

/**
 * How long (ms) a state must be unchanged before it is accepted.
 *
 * @param now the current state
 * @param last the last accepted state; `undefined` at the first load
 * @param how more about the change: how the file came into place, and whether it changed after it had been quiet for
 *   `debounce`
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
