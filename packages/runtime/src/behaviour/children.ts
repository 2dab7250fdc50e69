/** The children of a supervisor, in start order, found by id and by pid. */
import { TEMPORARY } from "../term/atoms.ts";
import type { Pid } from "../term/pid.ts";
import { settleLayout } from "../term/shape.ts";
import { type CheckedSpec, keyOf } from "./child.ts";

/** A remembered restart. */
export interface Restart {
  /** In ms since 1970. */
  readonly at: number;
  /** The child's exit reason, in words: the term itself may be large, and would live as long as the child. */
  readonly reason: string;
}

/** A child: its specification, and its pid, if it is running; between two attempts it is being restarted. */
export class Child {
  readonly spec: CheckedSpec;
  /** Arguments added by start_child under simple_one_for_one. */
  readonly extra: readonly unknown[];
  pid: Pid | undefined;
  /** Its last start failed, and will be tried again. */
  restarting = false;
  /** The pid it had before the pending restart, by which it is identified under simple_one_for_one. */
  former: Pid | undefined = undefined;
  /** How often it was restarted, and the reason of the last restart. */
  restarts = 0;
  lastRestart: Restart | undefined = undefined;

  constructor(spec: CheckedSpec, extra: readonly unknown[], pid: Pid | undefined) {
    this.spec = spec;
    this.extra = extra;
    this.pid = pid;
  }
}

export class Children {
  readonly #byKey = new Map<unknown, Child>();
  readonly #byPid = new Map<Pid, Child>();

  get size(): number {
    return this.#byKey.size;
  }

  /** In start order. */
  list(): Child[] {
    return [...this.#byKey.values()];
  }

  find(id: unknown): Child | undefined {
    return this.#byKey.get(keyOf(id));
  }

  findByPid(pid: unknown): Child | undefined {
    return this.#byPid.get(pid as Pid);
  }

  /** The child that had this pid and is being restarted, or whose restart was ignored. */
  findFormer(former: unknown): Child | undefined {
    for (const child of this.#byKey.values()) if (child.pid === undefined && child.former === former) return child;
    return undefined;
  }

  /** Adds a child as the last started. */
  add(child: Child, key: unknown = keyOf(child.spec.id)): void {
    this.#byKey.set(key, child);
    if (child.pid !== undefined) this.#byPid.set(child.pid, child);
  }

  setPid(child: Child, pid: Pid | undefined): void {
    if (child.pid !== undefined) {
      this.#byPid.delete(child.pid);
      child.former = child.pid;
    }
    child.pid = pid;
    child.restarting = false;
    if (pid !== undefined) this.#byPid.set(pid, child);
  }

  /** The child ended and is not restarted: a temporary one is removed; the specification of others stays. */
  ended(child: Child): void {
    this.setPid(child, undefined);
    if (child.spec.restart === TEMPORARY) this.remove(child);
  }

  remove(child: Child, key: unknown = keyOf(child.spec.id)): void {
    if (child.pid !== undefined) this.#byPid.delete(child.pid);
    this.#byKey.delete(key);
  }

  /** The children started after this one, in start order. */
  after(child: Child): Child[] {
    const list = this.list();
    return list.slice(list.indexOf(child) + 1);
  }
}

settleLayout(Child, undefined, []);
settleLayout(Children);
