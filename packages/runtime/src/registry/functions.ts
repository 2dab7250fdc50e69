/**
 * A registry of processes by any key: Elixir's `Registry`.
 *
 * Keys are terms, so they may come from outside: they create no atoms, and disappear with their process. With unique
 * keys a key is a name, `{ via: [registry, ["users", 17]] }`; with duplicate keys it is a topic that many processes can
 * have.
 */
import { BADARG, NOPROC, OK } from "../term/atoms.ts";
import { ensure } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, Exit, OtpError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import { checkOptions } from "../term/options.ts";
import type { Pid } from "../term/pid.ts";
import { callerOf } from "../process/caller.ts";
import * as erlang from "../erlang.ts";
import * as gen from "../behaviour/gen.ts";
import * as gen_server from "../gen_server.ts";
import * as supervisor from "../supervisor.ts";
import { announce, REGISTER, registry_server, type Settings, UNREGISTER } from "./server.ts";
import { type Entry, type Keys, type Table, tableOf } from "./table.ts";

/** The reason of a registration under a key that another process has: `[ALREADY_REGISTERED, pid]`. */
export const ALREADY_REGISTERED = ensure("already_registered");

/** How a registry is started. */
export interface RegistryOptions {
  /** The name of the registry, and of its process. */
  readonly name: string;
  /** Whether a key belongs to one process or to many. Default: `unique`. */
  readonly keys?: Keys | undefined;
  /**
   * Processes that get `[REGISTER, registry, key, pid, value]` and `[UNREGISTER, registry, key, pid]`. A name that no
   * process has is skipped.
   */
  readonly listeners?: readonly (Pid | string)[] | undefined;
}

/** Starts a registry, linked to the calling process. */
export function start_link(options: RegistryOptions): Promise<Pid> {
  const settings = settingsOf(options);
  return gen_server.start_link(registry_server, settings, { name: settings.name }) as Promise<Pid>;
}

/** Starts a registry on its own. */
export function start(options: RegistryOptions): Promise<Pid> {
  const settings = settingsOf(options);
  return gen_server.start(registry_server, settings, { name: settings.name }) as Promise<Pid>;
}

/** The specification of a registry as a child; its id is its name. Put it before the children that register there. */
export function child_spec(options: RegistryOptions): supervisor.ChildSpec {
  return supervisor.child_spec({ id: options.name, task: () => start_link(options) });
}

/**
 * Registers the calling process under a key. It is linked to the registry from now on.
 *
 * @param value returned with the pid by `lookup` and `dispatch`
 * @returns the pid of the registry's process
 * @throws OtpError `[ALREADY_REGISTERED, pid]` if keys are unique and this one is taken; ErlangError with reason `noproc`
 *   if no registry of this name runs
 */
export function register(registry: string, key: unknown, value?: unknown): Pid {
  const table = needed(registry, "register");
  const self = callerOf("registry.register");
  const [holder] = table.keys === "unique" ? table.entries(key) : [];
  if (holder !== undefined) {
    throw new OtpError(
      [ALREADY_REGISTERED, holder.pid],
      `Cannot register ${self} under ${describe(key)} in "${registry}": the key belongs to ${holder.pid}`,
    );
  }
  erlang.link(table.pid);
  table.add(key, { pid: self, value });
  announce(table, [REGISTER, registry, key, self, value]);
  return table.pid;
}

/**
 * Removes the calling process from a key. Always `ok`.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function unregister(registry: string, key: unknown): typeof OK {
  const table = needed(registry, "unregister");
  const self = callerOf("registry.unregister");
  if (table.remove(key, self)) {
    announce(table, [UNREGISTER, registry, key, self]);
    if (!table.has(self)) erlang.unlink(table.pid);
  }
  return OK;
}

/**
 * `[pid, value]` of each process under a key, in the order of registration.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function lookup(registry: string, key: unknown): (readonly [pid: Pid, value: unknown])[] {
  return needed(registry, "look up").entries(key).map(shown);
}

/**
 * The values of one process under a key.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function values(registry: string, key: unknown, pid: Pid): unknown[] {
  return needed(registry, "look up")
    .entriesOf(pid, key)
    .map(({ value }) => value);
}

/**
 * The keys of a process.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function keys(registry: string, pid: Pid): unknown[] {
  return needed(registry, "list keys").keysOf(pid);
}

/**
 * All matching entries: `[key, pid, value]`. Without `fits`, all entries.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function select(
  registry: string,
  fits: (key: unknown, pid: Pid, value: unknown) => boolean = () => true,
): (readonly [key: unknown, pid: Pid, value: unknown])[] {
  needFunction(fits, `select in "${registry}"`);
  return [...needed(registry, "select").all()].flatMap(([key, { pid, value }]) =>
    erlang.is_process_alive(pid) && fits(key, pid, value) ? [[key, pid, value] as const] : [],
  );
}

/**
 * The number of registrations.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function count(registry: string): number {
  return needed(registry, "count").size;
}

/**
 * Changes the value of the calling process under a unique key.
 *
 * @returns `[new, old]`, or undefined if the process is not registered under it
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function update_value(
  registry: string,
  key: unknown,
  change: (value: unknown) => unknown,
): readonly [new_value: unknown, old_value: unknown] | undefined {
  const self = callerOf("registry.update_value");
  needFunction(change, `update a value in "${registry}"`);
  const [entry] = needed(registry, "update a value").entriesOf(self, key);
  if (entry === undefined) return undefined;
  const { value } = entry;
  entry.value = change(value);
  return [entry.value, value];
}

/**
 * Calls `fun` with all entries of a key, in the calling process; not called if there are none.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export function dispatch(
  registry: string,
  key: unknown,
  fun: (entries: readonly (readonly [pid: Pid, value: unknown])[]) => void,
): typeof OK {
  needFunction(fun, `dispatch in "${registry}"`);
  const entries = lookup(registry, key);
  if (entries.length > 0) fun(entries);
  return OK;
}

function needFunction(fun: unknown, what: string): void {
  if (typeof fun !== "function")
    throw new ErlangError(BADARG, `Cannot ${what}: a function is needed, got ${describe(fun)}`);
}

/**
 * Resolves when the registry has processed all deaths up to now. For tests, and for counts that must be exact.
 *
 * @throws ErlangError with reason `noproc` if no registry of this name runs
 */
