/**
 * Measures how long the event loop is held up. On a machine with other work a gap in time is not yet ours: what counts is
 * the processor time this process used in the gap, which includes the garbage collector's threads and is so an upper bound.
 */
export class LoopWatch {
  /** Longest time between two turns, in milliseconds, whoever had the processor. */
  longest = 0;
  /** Longest of them by this process's own processor time, in milliseconds. */
  own = 0;
  #timer: NodeJS.Timeout | undefined;
  #at = 0;
  #used = process.cpuUsage();

  start(): void {
    this.#reset();
    this.#timer = setInterval(() => {
      const gap = performance.now() - this.#at;
      const { user, system } = process.cpuUsage(this.#used);
      this.longest = Math.max(this.longest, gap);
      this.own = Math.max(this.own, Math.min(gap, (user + system) / 1000));
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
    this.#used = process.cpuUsage();
  }
}
