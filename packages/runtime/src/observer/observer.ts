import { describe } from "../term/describe.ts";
import { checkOptions } from "../term/options.ts";
import { Pid } from "../term/pid.ts";
import { allOf, infoOf, type ProcessInfo, type Wait } from "../process/info.ts";
import { type Process, processOf } from "../process/process.ts";
import { rateOf } from "../process/rate.ts";
import { find as processNamed, nameOf } from "../process/registry.ts";
import { isName, type Name } from "../term/name.ts";
import { reductions } from "../process/scheduler.ts";
import { lengthOf } from "../process/size.ts";
import { elapsed } from "../process/stamp.ts";
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

export type { ProcessInfo, ProcessNode, TreeNode, TreeOptions, Wait };

/** A process, and its place in a supervisor. */
export interface SupervisedNode extends ProcessNode {
  readonly supervisor?: Pid;
  readonly child_id?: unknown;
}

/** A process with everything from `process_info`. */
export interface ProcessDetails extends SupervisedNode {
  readonly info: ProcessInfo;
}

/** A sort key for processes: waiting messages, messages per second, restarts, messages and reductions so far. */
export type Criterion = "queue" | "rate" | "running" | "restarts" | "messages" | "reductions";

/** The program in numbers. */
export interface Overview {
  /** Number of live processes. */
  readonly processes: number;
  readonly supervisors: number;
  /** Number of processes outside all supervision trees. */
  readonly unsupervised: number;
  /** Reductions so far, of all processes, dead ones included. */
  readonly reductions: number;
  /** Number of messages waiting in mailboxes. */
  readonly waiting: number;
  /** Restarts made so far, by all supervisors, dead ones included. */
  readonly restarts: number;
  /** Number of children restarted within the last hour. */
  readonly restarted_within_an_hour: number;
  /** Number of calls that wait for a reply. */
  readonly open_calls: number;
}

/** The program in numbers. Reads every process. */
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

/** Every live process, oldest first. */
export function processes(): SupervisedNode[] {
  return [...living()].map(node);
}

/** Search criteria for processes. */
export interface Wanted {
  /** A part of the name, pid, module, status or id, ignoring case. Default: any. */
  readonly search?: string | undefined;
  /** The sort key, highest first, without processes for which it is zero. Default: oldest first. */
  readonly by?: Criterion | undefined;
  /** How many to return. Default: all. */
  readonly count?: number | undefined;
}

/**
 * The matching processes, and their number. Only the returned ones are described, so finding a few among very many is
 * cheap.
 *
 * @throws RangeError for an unknown criterion
 */
export function find(wanted: Wanted = {}): {
  readonly matching: number;
  readonly processes: readonly SupervisedNode[];
} {
  checkOptions(wanted, ["search", "by", "count"], "find processes");
  const { search = "", by, count = Infinity } = wanted;
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
 * The processes with the most of something, in descending order. Those that have none of it are left out.
 *
 * @param by `queue`: waiting messages; `rate`: messages per second; `running`: ms that its current
 *   callback has been running; `restarts`; `messages` and `reductions`: so far
 * @param count how many at most
 * @throws RangeError for another criterion
 */
export function top(by: Criterion, count = 10): readonly SupervisedNode[] {
  measureOf(by);
  return find({ by, count }).processes;
}

/**
 * The most recently restarted children, the latest first, including those that are about to be restarted, which have no
 * pid.
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

/** A restarted child. */
export interface RestartedChild {
  readonly supervisor: Pid;
  readonly child_id: unknown;
  readonly pid: Pid | undefined;
  readonly name: string | undefined;
  /** Total number of restarts. */
  readonly restarts: number;
  /** The time of the last restart, as a date in ISO 8601. */
  readonly at: string;
  /** The exit reason before it. */
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
  running: ({ work }) => (work?.running === undefined ? 0 : elapsed(work.since)),
  restarts: (process) => childOf(process)?.child.restarts ?? 0,
  messages: (process) => process.taken,
  reductions: (process) => process.reductions,
};

/** The supervision trees: each supervisor that is not another one's child, with everything below it. */
export function trees(options: TreeOptions = {}): TreeNode[] {
  checkOptions(options, ["depth", "max_children", "first_child"], "show trees");
  return [...living()].flatMap((process) =>
    stateOf(process) !== undefined && childOf(process) === undefined ? (tree(process, options) ?? []) : [],
  );
}

/** Processes that are neither supervisors nor children of one: they are never restarted. */
export function unsupervised(): ProcessNode[] {
  return [...living()]
    .filter((process) => stateOf(process) === undefined && childOf(process) === undefined)
    .map(processNode);
}

/** Every call that waits for its reply, the longest wait first: the caller, the server and the waiting time. */
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
