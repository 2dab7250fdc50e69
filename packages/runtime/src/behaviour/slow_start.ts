/** Starts that take long. Nearly none do, so a start is watched only if it is not over when the event loop has been round. */
import { settle } from "../term/shape.ts";
import { cancel, Deadline, wait } from "../process/timer.ts";

/** From this many ms on a start is slow. */
export const SLOW = 5_000;

// Whoever replaces the global one (fake timers in a test) means time, not turns.
const { setImmediate } = globalThis;

const fresh = new Set<SlowStart>();

/** A start under way. */
export class SlowStart {
  readonly #tell: () => void;
  #deadline: Deadline | undefined = undefined;

  /** `tell` is called once, if the start takes long. Waiting for that keeps nothing alive. */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  begin(): this {
    fresh.add(this);
    if (fresh.size === 1) setImmediate(watch);
    return this;
  }

  /** The start is over. */
  end(): void {
    fresh.delete(this);
    if (this.#deadline !== undefined) cancel(this.#deadline);
  }

  watch(): void {
    this.#deadline = new Deadline(this.#tell, true);
    wait(this.#deadline, SLOW);
  }
}

settle(() => new SlowStart(() => {}));

function watch(): void {
  for (const start of fresh) start.watch();
  fresh.clear();
}
