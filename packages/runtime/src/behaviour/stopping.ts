/** Stopping a process, and waiting until it is dead (OTP's `proc_lib:stop`). */
import { ensure } from "../term/atom.ts";
import { CALLING_SELF, INFINITY, NODEDOWN, NOPROC, type OK as Ok, OK, TIMEOUT } from "../term/atoms.ts";
import { Exit } from "../term/error.ts";
import { tagOf } from "../term/guarded.ts";
import type { ServerRef } from "../term/protocol.ts";
import { inWords, same } from "../term/reason.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { acting, isDoing } from "../process/context.ts";
import { isName, textOf } from "../term/name.ts";
import { elsewhere } from "../process/elsewhere.ts";
import { refused } from "../process/refusal.ts";
import type { Process } from "../process/process.ts";
import { answer, post } from "../call/reply_promise.ts";
import { type ReplyHandlers, Request } from "../call/request.ts";
import { absence, calling, explain, locate, nameOf } from "./gen.ts";
import type { Served } from "./served.ts";

/** A request to end. `taken`: the server has received it, and is ending. */
export interface Termination {
  readonly op: "terminate";
  readonly reason: unknown;
  taken: boolean;
}

/** A request to set or read the debug options of a process. */
export interface Debugging {
  readonly op: "trace" | "log" | "log_to_file" | "statistics" | "install" | "remove" | "no_debug";
  apply(server: Served): unknown;
}

/** The requests of `sys` to a behaviour. */
export type SystemOperation =
  | Termination
  | { readonly op: "get_state" | "get_status" | "suspend" | "resume" }
  | { readonly op: "replace_state"; readonly fun: (state: unknown) => unknown }
  | Debugging;

const failing = calling(({ server }, reason) => stopExit(server as ServerRef, reason), true);

/** The handlers of a stop request: a death with the requested reason is the reply. */
const STOPPING: ReplyHandlers = {
  ...failing,
  failed(request, reason) {
    const { reason: wanted, taken } = request.payload as Termination;
    if (taken && same(reason, wanted)) answer(request, OK);
    // If the process ends before it receives this, OTP's `sys:terminate` fails.
    else failing.failed(request, taken || reason === TIMEOUT ? reason : tooLate(request, reason));
  },
};

const SYS = ensure("sys");
const TERMINATE = ensure("terminate");

const tooLate = ({ server, payload, timeout }: Request, reason: unknown) => [
  reason,
  [SYS, TERMINATE, [server, (payload as Termination).reason, timeout === Infinity ? INFINITY : timeout]],
];

export function stop(server: ServerRef, reason: unknown, timeout: Timeout): Promise<typeof Ok> {
  const caller = acting();
  let process: Process | undefined;
  try {
    milliseconds(timeout, "stop a process");
    process = locate(server);
  } catch (error) {
    return refused(error);
  }
  if (process === undefined) return refused(stopExit(server, absence(server)));
  if (process === caller && isDoing(caller))
    return refused(
      stopExit(server, [
        CALLING_SELF,
        [SYS, TERMINATE, [process.pid, reason, timeout === Infinity ? INFINITY : timeout]],
      ]),
    );
  const operation: SystemOperation = { op: "terminate", reason, taken: false };
  return post(new Request(STOPPING, process, caller, server, operation, timeout)) as Promise<typeof Ok>;
}

function stopExit(server: ServerRef, reason: unknown): Exit {
  const why =
    reason === NOPROC
      ? `there is no such process (noproc)${isName(server) ? elsewhere(textOf(server)) : ""}`
      : reason === TIMEOUT
        ? "it did not end in time (timeout); it is still stopping"
        : tagOf(reason, 2) === CALLING_SELF
          ? "a process cannot wait for its own end (calling_self); return [STOP, reason, state] instead"
          : tagOf(reason, 2) === NODEDOWN
            ? explain(reason, server, undefined)
            : `it ended for another reason: ${inWords(tagOf(reason, 2) !== undefined && tagOf((reason as readonly unknown[])[1], 3) === SYS ? (reason as readonly unknown[])[0] : reason)}`;
  return new Exit(reason, `Stopping ${nameOf(server)} failed: ${why}`);
}