export async function sync(registry: string): Promise<typeof OK> {
  return (await gen.call(needed(registry, "sync").pid, "sync", 5000)) as typeof OK;
}

// The functions that `{ via: [registry, [name, key]] }` needs; `[name, key, value]` also sets the value.

/**
 * Registers a process under `[registry, key]`, or `[registry, key, value]`. False if it is taken. For `{ via }` names.
 */
export function register_name(name: unknown, pid: Pid): boolean {
  const [registry, key, value] = viaOf(name);
  if (pid !== erlang.self()) {
    throw new ErlangError(BADARG, `Cannot register ${pid} in "${registry}": a process can register only itself`);
  }
  try {
    register(registry, key, value);
    return true;
  } catch (error) {
    if (OtpError.is(error, ALREADY_REGISTERED)) return false;
    throw error;
  }
}

/** Removes the calling process from a `[registry, key]`. For `{ via }` names. */
export function unregister_name(name: unknown): typeof OK {
  const [registry, key] = viaOf(name);
  return unregister(registry, key);
}

/** The process under a `[registry, key]`. For `{ via }` names. */
export function whereis_name(name: unknown): Pid | undefined {
  const [registry, key] = viaOf(name);
  const table = tableOf(registry);
  if (table?.keys === "duplicate") {
    throw new ErlangError(BADARG, `Cannot use a key of "${registry}" as a name: its keys are not unique`);
  }
  return table?.entries(key)[0]?.pid;
}

/** Sends a message to the process under a `[registry, key]`. For `{ via }` names. @throws Exit `[BADARG, [name, message]]` */
export function send(name: unknown, message: unknown): Pid {
  const pid = whereis_name(name);
  if (pid === undefined) {
    throw new Exit([BADARG, [name, message]], `Cannot send to ${describe(name)}: no process has this name`);
  }
  erlang.send(pid, message);
  return pid;
}

function viaOf(name: unknown): readonly [registry: string, key: unknown, value?: unknown] {
  if (isTuple(name) && (name.length === 2 || name.length === 3) && typeof name[0] === "string")
    return name as unknown as readonly [registry: string, key: unknown, value?: unknown];
  throw new ErlangError(BADARG, `Cannot use ${describe(name)} as a name: write { via: [registry, ["its name", key]] }`);
}

function needed(registry: string, what: string): Table {
  const table = tableOf(registry);
  if (table !== undefined) return table;
  throw new ErlangError(NOPROC, `Cannot ${what} in ${describe(registry)}: no registry of this name runs`);
}

function shown({ pid, value }: Entry): readonly [Pid, unknown] {
  return [pid, value];
}

function settingsOf(options: RegistryOptions): Settings {
  checkOptions(options, ["name", "keys", "listeners"], "start a registry");
  const { name, keys: kind = "unique", listeners = [] } = options;
  if (typeof name !== "string" || name === "") {
    throw new ErlangError(BADARG, `Cannot start a registry: name must be a text, got ${describe(name)}`);
  }
  if (kind !== "unique" && kind !== "duplicate") {
    throw new ErlangError(
      BADARG,
      `Cannot start registry "${name}": keys must be "unique" or "duplicate", got ${describe(kind)}`,
    );
  }
  if (!isTuple(listeners)) {
    throw new ErlangError(
      BADARG,
      `Cannot start registry "${name}": listeners must be a list of pids and names, got ${describe(listeners)}`,
    );
  }
  return { name, keys: kind, listeners };
}
