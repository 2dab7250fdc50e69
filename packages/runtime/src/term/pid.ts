import { inspect } from "node:util";
import { type Atom, ensure } from "./atom.ts";
import { COPY, here } from "./copy.ts";

/** The name of this node, the only one. */
export const NODE: Atom = ensure("nonode@nohost");
export const CREATION = 0;

declare const protocol: unique symbol;

// After this many ids the serial number is incremented, as on the BEAM.
const IDS = 2 ** 28;
/** The process of a pid on this node; undefined once it is dead. For the process layer only. @internal */
export let hostOf: (pid: Pid) => unknown;
/** Detaches a pid from its process, at death. @internal */
export let unhost: (pid: Pid) => void;

let nextId = 0;
let nextSerial = 0;

/**
 * The identity of a process: structural (`node`, `id`, `serial`, `creation`), printed `<0.12.0>`. On one node there is one
 * object per process, so pids compare with `===`.
 *
 * The type parameter is the protocol of the process if it is known: `gen_server.call` infers its reply from it.
 */
export class Pid<P = unknown> {
  declare readonly [protocol]: P;
  readonly id: number;
  readonly serial: number;
  // The process of this pid on this node, while it is alive. Private, so that neither printing nor serialising a pid
  // reaches a process's state; removed at death, so that keeping a pid retains no memory.
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
