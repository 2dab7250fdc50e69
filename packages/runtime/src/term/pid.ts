import { inspect } from "node:util";
import { type Atom, ensure } from "./atom.ts";
import { COPY, here } from "./copy.ts";

/** The name of this node, as long as there is only one. */
export const NODE: Atom = ensure("nonode@nohost");
export const CREATION = 0;

declare const protocol: unique symbol;

// After this many ids the serial number goes up, as on the BEAM.
const IDS = 2 ** 28;
/** What runs under a pid on this node; undefined once it is dead. For the process layer alone. @internal */
export let hostOf: (pid: Pid) => unknown;
/** Cuts a pid from its process, at death. @internal */
export let unhost: (pid: Pid) => void;

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
  // What runs under this pid on this node, as long as it lives: private, so that neither printing a pid nor a serialiser
  // finds its way into a process's state, and cut at death, so that remembering a pid holds no memory.
  #host: unknown;

  /** @internal */
  constructor(host: unknown) {
    this.id = nextId++;
    this.serial = nextSerial;
    this.#host = host;
    if (nextId === IDS) {
      nextId = 0;
      nextSerial++;
    }
  }

  static {
    hostOf = (pid) => pid.#host;
    unhost = (pid) => {
      pid.#host = undefined;
    };
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
    return `<0.${this.id}.${this.serial}>`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
