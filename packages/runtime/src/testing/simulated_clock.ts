import type { Alarm, Clock } from "../process/clock.ts";

interface Armed {
  readonly at: number;
  readonly fire: () => void;
  held: boolean;
}

/** A clock controlled by the test. */
export class SimulatedClock implements Clock {
  #now = 1_000;
  #armed = new Set<Armed>();
  /** How often an alarm was armed. */
  armings = 0;
  /** How late alarms fire, in ms, as with a busy event loop. */
  lag = 0;

  now(): number {
    return this.#now;
  }

  set(fire: () => void, ms: number): Alarm {
    const armed: Armed = { at: this.#now + ms, fire, held: true };
    this.#armed.add(armed);
    this.armings++;
    return {
      clear: () => void this.#armed.delete(armed),
      hold: (alive) => void (armed.held = alive),
    };
  }

  /** Number of armed alarms. */
  get alarms(): number {
    return this.#armed.size;
  }

  /** When the next alarm is due; undefined if none is armed. */
  get next(): number | undefined {
    return this.#armed.size === 0 ? undefined : Math.min(...[...this.#armed].map(({ at }) => at));
  }

  /** Whether an armed alarm would keep Node alive. */
  get holds(): boolean {
    return [...this.#armed].some(({ held }) => held);
  }

  /** Lets `ms` pass and fires due alarms on the way, each at its time. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#armed].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at + this.lag > end) break;
      this.#armed.delete(next);
      this.#now = Math.max(this.#now, next.at + this.lag);
      next.fire();
    }
    this.#now = end;
  }
}
