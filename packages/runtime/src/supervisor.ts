/**
 * A process that starts other processes, watches them and restarts them when they fail. OTP's `supervisor`.
 *
 *   await supervisor.start([supervisor.child_spec({ id: "db", task: start_db, restart: supervisor.Permanent() })], supervisor.options({ max_restarts: 3 }));
 *
 * Children are started in the order of the list, each after the previous one has finished its init, and stopped in
 * reverse.
 *
 * *When not to use it:* a supervisor makes failures survivable, not correct. Handle errors where they happen if you
 * can. A child whose init fails because of its environment (a wrong file) fails its supervisor's start, as it should.
 */
import { type Atom, ensure } from "./term/atom.ts";
import {
  ALL_SIGNIFICANT,
  ANY_SIGNIFICANT,
  BADARG,
  type IGNORE,
  INFINITY,
  NEVER,
  NORMAL,
  type OK,
  ONE_FOR_ALL,
  ONE_FOR_ONE,
  PERMANENT,
  REST_FOR_ONE,
  type RESTARTING,
  SIMPLE_ONE_FOR_ONE,
  TEMPORARY,
  TRANSIENT,
  OK as Ok,
} from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { ErlangError, OtpError } from "./term/error.ts";
import { isTuple, read } from "./term/guarded.ts";
import { Pid } from "./term/pid.ts";
import type { ServerRef, Via } from "./term/protocol.ts";
import { checkOptions } from "./term/options.ts";
import type { Timeout } from "./term/timeout.ts";
import { acting } from "./process/context.ts";
import { forever } from "./process/forever.ts";
import type { Name } from "./term/name.ts";
import {
  type AutoShutdown,
  type CheckedSpec,
  checkSpecs,
  type ChildSpec,
  type Flags,
  isProblem,
  OPTION_KEYS,
} from "./behaviour/child.ts";
import * as gen from "./behaviour/gen.ts";
import { ended as endOf } from "./behaviour/ended.ts";
import { launch as launchProcess, NONE } from "./behaviour/launch.ts";
import { Tree } from "./behaviour/os_signals.ts";
import { Server } from "./behaviour/server.ts";
import { tree as treeOfProcess, type TreeNode, type TreeOptions } from "./behaviour/tree.ts";
import { stop as stopProcess } from "./behaviour/stopping.ts";
import { Refusal, requests } from "./behaviour/child_requests.ts";
import { supervising, type SupervisorModule } from "./behaviour/supervising.ts";

export type { AutoShutdown, ChildSpec, Flags, SupervisorModule };
export type { Backoff } from "./behaviour/backoff.ts";
export type { Strategy } from "./behaviour/child.ts";
export type { TreeNode, TreeOptions };

/** Options of a supervisor. */
export interface SupervisorOptions extends Flags {
  /** Registers the supervisor under this name. */
  readonly name?: Name | Via | undefined;
  /**
   * `true`: SIGTERM and SIGINT stop the tree in OTP's order, within its shutdown times, even while it is still
   * starting; then the program ends with the signal's status (143, 130), whatever timers and servers are left. A second
   * signal ends it at once. A tree that gives up ends the program with status 1. With `{ exit: false }` the program
   * goes on when the tree has stopped.
   */
  readonly signals?: boolean | { readonly exit?: boolean | undefined } | undefined;
}

/** Always restarted. */
export const Permanent = (): typeof PERMANENT => PERMANENT;
/** Restarted only after a failure. */
export const Transient = (): typeof TRANSIENT => TRANSIENT;
/** Never restarted. */
export const Temporary = (): typeof TEMPORARY => TEMPORARY;

/** Only the child that failed is restarted. */
export const OneForOne = (): typeof ONE_FOR_ONE => ONE_FOR_ONE;
/** All children are stopped and restarted. */
export const OneForAll = (): typeof ONE_FOR_ALL => ONE_FOR_ALL;
/** The child that failed and those started after it are restarted. */
export const RestForOne = (): typeof REST_FOR_ONE => REST_FOR_ONE;
/** One specification, from which `start_child` starts children with extra arguments. */
export const SimpleOneForOne = (): typeof SIMPLE_ONE_FOR_ONE => SIMPLE_ONE_FOR_ONE;

/** The keys of a child's specification besides `task` and `args`. */
type Rest = Omit<ChildSpec, "task" | "args">;

/** A child's specification, unchanged; it is checked when it is used. `args` must fit `task`. */
export function child_spec(
  spec: Rest & { readonly task: (...args: never[]) => unknown; readonly args?: undefined },
): ChildSpec;
export function child_spec<const A extends readonly unknown[]>(
  spec: Rest & { readonly task: (...args: [...A, ...never[]]) => unknown; readonly args: readonly [...A] },
): ChildSpec;
export function child_spec(spec: object): ChildSpec {
  // Not `{ ...spec }`: on Node 20 each frozen copy made this way has its own layout, and checking them is slow. (An own
  // `__proto__` becomes the prototype, but only of the copy.)
  return Object.freeze(Object.assign({}, spec)) as ChildSpec;
}

