/** The information of `process_info`. */
import { type Atom, ensure } from "../term/atom.ts";
import { BADARG } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { linksOf } from "./link.ts";
import { entries } from "./mailbox.ts";
import type { Process } from "./process.ts";
import { nameOf } from "./registry.ts";
import { lengthOf, memoryOf } from "./size.ts";
import { dateOf, elapsed } from "./stamp.ts";
import type { Waiting } from "./waiting.ts";

/** Information about a process. */
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
  /** This process's unanswered requests. */
  readonly open_calls: number;
  /** When it was started, to about a millisecond. */
  readonly started_at: Date;
  /** Number of messages taken out of its mailbox so far. */
  readonly messages_handled: number;
  /** The scheduler's count of its messages and other steps so far. */
  readonly reductions: number;
  /** How often its current supervisor has restarted it as a child. */
  readonly restarts: number;
  /** Approximate size of the messages in its mailbox, in bytes. */
  readonly message_queue_memory: number;
  /** The asynchronous callback that is running, and for how many ms. Meanwhile no message is handled. */
  readonly current_callback: { readonly callback: string; readonly running_for: number } | undefined;
  /** This process's calls that wait for a reply, oldest first. */
  readonly waits_for: readonly Wait[];
  /** Other callers' calls that wait for a reply of this process, oldest first. */
  readonly waited_for_by: readonly Wait[];
}

/** A call that waits for its reply. */
export interface Wait {
  /** The waiting caller; undefined for code outside processes. */
  readonly caller: Pid | undefined;
  readonly server: Pid;
  readonly request: unknown;
  /** How long it has been waiting, in ms. */
  readonly waiting_for: number;
}

/** The items of `process_info`. */
export type InfoItem = keyof ProcessInfo;

const RUNNING = ensure("running");
const WAITING = ensure("waiting");
const RUNNABLE = ensure("runnable");

const items: { readonly [K in InfoItem]: (process: Process) => ProcessInfo[K] } = {
  registered_name: nameOf,
  initial_call: (process) => process.initialCall,
  status: (process) =>
    process.ready ? RUNNABLE : process.listening || process.waiter !== undefined ? WAITING : RUNNING,
  message_queue_len: lengthOf,
  messages: (process) => entries(process).map(({ term }) => term),
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
    for (let waiting = process.outgoing; waiting !== undefined; waiting = waiting.nextOut) count++;
    return count;
  },
  started_at: (process) => dateOf(process.started),
  messages_handled: (process) => process.taken,
  reductions: (process) => process.reductions,
  restarts: (process) => restartsOf(process),
  message_queue_memory: memoryOf,
  current_callback: ({ work }) =>
    work?.running === undefined ? undefined : { callback: work.running, running_for: elapsed(work.since) },
  waits_for(process) {
    const waits: Wait[] = [];
    for (let waiting = process.outgoing; waiting !== undefined; waiting = waiting.nextOut) note(waits, waiting);
    return waits;
  },
  waited_for_by(process) {
    const waits: Wait[] = [];
    for (let waiting = process.incoming; waiting !== undefined; waiting = waiting.nextIn) note(waits, waiting);
    return waits;
  },
};

// A wait for a death is not a wait for a reply.
function note(waits: Wait[], { awaited, caller, server, request, since }: Waiting): void {
  if (awaited) waits.unshift({ caller, server, request, waiting_for: elapsed(since) });
}

let restartsOf: (process: Process) => number = () => 0;

/** Sets the function that returns how often a process was restarted; supervisors provide it, from the layer above. */
export function tellRestarts(of: (process: Process) => number): void {
  restartsOf = of;
}

function callers(process: Process): Pid[] {
  const pids: Pid[] = [];
  for (let waiting = process.incoming; waiting !== undefined; waiting = waiting.nextIn) {
    if (waiting.caller !== undefined) pids.push(waiting.caller);
  }
  return pids;
}

export function infoOf<K extends InfoItem>(process: Process, item: K): ProcessInfo[K] {
  const read = items[item];
  if (read === undefined) {
    throw new ErlangError(
      BADARG,
      `Cannot return ${describe(item)} of a process: known items are ${Object.keys(items).join(", ")}`,
    );
  }
  return read(process);
}

export function allOf(process: Process): ProcessInfo {
  const found = {} as Record<InfoItem, unknown>;
  for (const item of Object.keys(items) as InfoItem[]) found[item] = items[item](process);
  return found as unknown as ProcessInfo;
}
