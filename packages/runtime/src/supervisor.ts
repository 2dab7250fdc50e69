/**
 * A process that starts other processes, watches them and starts them again when they fail. OTP's `supervisor`.
 *
 *   await supervisor.start([supervisor.child_spec({ id: "db", task: start_db, restart: supervisor.Permanent() })], supervisor.options({ max_restarts: 3 }));
 *
 * Children are started in the order of the list, each when the one before has finished its init, and stopped in reverse.
 *
 * *When not to use it:* a supervisor makes failures survivable, not correct. What can be handled where it happens should be;
 * a child whose init fails because the world is not as expected (a wrong file) fails its supervisor's start, as it should.
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
import { Tree } from "./behaviour/os_signals.ts";
import { tree as treeOfProcess, type TreeNode, type TreeOptions } from "./behaviour/tree.ts";
import { stop as stopProcess } from "./behaviour/stopping.ts";
import { Refusal, requests } from "./behaviour/child_requests.ts";
import { supervising, type SupervisorModule } from "./behaviour/supervising.ts";
import * as gen_server from "./gen_server.ts";

export type { AutoShutdown, ChildSpec, Flags, SupervisorModule };
export type { Backoff } from "./behaviour/backoff.ts";
export type { Strategy } from "./behaviour/child.ts";
export type { TreeNode, TreeOptions };

/** Options of a supervisor. */
export interface SupervisorOptions extends Flags {
  /** Registers the supervisor under this name. */
  readonly name?: Name | Via | undefined;
  /**
   * `true`: SIGTERM and SIGINT stop the tree in OTP's order, within its shutdown times, also while it starts; then the program
   * ends with the signal's status (143, 130), whatever timers and servers are left. A second signal ends it at once. A tree
   * that gives up ends the program with status 1. With `{ exit: false }` the program goes on when the tree has stopped.
   */
  readonly signals?: boolean | { readonly exit?: boolean | undefined } | undefined;
}

/** Started again always. */
export const Permanent = (): typeof PERMANENT => PERMANENT;
/** Started again after a failure only. */
export const Transient = (): typeof TRANSIENT => TRANSIENT;
/** Never started again. */
export const Temporary = (): typeof TEMPORARY => TEMPORARY;

/** Only the child that failed is started again. */
export const OneForOne = (): typeof ONE_FOR_ONE => ONE_FOR_ONE;
/** All are stopped and started again. */
export const OneForAll = (): typeof ONE_FOR_ALL => ONE_FOR_ALL;
/** The child that failed and those started after it are started again. */
export const RestForOne = (): typeof REST_FOR_ONE => REST_FOR_ONE;
/** One specification, and children of it started by `start_child` with more arguments. */
export const SimpleOneForOne = (): typeof SIMPLE_ONE_FOR_ONE => SIMPLE_ONE_FOR_ONE;

/** What a child's specification holds beside `task` and `args`. */
type Rest = Omit<ChildSpec, "task" | "args">;

/** A child's specification, as it is given: checked when it is used. `args` must fit `task`. */
export function child_spec(
  spec: Rest & { readonly task: (...args: never[]) => unknown; readonly args?: undefined },
): ChildSpec;
export function child_spec<const A extends readonly unknown[]>(
  spec: Rest & { readonly task: (...args: [...A, ...never[]]) => unknown; readonly args: readonly [...A] },
): ChildSpec;
export function child_spec(spec: object): ChildSpec {
  // Not `{ ...spec }`: on Node 20 each frozen copy made so has a layout of its own, and checking them is slow. (An own `__proto__` is taken for the prototype, of the copy alone.)
  return Object.freeze(Object.assign({}, spec)) as ChildSpec;
}

/** A supervisor's options, as they are given: checked when they are used. */
export function options(given: SupervisorOptions = {}): SupervisorOptions {
  return Object.freeze({ ...given });
}

/**
 * Starts a supervisor that is not linked to the caller. Resolves with its pid when every child's init has finished, in
 * order.
 *
 * @throws OtpError with OTP's reason: `[SHUTDOWN, [failed_to_start_child, id, reason]]`, `[start_spec, problem]`,
 *   `[supervisor_data, problem]`, `[ALREADY_STARTED, pid]`. Nothing is left running then
 */
export function start(children: readonly ChildSpec[], options?: SupervisorOptions): Promise<Pid>;
/** OTP's form: `module.init(arg)` returns `[OK, [flags, children]]` or `IGNORE`. */
export function start<A>(
  module: SupervisorModule<A>,
  arg: A,
  options?: SupervisorOptions,
): Promise<Pid | typeof IGNORE>;
export function start(...given: Given): Promise<Pid | typeof IGNORE> {
  return launch(gen_server.start, given);
}

/** Like `start`, linked to the calling process, which is its parent. */
export function start_link(children: readonly ChildSpec[], options?: SupervisorOptions): Promise<Pid>;
export function start_link<A>(
  module: SupervisorModule<A>,
  arg: A,
  options?: SupervisorOptions,
): Promise<Pid | typeof IGNORE>;
export function start_link(...given: Given): Promise<Pid | typeof IGNORE> {
  return launch(gen_server.start_link, given);
}

