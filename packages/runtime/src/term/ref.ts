import { inspect } from "node:util";
import type { Atom } from "./atom.ts";
import { COPY, here } from "./copy.ts";
import { CREATION, NODE } from "./pid.ts";

/**
 * A reference: unique, compared with `===`, printed `#Ref<0.7>`.
 *
 * The class deliberately has no constructor and no field: V8 does not compile a constructor that many classes share,
 * and every call makes a reference. So each subclass takes its `id` itself: the next of `Ref.made`.
 */
export abstract class Ref {
  /** How many references there have been. @internal */
  static made = 0;

  /** @internal */
  abstract readonly id: number;

  /** Whether messages can be sent to it: it is (or was) an alias of a process. */
  get alias(): boolean {
    return false;
  }

  get node(): Atom {
    return NODE;
  }

  get creation(): number {
    return CREATION;
  }

  /** @internal */
  get [COPY](): string {
    return here();
  }

  toString(): string {
    return `#Ref<0.${this.id}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** A plain reference. */
export class PlainRef extends Ref {
  readonly id = ++Ref.made;
}
