/**
 * A process as plain data, and a supervisor with everything below it. No messages are sent, so this works on a tree
 * that hangs.
 */
import { BADARG, SUPERVISOR } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import type { Pid } from "../term/pid.ts";
import { tellRestarts } from "../process/info.ts";
import { type Process, processOf } from "../process/process.ts";
import { rateOf } from "../process/rate.ts";
import { find, nameOf } from "../process/registry.ts";
import { lengthOf } from "../process/size.ts";
import { dateOf } from "../process/stamp.ts";
import type { Child } from "./children.ts";
import { State } from "./supervisor_state.ts";

/**
 * The state of a process: `waiting` for a message, `running` an asynchronous callback or function, `runnable`, and so
 * on.
 */
export type ProcessState = "waiting" | "running" | "runnable" | "suspended" | "starting" | "stopping";

/** The data of each process. */
export interface ProcessNode {
  readonly pid: Pid | undefined;
  /** Its registered name. */
  readonly name: string | undefined;
  /** The behaviour it was started as, and the name of its callback module, if that has one. */
  readonly module: string | undefined;
  /** `restarting`: it failed and will be restarted; `stopped`: only its specification exists. */
  readonly status: ProcessState | "restarting" | "stopped";
  /** When this process was started, as a date in ISO 8601. */
  readonly since: string | undefined;
  /** Number of waiting messages. */
  readonly message_queue_len: number;
  /** Messages handled so far. */
  readonly messages_handled: number;
  /** Messages per second, since the previous reading (at least a second ago) or its start. */
  readonly message_rate: number;
  readonly reductions: number;
  /** How often its supervisor has restarted it. */
  readonly restarts: number;
  /** The time and reason of the last restart. */
  readonly last_restart?: { readonly at: string; readonly reason: string };
}

/** A process in a supervision tree. */
export interface TreeNode extends ProcessNode {
  /** Its id in its supervisor; undefined for the top of the tree and for children of simple_one_for_one. */
  readonly id: unknown;
  readonly type: "supervisor" | "worker";
  /** When it is restarted: `permanent`, `transient` or `temporary`. Undefined for the top of the tree. */
  readonly restart: string | undefined;
  /** A supervisor's strategy. */
  readonly strategy?: string;
  /** How many restarts of children a supervisor has made. */
  readonly child_restarts?: number;
  /** How many children a supervisor has. */
  readonly children_count?: number;
  /** A supervisor's children in start order, within the requested limits. */
  readonly children?: readonly TreeNode[];
}

/** How much of a tree to return. */
export interface TreeOptions {
  /** How many levels of children. Default: all. */
  readonly depth?: number | undefined;
  /** How many children of each supervisor. Default: all. */
  readonly max_children?: number | undefined;
  /** Index of the first child to return. Default: 0. */
  readonly first_child?: number | undefined;
}

/** The tree below a supervisor; undefined if the process is not a supervisor. */
export function tree(process: Process, options: TreeOptions): TreeNode | undefined {
  for (const [key, value] of Object.entries(options)) {
    if (value !== undefined && (typeof value !== "number" || !(value >= 0)))
      throw new ErlangError(BADARG, `Cannot show a tree: ${key} must be a number ≥ 0, got ${describe(value)}`);
  }
  if (stateOf(process) === undefined) return undefined;
  return nodeOf(process, undefined, options.depth ?? Infinity, options);
}

/** The state of a process. */
export function doing(process: Process): ProcessState {
  if ((process as { readonly suspended?: boolean }).suspended === true) return "suspended";
  if (process.work?.running === "init") return "starting";
  if (process.work?.running === "terminate") return "stopping";
  if (process.ready) return "runnable";
  return process.listening || process.waiter !== undefined ? "waiting" : "running";
}

/** The data of one process. */
export function processNode(process: Process): ProcessNode {
  return described(process, childOf(process)?.child);
}

/** The supervisor of a process and its child there, if it is one. */
export function childOf(process: Process): { readonly supervisor: Process; readonly child: Child } | undefined {
  const [parent] = process.ancestors;
  if (parent === undefined) return undefined;
  const supervisor = typeof parent === "object" && "serial" in parent ? processOf(parent) : find(parent);
  const child = supervisor === undefined ? undefined : stateOf(supervisor)?.children.findByPid(process.pid);
  return supervisor === undefined || child === undefined ? undefined : { supervisor, child };
}

/** The state of a supervisor; undefined for other processes. */
export function stateOf(process: Process): State | undefined {
  const { state } = process as { readonly state?: unknown };
  return state instanceof State ? state : undefined;
}

function nodeOf(process: Process, child: Child | undefined, depth: number, options: TreeOptions): TreeNode {
  const state = stateOf(process);
  const place = {
    id: child?.spec.id,
    ...described(process, child),
    restart: child?.spec.restart.name,
  };
  if (state === undefined) return { ...place, type: child?.spec.type === SUPERVISOR ? "supervisor" : "worker" };
  return {
    ...place,
    type: "supervisor",
    strategy: state.flags.strategy.name,
    child_restarts: state.restarts,
    children_count: state.children.size,
    ...(depth >= 1 ? { children: below(state, depth - 1, options) } : {}),
  };
}

function below(state: State, depth: number, options: TreeOptions): TreeNode[] {
  const first = options.first_child ?? 0;
  return state.children
    .list()
    .slice(first, first + (options.max_children ?? Infinity))
    .map((child) => {
      const process = child.pid === undefined ? undefined : processOf(child.pid);
      return process === undefined ? gone(child, state.starting === child) : nodeOf(process, child, depth, options);
    });
}

// A child without a process at the moment.
function gone(child: Child, starting: boolean): TreeNode {
  return {
    id: child.spec.id,
    pid: undefined,
    name: undefined,
    module: undefined,
    // A child that still has a pid died a moment ago, and its supervisor has not been notified yet.
    status: starting ? "starting" : child.restarting || child.pid !== undefined ? "restarting" : "stopped",
    since: undefined,
    message_queue_len: 0,
    messages_handled: 0,
    message_rate: 0,
    reductions: 0,
    ...restartsOf(child),
    type: child.spec.type === SUPERVISOR ? "supervisor" : "worker",
    restart: child.spec.restart.name,
  };
}

function described(process: Process, child: Child | undefined): ProcessNode {
  return {
    pid: process.pid,
    name: nameOf(process)?.name,
    module: process.initialCall,
    status: doing(process),
    since: dateOf(process.started).toISOString(),
    message_queue_len: lengthOf(process),
    messages_handled: process.taken,
    message_rate: rateOf(process),
    reductions: process.reductions,
    ...restartsOf(child),
  };
}

function restartsOf(child: Child | undefined): Pick<ProcessNode, "restarts" | "last_restart"> {
  if (child?.lastRestart === undefined) return { restarts: 0 };
  const { at, reason } = child.lastRestart;
  return { restarts: child.restarts, last_restart: { at: new Date(at).toISOString(), reason } };
}

tellRestarts((process) => childOf(process)?.child.restarts ?? 0);
