/** What a behaviour answers to `sys`, whatever its callback module is. */
import { type Atom, ensure } from "../term/atom.ts";
import { ERROR, GEN_SERVER, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit, Thrown } from "../term/error.ts";
import type { Request } from "../process/request.ts";
import { formatted } from "./crash.ts";
import type { Server } from "./server.ts";
import type { SystemOperation } from "./stopping.ts";

const RUNNING = ensure("running");
const SUSPENDED = ensure("suspended");
const STATUS = ensure("status");
const MODULE = ensure("module");
const SYSTEM_REPLACE_STATE = ensure("system_replace_state");
const EXIT_CLASS = ensure("exit");
const THROW_CLASS = ensure("throw");
const CALLBACK_FAILED = ensure("callback_failed");

/** What `sys.get_status` tells: OTP's `{status, Pid, {module, Mod}, …}` with the rest by name. */
export type StatusTuple = readonly [
  status: Atom<"status">,
  pid: unknown,
  module: readonly [Atom<"module">, Atom<"gen_server">],
  items: {
    readonly dictionary: readonly (readonly [unknown, unknown])[];
    readonly sys_state: Atom<"running"> | Atom<"suspended">;
    readonly parent: unknown;
    readonly log: readonly unknown[];
    readonly state: unknown;
  },
];

/** A failed answer: the caller throws it. */
export class Refused {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

export function system(server: Server, request: Request): void {
  const operation = request.payload as SystemOperation;
  switch (operation.op) {
    case "terminate":
      server.stop(operation.reason);
      return;
    case "get_state":
      request.answer(server.state);
      return;
    case "replace_state":
      replace(server, request, operation.fun);
      return;
    case "get_status":
      request.answer(status(server));
      return;
    case "suspend":
      server.suspended = true;
      request.answer(OK);
      return;
    case "resume":
      server.suspended = false;
      request.answer(OK);
      return;
    case "trace":
      server.tracing = operation.on;
      request.answer(OK);
  }
}

function replace(server: Server, request: Request, fun: (state: unknown) => unknown): void {
  try {
    server.state = fun(server.state);
  } catch (error) {
    const reason = [CALLBACK_FAILED, [GEN_SERVER, SYSTEM_REPLACE_STATE], classified(error)];
    request.answer(
      new Refused(
        new ErlangError(
          reason,
          `Cannot replace the state of ${server.shown}: the function failed (${describe(error)}), the state is unchanged`,
        ),
      ),
    );
    return;
  }
  request.answer(server.state);
}

// An exception as OTP's sys tells it: {Class, Reason}.
function classified(error: unknown): readonly [unknown, unknown] {
  if (error instanceof Exit) return [EXIT_CLASS, error.reason];
  if (error instanceof Thrown) return [THROW_CLASS, error.value];
  return [ERROR, error instanceof ErlangError ? error.reason : error];
}

function status(server: Server): StatusTuple {
  const shown = formatted(server, { state: server.state, log: [] });
  return [
    STATUS,
    server.pid,
    [MODULE, GEN_SERVER],
    {
      dictionary: [...(server.extra?.dictionary ?? [])],
      sys_state: server.suspended ? SUSPENDED : RUNNING,
      parent: server.parent ?? server.pid,
      log: shown.log ?? [],
      state: shown.state,
    },
  ];
}
