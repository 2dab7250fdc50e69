import { readFileSync } from "node:fs";

/**
 * Measures how long the event loop is held up. On a machine with other work a gap in time is not yet ours: what counts is
 * the processor time that the thread of the event loop used in the gap.
 */
export class LoopWatch {
  /** Longest time between two turns, in milliseconds, including time in which other programs ran. */
  longest = 0;
  /** Longest of them by the thread's own processor time, in milliseconds. */
  own = 0;
  #timer: NodeJS.Timeout | undefined;
  #at = 0;
  #used = 0;

  start(): void {
    this.#reset();
    this.#timer = setInterval(() => {
      this.longest = Math.max(this.longest, performance.now() - this.#at);
      this.own = Math.max(this.own, processorTime() - this.#used);
      this.#reset();
    }, 1);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  toString(): string {
    return `${this.own.toFixed(1)} ms of its own processor time (${Math.round(this.longest)} ms by the clock)`;
  }

  #reset(): void {
    this.#at = performance.now();
    this.#used = processorTime();
  }
}

/** Of the main thread, in milliseconds; or of all threads if the system does not distinguish them. */
function processorTime(): number {
  try {
    return Number(readFileSync("/proc/self/schedstat", "latin1").split(" ")[0]) / 1e6;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}
