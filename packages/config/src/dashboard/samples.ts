/** The program's numbers over the last minutes, one sample a second, taken while there are viewers. */
import { observer } from "@otpts/runtime/observer";
import { type IntervalHistogram, monitorEventLoopDelay, performance } from "node:perf_hooks";

export interface Sample {
  /** Reductions a second, of all processes. */
  readonly rate: number;
  /** Number of waiting messages. */
  readonly waiting: number;
  /** Bytes. */
  readonly heap: number;
  /**
   * The 99th percentile of the event loop's delay in this second, in ms; undefined if the engine does not provide it.
   */
  readonly delay: number | undefined;
  readonly processes: number;
}

const KEPT = 120;

export class Samples {
  private list: Sample[] = [];
  private delay: IntervalHistogram | undefined;
  private before: { readonly at: number; readonly reductions: number } | undefined;
  private last: observer.Overview | undefined;

  start(): void {
    try {
      this.delay = monitorEventLoopDelay({ resolution: 10 });
      this.delay.enable();
    } catch {
      // Not every engine has it.
      this.delay = undefined;
    }
    this.take();
  }

  stop(): void {
    this.delay?.disable();
    this.delay = undefined;
    this.list = [];
    this.before = undefined;
  }

  take(): void {
    const overview = observer.overview();
    const at = performance.now();
    const { before } = this;
    const delay = this.delay?.percentile(99);
    this.delay?.reset();
    this.last = overview;
    this.list.push({
      rate:
        before === undefined ? 0 : Math.round(((overview.reductions - before.reductions) * 1_000) / (at - before.at)),
      waiting: overview.waiting,
      heap: process.memoryUsage().heapUsed,
      // It measures the wait for a timer of 10 ms.
      delay:
        delay === undefined || !Number.isFinite(delay) ? undefined : Math.max(0, Math.round(delay / 1e5) / 10 - 10),
      processes: overview.processes,
    });
    this.before = { at, reductions: overview.reductions };
    if (this.list.length > KEPT) this.list.shift();
  }

  get overview(): observer.Overview {
    return this.last ?? observer.overview();
  }

  get all(): readonly Sample[] {
    return this.list;
  }
}
