/** A clock for tests in place of the runtime's. */
import { useClock } from "../process/timer.ts";
import { SimulatedClock } from "./simulated_clock.ts";

/** Time that passes when the test says so. */
export interface Clock {
  /** Milliseconds since some fixed point. */
  now(): number;
  /** Lets `ms` milliseconds pass: what is due fires in order, and processes run after each. */
  advance(ms: number): Promise<void>;
  /** Puts the real clock back. */
  restore(): void;
}

const { setImmediate } = globalThis;

/** Lets all ready processes run. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}

/** @throws Error if something waits for the real time already */
export function installClock(): Clock {
  const simulated = new SimulatedClock();
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