/** A supervisor's options, unchanged; they are checked when they are used. */
export function options(given: SupervisorOptions = {}): SupervisorOptions {
  return Object.freeze({ ...given });
}

/**
 * Starts a supervisor that is not linked to the caller. Resolves with its pid when every child's init has finished, in
 * order.
 *
 * @throws OtpError with OTP's reason: `[SHUTDOWN, [failed_to_start_child, id, reason]]`, `[start_spec, problem]`,
 *   `[supervisor_data, problem]`, `[ALREADY_STARTED, pid]`. No child is left running
 */
export function start(children: readonly ChildSpec[], options?: SupervisorOptions): Promise<Pid>;
/** OTP's form: `module.init(arg)` returns `[OK, [flags, children]]` or `IGNORE`. */
export function start<A>(
  module: SupervisorModule<A>,
  arg: A,
  options?: SupervisorOptions,
): Promise<Pid | typeof IGNORE>;
export function start(...given: Given): Promise<Pid | typeof IGNORE> {
  return launch("start", given);
}

/** Like `start`, linked to the calling process, which becomes its parent. */
export function start_link(children: readonly ChildSpec[], options?: SupervisorOptions): Promise<Pid>;
export function start_link<A>(
  module: SupervisorModule<A>,
  arg: A,
  options?: SupervisorOptions,
): Promise<Pid | typeof IGNORE>;
export function start_link(...given: Given): Promise<Pid | typeof IGNORE> {
  return launch("start_link", given);
}

/**
 * Stops a supervisor: its children end in reverse order, then the supervisor itself. Resolves when all are dead.
 *
 * @param timeout in ms; the tree goes on stopping if it takes longer. Default: no limit other than the children's
 *   shutdown times
 */
export function stop(supervisor: ServerRef, reason: unknown = NORMAL, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stopProcess(supervisor, reason, timeout);
}

/**
 * Resolves with the exit reason when a supervisor (or any process) has ended; with `noproc` if there is none. Also
 * works outside processes, where monitors do not. Waiting for it does not keep the program alive.
 */
export async function ended(supervisor: ServerRef): Promise<unknown> {
  return endOf(gen.locate(supervisor));
}

/**
 * The result of starting a child: its pid, `[pid, info]` if its task returned that, or undefined if its init returned
 * `ignore`.
 */
export type StartedChild = Pid | readonly [Pid, unknown] | undefined;

/**
 * Adds a child and starts it; under simple_one_for_one, starts a child with these extra arguments.
 *
 * @throws OtpError with reason `[ALREADY_STARTED, pid]`, `already_present`, a problem of the specification, or
 *   `[reason, specification]` if the start failed, in which case the specification is not kept
 */
export async function start_child(supervisor: ServerRef, child: ChildSpec | readonly unknown[]): Promise<StartedChild> {
  return (await ask(supervisor, [requests.START_CHILD, child])) as StartedChild;
}

/** Starts a terminated child again. @throws OtpError `running`, `restarting`, `not_found`, or the start's reason */
export async function restart_child(supervisor: ServerRef, id: unknown): Promise<StartedChild> {
  return (await ask(supervisor, [requests.RESTART_CHILD, id])) as StartedChild;
}

/**
 * Ends a child without restarting it; its specification stays, unless it is temporary. By pid under simple_one_for_one.
 *
 * @throws OtpError `not_found`
 */
export async function terminate_child(supervisor: ServerRef, id: unknown): Promise<typeof OK> {
  return (await ask(supervisor, [requests.TERMINATE_CHILD, id])) as typeof OK;
}

/** Removes the specification of a child that is not running. @throws OtpError `running`, `restarting`, `not_found` */
export async function delete_child(supervisor: ServerRef, id: unknown): Promise<typeof OK> {
  return (await ask(supervisor, [requests.DELETE_CHILD, id])) as typeof OK;
}

/** A child in `which_children`. */
export type ListedChild = readonly [
  id: unknown,
  child: Pid | typeof RESTARTING | undefined,
  type: Atom,
  modules: unknown,
];

/**
 * `[id, pid, type, modules]` of each child, the last started first. The pid is undefined if the child is not running.
 */
export async function which_children(supervisor: ServerRef): Promise<ListedChild[]> {
  return (await ask(supervisor, requests.WHICH_CHILDREN)) as ListedChild[];
}

/** How many children there are, as `[[specs, n], [active, n], [supervisors, n], [workers, n]]`. */
export async function count_children(supervisor: ServerRef): Promise<(readonly [Atom, number])[]> {
  return (await ask(supervisor, requests.COUNT_CHILDREN)) as (readonly [Atom, number])[];
}

