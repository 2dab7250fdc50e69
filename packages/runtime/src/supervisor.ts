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
  SHUTDOWN,
  SIMPLE_ONE_FOR_ONE,
  TEMPORARY,
  TRANSIENT,
  OK as Ok,
} from "./term/atoms.ts";
import { describe } from "./term/describe.ts";
import { OtpError } from "./term/error.ts";
import { isTuple } from "./term/guarded.ts";
import { Pid } from "./term/pid.ts";
import type { ServerRef, Via } from "./term/protocol.ts";
import type { Timeout } from "./term/timeout.ts";
import type { Name } from "./process/registry.ts";
import {
  type AutoShutdown,
  type CheckedSpec,
  checkSpecs,
  type ChildSpec,
  type Flags,
  isProblem,
} from "./behaviour/child.ts";
import * as gen from "./behaviour/gen.ts";
import { stopOnSignals } from "./behaviour/os_signals.ts";
import { stop as stopProcess } from "./behaviour/stopping.ts";
import { Refusal, requests } from "./behaviour/administration.ts";
import { supervising, type SupervisorModule } from "./behaviour/supervising.ts";
import * as gen_server from "./gen_server.ts";

export type { AutoShutdown, ChildSpec, Flags, SupervisorModule };
export type { Strategy } from "./behaviour/child.ts";

/** Options of a supervisor. */
export interface SupervisorOptions extends Flags {
  /** Registers the supervisor under this name. */
  readonly name?: Name | Via | undefined;
  /**
   * `true`: SIGTERM and SIGINT stop the tree in OTP's order, within its shutdown times; a second signal ends the program at
   * once.
   */
  readonly signals?: boolean | undefined;
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

/** Checks specifications without starting anything. @throws OtpError with the first problem */
export function check_childspecs(specs: readonly unknown[], auto_shutdown?: AutoShutdown): typeof OK {
  const auto = typeof auto_shutdown === "string" ? ensure(auto_shutdown) : auto_shutdown;
  if (auto !== undefined && auto !== NEVER && auto !== ANY_SIGNIFICANT && auto !== ALL_SIGNIFICANT) {
    throw new OtpError(
      [BADARG, auto_shutdown],
      `Child specifications cannot be checked: auto_shutdown must be never, any_significant or all_significant, got ${describe(auto_shutdown)}`,
    );
  }
  const checked = checkSpecs(specs, auto);
  if (isProblem(checked)) throw new OtpError(checked.reason, `Child specifications are wrong: ${checked.text}`);
  return Ok;
}

type Given = readonly [first: unknown, second?: unknown, third?: SupervisorOptions];
type Launcher = typeof gen_server.start | typeof gen_server.start_link;

async function launch(how: Launcher, given: Given): Promise<Pid | typeof IGNORE> {
  const [first, second] = given;
  const listed = isTuple(first);
  const options = ((listed ? second : given[2]) ?? {}) as SupervisorOptions;
  const module = listed ? { init: () => [Ok, [options, first]] } : (first as SupervisorModule);
  const argument = listed ? undefined : second;
  const { name } = options;
  const pid = (await how(supervising as never, [module, argument] as never, name === undefined ? {} : { name })) as
    | Pid
    | typeof IGNORE;
  if (options.signals === true && pid instanceof Pid) stopOnSignals(pid, () => stopProcess(pid, SHUTDOWN, Infinity));
  return pid;
}

async function ask(supervisor: ServerRef, request: unknown): Promise<unknown> {
  const reply = await gen.call(supervisor, request, INFINITY);
  if (reply instanceof Refusal) throw new OtpError(reply.reason, reply.text);
  return reply;
}
