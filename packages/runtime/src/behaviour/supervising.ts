/**
 * The supervisor: a gen_server whose callbacks start, watch, restart and end children, in the order and with the error
 * terms of OTP's `supervisor.erl`. The rules are in `restart.ts` and `child.ts`.
 */
import { ensure } from "../term/atom.ts";
import {
  ALL_SIGNIFICANT,
  BAD_RETURN,
  BAD_START_SPEC,
  EXIT,
  FAILED_TO_START_CHILD,
  IGNORE,
  INIT,
  NEVER,
  NOREPLY,
  OK,
  REPLY,
  SHUTDOWN,
  SIMPLE_ONE_FOR_ONE,
  START_SPEC,
  STOP,
  SUPERVISOR_DATA,
  TEMPORARY,
} from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { inWords, isOrderly, say, Stack } from "../term/reason.ts";
import { acting, become } from "../process/context.ts";
import { Cast } from "../call/cast.ts";
import type { Process } from "../process/process.ts";
import { report } from "../process/report.ts";
import { WHOLE } from "../process/whole.ts";
import { type From, Request } from "../call/request.ts";
import { now } from "../process/clock.ts";
import { administer, UNKNOWN } from "./child_requests.ts";
import type { CheckedBackoff } from "./backoff.ts";
import { delay, endOf } from "./delayed_restart.ts";
import { type CheckedSpec, checkFlags, checkSpecs, isProblem, type Unknown } from "./child.ts";
import { Child } from "./children.ts";
import { whenDead } from "./ended.ts";
import { terminateChildren } from "./terminate_children.ts";
import { wrongSupervisor } from "./mistake.ts";
import { group, restarts } from "./restart.ts";
import { startAndReport, startChildren } from "./start_children.ts";
import { forget, isKnown, nameOf, noteRestart, offender, setPid, State, which } from "./supervisor_state.ts";

/** OTP's form of a supervisor's callback module. */
export interface SupervisorModule<A = unknown> {
  init(arg: A): unknown;
}

const INTERRUPTED = Symbol("interrupted");
const FUNCTION_CLAUSE = ensure("function_clause");
const TRY_AGAIN = ensure("try_again_restart");

/** The callback module of all supervisors; its argument is the user's module and the argument of that. */
export const supervising = {
  behaviour: "supervisor",
  init,
  handle_call,
  handle_cast,
  handle_info,
  terminate,
  format_status: (status: { readonly state?: unknown }) => ({ ...status, state: shown(status.state) }),
};

/** A tree that the signals of the operating system stop. */
interface SignalledTree {
  readonly exit: boolean;
  readonly stopped: boolean;
  state: State | undefined;
  begun(self: Process): boolean;
  fail(): void;
}

/** How a supervisor was started. */
export interface Beginning {
  /** Code outside all processes started it. */
  readonly top: boolean;
  readonly unknown: Unknown;
  /** Is notified before anything else; false means that the supervisor must not start. */
  readonly tree: SignalledTree | undefined;
}

async function init([module, arg, { top, tree, unknown }]: readonly [
  SupervisorModule,
  unknown,
  Beginning,
]): Promise<unknown> {
  const self = acting() as Process;
  self.trapping = true;
  if (tree?.begun(self) === false) return [STOP, SHUTDOWN];
  const result = await module.init(arg);
  become(self);
  if (result === IGNORE) return IGNORE;
  if (!isTuple(result) || result[0] !== OK || result.length !== 2 || !isTuple(result[1]) || result[1].length !== 2) {
    return [STOP, say([BAD_RETURN, [module, INIT, result]], wrongSupervisor(module, result))];
  }
  const [flags, specs] = result[1] as [unknown, unknown];
  const checked = checkFlags(flags, unknown);
  if (isProblem(checked)) return [STOP, say([SUPERVISOR_DATA, checked.reason], checked.text)];
  const simple = checked.strategy === SIMPLE_ONE_FOR_ONE;
  if (simple && (!isTuple(specs) || specs.length !== 1))
    return [
      STOP,
      say([BAD_START_SPEC, specs], "a simple_one_for_one supervisor takes exactly one child specification"),
    ];
  const list = checkSpecs(specs, checked.auto_shutdown, unknown);
  if (isProblem(list)) return [STOP, say([START_SPEC, list.reason], list.text)];
  const state = new State(self, checked, simple ? list[0] : undefined);
  state.top = top;
  if (tree !== undefined) tree.state = state;
  state.unknown = unknown;
  if (top || tree?.exit === true)
    whenDead(self, undefined, () => {
      if (state.gaveUp && tree?.stopped !== true) failProgram(state, tree);
    });
  if (simple) {
    state.initialising = false;
    return [OK, state];
  }
  // Its children are visible while they start.
  (self as { state?: unknown }).state = state;
  const { children } = state;
  for (const spec of list) children.add(new Child(spec, [], undefined));
  const failed = await Promise.race([
    startChildren(state, children.list()),
    new Promise<typeof INTERRUPTED>((resolve) => {
      state.interrupt = () => resolve(INTERRUPTED);
    }),
  ]);
  if (failed === undefined && !state.interrupted) {
    state.initialising = false;
    return [OK, state];
  }
  await terminateChildren(state, children.list());
  if (failed === undefined || failed === INTERRUPTED) return [STOP, SHUTDOWN];
  const { id } = failed.child.spec;
  const reason = [FAILED_TO_START_CHILD, id, failed.error];
  if (failed.text !== undefined) say(reason, `child ${describe(id)} failed to start: ${failed.text}`);
  return [STOP, [SHUTDOWN, reason]];
}

