/**
 * The rules of restarting. Pure.
 *
 * Intensity: a restart at second `now` counts while `now - then <= period`, in whole seconds, as OTP 25 counts. More than
 * `intensity` of them, this one included, and the supervisor gives up.
 *
 * The children restarted with a failed one: none under one_for_one, all under one_for_all, those started after it under
 * rest_for_one. They are stopped in reverse order, and started in order together with it.
 */
import type { Atom } from "../term/atom.ts";
import { ONE_FOR_ALL, PERMANENT, REST_FOR_ONE, TRANSIENT } from "../term/atoms.ts";
import { isOrderly } from "../term/reason.ts";
import { settleLayout } from "../term/shape.ts";

/** Whether a child that ended with this reason is restarted. */
export function restarts(type: Atom, reason: unknown): boolean {
  if (type === PERMANENT) return true;
  return type === TRANSIENT && !isOrderly(reason);
}

/** The restarts that count. */
export class Window {
  readonly #seconds: number[] = [];
  #oldest = 0;
  readonly #intensity: number;
  readonly #period: number;

  constructor(intensity: number, period: number) {
    this.#intensity = intensity;
    this.#period = period;
  }

  /** The number of restarts that count at the moment. */
  get count(): number {
    return this.#seconds.length - this.#oldest;
  }

  /** Counts one more restart, at this whole second. False if that is one too many. */
  admit(now: number): boolean {
    this.#seconds.push(now);
    while (now - (this.#seconds[this.#oldest] as number) > this.#period) this.#oldest++;
    if (this.#oldest > 1_000 && this.#oldest * 2 > this.#seconds.length) {
      this.#seconds.splice(0, this.#oldest);
      this.#oldest = 0;
    }
    return this.count <= this.#intensity;
  }
}

settleLayout(Window, 0, 0);

/**
 * The children that are restarted together when one fails, in start order. `children` returns all, also in start order.
 */
export function group<C>(strategy: Atom, children: () => readonly C[], failed: C): readonly C[] {
  if (strategy === ONE_FOR_ALL) return children();
  if (strategy === REST_FOR_ONE) return children().slice(children().indexOf(failed));
  return [failed];
}
