/**
 * Names in a registry supplied by the program: `{ via: [module, name] }`, OTP's `{via, Module, Name}`.
 *
 * The module decides which process has a name. It may be any code, so its results and errors may be anything.
 */
import { ensure } from "../term/atom.ts";
import { UNDEF } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple, read } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import type { NameRegistry, Via } from "../term/protocol.ts";
import { type Process, processOf } from "./process.ts";

const YES = ensure("yes");

/** Whether this is a name in a registry. Never throws. */
export function isVia(server: unknown): server is Via {
  if (typeof server !== "object" || server === null || isTuple(server)) return false;
  const via = read(server, "via");
  return isTuple(via) && via.length === 2 && typeof via[0] === "object" && via[0] !== null;
}

/** The live process of the name. @throws the registry's error, or `undef` */
export function whereisVia(via: Via): Process | undefined {
  const pid: unknown = ask(via, "whereis_name", []);
  if (pid === undefined || pid === ensure("undefined")) return undefined;
  if (pid instanceof Pid) return processOf(pid);
  throw new ErlangError(
    ensure("badarg"),
    `Cannot find ${describe(via.via[1])}: whereis_name must return a pid or undefined, got ${describe(pid)}`,
  );
}

/** Registers the calling process. False if the name is taken. */
export function registerVia(via: Via, pid: Pid): boolean {
  const answer: unknown = ask(via, "register_name", [pid]);
  return answer === YES || answer === true;
}

export function unregisterVia(via: Via): void {
  ask(via, "unregister_name", []);
}

/** Sends a message. @throws the registry's error if no process has the name */
export function sendVia(via: Via, message: unknown): void {
  ask(via, "send", [message]);
}

function ask({ via: [module, name] }: Via, fun: keyof NameRegistry, args: readonly unknown[]): unknown {
  const callback = read(module, fun);
  if (typeof callback !== "function") {
    throw new ErlangError(UNDEF, `Cannot use ${describe(name)} as a name: its registry has no ${fun}`);
  }
  return (callback as (...all: unknown[]) => unknown).call(module, name, ...args);
}