// Operators and schedulers go by exit statuses. One that the program has set already stays, unless it says that all is well.
function failProgram(state: State, tree: SignalledTree | undefined): void {
  const ends = tree?.exit === true;
  if (!ends && Number(process.exitCode ?? 0) !== 0) return;
  process.exitCode = 1;
  report(
    "error",
    "tree_gave_up",
    () => ({ supervisor: state.self.pid, status: 1 }),
    () =>
      `The supervision tree of ${state.self.pid} is gone, because it gave up: ${ends ? `the ${WHOLE} ends with status 1` : `the ${WHOLE}'s exit status is 1`}`,
  );
  tree?.fail();
}

async function handle_call(request: unknown, from: From, state: State): Promise<unknown> {
  const reply = await administer(request, state);
  if (reply !== UNKNOWN) return [REPLY, reply, state];
  // In OTP this ends the supervisor and all its children. Here the caller fails in the same way, and the supervisor
  // lives on.
  const sentence = `supervisors do not know the request ${describe(request)}`;
  unexpected(state, `an unknown call`, request);
  const [, tag] = from;
  if (tag instanceof Request) tag.fail(say([FUNCTION_CLAUSE, new Stack(new Error(sentence))], sentence));
  return [NOREPLY, state];
}

function unexpected(state: State, what: string, message: unknown): void {
  report(
    "warning",
    "unexpected_message",
    () => ({ supervisor: state.self.pid, message }),
    () => `Supervisor ${nameOf(state.self)} received ${what}: ${describe(message)}`,
  );
}

function handle_cast(message: unknown, state: State): unknown {
  if (tagOf(message, 2) === TRY_AGAIN) {
    const child = (message as readonly unknown[])[1] as Child;
    if (child.restarting && isKnown(state, child)) return restart(state, child);
  } else {
    unexpected(state, "an unknown cast", message);
  }
  return [NOREPLY, state];
}

function handle_info(message: unknown, state: State): unknown {
  if (tagOf(message, 3) === EXIT) {
    const [, from, reason] = message as readonly unknown[];
    const child = state.children.findByPid(from);
    return child === undefined ? [NOREPLY, state] : childEnded(state, child, reason);
  }
  unexpected(state, "an unexpected message", message);
  return [NOREPLY, state];
}

async function terminate(_reason: unknown, state: State): Promise<void> {
  await terminateChildren(state, state.children.list());
}

// Continues, or stops because it gave up or a significant child ended.
function go(state: State, on: boolean): unknown {
  return on ? [NOREPLY, state] : [STOP, SHUTDOWN, state];
}

function childEnded(state: State, child: Child, reason: unknown): unknown {
  const { spec } = child;
  if (restarts(spec.restart, reason)) return restart(state, child, { reason });
  if (spec.restart === TEMPORARY && !isOrderly(reason)) {
    report(
      "warning",
      "child_terminated",
      () => offender(state, child, reason),
      () =>
        `Supervisor ${nameOf(state.self)} lost temporary child ${describe(spec.id)} ${child.pid}, which ended with reason ${inWords(reason)}`,
    );
  }
  forget(state, child);
  return go(state, !shutsDown(state, spec));
}

