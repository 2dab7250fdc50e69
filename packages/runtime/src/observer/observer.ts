import { describe } from "../term/describe.ts";
import { Pid } from "../term/pid.ts";
import { allOf, infoOf, type ProcessInfo, type Wait } from "../process/info.ts";
import { type Process, processOf } from "../process/process.ts";
import { rateOf } from "../process/rate.ts";
import { find as processNamed, nameOf } from "../process/registry.ts";
import { isName, type Name } from "../term/name.ts";
import { reductions } from "../process/scheduler.ts";
import { lengthOf } from "../process/size.ts";
import { pids, population } from "../process/table.ts";
import type { Child } from "../behaviour/children.ts";
import { restartsSoFar } from "../behaviour/supervisor_state.ts";
import {
  childOf,
  doing,
  type ProcessNode,
  processNode,
  stateOf,
  tree,
  type TreeNode,
  type TreeOptions,
} from "../behaviour/tree.ts";

export type { ProcessInfo, TreeNode, TreeOptions, Wait };

/** A process, and which child of which supervisor it is. */
export interface SupervisedNode extends ProcessNode {
  readonly supervisor?: Pid;
  readonly child_id?: unknown;
}

/** A process with all that `process_info` tells. */
export interface ProcessDetails extends SupervisedNode {
  readonly info: ProcessInfo;
}

/** What processes are sorted by: waiting messages, messages per second, restarts, messages and reductions so far. */
export type Criterion = "queue" | "rate" | "restarts" | "messages" | "reductions";

/** The program in numbers. */
export interface Overview {
  /** Processes that live. */
  readonly processes: number;
  readonly supervisors: number;
  /** Processes that are in no supervision tree. */
  readonly unsupervised: number;
  /** Reductions so far, of all processes that ever were. */
  readonly reductions: number;
  /** Messages that wait in mailboxes. */
  readonly waiting: number;
  /** Restarts made so far, by all supervisors that ever were. */
  readonly restarts: number;
  /** Children that were restarted within the last hour. */
  readonly restarted_within_an_hour: number;
  /** Calls that wait for an answer. */
  readonly open_calls: number;
}

/** The program in numbers. Looks at every process. */
export function overview(): Overview {
  let supervisors = 0;
  let alone = 0;
  let waiting = 0;
  let calls = 0;
  let recent = 0;
  const hour = Date.now() - 3_600_000;
  for (const process of living()) {
    const state = stateOf(process);
    if (state !== undefined) {
      supervisors++;
      if (state.restarts > 0)
        for (const { lastRestart } of state.children.list()) if ((lastRestart?.at ?? 0) > hour) recent++;
    } else if (childOf(process) === undefined) alone++;
    waiting += lengthOf(process);
    if (process.incoming !== undefined) calls += infoOf(process, "waited_for_by").length;
  }
  return {
    processes: population(),
    supervisors,
    unsupervised: alone,
    reductions: reductions(),
    waiting,
    restarts: restartsSoFar(),
    restarted_within_an_hour: recent,
    open_calls: calls,
  };
}

/** Every living process, oldest first. */
export function processes(): SupervisedNode[] {
  return [...living()].map(node);
}

/** Which processes are looked for. */
export interface Wanted {
  /** A part of the name, pid, module, status or id, whatever the case. Default: any. */
  readonly search?: string | undefined;
  /** Sorted by this, the one with the most first, without those that have none of it. Default: the oldest first. */
  readonly by?: Criterion | undefined;
  /** How many to tell. Default: all. */
  readonly count?: number | undefined;
}

/**
 * The processes that fit, and how many there are. Only those that are told are described, so looking for a few among very many is cheap.
 *
 * @throws RangeError for a criterion that is none
 */
export function find({ search = "", by, count = Infinity }: Wanted = {}): {
  readonly matching: number;
  readonly processes: readonly SupervisedNode[];
} {
  const text = search.toLowerCase();
  const fits = (process: Process) => text === "" || textsOf(process).some((one) => one.toLowerCase().includes(text));
  let found = [...living()];
  if (by !== undefined) {
    const measure = measureOf(by);
    const measured = found.map((process) => ({ process, amount: measure(process) })).filter(({ amount }) => amount > 0);
    found = measured.sort((a, b) => b.amount - a.amount).map(({ process }) => process);
  }
  if (text !== "") found = found.filter(fits);
  return { matching: found.length, processes: found.slice(0, count).map(node) };
}

