/**
 * The groups of one scope. Anybody reads them without asking a process, as from an ETS table; the scope's process alone
 * changes them.
 */
import { is_process_alive } from "../erlang.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import { TermMap } from "../term/term_map.ts";

const NOBODY: readonly Pid[] = Object.freeze([]);

/** A group: who is in it, and how often each has joined. */
export class Group {
  readonly name: unknown;
  private readonly times = new Map<Pid, number>();
  private listed: readonly Pid[] | undefined;

  constructor(name: unknown) {
    this.name = name;
  }

  get empty(): boolean {
    return this.times.size === 0;
  }

  /** The members, each as often as it has joined. A list that does not change. */
  get members(): readonly Pid[] {
    return (this.listed ??= Object.freeze(
      [...this.times].flatMap(([pid, times]) => Array.from({ length: times }, () => pid)),
    ));
  }

  add(pid: Pid): void {
    this.times.set(pid, (this.times.get(pid) ?? 0) + 1);
    this.listed = undefined;
  }

  /** Takes a process out once. False if it is not in. */
  remove(pid: Pid): boolean {
    const times = this.times.get(pid);
    if (times === undefined) return false;
    if (times === 1) this.times.delete(pid);
    else this.times.set(pid, times - 1);
    this.listed = undefined;
    return true;
  }
}

export class Scope {
  readonly groups = new TermMap<Group>();
  /** Its process. */
  readonly pid: Pid;

  constructor(pid: Pid) {
    this.pid = pid;
  }

  members(group: unknown): readonly Pid[] {
    return this.groups.get(group)?.members ?? NOBODY;
  }

  join(name: unknown, pids: readonly Pid[]): void {
    let group = this.groups.get(name);
    if (group === undefined) this.groups.set(name, (group = new Group(name)));
    for (const pid of pids) group.add(pid);
  }

  /** Those of `pids` that were members and are taken out, each as often as named. */
  leave(name: unknown, pids: readonly Pid[]): readonly Pid[] {
    const group = this.groups.get(name);
    if (group === undefined) return NOBODY;
    const left = pids.filter((pid) => group.remove(pid));
    if (group.empty) this.groups.delete(name);
    return left;
  }
}

/** Who hears of joins and leaves. */
export interface Listener {
  readonly ref: Ref;
  readonly pid: Pid;
}

/** The scopes that run, by the name of their process. */
export const scopes = new Map<string, Scope>();

/** The groups of a scope, while its process lives. */
export function scopeOf(name: string): Scope | undefined {
  const scope = scopes.get(name);
  if (scope === undefined || is_process_alive(scope.pid)) return scope;
  scopes.delete(name);
  return undefined;
}
