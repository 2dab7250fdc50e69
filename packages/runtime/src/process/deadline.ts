/** What waits for time: exact deadlines and coarse ones. `timer.ts` has them wait. */
import { settleLayout } from "../term/shape.ts";

/** Something that waits for time. `fire` is called at most once; it must not throw. */
export class Deadline {
  /** @internal position in the heap, or -1 */
  place = -1;
  /** @internal never a whole number at first, so that V8 takes it for a fraction from the beginning: see `term/shape.ts` */
  due = Infinity;
  fire: () => void;
  /** Waiting for it does not keep Node alive. */
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

settleLayout(() => new Deadline(() => {}));
