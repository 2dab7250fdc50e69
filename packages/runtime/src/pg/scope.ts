/**
 * The groups of one scope. They are read without a message, as from an ETS table; only the scope's process changes
 * them.
 */
import { is_process_alive } from "../erlang.ts";
import type { Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import { TermMap } from "../term/term_map.ts";
import { Bag } from "./bag.ts";

const NOBODY: readonly Pid[] = Object.freeze([]);

/** A group: its members, each as often as it has joined. */
export class Group {
  readonly name: unknown;
  private readonly bag = new Bag<Pid>(new Map<Pid, number[]>());
  private listed: readonly Pid[] | undefined;

  constructor(name: unknown) {
    this.name = name;
  }

  get empty(): boolean {
    return this.bag.empty;
  }

  /** The members, newest first, each as often as it has joined. An immutable list. */
  get members(): readonly Pid[] {
    return (this.listed ??= Object.freeze(this.bag.list()));
  }

  add(pid: Pid): void {
    this.bag.add(pid);
    this.listed = undefined;
  }

  /** Removes a process once. False if it is not a member. */
  remove(pid: Pid): boolean {
    if (!this.bag.remove(pid)) return false;
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
    // Those that join together stand in their order.
    for (const pid of pids.toReversed()) group.add(pid);
  }

  /** Removes `pids`, each as often as named, and returns those that were members. */
  leave(name: unknown, pids: readonly Pid[]): readonly Pid[] {
    const group = this.groups.get(name);
    if (group === undefined) return NOBODY;
    const left = pids.filter((pid) => group.remove(pid));
    if (group.empty) this.groups.delete(name);
    return left;
  }
}

/** A process that is notified of joins and leaves. */
export interface Listener {
  readonly ref: Ref;
  readonly pid: Pid;
}

/** The running scopes, by the name of their process. */
export const scopes = new Map<string, Scope>();

/** The groups of a scope, while its process is alive. */
export function scopeOf(name: string): Scope | undefined {
  const scope = scopes.get(name);
  if (scope === undefined || is_process_alive(scope.pid)) return scope;
  scopes.delete(name);
  return undefined;
}