/**
 * Stops a supervisor: its children end in reverse order, then it does. Resolves when all are dead.
 *
 * @param timeout in ms; the tree goes on stopping if it takes longer. Default: as long as the children's shutdown times take
 */
export function stop(supervisor: ServerRef, reason: unknown = NORMAL, timeout: Timeout = Infinity): Promise<typeof OK> {
  return stopProcess(supervisor, reason, timeout);
}

/**
 * Resolves with the reason when a supervisor (or any process) has ended; with `noproc` if there is none. For code outside
 * processes too, which cannot monitor. Waiting for it does not keep the program alive.
 */
export async function ended(supervisor: ServerRef): Promise<unknown> {
  return endOf(gen.locate(supervisor));
}

/** What starting a child gives: its pid, `[pid, info]` if its task said so, or undefined if it is ignored. */
export type StartedChild = Pid | readonly [Pid, unknown] | undefined;

/**
 * Adds a child and starts it; under simple_one_for_one, starts one with these extra arguments.
 *
 * @throws OtpError with reason `[ALREADY_STARTED, pid]`, `already_present`, a problem of the specification, or
 *   `[reason, specification]` if the start failed; the specification is not kept then
 */
export async function start_child(supervisor: ServerRef, child: ChildSpec | readonly unknown[]): Promise<StartedChild> {
  return (await ask(supervisor, [requests.START_CHILD, child])) as StartedChild;
}

/** Starts a child again that was terminated. @throws OtpError `running`, `restarting`, `not_found`, or the start's reason */
export async function restart_child(supervisor: ServerRef, id: unknown): Promise<StartedChild> {
  return (await ask(supervisor, [requests.RESTART_CHILD, id])) as StartedChild;
}

/** Ends a child without starting it again; its specification stays, unless it is temporary. By pid under simple_one_for_one. */
export async function terminate_child(supervisor: ServerRef, id: unknown): Promise<typeof OK> {
  return (await ask(supervisor, [requests.TERMINATE_CHILD, id])) as typeof OK;
}

/** Forgets the specification of a child that does not run. @throws OtpError `running`, `restarting`, `not_found` */
export async function delete_child(supervisor: ServerRef, id: unknown): Promise<typeof OK> {
  return (await ask(supervisor, [requests.DELETE_CHILD, id])) as typeof OK;
}

/** `[id, pid, type, modules]` of each child, the last started first. The pid is undefined for one that does not run. */
export async function which_children(
  supervisor: ServerRef,
): Promise<(readonly [id: unknown, child: Pid | typeof RESTARTING | undefined, type: Atom, modules: unknown])[]> {
  return (await ask(supervisor, requests.WHICH_CHILDREN)) as never;
}

/** `[[specs, n], [active, n], [supervisors, n], [workers, n]]`. */
export async function count_children(supervisor: ServerRef): Promise<(readonly [Atom, number])[]> {
  return (await ask(supervisor, requests.COUNT_CHILDREN)) as never;
}

/** The specification of a child, with its defaults. By id or pid. */
export async function get_childspec(supervisor: ServerRef, id: unknown): Promise<CheckedSpec> {
  return (await ask(supervisor, [requests.GET_CHILDSPEC, id])) as CheckedSpec;
}

/**
 * A supervisor with all below it, as plain data: what runs, since when, how often and why it was started again, how many messages
 * wait and are handled. It asks nobody: no message is sent, so a tree that hangs can be looked at.
 *
 * @param options `depth`: how many levels of children to tell (default: all); `max_children`: how many of each supervisor
 *   (default: all; `children_count` has the number), beginning with the one `first_child` (default 0)
 * @returns undefined where the process is dead, or is no supervisor
 *
 * @example
 * supervisor.tree("shop", { depth: 1 })?.children?.map(({ id, status, restarts }) => [id, status, restarts]);
 */
export function tree(supervisor: ServerRef, options: TreeOptions = {}): TreeNode | undefined {
  checkOptions(options, ["depth", "max_children", "first_child"], "tell a tree");
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
type Launcher = typeof gen_server.start | typeof gen_server.start_link;

async function launch(how: Launcher, given: Given): Promise<Pid | typeof IGNORE> {
  const [first, second] = given;
  const listed = isTuple(first);
  const options = ((listed ? second : given[2]) ?? {}) as SupervisorOptions;
  checkStart(first, listed, options);
  const { name } = options;
  const module = listed ? { init: () => [Ok, [options, first]] } : (first as SupervisorModule);
  const argument = listed ? undefined : second;
  const tree = treeOf(options.signals);
  const top = acting() === undefined && how === gen_server.start;
  try {
    return (await how(
      supervising as never,
      [module, argument, { top, tree, unknown: listed ? "refused" : "ignored" }] as never,
      name === undefined ? {} : { name },
    )) as Pid | typeof IGNORE;
  } catch (error) {
    // The program ends when the trees are stopped, and not of a start that a signal interrupted.
    if (tree?.stopped === true && tree.exit) return forever();
    tree?.forget();
    throw error;
  }
}

// The tree of a supervisor that OS signals stop, if it is to be one.
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
  // What a list's flags may be, its start checks; the flags of a module come from its init.
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
