/** Starts that take long. Nearly none do, so a start is watched only if it is not over when the event loop has been round. */
import { Batch } from "../process/batch.ts";
import { settleLayout } from "../term/shape.ts";
import type { CheckedSpec } from "./child.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";

/** From this many ms on a start is slow. */
export const SLOW = 5_000;

// Whoever replaces the global one (fake timers in a test) means time, not turns.
const { setImmediate } = globalThis;

// Whose starts are looked at when the event loop has been round. It is asked for once, and nothing is entered and taken out
// again for each start: that would make a third of what starting a child costs.
const fresh = new Batch<SlowStart>();

/** The starts of a supervisor, which come one after the other. */
export class SlowStart {
  readonly #tell: (spec: CheckedSpec) => void;
  #entered = false;
  /** What starts. */
  #spec: CheckedSpec | undefined = undefined;
  #deadline: Deadline | undefined = undefined;

  /** `tell` is called once for a start that takes long. Waiting for that keeps nothing alive. */
  constructor(tell: (spec: CheckedSpec) => void) {
    this.#tell = tell;
  }

  /** A start begins. */
  begin(spec: CheckedSpec): void {
    this.#spec = spec;
    if (this.#entered) return;
    this.#entered = true;
    fresh.push(this);
    if (fresh.size === 1) setImmediate(watch);
  }

  /** The start is over. */
  end(): void {
    this.#spec = undefined;
    if (this.#deadline === undefined) return;
    cancel(this.#deadline);
    this.#deadline = undefined;
  }

  watch(): void {
    this.#entered = false;
    const spec = this.#spec;
    if (spec === undefined) return;
    this.#deadline = new Deadline(() => this.#tell(spec), true);
    wait(this.#deadline, SLOW);
  }
}

settleLayout(() => new SlowStart(() => {}));

function watch(): void {
  for (let index = 0; index < fresh.size; index++) fresh.at(index).watch();
  fresh.clear();
}
