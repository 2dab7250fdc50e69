/**
 * The entries of one registry. Anybody reads them, and processes write their own, without asking the registry's process, as in
 * an ETS table; that process takes out what the dead have left.
 */
import type { Pid } from "../term/pid.ts";
import { TermMap } from "../term/term_map.ts";
import * as erlang from "../erlang.ts";

/** Who is registered under a key, and with which value. */
export interface Entry {
  readonly pid: Pid;
  value: unknown;
}

/** Whether a key belongs to one process, or to any number. */
export type Keys = "unique" | "duplicate";

export class Table {
  readonly name: string;
  readonly keys: Keys;
  /** Its process. */
  readonly pid: Pid;
  /** Processes that are sent each registration and its end. */
  readonly listeners: readonly (Pid | string)[];
  private readonly byKey = new TermMap<Entry[]>();
  private readonly byPid = new Map<Pid, TermMap<true>>();

  constructor(name: string, keys: Keys, pid: Pid, listeners: readonly (Pid | string)[]) {
    this.name = name;
    this.keys = keys;
    this.pid = pid;
    this.listeners = listeners;
  }

  /** The living entries of a key, in the order of their registration. */
  entries(key: unknown): readonly Entry[] {
    const found = this.byKey.get(key) ?? NONE;
    // The registry's process may not have heard of a death yet.
    return found.every(({ pid }) => erlang.is_process_alive(pid))
      ? found
      : found.filter(({ pid }) => erlang.is_process_alive(pid));
  }

  add(key: unknown, entry: Entry): void {
    this.byKey.set(key, [...this.entries(key), entry]);
    let keys = this.byPid.get(entry.pid);
    if (keys === undefined) this.byPid.set(entry.pid, (keys = new TermMap()));
    keys.set(key, true);
  }

  /** Takes out all entries of this process under this key. False if there is none. */
  remove(key: unknown, pid: Pid): boolean {
    const before = this.byKey.get(key) ?? NONE;
    const left = before.filter((entry) => entry.pid !== pid);
    if (left.length === before.length) return false;
    if (left.length === 0) this.byKey.delete(key);
    else this.byKey.set(key, left);
    const keys = this.byPid.get(pid);
    keys?.delete(key);
    if (keys?.size === 0) this.byPid.delete(pid);
    return true;
  }

  /** The keys of a process. */
  keysOf(pid: Pid): unknown[] {
    return [...(this.byPid.get(pid)?.entries() ?? [])].map(([key]) => key);
  }

  has(pid: Pid): boolean {
    return this.byPid.has(pid);
  }

  /** How many entries there are. */
  get size(): number {
    let count = 0;
    for (const entries of this.byKey.values()) count += entries.length;
    return count;
  }

  /** All entries: `[key, entry]`. */
  *all(): IterableIterator<readonly [key: unknown, entry: Entry]> {
    for (const [key, entries] of this.byKey.entries()) for (const entry of entries) yield [key, entry];
  }
}

const NONE: readonly Entry[] = Object.freeze([]);

/** The registries that run, by name. */
const tables = new Map<string, Table>();

/** Makes the table of a registry; the calling process is the registry's. */
export function createTable(name: string, keys: Keys, listeners: readonly (Pid | string)[]): Table {
  const table = new Table(name, keys, erlang.self(), listeners);
  tables.set(name, table);
  return table;
}

export function dropTable(table: Table): void {
  if (tables.get(table.name) === table) tables.delete(table.name);
}

/** The table of a registry, while its process lives. */
export function tableOf(name: string): Table | undefined {
  const table = tables.get(name);
  return table !== undefined && erlang.is_process_alive(table.pid) ? table : undefined;
}
