/** A simulated clock for tests. */
import { useClock } from "../process/timer.ts";
import { SimulatedClock } from "./simulated_clock.ts";

/** A clock controlled by the test. */
export interface Clock {
  /** Milliseconds since some fixed point. */
  now(): number;
  /** Lets `ms` milliseconds pass: due timers fire in order, and processes run after each. */
  advance(ms: number): Promise<void>;
  /** Restores the real clock. */
  restore(): void;
}

/** A simulated clock that a test advances: time-outs end at their exact millisecond. */
class AdvancedClock extends SimulatedClock {
  advanced(): boolean {
    return true;
  }
}

const { setImmediate } = globalThis;

/** Lets all ready processes run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** @throws Error if something is already waiting for real time */
export function installClock(): Clock {
  const simulated = new AdvancedClock();
  const before = useClock(simulated);
  let installed = true;
  return {
    now: () => simulated.now(),
    async advance(ms) {
      await settled();
      const end = simulated.now() + ms;
      for (;;) {
        const next = simulated.next;
        if (next === undefined || next > end) break;
        simulated.advance(next - simulated.now());
        await settled();
      }
      simulated.advance(end - simulated.now());
      await settled();
    },
    restore() {
      if (!installed) return;
      installed = false;
      useClock(before);
    },
  };
}
