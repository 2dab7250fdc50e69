/** Prints each step with its duration, and stops at the first failure. */
import { isDeepStrictEqual } from "node:util";
import { inspect } from "node:util";

/** The longest wait for a condition, in ms: generous, for loaded machines. */
const PATIENCE = 8_000;

export class Transcript {
  #number = 0;
  #current = "start";
  readonly #began = performance.now();

  /** The current or last step. */
  get current(): string {
    return this.#current;
  }

  async step(title: string, run: () => Promise<void>): Promise<void> {
    this.#number++;
    this.#current = `${this.#number}. ${title}`;
    console.log(`\n${this.#current}`);
    const from = performance.now();
    await run();
    console.log(`   ✔ ${Math.round(performance.now() - from)} ms`);
  }

  /** Prints a line. */
  say(text: string): void {
    console.log(`   ${text}`);
  }

  /** Fails the step unless the two are equal. */
  equal(what: string, actual: unknown, wanted: unknown): void {
    if (!isDeepStrictEqual(actual, wanted))
      throw new Error(`${what}: wanted ${inspect(wanted)}, got ${inspect(actual)}`);
    this.say(`${what}: ${inspect(actual, { breakLength: Infinity, depth: 5 })}`);
  }

  /** Fails the step unless the condition is true. */
  holds(what: string, holds: boolean): void {
    if (!holds) throw new Error(`this does not hold: ${what}`);
    this.say(what);
  }

  /** Waits until `until` accepts the result of `read`, and returns it; fails the step after too long a wait. */
  async eventually<T>(what: string, read: () => Promise<T> | T, until: (value: T) => boolean): Promise<T> {
    const from = performance.now();
    for (;;) {
      const value = await read();
      if (until(value)) {
        this.say(`${what} (after ${Math.round(performance.now() - from)} ms)`);
        return value;
      }
      if (performance.now() - from > PATIENCE)
        throw new Error(`${what}: not within ${PATIENCE} ms; last seen ${inspect(value, { depth: 5 })}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  end(): void {
    console.log(
      `\nAll ${this.#number} steps as they should be, in ${((performance.now() - this.#began) / 1_000).toFixed(1)} s.`,
    );
  }
}
