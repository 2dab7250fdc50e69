/** Ending a child: asked, waited for, killed. What a supervisor does to one child, or to many at once. */
import { KILL, KILLED, NOPROC, NORMAL, PERMANENT, BRUTAL_KILL, SHUTDOWN } from "../term/atoms.ts";
import { tagOf } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import { signal, unlink } from "../process/death.ts";
import { type Process, processOf } from "../process/process.ts";
import { type ReplyHandlers, Request } from "../call/request.ts";
import type { CheckedSpec } from "./child.ts";

/** Waiting for a child's death: the request fails with the reason, which is what is wanted. Whoever takes too long is killed. */
const WATCHING: ReplyHandlers = {
  system: false,
  waited: () => "the end of %",
  answered() {},
  // In an array: a reason may have a `then`, and a promise would take it for a promise.
  failed: ({ resolve }, reason) => resolve?.([reason] as never),
  expired: ({ callee, caller }) => signal(callee.pid, (caller ?? callee).pid, KILL, false),
};

/** Resolves with the reason of the child's death, which comes after `ms` and a kill at the latest. */
function death(child: Process, supervisor: Process, ms: number): Promise<readonly [reason: unknown]> {
  return new Promise((resolve) => {
    const request = new Request(WATCHING, child, supervisor, undefined, undefined, ms);
    request.resolve = resolve;
    request.keep(ms);
  });
}

/** What a child ended with that did not end as it should. */
export interface Odd {
  readonly pid: Pid;
  readonly reason: unknown;
}

/**
 * Ends one child in the way its specification says. Resolves when it is dead: with undefined if it went as it should, or
 * with the reason it ended with instead (OTP reports that as a shutdown error).
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

/** Ends many children of one specification at the same time (simple_one_for_one). Resolves with those that did not go well. */
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
