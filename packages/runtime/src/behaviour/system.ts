/** A behaviour's replies to `sys`, for any callback module. */
import { type Atom, ensure } from "../term/atom.ts";
import { ERROR, GEN_SERVER, OK } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit, Thrown } from "../term/error.ts";
import type { Request } from "../call/request.ts";
import { formatted } from "./crash.ts";
import { type Served, shownName } from "./served.ts";
import type { SystemOperation } from "./stopping.ts";

const RUNNING = ensure("running");
const SUSPENDED = ensure("suspended");
const STATUS = ensure("status");
const MODULE = ensure("module");
const SYSTEM_REPLACE_STATE = ensure("system_replace_state");
const EXIT_CLASS = ensure("exit");
const THROW_CLASS = ensure("throw");
const CALLBACK_FAILED = ensure("callback_failed");

/** The result of `sys.get_status`: OTP's `{status, Pid, {module, Mod}, …}` with the rest by name. */
export type StatusTuple = readonly [
  status: Atom<"status">,
  pid: unknown,
  module: readonly [Atom<"module">, Atom],
  items: {
    readonly dictionary: readonly (readonly [unknown, unknown])[];
    readonly sys_state: Atom<"running"> | Atom<"suspended">;
    readonly parent: unknown;
    readonly log: readonly unknown[];
    readonly state: unknown;
  },
];

/** A failure as the reply: the caller throws it. */
export class Refused {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

export function system(server: Served, request: Request): void {
  const operation = request.payload as SystemOperation;
  switch (operation.op) {
    case "terminate":
      operation.taken = true;
      server.stop(operation.reason);
      return;
    case "get_state":
      request.answer(server.observed);
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
    default:
      request.answer(operation.apply(server));
  }
}

function replace(server: Served, request: Request, fun: (state: unknown) => unknown): void {
  try {
    server.replace(fun);
  } catch (error) {
    const reason = [CALLBACK_FAILED, [behaviourOf(server), SYSTEM_REPLACE_STATE], classified(error)];
    request.answer(
      new Refused(
        new ErlangError(
          reason,
          `Cannot replace the state of ${shownName(server)}: the function failed (${describe(error)}), the state is unchanged`,
        ),
      ),
    );
    return;
  }
  request.answer(server.observed);
}

// An exception as in OTP's sys: {Class, Reason}.
function classified(error: unknown): readonly [unknown, unknown] {
  if (error instanceof Exit) return [EXIT_CLASS, error.reason];
  if (error instanceof Thrown) return [THROW_CLASS, error.value];
  return [ERROR, error instanceof ErlangError ? error.reason : error];
}

function status(server: Served): StatusTuple {
  const shown = formatted(server, server.status());
  return [
    STATUS,
    server.pid,
    [MODULE, behaviourOf(server)],
    {
      dictionary: [...(server.extra?.dictionary ?? [])],
      sys_state: server.suspended ? SUSPENDED : RUNNING,
      parent: server.parent ?? server.pid,
      ...shown,
      log: shown.log ?? [],
      state: shown.state,
    },
  ];
}

// A supervisor is a gen_server to sys, as in OTP.
function behaviourOf(server: Served): Atom {
  return server.behaviour === "supervisor" ? GEN_SERVER : ensure(server.behaviour);
}
