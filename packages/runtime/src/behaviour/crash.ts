/** The report of a process that ended as nobody wished: everything a person needs to find out why, once. */
import { inspect } from "node:util";
import { withoutStacks } from "../term/describe.ts";
import { isOrderly, Stack } from "../term/reason.ts";
import { isThenable } from "../process/body.ts";
import { heard, report } from "../process/report.ts";
import type { Status } from "./callbacks.ts";
import type { Server } from "./server.ts";

/**
 * Reports the end of a server, unless its reason is an orderly one. Called before it dies, while its name is still its own.
 * `when` says what it did, where that is no message.
 */
export function reportCrash(server: Server, reason: unknown, when = "between two messages"): void {
  if (isOrderly(reason) || !heard("process_crash")) return;
  const last = server.lastMessage;
  const shown = formatted(server, {
    state: server.state,
    reason,
    log: [],
    ...(last === undefined ? {} : { message: last.message }),
  });
  const details = {
    pid: server.pid,
    name: server.name,
    initial_call: server.initialCall,
    ancestors: server.ancestors,
    reason: shown.reason,
    state: shown.state,
    ...(last === undefined ? {} : { message: shown.message }),
  };
  const { shown: who } = server;
  report(
    "error",
    "process_crash",
    () => details,
    () =>
      [
        `${server.behaviour} ${who} terminating`,
        `  Reason: ${long(shown.reason)}${stackOf(shown.reason)}`,
        last === undefined ? `  Last message: none (${when})` : `  Last message: ${long(shown.message)}`,
        `  State: ${long(shown.state)}`,
        `  Ancestors: ${long(details.ancestors)}`,
        `  Started as: ${details.initial_call}`,
      ].join("\n"),
  );
}

/** A status as the callback module wants it shown. A format_status that fails does no harm. */
export function formatted(server: Server, status: Status): Status {
  const { module } = server;
  if (module.format_status === undefined) return status;
  try {
    const changed: unknown = module.format_status(status);
    if (isThenable(changed)) throw new TypeError("format_status must not be asynchronous");
    return { ...status, ...(changed as Status) };
  } catch (error) {
    // What the module wanted hidden must not be shown because its code failed.
    const hidden = `not shown: format_status failed (${error instanceof Error ? error.name : typeof error})`;
    return { state: hidden, message: hidden, reason: status.reason, log: [] };
  }
}

function long(term: unknown): string {
  try {
    return inspect(withoutStacks(term, 0), {
      depth: 6,
      breakLength: 120,
      maxArrayLength: 50,
      maxStringLength: 500,
    }).replaceAll("\n", "\n    ");
  } catch {
    return "a term that cannot be shown";
  }
}

function stackOf(reason: unknown): string {
  const stack: unknown = Array.isArray(reason) ? reason[1] : undefined;
  if (!(stack instanceof Stack) || stack.frames.length === 0) return "";
  return stack.frames.map((frame) => `\n    ${frame}`).join("");
}
