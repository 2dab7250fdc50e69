import { inspect } from "node:util";
import { type Atom, ensure } from "./atom.ts";

/** The name of this node, as long as there is only one. */
export const NODE: Atom = ensure("nonode@nohost");
export const CREATION = 0;

declare const protocol: unique symbol;

// After this many ids the serial number goes up, as on the BEAM.
const IDS = 2 ** 28;
let nextId = 0;
let nextSerial = 0;

/**
 * The identity of a process: structural (`node`, `id`, `serial`, `creation`), printed `<0.12.0>`. On one node there is one
 * object per process, so pids compare with `===`.
 *
 * The type parameter is the protocol of the process, where it is known: `gen_server.call` infers its reply from it.
 */
export class Pid<P = unknown> {
  declare readonly [protocol]: P;
  readonly id: number;
  readonly serial: number;
  /**
   * What runs under this pid on this node, as long as it lives. For the process layer alone: a dead process's memory must
   * not be held by those who remember its pid.
   *
   * @internal
   */
  host: unknown;

  /** @internal */
  constructor(host: unknown) {
    this.id = nextId++;
    this.serial = nextSerial;
    this.host = host;
    if (nextId === IDS) {
      nextId = 0;
      nextSerial++;
    }
  }

  get node(): Atom {
    return NODE;
  }

  get creation(): number {
    return CREATION;
  }

  toString(): string {
    return `<0.${this.id}.${this.serial}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
