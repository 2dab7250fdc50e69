import { inspect } from "node:util";
import type { Atom } from "./atom.ts";
import { CREATION, NODE } from "./pid.ts";

let next = 0;

/** A reference: unique, compared with `===`, printed `#Ref<0.7>`. */
export class Ref {
  readonly id: number;

  /** @internal */
  constructor() {
    this.id = ++next;
  }

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
