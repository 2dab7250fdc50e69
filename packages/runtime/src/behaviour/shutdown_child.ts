/** Ending a child, or many at once: a shutdown request, a wait, then a kill. */
import { KILL, KILLED, NOPROC, NORMAL, PERMANENT, BRUTAL_KILL, SHUTDOWN } from "../term/atoms.ts";
import { tagOf } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import { signal, unlink } from "../process/death.ts";
import { type Process, processOf } from "../process/process.ts";
import { type ReplyHandlers, Request } from "../call/request.ts";
import type { CheckedSpec } from "./child.ts";

/**
 * A wait for a child's death: the request fails with the exit reason, as intended. A child that takes too long is
 * killed.
 */
const WATCHING: ReplyHandlers = {
  system: false,
  waited: () => "the end of %",
  answered() {},
  // In an array: a reason may have a `then`, and would be treated as a promise.
  failed: ({ resolve }, reason) => resolve?.([reason]),
  expired: ({ callee, caller }) => signal(callee.pid, (caller ?? callee).pid, KILL, false),
};

/** Resolves with the child's exit reason, at the latest after `ms` and a kill. */
function death(child: Process, supervisor: Process, ms: number): Promise<readonly [reason: unknown]> {
  return new Promise((resolve) => {
    const request = new Request(WATCHING, child, supervisor, undefined, undefined, ms);
    request.resolve = resolve as (value: unknown) => void;
    request.keep(ms);
  });
}

/** The exit reason of a child that did not end properly. */
export interface Odd {
  readonly pid: Pid;
  readonly reason: unknown;
}

/**
 * Ends one child according to its specification. Resolves when it is dead: with undefined if it ended properly,
 * otherwise with its exit reason (which OTP reports as a shutdown error).
 */
export function shutdownChild(supervisor: Process, pid: Pid, spec: CheckedSpec): Promise<Odd | undefined> {
  const child = processOf(pid);
  unlink(supervisor, pid);
  if (child === undefined) return Promise.resolve(undefined);
  const brutal = spec.shutdown === BRUTAL_KILL;
  const ended = death(child, supervisor, brutal ? Infinity : (spec.shutdown as number)).then(([reason]) =>
    asWished(reason, spec) ? undefined : { pid, reason },
  );
  signal(pid, supervisor.pid, brutal ? KILL : SHUTDOWN, false);
  return ended;
}

/**
 * Ends many children of one specification at the same time (simple_one_for_one). Resolves with those that did not end
 * properly.
 */
export async function shutdownChildren(
  supervisor: Process,
  pids: readonly Pid[],
  spec: CheckedSpec,
): Promise<readonly Odd[]> {
  const ends = await Promise.all(pids.map((pid) => shutdownChild(supervisor, pid, spec)));
  return ends.filter((odd) => odd !== undefined);
}

function asWished(reason: unknown, spec: CheckedSpec): boolean {
  if (spec.shutdown === BRUTAL_KILL) return reason === KILLED;
  if (reason === SHUTDOWN || reason === NOPROC || tagOf(reason, 2) === SHUTDOWN) return true;
  return reason === NORMAL && spec.restart !== PERMANENT;
}
