/**
 * Process groups: any process joins any number of groups, and senders ask for a group's members. OTP's `pg`.
 *
 * Groups belong to a *scope*, which is a process. The functions take the scope as first argument; the default is the
 * scope `pg`.
 */
import { BADARG, INFINITY, OK } from "../term/atoms.ts";
import type { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import type { ServerRef } from "../term/protocol.ts";
import type { Ref } from "../term/ref.ts";
import { callerOf } from "../process/caller.ts";
import * as erlang from "../erlang.ts";
import * as gen from "../behaviour/gen.ts";
import * as gen_server from "../gen_server.ts";
import { DEMONITOR, JOIN, LEAVE, MONITOR_GROUP, MONITOR_SCOPE, type NOT_JOINED, scope_server } from "./server.ts";
import { scopeOf } from "./scope.ts";

/** The name of a scope. */
export type ScopeName = string | Atom;

const DEFAULT = "pg";

/** Starts a scope. @throws OtpError `[ALREADY_STARTED, pid]` if it is running */
export function start(scope: ScopeName = DEFAULT): Promise<Pid> {
  return gen_server.start(scope_server, textOf(scope), { name: scope }) as Promise<Pid>;
}

/** Starts a scope, linked to the calling process: the start function of a child. */
export function start_link(scope: ScopeName = DEFAULT): Promise<Pid> {
  return gen_server.start_link(scope_server, textOf(scope), { name: scope }) as Promise<Pid>;
}

/** Adds one or more processes to a group. A process that has joined twice is in it twice. */
export function join(group: unknown, pids: Pid | readonly Pid[]): Promise<typeof OK>;
export function join(scope: ScopeName, group: unknown, pids: Pid | readonly Pid[]): Promise<typeof OK>;
export async function join(...args: readonly unknown[]): Promise<typeof OK> {
  const [scope, group, pids] = args.length > 2 ? args : [DEFAULT, ...args];
  return (await ask(scope, [JOIN, group, pidsOf(pids, "join")])) as typeof OK;
}

/** Removes one or more processes from a group, each once. `not_joined` if none of them is a member. */
export function leave(group: unknown, pids: Pid | readonly Pid[]): Promise<typeof OK | typeof NOT_JOINED>;
export function leave(
  scope: ScopeName,
  group: unknown,
  pids: Pid | readonly Pid[],
): Promise<typeof OK | typeof NOT_JOINED>;
export async function leave(...args: readonly unknown[]): Promise<typeof OK | typeof NOT_JOINED> {
  const [scope, group, pids] = args.length > 2 ? args : [DEFAULT, ...args];
  return (await ask(scope, [LEAVE, group, pidsOf(pids, "leave")])) as typeof OK | typeof NOT_JOINED;
}

/** The current members of a group; none if there is no such group. Read without a message. */
export function get_members(group: unknown): readonly Pid[];
export function get_members(scope: ScopeName, group: unknown): readonly Pid[];
export function get_members(...args: readonly unknown[]): readonly Pid[] {
  const [scope, group] = args.length > 1 ? args : [DEFAULT, ...args];
  return scopeOf(textOf(scope))?.members(group) ?? [];
}

/** The members on this node. There is one node, so these are all. */
export const get_local_members = get_members;

/** The groups that have members. @throws ErlangError `badarg`, if no such scope runs */
export function which_groups(scope: ScopeName = DEFAULT): unknown[] {
  const found = scopeOf(textOf(scope));
  if (found === undefined)
    throw new ErlangError(
      BADARG,
      `Cannot list the groups of the scope ${describe(scope)}: it is not started. Start it with pg.start_link, before those who use it`,
    );
  return [...found.groups.values()].map(({ name }) => name);
}

/**
 * Monitors a group: from now on the calling process gets `[ref, JOIN, group, pids]` and `[ref, LEAVE, group, pids]`.
 *
 * @returns `[ref, members]`: the current members, so that no change is missed
 */
export function monitor(group: unknown): Promise<readonly [Ref, readonly Pid[]]>;
export function monitor(scope: ScopeName, group: unknown): Promise<readonly [Ref, readonly Pid[]]>;
export async function monitor(...args: readonly unknown[]): Promise<readonly [Ref, readonly Pid[]]> {
  const [scope, group] = args.length > 1 ? args : [DEFAULT, ...args];
  return (await ask(scope, [MONITOR_GROUP, callerOf("pg.monitor"), group])) as readonly [Ref, readonly Pid[]];
}

/** Monitors all groups of a scope. @returns `[ref, [[group, members], …]]` */
export async function monitor_scope(
  scope: ScopeName = DEFAULT,
): Promise<readonly [Ref, readonly (readonly [group: unknown, members: readonly Pid[]])[]]> {
  return (await ask(scope, [MONITOR_SCOPE, callerOf("pg.monitor_scope")])) as [Ref, [group: unknown, members: Pid[]][]];
}

/** Ends a monitor of the calling process, and removes its messages from the mailbox. False if there is none. */
export function demonitor(ref: Ref): Promise<typeof OK | false>;
export function demonitor(scope: ScopeName, ref: Ref): Promise<typeof OK | false>;
export async function demonitor(...args: readonly unknown[]): Promise<typeof OK | false> {
  const [scope, ref] = args.length > 1 ? args : [DEFAULT, ...args];
  const ended = (await ask(scope, [DEMONITOR, ref])) as typeof OK | false;
  if (ended === OK) await flush(ref as Ref);
  return ended;
}

async function flush(ref: Ref): Promise<void> {
  const isNews = (message: unknown): boolean => tagOf(message, 4) === ref;
  while (isNews(await erlang.receive(isNews, { after: 0 })));
}

function ask(scope: unknown, request: unknown): Promise<unknown> {
  return gen.call(scope as ServerRef, request, INFINITY);
}

function pidsOf(pids: unknown, what: string): readonly Pid[] {
  const list = isTuple(pids) ? pids : [pids];
  for (const one of list) {
    if (one instanceof Pid) continue;
    throw new ErlangError(BADARG, `Cannot ${what} a process group: members are pids, got ${describe(one)}`);
  }
  return list as readonly Pid[];
}

function textOf(scope: unknown): string {
  return typeof scope === "string" ? scope : (scope as Atom).name;
}
