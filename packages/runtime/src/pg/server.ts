/**
 * The process of a scope: it alone changes the groups. It watches their members and notifies the processes that monitor
 * them.
 *
 *   call  [JOIN, group, pids]        ok
 *   call  [LEAVE, group, pids]       ok, or not_joined
 *   call  [MONITOR, pid, group]      [ref, members]
 *   call  [MONITOR_SCOPE, pid]       [ref, all groups]
 *   call  [DEMONITOR, ref]           ok, or false
 *   anything else                    badarg: the scope crashes, as OTP's does
 */
import { ensure } from "../term/atom.ts";
import { BADARG, DOWN, NOREPLY, OK, PROCESS, REPLY } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { TermMap } from "../term/term_map.ts";
import * as erlang from "../erlang.ts";
import { Bag } from "./bag.ts";
import { type Listener, Scope, scopes } from "./scope.ts";

/** `[ref, JOIN, group, pids]` is the message of a monitor when processes join. */
export const JOIN = ensure("join");
/** `[ref, LEAVE, group, pids]` is the message of a monitor when processes leave. */
export const LEAVE = ensure("leave");
/** The result of `leave` for a process that is not in the group. */
export const NOT_JOINED = ensure("not_joined");
export const MONITOR_GROUP = ensure("monitor");
export const MONITOR_SCOPE = ensure("monitor_scope");
export const DEMONITOR = ensure("demonitor");

interface Watched {
  /** The scope's monitor on it. */
  readonly monitor: Ref;
  /** The groups that it has joined, each as often. */
  readonly groups: Bag<unknown>;
}

interface State {
  readonly name: string;
  readonly scope: Scope;
  readonly members: Map<Pid, Watched>;
  /** The listeners of one group. */
  readonly listeners: TermMap<Map<Ref, Listener>>;
  /** The listeners of all groups. */
  readonly everywhere: Map<Ref, Listener>;
  /** The subscription of each listener's monitor: the listener's death ends it. */
  readonly listening: Map<Ref, { readonly group: unknown; readonly all: boolean }>;
}

export const scope_server = {
  name: "pg",

  init(name: string) {
    const scope = new Scope(erlang.self());
    scopes.set(name, scope);
    const state: State = {
      name,
      scope,
      members: new Map(),
      listeners: new TermMap(),
      everywhere: new Map(),
      listening: new Map(),
    };
    return [OK, state] as const;
  },

  handle_call(request: unknown, _from: unknown, state: State) {
    const [tag, first, second] = isTuple(request) ? request : [request];
    switch (tag) {
      case JOIN:
        join(state, first, second as readonly Pid[]);
        return [REPLY, OK, state] as const;
      case LEAVE:
        return [REPLY, leave(state, first, second as readonly Pid[]) ? OK : NOT_JOINED, state] as const;
      case MONITOR_GROUP:
        return [REPLY, [listen(state, first as Pid, second, false), state.scope.members(second)], state] as const;
      case MONITOR_SCOPE: {
        const all = [...state.scope.groups.values()].map(({ name, members }) => [name, members] as const);
        return [REPLY, [listen(state, first as Pid, undefined, true), all], state] as const;
      }
      case DEMONITOR:
        return [REPLY, first instanceof Ref && unlisten(state, first) ? OK : false, state] as const;
      default:
        return erlang.error(BADARG, "a process group scope answers the functions of pg only");
    }
  },

  handle_cast(_message: unknown, _state: State): never {
    return erlang.error(BADARG, "a process group scope takes no casts");
  },

  handle_info(message: unknown, state: State) {
    if (tagOf(message, 5) !== DOWN)
      return erlang.error(BADARG, "a process group scope answers the functions of pg only");
    const [, ref, , pid] = message as readonly unknown[];
    if (state.listening.has(ref as Ref)) unlisten(state, ref as Ref);
    else died(state, pid as Pid);
    return [NOREPLY, state] as const;
  },

  terminate(_reason: unknown, { name, scope }: State) {
    if (scopes.get(name) === scope) scopes.delete(name);
  },
};

function join(state: State, group: unknown, pids: readonly Pid[]): void {
  for (const pid of pids) {
    let watched = state.members.get(pid);
    if (watched === undefined) {
      watched = { monitor: erlang.monitor(PROCESS, pid), groups: new Bag(new TermMap()) };
      state.members.set(pid, watched);
    }
    watched.groups.add(group);
  }
  if (pids.length === 0) return;
  state.scope.join(group, pids);
  notify(state, JOIN, group, pids);
}

function leave(state: State, group: unknown, pids: readonly Pid[]): boolean {
  const left = state.scope.leave(group, pids);
  if (left.length === 0) return false;
  for (const pid of left) {
    const watched = state.members.get(pid) as Watched;
    watched.groups.remove(group);
    if (!watched.groups.empty) continue;
    state.members.delete(pid);
    erlang.demonitor(watched.monitor, ["flush"]);
  }
  // OTP names all the given pids, including those that were not members.
  notify(state, LEAVE, group, pids);
  return true;
}

function died(state: State, pid: Pid): void {
  const watched = state.members.get(pid);
  if (watched === undefined) return;
  state.members.delete(pid);
  // One message for each time that it had joined, the last one first, as in OTP.
  for (const group of watched.groups.list()) {
    state.scope.leave(group, [pid]);
    notify(state, LEAVE, group, [pid]);
  }
}

function listen(state: State, pid: Pid, group: unknown, all: boolean): Ref {
  const ref = erlang.monitor(PROCESS, pid);
  const listener: Listener = { ref, pid };
  state.listening.set(ref, { group, all });
  if (all) {
    state.everywhere.set(ref, listener);
  } else {
    const before = state.listeners.get(group);
    if (before === undefined) state.listeners.set(group, new Map([[ref, listener]]));
    else before.set(ref, listener);
  }
  return ref;
}

function unlisten(state: State, ref: Ref): boolean {
  const what = state.listening.get(ref);
  if (what === undefined) return false;
  state.listening.delete(ref);
  erlang.demonitor(ref, ["flush"]);
  state.everywhere.delete(ref);
  const others = what.all ? undefined : state.listeners.get(what.group);
  others?.delete(ref);
  if (others?.size === 0) state.listeners.delete(what.group);
  return true;
}

function notify(state: State, what: typeof JOIN | typeof LEAVE, group: unknown, pids: readonly Pid[]): void {
  for (const { ref, pid } of state.everywhere.values()) erlang.send(pid, [ref, what, group, pids]);
  for (const { ref, pid } of state.listeners.get(group)?.values() ?? []) erlang.send(pid, [ref, what, group, pids]);
}
