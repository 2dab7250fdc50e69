/**
 * Names of processes. A process has at most one name, and a name at most one process.
 *
 * A string and the atom of the same name are the same name. A string adds nothing to the atom table, so names may come
 * from outside: they disappear with their process.
 */
import type { Atom } from "../term/atom.ts";
import { loose } from "../term/atom_table.ts";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { atomOf, isName, type Name, quoted, textOf } from "../term/name.ts";
import { NODE, type Pid } from "../term/pid.ts";
import { strange } from "../term/strange.ts";
import { showNames } from "./elsewhere.ts";
import { type Process, processOf } from "./process.ts";
import { tracer } from "./tracer.ts";

const names = new Map<string, Process>();

const taken = (name: string): boolean => names.has(name);

/** The registered name of a process, as an atom. */
export function nameOf(process: Process): Atom | undefined {
  const { name } = process;
  return typeof name === "string" ? (process.name = loose(name)) : name;
}

/** Whether this is the name of this node, as an atom or a string. */
export function isHere(node: unknown): boolean {
  return node === NODE || node === NODE.name;
}

/** The living process of this name. */
export function find(name: Name): Process | undefined {
  return names.get(typeof name === "string" ? name : name.name);
}

/** The pid of the living process of this name; `undefined` if there is none. @throws ErlangError with reason `badarg` if it is not a name */
export function whereis(name: Name): Pid | undefined {
  if (!isName(name))
    throw new ErlangError(BADARG, `Cannot look up ${describe(name)}: a name is a string or an atom${strange(name)}`);
  return find(name)?.pid;
}

/** The names of all registered processes. */
export function registered(): Atom[] {
  return [...names.keys()].map(atomOf);
}

export function register(name: Name, pid: Pid): true {
  const process = processOf(pid);
  const refuse = (why: string) => new ErlangError(BADARG, `Cannot register ${pid} as ${describe(name)}: ${why}`);
  checkName(name, refuse);
  const holder = find(name);
  if (holder !== undefined) throw refuse(`the name belongs to ${holder.pid}`);
  if (process === undefined) throw refuse("the process is dead");
  if (process.name !== undefined) throw refuse(`the process is already registered as ${quoted(process.name)}`);
  process.name = name;
  showNames(taken);
  names.set(textOf(name), process);
  tracer?.happened(process, { what: "register", name: atomOf(name) });
  return true;
}

/** Throws the error that `refuse` makes unless this can be the name of a process. */
export function checkName(name: unknown, refuse: (why: string) => Error): asserts name is Name {
  if (!isName(name)) throw refuse(`a name is a string or an atom${strange(name)}`);
  if (textOf(name) === "undefined") throw refuse(`"undefined" is not a name`);
}

export function unregister(name: Name): true {
  const process = isName(name) ? find(name) : undefined;
  if (process === undefined)
    throw new ErlangError(BADARG, `Cannot unregister ${describe(name)}: no process has this name${strange(name)}`);
  release(process);
  return true;
}

/** Frees the name of a process, if it has one. */
export function release(process: Process): void {
  if (process.name === undefined) return;
  tracer?.happened(process, { what: "unregister", name: atomOf(process.name) });
  names.delete(textOf(process.name));
  process.name = undefined;
}
