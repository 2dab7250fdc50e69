/** Slow starts. They are rare, so a start is watched only if it is not over when the event loop has turned. */
import { Batch } from "../process/batch.ts";
import { settleLayout } from "../term/shape.ts";
import type { CheckedSpec } from "./child.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";

/** A start that takes at least this many ms is slow. */
export const SLOW = 5_000;

// A replaced global function (fake timers in a test) concerns time, not turns.
const { setImmediate } = globalThis;

// The supervisors whose starts are checked when the event loop has turned. Each is entered once per turn, not once per
// start: that would be a third of the cost of starting a child.
const fresh = new Batch<SlowStart>();

/** The starts of a supervisor, which happen one after the other. */
export class SlowStart {
  readonly #report: (spec: CheckedSpec) => void;
  #entered = false;
  /** The child being started. */
  #spec: CheckedSpec | undefined = undefined;
  #deadline: Deadline | undefined = undefined;

  /** `report` is called once for a slow start. The wait does not keep the program alive. */
  constructor(report: (spec: CheckedSpec) => void) {
    this.#report = report;
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
    this.#deadline = new Deadline(() => this.#report(spec), true);
    wait(this.#deadline, SLOW);
  }
}

settleLayout(SlowStart, () => {});

function watch(): void {
  for (let index = 0; index < fresh.size; index++) fresh.at(index).watch();
  fresh.clear();
}
