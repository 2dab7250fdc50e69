/**
 * The process of a registry. Registered processes are linked to it: it is notified of their deaths, and they do not
 * outlive it, since they could no longer be found.
 */
import { EXIT, NOREPLY, OK, REPLY, TRAP_EXIT } from "../term/atoms.ts";
import { ensure } from "../term/atom.ts";
import type { Pid } from "../term/pid.ts";
import * as erlang from "../erlang.ts";
import { createTable, dropTable, type Keys, type Table } from "./table.ts";

/** `[REGISTER, registry, key, pid, value]` is the message of a listener when a process registers. */
export const REGISTER = ensure("register");
/** `[UNREGISTER, registry, key, pid]` is the message of a listener when a registration ends. */
export const UNREGISTER = ensure("unregister");

export interface Settings {
  readonly name: string;
  readonly keys: Keys;
  readonly listeners: readonly (Pid | string)[];
}

export const registry_server = {
  name: "registry",

  init({ name, keys, listeners }: Settings) {
    erlang.process_flag(TRAP_EXIT, true);
    return [OK, createTable(name, keys, listeners)] as const;
  },

  /** Answers any call, after all earlier deaths have been processed. */
  handle_call(_request: unknown, _from: unknown, table: Table) {
    return [REPLY, OK, table] as const;
  },

  handle_info(message: unknown, table: Table) {
    const [tag, pid] = message as readonly unknown[];
    if (tag === EXIT) {
      for (const key of table.keysOf(pid as Pid)) {
        table.remove(key, pid as Pid);
        announce(table, [UNREGISTER, table.name, key, pid as Pid]);
      }
    }
    return [NOREPLY, table] as const;
  },

  terminate(_reason: unknown, table: Table) {
    dropTable(table);
  },
};

/** Sends a message to all listeners of a registry, except names that no process has. */
export function announce(table: Table, message: readonly unknown[]): void {
  for (const listener of table.listeners) {
    const pid = typeof listener === "string" ? erlang.whereis(listener) : listener;
    if (pid !== undefined) erlang.send(pid, message);
  }
}
