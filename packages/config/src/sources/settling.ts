import { setTimeout as sleep } from "node:timers/promises";

import { type Observation, type Sample, print_file, sample_file } from "./file_sample.ts";
import { has_open_writer } from "./open_writer.ts";

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

/** How often (ms) a file that is not yet accepted is checked. */
const LOOK = 50;

/** How much longer (ms) than `settle` a load waits for a file that keeps changing: in all less than a call's five seconds. */
const PATIENCE = 3000;

/** The file kept changing for too long. */
export class Unsettled extends Error {
  override readonly name = "Unsettled";
  /** The time waited, in ms. */
  readonly waited: number;

  constructor(waited: number) {
    super();
    this.waited = waited;
  }
}

/** The data and operations of a load, besides reading. */
export interface Judge<T> {
  /** The last accepted sample. */
  readonly last: Sample | undefined;
  /** The digest of content whose result is available at once. */
  readonly known: string | undefined;
  /**
   * The longest time (ms) for which the content can have existed: since the path was seen with other content, or an
   * event reported a change. The file's own times may be from another clock, and clocks can be set.
   */
  readonly bound: () => number;
  /** How the content came into place. */
  readonly arrival: (sample: Sample) => Promise<Arrival>;
  /** Reads the content; an error counts only when the file has been quiet for `settle`. */
  readonly parse: (sample: Sample) => Promise<T>;
}

/**
 * Reads a file until its content is accepted, twice with the same result.
 *
 * @throws the error of `parse`, UnreadableFile, Unsettled
 */
export async function read_settled<T>(
  path: string,
  options: Settling & { readonly max_bytes: number },
  judge: Judge<T>,
  signal: AbortSignal,
): Promise<{ readonly sample: Sample; readonly parsed?: T }> {
  const begun = performance.now();
  let sample = await sample_file(path, options.max_bytes);
  let since = performance.now();
  let resumed = false;
  let arrival = await judge.arrival(sample);
  let verdict: { digest: string; value: T } | { digest: string; error: unknown } | undefined;
  const tooLong = (): void => {
    const waited = performance.now() - begun;
    if (waited > options.settle + PATIENCE) throw new Unsettled(Math.round(waited));
  };
  for (;;) {
    signal.throwIfAborted();
    if (sample.digest === judge.known) return { sample };
    let needed = quiet_needed(sample, judge.last, { arrival, resumed }, options);
    // The file's own times show how long it has been quiet, but not at once: a file system may show a file as truncated
    // before it shows new times. So they count when the same state was seen for a while.
    const observed = performance.now() - since;
    const calm =
      observed < Math.min(LOOK, needed) ? observed : Math.max(observed, Math.min(ageOf(sample), judge.bound()));
    // A writer that still has the file open may have more to write, but one that keeps it open for ever must not be
    // waited for. If that is unknown, there may be one.
    if (
      arrival !== "whole" &&
      calm >= needed &&
      calm < options.settle &&
      !sample.absent &&
      (await has_open_writer(path)) !== false
    ) {
      needed = options.settle;
    }
    if (calm >= needed && verdict?.digest !== sample.digest) {
      verdict = await judge.parse(sample).then(
        (value) => ({ digest: sample.digest, value }),
        (error: unknown) => ({ digest: sample.digest, error }),
      );
    }
    if (verdict !== undefined && "error" in verdict && verdict.digest === sample.digest) {
      // A file that was renamed into place is complete, so there is no need to wait.
      needed = arrival === "whole" ? needed : Math.max(needed, options.settle);
      if (calm >= needed) throw verdict.error;
    }
    if (calm < needed) {
      tooLong();
      await sleep(Math.min(LOOK, needed - calm), undefined, { signal });
      if ((await print_file(path)) === sample.print) continue;
    }
    const next = await sample_file(path, options.max_bytes);
    if (next.digest === sample.digest && next.identity === sample.identity) {
      if (calm >= needed && verdict !== undefined && "value" in verdict) return { sample: next, parsed: verdict.value };
    } else {
      // Files that are renamed into place one after the other are each complete, but never settle either.
      tooLong();
      resumed ||= calm >= options.debounce;
      since = performance.now();
      arrival = await judge.arrival(next);
    }
    sample = next;
  }
}

/** How long (ms) a file has been unchanged, by its own times. */
function ageOf({ absent, changed }: Sample): number {
  return absent ? 0 : Date.now() - Number(changed / 1_000_000n);
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
