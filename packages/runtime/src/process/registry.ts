/** Names of processes. A process has one name at most, a name one process. */
import { type Atom, ensure } from "../term/atom.ts";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { type Process, processOf } from "./process.ts";

/** A registered name: a string or an atom, which mean the same. */
export type Name = string | Atom;

const names = new Map<string, Process>();

export function textOf(name: Name): string {
  return typeof name === "string" ? name : name.name;
}

/** Whether this can be a name at all. */
export function isName(name: unknown): name is Name {
  return (
    typeof name === "string" ||
    (typeof name === "object" && name !== null && "name" in name && typeof name.name === "string")
  );
}

/** The living process of this name. */
export function find(name: Name): Process | undefined {
  return names.get(typeof name === "string" ? name : name.name);
}

export function whereis(name: Name): Pid | undefined {
  return find(name)?.pid;
}

export function registered(): Atom[] {
  return [...names.keys()].map((name) => ensure(name));
}

export function register(name: Name, pid: Pid): true {
  const process = processOf(pid);
  const refuse = (why: string) => new ErlangError(BADARG, `Cannot register ${pid} as ${describe(name)}: ${why}`);
  const atom = nameOf(name, refuse);
  const holder = names.get(atom.name);
  if (holder !== undefined) throw refuse(`the name belongs to ${holder.pid}`);
  if (process === undefined) throw refuse("the process is dead");
  if (process.name !== undefined) throw refuse(`the process is registered as "${process.name}" already`);
  process.name = atom;
  names.set(atom.name, process);
  return true;
}

/** The atom of a name, if it can be one; else what `refuse` makes is thrown, or `system_limit`. */
export function nameOf(name: Name, refuse: (why: string) => Error): Atom {
  if (!isName(name)) throw refuse("a name is a string or an atom");
  if (textOf(name) === "undefined") throw refuse(`"undefined" is not a name`);
  return ensure(textOf(name));
}

export function unregister(name: Name): true {
  const process = find(name);
  if (process === undefined)
    throw new ErlangError(BADARG, `Cannot unregister ${describe(name)}: no process has this name`);
  release(process);
  return true;
}

/** Frees the name of a process, if it has one. */
export function release(process: Process): void {
  if (process.name === undefined) return;
  names.delete(process.name.name);
  process.name = undefined;
}
