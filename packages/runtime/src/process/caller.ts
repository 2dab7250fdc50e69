/** Operations that need a calling process, such as those that link to it or send to it later. */
import { BADARG } from "../term/atoms.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { acting } from "./context.ts";

/**
 * The pid of the calling process.
 *
 * @param what the operation, for the error: `pg.monitor`
 * @throws ErlangError with reason `badarg` outside processes
 */
export function callerOf(what: string): Pid {
  const process = acting();
  if (process === undefined) throw noProcess(what);
  return process.pid;
}

/** The error for an operation outside processes. */
export function noProcess(what: string): ErlangError {
  return new ErlangError(
    BADARG,
    `Cannot do ${what} here: this code does not run inside a process. Do it in a process (erlang.spawn, a gen_server's callback)`,
  );
}