/** The specification of a child, with its defaults. By id or pid. @throws OtpError `not_found` */
export async function get_childspec(supervisor: ServerRef, id: unknown): Promise<CheckedSpec> {
  return (await ask(supervisor, [requests.GET_CHILDSPEC, id])) as CheckedSpec;
}

/**
 * A supervisor and everything below it, as plain data: the processes, their start times, restarts and reasons, waiting
 * and handled messages. No message is sent, so this works on a tree that hangs.
 *
 * @param options `depth`: how many levels of children to return (default: all); `max_children`: how many children of
 *   each supervisor (default: all; `children_count` has the number), beginning at index `first_child` (default 0)
 * @returns undefined if the process is dead or is not a supervisor
 *
 * @example
 * supervisor.tree("shop", { depth: 1 })?.children?.map(({ id, status, restarts }) => [id, status, restarts]);
 */
export function tree(supervisor: ServerRef, options: TreeOptions = {}): TreeNode | undefined {
  checkOptions(options, ["depth", "max_children", "first_child"], "show a tree");
  const process = gen.locate(supervisor);
  return process === undefined ? undefined : treeOfProcess(process, options);
}

/** Checks specifications without starting anything. @throws OtpError with the first problem */
export function check_childspecs(specs: readonly unknown[], auto_shutdown?: AutoShutdown): typeof OK {
  const auto = typeof auto_shutdown === "string" ? ensure(auto_shutdown) : auto_shutdown;
  if (auto !== undefined && auto !== NEVER && auto !== ANY_SIGNIFICANT && auto !== ALL_SIGNIFICANT) {
    throw new OtpError(
      [BADARG, auto_shutdown],
      `Child specifications cannot be checked: auto_shutdown must be never, any_significant or all_significant, got ${describe(auto_shutdown)}`,
    );
  }
  const checked = checkSpecs(specs, auto, "ignored");
  if (isProblem(checked)) throw new OtpError(checked.reason, `Child specifications are wrong: ${checked.text}`);
  return Ok;
}

type Given = readonly [first: unknown, second?: unknown, third?: SupervisorOptions];
async function launch(tie: "start" | "start_link", given: Given): Promise<Pid | typeof IGNORE> {
  const [first, second] = given;
  const listed = isTuple(first);
  const options = ((listed ? second : given[2]) ?? {}) as SupervisorOptions;
  checkStart(first, listed, options);
  const { name } = options;
  const module = listed ? { init: () => [Ok, [options, first]] } : (first as SupervisorModule);
  const argument = listed ? undefined : second;
  const tree = treeOf(options.signals);
  const top = acting() === undefined && tie === "start";
  try {
    const beginning: Parameters<typeof supervising.init>[0] = [
      module,
      argument,
      { top, tree, unknown: listed ? "refused" : "ignored" },
    ];
    return (await launchProcess(
      { behaviour: supervising.behaviour, kind: supervising.behaviour },
      (parent, ancestors) => new Server(supervising, beginning, parent, ancestors),
      name === undefined ? NONE : { name },
      tie,
    )) as Pid | typeof IGNORE;
  } catch (error) {
    // The program ends when the trees have stopped, not because of a start that a signal interrupted.
    if (tree?.stopped === true && tree.exit) return forever();
    tree?.forget();
    throw error;
  }
}

// The tree of a supervisor that OS signals stop, if the options ask for it.
function treeOf(signals: SupervisorOptions["signals"]): Tree | undefined {
  if (signals === undefined || signals === false) return undefined;
  return new Tree(signals === true || signals.exit !== false);
}

function checkStart(first: unknown, listed: boolean, options: SupervisorOptions): void {
  const refuse = (why: string) => new ErlangError(BADARG, `Cannot start a supervisor: ${why}`);
  if (!listed && (typeof first !== "object" || first === null || typeof read(first, "init") !== "function"))
    throw refuse(
      `give a list of child specifications, or a module with init, got ${describe(first)}${typeof first === "object" && first !== null && read(first, "task") !== undefined ? "; one specification is given as a list of one" : ""}`,
    );
  // The flags given with a list are checked by its start; the flags of a module come from its init.
  if (!listed) checkOptions(options, ["name", "signals"], "start a supervisor");
  else if (typeof options !== "object" || isTuple(options)) checkOptions(options, OPTION_KEYS, "start a supervisor");
  const { signals } = options;
  if (signals === undefined || typeof signals === "boolean") return;
  if (typeof signals !== "object" || signals === null)
    throw refuse(`signals must be true, false or { exit: false }, got ${describe(signals)}`);
  checkOptions(signals, ["exit"], "start a supervisor with signals");
  if (signals.exit !== undefined && typeof signals.exit !== "boolean")
    throw refuse(`signals.exit must be true or false, got ${describe(signals.exit)}`);
}

async function ask(supervisor: ServerRef, request: unknown): Promise<unknown> {
  const reply = await gen.call(supervisor, request, INFINITY);
  if (reply instanceof Refusal) throw new OtpError(reply.reason, reply.text);
  return reply;
}
