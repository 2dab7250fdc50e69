import { setTimeout as sleep } from "node:timers/promises";

import { type Sample, print_file, sample_file } from "./file_sample.ts";
import { has_open_writer } from "./open_writer.ts";
import { type Arrival, type Settling, quiet_needed } from "./settling.ts";

/** How often (ms) a file that is not yet believed is looked at. */
const LOOK = 50;

/** How much longer (ms) than `settle` a load waits for a file that keeps changing: in all less than a call's five seconds. */
const PATIENCE = 3000;

/** The file kept changing for too long. */
export class Unsettled extends Error {
  override readonly name = "Unsettled";
  /** In ms. */
  readonly waited: number;

  constructor(waited: number) {
    super();
    this.waited = waited;
  }
}

/** What a load knows and does, beside reading. */
export interface Judge<T> {
  /** What was believed last. */
  readonly last: Sample | undefined;
  /** Whether content with this digest is what was loaded last: then the answer comes at once. */
  readonly known: (digest: string) => boolean;
  /**
   * How long (ms) the content can have been there at most: since the path was seen to hold something else, or an event told of
   * a change. The file's own times may be of another clock, and clocks are set.
   */
  readonly bound: () => number;
  /** How what was read came to its place. */
  readonly arrival: (sample: Sample) => Promise<Arrival>;
  /** Reads the content; what it throws counts only when the file has been calm for `settle`. */
  readonly parse: (sample: Sample) => Promise<T>;
}

/**
 * Reads a file until what it says may be believed, twice the same.
 *
 * @throws what `parse` throws, UnreadableFile, Unsettled
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
    // The file's own times tell how long it has been calm, but not at once: a file system may show a file as truncated
    // before it shows that its times have changed. So they count when the same was seen for a while.
    const observed = performance.now() - since;
    const calm =
      observed < Math.min(LOOK, needed) ? observed : Math.max(observed, Math.min(ageOf(sample), judge.bound()));
    // A writer that still holds the file open may have more to write; one that holds it for ever must not be waited for.
    if (
      arrival !== "whole" &&
      calm >= needed &&
      calm < options.settle &&
      !sample.absent &&
      (await has_open_writer(path))
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
      // What was renamed into its place is whole: waiting makes it no better.
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
      // Files that are renamed into the place one after the other are whole each, and come to no rest either.
      tooLong();
      resumed ||= calm >= options.debounce;
      since = performance.now();
      arrival = await judge.arrival(next);
    }
    sample = next;
  }
}

/** For how long (ms) a file has been as it is, by its own times. */
function ageOf({ absent, changed }: Sample): number {
  return absent ? 0 : Date.now() - Number(changed / 1_000_000n);
}
