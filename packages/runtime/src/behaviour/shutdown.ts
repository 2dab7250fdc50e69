/** Ending a child: asked, waited for, killed. What a supervisor does to one child, or to many at once. */
import { KILL, KILLED, NOPROC, NORMAL, PERMANENT, BRUTAL_KILL, SHUTDOWN } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import { signal, unlink } from "../process/death.ts";
import { type Process, processOf } from "../process/process.ts";
import { type Purpose, Request } from "../process/request.ts";
import { limit } from "../process/timer.ts";
import type { CheckedSpec } from "./child.ts";

/** Waiting for a death without a message: the request fails with the reason, which is what is wanted. */
const WATCHING: Purpose = {
  system: false,
  answered() {},
  failed: ({ resolve }, reason) => resolve?.(reason as never),
};

/** Resolves with the reason of the child's death. */
function death(child: Process, supervisor: Process): Promise<unknown> {
  return new Promise((resolve) => {
    const request = new Request(WATCHING, child, supervisor, undefined, undefined, Infinity);
    request.resolve = resolve;
    request.keepWaiting();
  });
}

/**
 * Ends one child in the way its specification says. Resolves when it is dead: with undefined if it went as it should, or
 * with the reason it ended with instead (OTP reports that as a shutdown error).
 */
export async function shut(
  supervisor: Process,
  pid: Pid,
  spec: CheckedSpec,
): Promise<{ readonly reason: unknown } | undefined> {
  const child = processOf(pid);
  unlink(supervisor, pid);
  if (child === undefined) return undefined;
  const ended = death(child, supervisor);
  if (spec.shutdown === BRUTAL_KILL) {
    signal(pid, supervisor.pid, KILL, false);
    const reason = await ended;
    return reason === KILLED ? undefined : { reason };
  }
  signal(pid, supervisor.pid, SHUTDOWN, false);
  const reason = await within(ended, spec.shutdown as number, () => signal(pid, supervisor.pid, KILL, false));
  return asWished(reason, spec) ? undefined : { reason };
}

/** Ends many children of one specification at the same time, within one shutdown time (simple_one_for_one). */
export async function shutAll(
  supervisor: Process,
  pids: readonly Pid[],
  spec: CheckedSpec,
): Promise<readonly { readonly pid: Pid; readonly reason: unknown }[]> {
  const waiting: Promise<{ pid: Pid; reason: unknown }>[] = [];
  for (const pid of pids) {
    const child = processOf(pid);
    unlink(supervisor, pid);
    if (child !== undefined) waiting.push(death(child, supervisor).then((reason) => ({ pid, reason })));
  }
  const brutal = spec.shutdown === BRUTAL_KILL;
  for (const pid of pids) signal(pid, supervisor.pid, brutal ? KILL : SHUTDOWN, false);
  const ends = await within(Promise.all(waiting), brutal ? Infinity : (spec.shutdown as number), () => {
    for (const pid of pids) signal(pid, supervisor.pid, KILL, false);
  });
  return ends.filter(({ reason }) => (brutal ? reason !== KILLED : !asWished(reason, spec)));
}

// Waits; when the time is over, calls `late` and waits on.
async function within<T>(ended: Promise<T>, ms: number, late: () => void): Promise<T> {
  const stop = limit(late, ms);
  try {
    return await ended;
  } finally {
    stop();
  }
}

function asWished(reason: unknown, spec: CheckedSpec): boolean {
  if (reason === SHUTDOWN || reason === NOPROC || (Array.isArray(reason) && reason[0] === SHUTDOWN)) return true;
  return reason === NORMAL && spec.restart !== PERMANENT;
}
