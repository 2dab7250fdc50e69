/** Exact and coarse deadlines, which `timer.ts` schedules. */
import { settleLayout } from "../term/shape.ts";

/** A point in time to wait for. `fire` is called at most once; it must not throw. */
export class Deadline {
  /** @internal position in the heap, or -1 */
  place = -1;
  /** @internal not an integer at first, so that V8 stores it as a double from the beginning: see `term/shape.ts` */
  due = Infinity;
  fire: () => void;
  /** The wait does not keep Node alive. */
  readonly background: boolean;

  constructor(fire: () => void, background = false) {
    this.fire = fire;
    this.background = background;
  }
}

/** A coarse deadline: a node of a doubly linked list, one list per slot of the wheel. */
export interface Coarse {
  slot: number;
  rounds: number;
  earlier: Coarse | undefined;
  later: Coarse | undefined;
  expire(): void;
}

settleLayout(Deadline, () => {});
