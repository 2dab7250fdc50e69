import { setTimeout as sleep } from "node:timers/promises";

import { type Sample, print_file, sample_file } from "./file_sample.ts";
import { has_open_writer } from "./open_writer.ts";
import { type Arrival, type Settling, quiet_needed } from "./settling.ts";

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
  /** Whether content with this digest is the last loaded one, so that the result is available at once. */
  readonly known: (digest: string) => boolean;
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
    if (judge.known(sample.digest)) return { sample };
    let needed = quiet_needed(sample, judge.last, { arrival, resumed }, options);
    // The file's own times show how long it has been quiet, but not at once: a file system may show a file as truncated
    // before it shows new times. So they count when the same state was seen for a while.
    const observed = performance.now() - since;
    const calm =
      observed < Math.min(LOOK, needed) ? observed : Math.max(observed, Math.min(ageOf(sample), judge.bound()));
    // A writer that still has the file open may have more to write, but one that keeps it open for ever must not be
    // waited for. Where nobody knows, there may be one.
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
