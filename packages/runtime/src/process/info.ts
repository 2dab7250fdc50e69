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
import { lengthOf, memoryOf } from "./size.ts";
import { dateOf, elapsed } from "./stamp.ts";
import type { Waiting } from "./waiting.ts";

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
  /** When it was started, to the millisecond or so. */
  readonly started_at: Date;
  /** Messages taken out of its mailbox so far. */
  readonly messages_handled: number;
  /** Messages and other steps it has had turns for so far: what the scheduler counts. */
  readonly reductions: number;
  /** How often the child that it is was started again, by the supervisor it has now. */
  readonly restarts: number;
  /** About how many bytes the messages in its mailbox take. */
  readonly message_queue_memory: number;
  /** The asynchronous callback that it waits for, and for how many ms it has run. While it runs, no message is handled. */
  readonly current_callback: { readonly callback: string; readonly running_for: number } | undefined;
  /** The calls of this process that wait for their answer, oldest first. */
  readonly waits_for: readonly Wait[];
  /** The calls of others that wait for an answer of this process, oldest first. */
  readonly waited_for_by: readonly Wait[];
}

/** A call that waits for its answer. */
export interface Wait {
  /** Who waits; undefined for code outside all processes. */
  readonly caller: Pid | undefined;
  readonly server: Pid;
  readonly request: unknown;
  /** In ms. */
  readonly waiting_for: number;
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
  current_callback: ({ busy, since }) =>
    busy === undefined ? undefined : { callback: busy, running_for: elapsed(since) },
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

// Who watches a death waits for no answer.
function note(waits: Wait[], { awaited, caller, server, request, since }: Waiting): void {
  if (awaited) waits.unshift({ caller, server, request, waiting_for: elapsed(since) });
}

let restartsOf: (process: Process) => number = () => 0;

/** Sets who knows how often a process was restarted: supervisors, which stand above this layer. */
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
