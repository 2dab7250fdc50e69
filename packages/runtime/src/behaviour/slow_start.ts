/** Starts that take long. Nearly none do, so a start is watched only if it is not over when the event loop has been round. */
import { settleLayout } from "../term/shape.ts";
import type { CheckedSpec } from "./child.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";

/** From this many ms on a start is slow. */
export const SLOW = 5_000;

// Whoever replaces the global one (fake timers in a test) means time, not turns.
const { setImmediate } = globalThis;

const fresh = new Set<SlowStart>();

/** The starts of a supervisor, which come one after the other. */
export class SlowStart {
  readonly #tell: (spec: CheckedSpec) => void;
  #spec: CheckedSpec | undefined = undefined;
  #deadline: Deadline | undefined = undefined;

  /** `tell` is called once for a start that takes long. Waiting for that keeps nothing alive. */
  constructor(tell: (spec: CheckedSpec) => void) {
    this.#tell = tell;
  }

  /** A start begins. */
  begin(spec: CheckedSpec): void {
    this.#spec = spec;
    fresh.add(this);
    if (fresh.size === 1) setImmediate(watch);
  }

  /** The start is over. */
  end(): void {
    if (this.#deadline === undefined) {
      fresh.delete(this);
      return;
    }
    cancel(this.#deadline);
    this.#deadline = undefined;
  }

  watch(): void {
    this.#deadline = new Deadline(() => this.#tell(this.#spec as CheckedSpec), true);
    wait(this.#deadline, SLOW);
  }
}

settleLayout(() => new SlowStart(() => {}));

function watch(): void {
  for (const start of fresh) start.watch();
  fresh.clear();
}