function textsOf(process: Process): string[] {
  const id = childOf(process)?.child.spec.id;
  const texts = [String(process.pid), nameOf(process)?.name, process.initialCall, doing(process)];
  return [...texts, id === undefined ? undefined : describe(id)].filter((text) => text !== undefined);
}

/**
 * The processes that have the most of something, the first one most. Those that have none of it are left out.
 *
 * @param by `queue`: messages that wait; `rate`: messages per second; `restarts`; `messages` and `reductions`: so far
 * @param count how many at most
 * @throws RangeError for another criterion
 */
export function top(by: Criterion, count = 10): readonly SupervisedNode[] {
  measureOf(by);
  return find({ by, count }).processes;
}

/**
 * The children that were restarted last, the latest first: also those that are about to be started again, which have no pid.
 *
 * @param count how many at most
 */
export function restarted(count = 10): RestartedChild[] {
  const found: { at: number; supervisor: Process; child: Child }[] = [];
  for (const process of living()) {
    for (const child of stateOf(process)?.children.list() ?? [])
      if (child.lastRestart !== undefined) found.push({ at: child.lastRestart.at, supervisor: process, child });
  }
  return found
    .sort((a, b) => b.at - a.at)
    .slice(0, count)
    .map(({ at, supervisor, child }) => {
      const process = child.pid === undefined ? undefined : processOf(child.pid);
      return {
        supervisor: supervisor.pid,
        child_id: child.spec.id,
        pid: process?.pid,
        name: process === undefined ? undefined : nameOf(process)?.name,
        restarts: child.restarts,
        at: new Date(at).toISOString(),
        reason: child.lastRestart?.reason ?? "",
      };
    });
}

/** A child that was started again. */
export interface RestartedChild {
  readonly supervisor: Pid;
  readonly child_id: unknown;
  readonly pid: Pid | undefined;
  readonly name: string | undefined;
  /** How often in all. */
  readonly restarts: number;
  /** When that was the last time, as a date in ISO 8601. */
  readonly at: string;
  /** What it had ended with. */
  readonly reason: string;
}

function measureOf(by: Criterion): (process: Process) => number {
  if (Object.hasOwn(measures, by)) return measures[by];
  throw new RangeError(
    `Cannot sort processes by ${describe(by)}: the criteria are ${Object.keys(measures).join(", ")}`,
  );
}

const measures: { readonly [C in Criterion]: (process: Process) => number } = {
  queue: lengthOf,
  rate: rateOf,
  restarts: (process) => childOf(process)?.child.restarts ?? 0,
  messages: (process) => process.taken,
  reductions: (process) => process.reductions,
};

/** The supervision trees: each supervisor that is no other one's child, with all below it. */
export function trees(options: TreeOptions = {}): TreeNode[] {
  return [...living()].flatMap((process) =>
    stateOf(process) !== undefined && childOf(process) === undefined ? (tree(process, options) ?? []) : [],
  );
}

/** Processes that are no supervisor and no supervisor's child: nobody starts them again. */
export function unsupervised(): ProcessNode[] {
  return [...living()]
    .filter((process) => stateOf(process) === undefined && childOf(process) === undefined)
    .map(processNode);
}

/** Every call that waits for its answer, the longest wait first: who waits for whom, and for how long. */
export function waits(): Wait[] {
  return [...living()]
    .flatMap((process) => (process.incoming === undefined ? [] : infoOf(process, "waited_for_by")))
    .sort((a, b) => b.waiting_for - a.waiting_for);
}

/** Everything about one process: undefined if it is dead. */
export function details(server: Pid | Name): ProcessDetails | undefined {
  const process = server instanceof Pid ? processOf(server) : isName(server) ? processNamed(server) : undefined;
  return process === undefined ? undefined : { ...node(process), info: allOf(process) };
}

function node(process: Process): SupervisedNode {
  const place = childOf(process);
  return place === undefined
    ? processNode(process)
    : { ...processNode(process), supervisor: place.supervisor.pid, child_id: place.child.spec.id };
}

function* living(): Generator<Process> {
  for (const pid of pids()) {
    const process = processOf(pid);
    if (process !== undefined) yield process;
  }
}
