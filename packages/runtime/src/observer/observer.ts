import { describe } from "../term/describe.ts";
import { Pid } from "../term/pid.ts";
import { allOf, infoOf, type ProcessInfo, type Wait } from "../process/info.ts";
import { type Process, processOf } from "../process/process.ts";
import { rateOf } from "../process/rate.ts";
import { find } from "../process/registry.ts";
import { isName, type Name } from "../term/name.ts";
import { reductions } from "../process/scheduler.ts";
import { lengthOf } from "../process/size.ts";
import { pids, population } from "../process/table.ts";
import {
  childOf,
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
  /** Restarts made so far by the supervisors that live. */
  readonly restarts: number;
  /** Calls that wait for an answer. */
  readonly open_calls: number;
}

/** The program in numbers. Looks at every process. */
export function overview(): Overview {
  let supervisors = 0;
  let alone = 0;
  let waiting = 0;
  let restarts = 0;
  let calls = 0;
  for (const process of living()) {
    const state = stateOf(process);
    if (state !== undefined) {
      supervisors++;
      restarts += state.restarts;
    } else if (childOf(process) === undefined) alone++;
    waiting += lengthOf(process);
    calls += infoOf(process, "waited_for_by").length;
  }
  return {
    processes: population(),
    supervisors,
    unsupervised: alone,
    reductions: reductions(),
    waiting,
    restarts,
    open_calls: calls,
  };
}

/** Every living process, oldest first. */
export function processes(): SupervisedNode[] {
  return [...living()].map(node);
}

/**
 * The processes that have the most of something, the first one most. Those that have none of it are left out.
 *
 * @param by `queue`: messages that wait; `rate`: messages per second; `restarts`; `messages` and `reductions`: so far
 * @param count how many at most
 * @throws RangeError for another criterion
 */
export function top(by: Criterion, count = 10): SupervisedNode[] {
  const measure = measures[by];
  if (measure === undefined || !Object.hasOwn(measures, by))
    throw new RangeError(
      `Cannot sort processes by ${describe(by)}: the criteria are ${Object.keys(measures).join(", ")}`,
    );
  const measured = [...living()].map((process) => [process, measure(process)] as const);
  return measured
    .filter(([, amount]) => amount > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, count)
    .map(([process]) => node(process));
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
    .flatMap((process) => infoOf(process, "waited_for_by"))
    .sort((a, b) => b.waiting_for - a.waiting_for);
}

/** Everything about one process: undefined if it is dead. */
export function details(server: Pid | Name): ProcessDetails | undefined {
  const process = server instanceof Pid ? processOf(server) : isName(server) ? find(server) : undefined;
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
