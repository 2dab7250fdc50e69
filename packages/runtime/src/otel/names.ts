/** Names of servers and messages in spans and measurements: names from the program's code, never a value. */
import type { Attributes } from "@opentelemetry/api";
import { Atom } from "../term/atom.ts";
import { Exit, OtpError } from "../term/error.ts";
import { isA, isError, isTuple, read } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import type { ServerRef } from "../term/protocol.ts";
import { nameIn } from "../behaviour/module_name.ts";
import type { Observed } from "../behaviour/observer.ts";
import { type Process, processOf } from "../process/process.ts";
import { isVia, whereisVia } from "../process/via.ts";

/** The server's registered name, or its module's name; its behaviour if it has neither. */
export const SERVER = "otpts.server";
/** The tag of a message that is an atom, or a tuple that begins with one. */
export const MESSAGE = "otpts.message";
export const PID = "otpts.pid";
export const CALLBACK = "otpts.callback";
/** The cause of a failure: `timeout`, `noproc`, the class of an error. */
export const ERROR_TYPE = "error.type";

export function serverName(server: ServerRef): string {
  if (server instanceof Pid) {
    const process = processOf(server);
    return process === undefined ? "dead" : processName(process);
  }
  if (isVia(server)) {
    // The key is a value; the server behind it has a name that is none.
    const process = safely(() => whereisVia(server));
    return process === undefined ? "via" : processName(process);
  }
  return String(isTuple(server) ? server[0] : server);
}

export function processName(process: Process): string {
  if (process.name !== undefined) return String(process.name);
  const { module, behaviour } = process as Partial<Observed>;
  return (module === undefined ? undefined : nameIn(module)) ?? behaviour ?? "process";
}

export function messageTag(message: unknown): string | undefined {
  const tag = isTuple(message) ? safely(() => read(message, 0)) : message;
  return isA(tag, Atom) ? tag.name : undefined;
}

export function attributesOf(server: string, message: unknown): Attributes {
  const tag = messageTag(message);
  return tag === undefined ? { [SERVER]: server } : { [SERVER]: server, [MESSAGE]: tag };
}

/** The kind of a failure: an atom of the reason, or the error's class. */
export function failureOf(error: unknown, depth = 0): string {
  if (isA(error, Atom)) return error.name;
  if (isA(error, Exit) || isA(error, OtpError)) return failureOf((error as Exit).reason, depth + 1);
  if (isError(error)) return safely(() => String(error.name)) ?? "Error";
  if (isTuple(error) && depth < 3)
    return failureOf(
      safely(() => read(error, 0)),
      depth + 1,
    );
  return "_OTHER";
}

function safely<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
