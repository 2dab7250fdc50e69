/** What `process_info` tells. */
import { type Atom, ensure } from "../term/atom.ts";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { linksOf } from "./link.ts";
import { entries } from "./mailbox.ts";
import type { Process } from "./process.ts";
import { nameOf } from "./registry.ts";
import { open } from "./request.ts";

/** What there is to know about a process. */
export interface ProcessInfo {
  readonly registered_name: Atom | undefined;
  readonly initial_call: string;
  readonly status: Atom<"running"> | Atom<"waiting"> | Atom<"runnable">;
  readonly message_queue_len: number;
  readonly messages: readonly unknown[];
  readonly links: readonly Pid[];
  /** Pids, or `[name, node]` for monitors by name. */
  readonly monitors: readonly unknown[];
  readonly monitored_by: readonly Pid[];
  readonly trap_exit: boolean;
  readonly dictionary: readonly (readonly [unknown, unknown])[];
  readonly ancestors: readonly (Pid | Atom)[];
  readonly parent: Pid | Atom | undefined;
  /** Requests by this process that are not answered yet. */
  readonly open_calls: number;
}

/** What `process_info` can be asked for. */
export type InfoItem = keyof ProcessInfo;

const RUNNING = ensure("running");
const WAITING = ensure("waiting");
const RUNNABLE = ensure("runnable");

const items: { readonly [K in InfoItem]: (process: Process) => ProcessInfo[K] } = {
  registered_name: nameOf,
  initial_call: (process) => process.initialCall,
  status: (process) =>
    process.ready ? RUNNABLE : process.listening || process.waiter !== undefined ? WAITING : RUNNING,
  message_queue_len: (process) => entries(process).length,
  messages: (process) => entries(process).map(open),
  links: linksOf,
  monitors: (process) => [...(process.extra?.monitors ?? [])].map((ref) => ref.item),
  monitored_by: (process) => [
    ...[...(process.extra?.watchers ?? [])].map((ref) => ref.watcher.pid),
    ...callers(process),
  ],
  trap_exit: (process) => process.trapping,
  dictionary: (process) => [...(process.extra?.dictionary ?? [])],
  ancestors: (process) => process.ancestors,
  parent: (process) => process.ancestors[0],
  open_calls: (process) => {
    let count = 0;
    for (let vigil = process.awaits; vigil !== undefined; vigil = vigil.nextOut) count++;
    return count;
  },
};

function callers(process: Process): Pid[] {
  const pids: Pid[] = [];
  for (let vigil = process.vigils; vigil !== undefined; vigil = vigil.nextIn) {
    if (vigil.request.caller !== undefined) pids.push(vigil.request.caller.pid);
  }
  return pids;
}

export function infoOf<K extends InfoItem>(process: Process, item: K): ProcessInfo[K] {
  const read = items[item];
  if (read === undefined) {
    throw new ErlangError(
      BADARG,
      `Cannot tell ${describe(item)} of a process: known items are ${Object.keys(items).join(", ")}`,
    );
  }
  return read(process);
}

export function allOf(process: Process): ProcessInfo {
  const found = {} as Record<InfoItem, unknown>;
  for (const item of Object.keys(items) as InfoItem[]) found[item] = items[item](process);
  return found as unknown as ProcessInfo;
}