// Whether the end of a child ends the supervisor (auto_shutdown).
function shutsDown(state: State, spec: CheckedSpec): boolean {
  const { auto_shutdown } = state.flags;
  if (auto_shutdown === NEVER || !spec.significant) return false;
  if (auto_shutdown !== ALL_SIGNIFICANT) return true;
  return !state.children
    .list()
    .some((child) => child.spec.significant && (child.pid !== undefined || child.restarting));
}

// `ended`: why it is restarted; undefined if an earlier restart failed, which was reported.
function restart(state: State, child: Child, failed?: { readonly reason: unknown }): unknown {
  const { backoff } = child.spec;
  if (backoff !== undefined && failed !== undefined) return restartLater(state, child, backoff, failed.reason);
  // A delayed restart has been reported already, but not its reason.
  const ended = backoff === undefined ? failed : endOf(child);
  const { self, flags, window } = state;
  const { id } = child.spec;
  const why = () => (ended === undefined ? "could not be restarted" : `ended with reason ${inWords(ended.reason)}`);
  if (!window.admit(Math.floor(now() / 1_000))) {
    const { intensity, period } = flags;
    report(
      "error",
      "supervisor_shutdown",
      () => ({ ...offender(state, child, ended?.reason ?? SHUTDOWN), intensity, period }),
      () =>
        `Supervisor ${nameOf(self)} gives up: child ${describe(id)} ${why()}, and no more than ${intensity} ${intensity === 1 ? "restart" : "restarts"} within ${period} s may happen (this would be number ${window.count}). It ends with reason shutdown`,
    );
    state.gaveUp = true;
    forget(state, child);
    return go(state, false);
  }
  if (failed !== undefined) {
    report(
      "warning",
      "child_terminated",
      () => offender(state, child, failed.reason),
      () => `Supervisor ${nameOf(self)} restarts child ${describe(id)} ${child.pid}, which ${why()}`,
    );
  }
  const { strategy } = flags;
  const together = strategy === SIMPLE_ONE_FOR_ONE ? [child] : group(strategy, () => state.children.list(), child);
  noteRestart(state, child, together, ended);
  if (together.length > 1) return restartGroup(state, child, together);
  // The usual case, a single child, is one wait, without a function that waits for another.
  if (strategy !== SIMPLE_ONE_FOR_ONE) state.children.setPid(child, undefined);
  return startAndReport(state, child, (started) => {
    if ("error" in started) tryAgain(state, child);
    else setPid(state, child, started.pid);
    return go(state, true);
  });
}

// The other affected children are stopped at once, and started with it.
function restartLater(state: State, child: Child, backoff: CheckedBackoff, reason: unknown): unknown {
  const { self, flags } = state;
  const { id } = child.spec;
  const { pid } = child;
  const ms = tryLater(state, child, backoff, reason);
  report(
    "warning",
    "child_terminated",
    () => ({ ...offender(state, child, reason), pid, delay: ms }),
    () =>
      `Supervisor ${nameOf(self)} restarts child ${describe(id)} ${pid} in ${ms} ms, which ended with reason ${inWords(reason)}`,
  );
  const { strategy } = flags;
  if (strategy === SIMPLE_ONE_FOR_ONE) return [NOREPLY, state];
  const others = group(strategy, () => state.children.list(), child).filter((each) => each !== child);
  return others.length === 0 ? [NOREPLY, state] : terminateChildren(state, others).then(() => [NOREPLY, state]);
}

function tryLater(state: State, child: Child, backoff: CheckedBackoff, reason: unknown): number {
  const { self } = state;
  state.children.setPid(child, undefined);
  child.restarting = true;
  return delay(child, backoff, reason, self, () => self.enqueue(new Cast([TRY_AGAIN, child])));
}

async function restartGroup(state: State, child: Child, together: readonly Child[]): Promise<unknown> {
  state.children.setPid(child, undefined);
  await terminateChildren(
    state,
    together.filter((each) => each !== child),
  );
  const failed = await startChildren(
    state,
    together.filter((each) => each === child || isKnown(state, each)),
  );
  if (failed !== undefined) tryAgain(state, failed.child);
  return go(state, true);
}

function tryAgain(state: State, child: Child): void {
  const { backoff } = child.spec;
  if (backoff !== undefined) {
    tryLater(state, child, backoff, endOf(child)?.reason);
    return;
  }
  state.children.setPid(child, undefined);
  child.restarting = true;
  state.self.enqueue(new Cast([TRY_AGAIN, child]));
}

function shown(state: unknown): unknown {
  return state instanceof State ? { flags: state.flags, children: which(state) } : state;
}
