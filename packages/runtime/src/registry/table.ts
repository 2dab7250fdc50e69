/**
 * The entries of one registry. As in an ETS table, any code reads them and processes write their own without a message;
 * the registry's process removes the entries of dead processes.
 */
import type { Pid } from "../term/pid.ts";
import { TermMap } from "../term/term_map.ts";
import * as erlang from "../erlang.ts";

/** A registration: the process and its value. */
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
  /** Processes that are notified of each registration and its end. */
  readonly listeners: readonly (Pid | string)[];
  /** Most keys have one entry, which is kept without a set. In the order of registration. */
  private readonly byKey = new TermMap<Entry | Set<Entry>>();
  private readonly byPid = new Map<Pid, TermMap<Entry | Set<Entry>>>();
  private count = 0;

  constructor(name: string, keys: Keys, pid: Pid, listeners: readonly (Pid | string)[]) {
    this.name = name;
    this.keys = keys;
    this.pid = pid;
    this.listeners = listeners;
  }

  /** The entries of live processes under a key, in the order of their registration. */
  entries(key: unknown): readonly Entry[] {
    // The registry's process may not have been notified of a death yet.
    return listOf(this.byKey.get(key)).filter(({ pid }) => erlang.is_process_alive(pid));
  }

  /** The entries of a live process under a key, in the order of their registration. */
  entriesOf(pid: Pid, key: unknown): readonly Entry[] {
    return erlang.is_process_alive(pid) ? this.own(pid, key) : NONE;
  }

  /** Adds an entry, in constant time even with a hundred thousand entries under the key. */
  add(key: unknown, entry: Entry): void {
    // Any other holder of a unique key is dead: this entry replaces it, and its end is reported later.
    if (this.keys === "unique") for (const before of listOf(this.byKey.get(key))) this.take(key, before);
    insert(this.byKey, key, entry);
    let keys = this.byPid.get(entry.pid);
    if (keys === undefined) this.byPid.set(entry.pid, (keys = new TermMap()));
    insert(keys, key, entry);
    this.count++;
  }

  /** Removes all entries of this process under this key. False if there are none. */
  remove(key: unknown, pid: Pid): boolean {
    const own = this.own(pid, key);
    for (const entry of own) this.take(key, entry);
    const keys = this.byPid.get(pid);
    keys?.delete(key);
    if (keys?.size === 0) this.byPid.delete(pid);
    return own.length > 0;
  }

  /** The keys of a process. */
  keysOf(pid: Pid): unknown[] {
    return [...(this.byPid.get(pid)?.entries() ?? [])].map(([key]) => key);
  }

  has(pid: Pid): boolean {
    return this.byPid.has(pid);
  }

  /** The number of entries. */
  get size(): number {
    return this.count;
  }

  /** All entries: `[key, entry]`. */
  *all(): IterableIterator<readonly [key: unknown, entry: Entry]> {
    for (const [key, entries] of this.byKey.entries()) for (const entry of listOf(entries)) yield [key, entry];
  }

  private own(pid: Pid, key: unknown): readonly Entry[] {
    return listOf(this.byPid.get(pid)?.get(key));
  }

  private take(key: unknown, entry: Entry): void {
    const there = this.byKey.get(key);
    if (there !== entry && !(there instanceof Set && there.delete(entry))) return;
    this.count--;
    if (there === entry || (there instanceof Set && there.size === 0)) this.byKey.delete(key);
  }
}

function insert(map: TermMap<Entry | Set<Entry>>, key: unknown, entry: Entry): void {
  const there = map.get(key);
  if (there === undefined) map.set(key, entry);
  else if (there instanceof Set) there.add(entry);
  else map.set(key, new Set([there, entry]));
}

function listOf(entries: Entry | Set<Entry> | undefined): readonly Entry[] {
  if (entries === undefined) return NONE;
  return entries instanceof Set ? [...entries] : [entries];
}

const NONE: readonly Entry[] = Object.freeze([]);

/** The running registries, by name. */
const tables = new Map<string, Table>();

/** Creates the table of a registry; the calling process becomes the registry's. */
export function createTable(name: string, keys: Keys, listeners: readonly (Pid | string)[]): Table {
  const table = new Table(name, keys, erlang.self(), listeners);
  tables.set(name, table);
  return table;
}

export function dropTable(table: Table): void {
  if (tables.get(table.name) === table) tables.delete(table.name);
}

/** The table of a registry, while its process is alive. */
export function tableOf(name: string): Table | undefined {
  const table = tables.get(name);
  return table !== undefined && erlang.is_process_alive(table.pid) ? table : undefined;
}
