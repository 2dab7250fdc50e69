/**
 * What a supervisor does: a gen_server whose callbacks start, watch, restart and end children, as OTP's `supervisor.erl`
 * does, in its order and with its error terms. The rules are in `restart.ts` and `child.ts`.
 */
import { type Atom, ensure } from "../term/atom.ts";
import {
  ACTIVE,
  ALL_SIGNIFICANT,
  ALREADY_PRESENT,
  ALREADY_STARTED,
  BAD_RETURN,
  BAD_START_SPEC,
  EXIT,
  FAILED_TO_START_CHILD,
  IGNORE,
  INIT,
  NEVER,
  NOREPLY,
  NOT_FOUND,
  OK,
  REPLY,
  RESTARTING,
  RUNNING,
  SHUTDOWN,
  SIMPLE_ONE_FOR_ONE,
  SPECS,
  START_SPEC,
  STOP,
  SUPERVISOR,
  SUPERVISOR_DATA,
  SUPERVISORS,
  TEMPORARY,
  WORKERS,
} from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { OtpError, Thrown } from "../term/error.ts";
import { Pid } from "../term/pid.ts";
import { inWords, isOrderly, reasonOf, say } from "../term/reason.ts";
import { settle } from "../term/shape.ts";
import { current, enter } from "../process/context.ts";
import { type Process, processOf } from "../process/process.ts";
import { forever } from "../process/forever.ts";
import { report } from "../process/report.ts";
import type { From } from "../process/request.ts";
import { now } from "../process/timer.ts";
import { deliverCast } from "./server.ts";
import { type CheckedFlags, type CheckedSpec, checkFlags, checkSpec, checkSpecs, isProblem, keyOf } from "./child.ts";
import { Child, Children } from "./children.ts";
import { group, restarts, Window } from "./restart.ts";
import { type Odd, shut, shutAll } from "./shutdown.ts";

/** OTP's form of a supervisor's callback module. */
export interface SupervisorModule<A = unknown> {
  init(arg: A): unknown;
}

class State {
  readonly self: Process;
  readonly flags: CheckedFlags;
  readonly children = new Children();
  /** The one specification of a simple_one_for_one supervisor. */
  readonly dynamic: CheckedSpec | undefined;
  readonly window: Window;

  constructor(self: Process, flags: CheckedFlags, dynamic: CheckedSpec | undefined) {
    this.self = self;
    this.flags = flags;
    this.dynamic = dynamic;
    this.window = new Window(flags.intensity, flags.period);
  }
}

settle(() => new State(undefined as never, { intensity: 0, period: 0 } as never, undefined));

/** Why a child did not start; `text` where the reason alone would not tell a person. */
interface Failure {
  readonly error: unknown;
  readonly text?: string;
}

type Started = { readonly ok: unknown; readonly pid: Pid | undefined } | Failure;

const START_CHILD = ensure("start_child");
const TERMINATE_CHILD = ensure("terminate_child");
const RESTART_CHILD = ensure("restart_child");
const DELETE_CHILD = ensure("delete_child");
const GET_CHILDSPEC = ensure("get_childspec");
const WHICH_CHILDREN = ensure("which_children");
const COUNT_CHILDREN = ensure("count_children");
const TRY_AGAIN = ensure("try_again_restart");
export const requests = {
  START_CHILD,
  TERMINATE_CHILD,
  RESTART_CHILD,
  DELETE_CHILD,
  GET_CHILDSPEC,
  WHICH_CHILDREN,
  COUNT_CHILDREN,
};

/** The reply to an operation that was refused: `{error, Reason}`, with a sentence. */
export class Refusal {
  readonly reason: unknown;
  readonly text: string;
  constructor(reason: unknown, text: string) {
    this.reason = reason;
    this.text = text;
  }
}

/** The callback module of all supervisors; its argument is the user's module and that one's argument. */
export const supervising = {
  behaviour: "supervisor",
  init,
  handle_call,
  handle_cast,
  handle_info,
  terminate,
  format_status: (status: { readonly state?: unknown }) => ({ ...status, state: shown(status.state) }),
};

async function init([module, arg]: readonly [SupervisorModule, unknown]): Promise<unknown> {
  const self = current as Process;
  self.trapping = true;
  const result = await module.init(arg);
  enter(self);
  if (result === IGNORE) return IGNORE;
  if (
    !Array.isArray(result) ||
    result[0] !== OK ||
    result.length !== 2 ||
    !Array.isArray(result[1]) ||
    result[1].length !== 2
  ) {
    return [STOP, [BAD_RETURN, [module, INIT, result]]];
  }
  const [flags, specs] = result[1] as [unknown, unknown];
  const checked = checkFlags(flags);
  if (isProblem(checked)) return [STOP, say([SUPERVISOR_DATA, checked.reason], checked.text)];
  const simple = checked.strategy === SIMPLE_ONE_FOR_ONE;
  if (simple && (!Array.isArray(specs) || specs.length !== 1))
    return [
      STOP,
      say([BAD_START_SPEC, specs], "a simple_one_for_one supervisor takes exactly one child specification"),
    ];
  const list = checkSpecs(specs, checked.auto_shutdown);
  if (isProblem(list)) return [STOP, say([START_SPEC, list.reason], list.text)];
  const state = new State(self, checked, simple ? list[0] : undefined);
  if (simple) return [OK, state];
  const { children } = state;
  for (const spec of list) children.add(new Child(spec, [], undefined));
  const failed = await startAll(state, children.list());
  if (failed === undefined) return [OK, state];
  await endAll(state, children.list());
  const { id } = failed.child.spec;
  const reason = [FAILED_TO_START_CHILD, id, failed.error];
  if (failed.text !== undefined) say(reason, `child ${describe(id)} failed to start: ${failed.text}`);
  return [STOP, [SHUTDOWN, reason]];
}

async function handle_call(request: unknown, _from: From, state: State): Promise<unknown> {
  const reply = (value: unknown) => [REPLY, value, state];
  if (request === WHICH_CHILDREN) return reply(which(state));
  if (request === COUNT_CHILDREN) return reply(count(state));
  if (Array.isArray(request)) {
    const [operation, argument]: unknown[] = request;
    switch (operation) {
      case START_CHILD:
        return reply(await startChild(state, argument));
      case TERMINATE_CHILD:
        return reply(await terminateChild(state, argument));
      case RESTART_CHILD:
        return reply(await restartChild(state, argument));
      case DELETE_CHILD:
        return reply(deleteChild(state, argument));
      case GET_CHILDSPEC:
        return reply(getChildspec(state, argument));
      default:
    }
  }
  return reply(new Refusal(ensure("unknown_request"), `Supervisors do not know the request ${describe(request)}`));
}

function handle_cast(message: unknown, state: State): unknown {
  if (Array.isArray(message) && message[0] === TRY_AGAIN) {
    const child = message[1] as Child;
    if (child.restarting && isKnown(state, child)) return restart(state, child);
  }
  return [NOREPLY, state];
}

function handle_info(message: unknown, state: State): unknown {
  if (Array.isArray(message) && message[0] === EXIT && message.length === 3) {
    const child = state.children.findByPid(message[1]);
    return child === undefined ? [NOREPLY, state] : childEnded(state, child, message[2]);
  }
  report(
    "warning",
    "unexpected_message",
    () => ({ supervisor: state.self.pid, message }),
    () => `Supervisor ${nameOf(state.self)} received an unexpected message: ${describe(message)}`,
  );
  return [NOREPLY, state];
}

async function terminate(_reason: unknown, state: State): Promise<void> {
  await endAll(state, state.children.list());
}

// Goes on, or stops because it gave up or a significant child ended.
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

// `ended`: why it is restarted; undefined where an earlier restart failed, which was reported.
function restart(state: State, child: Child, ended?: { readonly reason: unknown }): unknown {
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
        `Supervisor ${nameOf(self)} gives up: child ${describe(id)} ${why()}, and more than ${intensity} restarts within ${period} s are too many (this would be number ${window.count}). It ends with reason shutdown`,
    );
    forget(state, child);
    return go(state, false);
  }
  if (ended !== undefined) {
    report(
      "warning",
      "child_terminated",
      () => offender(state, child, ended.reason),
      () => `Supervisor ${nameOf(self)} restarts child ${describe(id)} ${child.pid}, which ${why()}`,
    );
  }
  const { strategy } = flags;
  const together = strategy === SIMPLE_ONE_FOR_ONE ? [child] : group(strategy, () => state.children.list(), child);
  if (together.length > 1) return restartGroup(state, child, together);
  // A child that goes alone, which is the rule, is one wait, and no function that waits for another one.
  if (strategy !== SIMPLE_ONE_FOR_ONE) state.children.runs(child, undefined);
  return start(state, child, (started) => {
    if ("error" in started) tryAgain(state, child);
    else runs(state, child, started.pid);
    return go(state, true);
  });
}

async function restartGroup(state: State, child: Child, together: readonly Child[]): Promise<unknown> {
  state.children.runs(child, undefined);
  await endAll(
    state,
    together.filter((each) => each !== child),
  );
  const failed = await startAll(
    state,
    together.filter((each) => each === child || isKnown(state, each)),
  );
  if (failed !== undefined) tryAgain(state, failed.child);
  return go(state, true);
}

function tryAgain(state: State, child: Child): void {
  state.children.runs(child, undefined);
  child.restarting = true;
  deliverCast(state.self, [TRY_AGAIN, child]);
}

// Starts children in order up to the first that fails.
async function startAll(
  state: State,
  list: readonly Child[],
): Promise<(Failure & { readonly child: Child }) | undefined> {
  for (const child of list) {
    const failed = await start(state, child, (started) => {
      if ("error" in started) return { child, ...started };
      runs(state, child, started.pid);
      return undefined;
    });
    if (failed !== undefined) return failed;
  }
  return undefined;
}

// A child was started, or it is ignored: then its specification stays without a pid, unless it is one to forget.
function runs(state: State, child: Child, pid: Pid | undefined): void {
  const { children } = state;
  if (pid !== undefined) children.runs(child, pid);
  else if (state.dynamic !== undefined) children.remove(child, child);
  else if (child.spec.restart === TEMPORARY) children.remove(child);
  else children.runs(child, undefined);
}

// Starts a child of the list, and reports it if that fails.
function start<T>(state: State, child: Child, then: (started: Started) => T): Promise<T> {
  return run(state, child.spec, child.extra, (started) => {
    if ("error" in started) {
      report(
        "error",
        "start_error",
        () => offender(state, child, started.error),
        () =>
          `Supervisor ${nameOf(state.self)} could not start child ${describe(child.spec.id)}: ${started.text ?? inWords(started.error)}`,
      );
    }
    return then(started);
  });
}

// Calls the start function, waits for it, and goes on with `then` as the supervisor.
function run<T>(state: State, spec: CheckedSpec, extra: readonly unknown[], then: (started: Started) => T): Promise<T> {
  const { self } = state;
  const goOn = (started: Started): T | Promise<never> => {
    enter(self);
    // A supervisor that was killed meanwhile starts nothing more, and has nothing to tell.
    return self.alive ? then(started) : forever();
  };
  // As `await` does it: whatever `then` the promise of a start function may have of its own.
  return Promise.prototype.then.call(
    called(spec, extra),
    (result) => goOn(outcome(result)),
    (error: unknown) => goOn(failure(error)),
  ) as Promise<T>;
}

function called(spec: CheckedSpec, extra: readonly unknown[]): Promise<unknown> {
  const { args } = spec;
  try {
    return Promise.resolve(extra.length === 0 ? spec.task(...args) : spec.task(...args, ...extra));
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function outcome(result: unknown): Started {
  if (result instanceof Pid) return { ok: result, pid: result };
  if (result === IGNORE) return { ok: undefined, pid: undefined };
  if (Array.isArray(result) && result.length === 2 && result[0] instanceof Pid) return { ok: result, pid: result[0] };
  return {
    error: result,
    text: `its task returned ${describe(result)}, and must return a pid, [pid, info] or IGNORE`,
  };
}

// What a start function throws is an answer too: OTP's `catch apply(M, F, A)`.
function failure(error: unknown): Started {
  if (error instanceof OtpError) return { error: error.reason };
  if (error instanceof Thrown) return outcome(error.value);
  return { error: [EXIT, reasonOf(error)] };
}

// Ends children, last first: one after the other, or (simple_one_for_one) all at once.
async function endAll(state: State, list: readonly Child[]): Promise<void> {
  const { dynamic, self } = state;
  if (dynamic === undefined) {
    for (const child of list.toReversed()) await end(state, child);
    return;
  }
  const pids = list.flatMap((child) => child.pid ?? []);
  for (const odd of await shutAll(self, pids, dynamic)) reportShutdown(state, dynamic, odd);
}

async function end(state: State, child: Child): Promise<void> {
  const { pid, spec } = child;
  if (pid !== undefined) {
    const odd = await shut(state.self, pid, spec);
    if (odd !== undefined) reportShutdown(state, spec, odd);
  }
  forget(state, child);
}

function reportShutdown(state: State, spec: CheckedSpec, { pid, reason }: Odd): void {
  report(
    "warning",
    "shutdown_error",
    () => ({ supervisor: state.self.pid, name: state.self.name, id: spec.id, pid, reason }),
    () =>
      `Supervisor ${nameOf(state.self)}: child ${describe(spec.id)} ${pid} did not shut down as it should, it ended with reason ${inWords(reason)}`,
  );
}

function forget(state: State, child: Child): void {
  if (state.dynamic === undefined) state.children.ended(child);
  else state.children.remove(child, child);
}

function isKnown(state: State, child: Child): boolean {
  return state.children.find(state.dynamic === undefined ? child.spec.id : child) === child;
}

async function startChild(state: State, argument: unknown): Promise<unknown> {
  const { dynamic, children } = state;
  if (dynamic !== undefined) {
    if (!Array.isArray(argument)) {
      return new Refusal(
        [ensure("badarg"), argument],
        `start_child of a simple_one_for_one supervisor takes the extra arguments as an array, got ${describe(argument)}`,
      );
    }
    return run(state, dynamic, argument, (started) => {
      if ("error" in started)
        return new Refusal(started.error, `Cannot start child: ${started.text ?? inWords(started.error)}`);
      const { pid } = started;
      const extra = dynamic.restart === TEMPORARY ? [] : argument;
      if (pid !== undefined) {
        const child = new Child(dynamic, extra, pid);
        children.add(child, child);
      }
      return started.ok;
    });
  }
  const spec = checkSpec(argument, state.flags.auto_shutdown);
  if (isProblem(spec)) return new Refusal(spec.reason, `Cannot start child: ${spec.text}`);
  const present = children.find(spec.id);
  if (present?.pid !== undefined)
    return new Refusal(
      [ALREADY_STARTED, present.pid],
      `Cannot start child ${describe(spec.id)}: it runs already as ${present.pid}`,
    );
  if (present !== undefined)
    return new Refusal(
      ALREADY_PRESENT,
      `Cannot start child ${describe(spec.id)}: its specification is there already; use restart_child or delete_child`,
    );
  const child = new Child(spec, [], undefined);
  return start(state, child, (started) => {
    if ("error" in started)
      return new Refusal(
        [started.error, spec],
        `Cannot start child ${describe(spec.id)}: ${started.text ?? inWords(started.error)}`,
      );
    child.pid = started.pid;
    if (started.pid !== undefined || spec.restart !== TEMPORARY) children.add(child);
    return started.ok;
  });
}

async function terminateChild(state: State, id: unknown): Promise<unknown> {
  const child = state.dynamic === undefined ? state.children.find(id) : state.children.findByPid(id);
  if (state.dynamic !== undefined && !(id instanceof Pid)) return simple("terminate_child");
  if (child === undefined) {
    const restarting = state.dynamic === undefined ? undefined : state.children.findRestarting(id);
    if (restarting !== undefined) {
      forget(state, restarting);
      return OK;
    }
    if (state.dynamic !== undefined && id instanceof Pid && processOf(id) === undefined) return OK;
    return notFound("terminate", id);
  }
  await end(state, child);
  return OK;
}

async function restartChild(state: State, id: unknown): Promise<unknown> {
  if (state.dynamic !== undefined) return simple("restart_child");
  const child = state.children.find(id);
  const refused = refuseUnlessStopped(child, "restart", id);
  if (child === undefined || refused !== undefined) return refused;
  return start(state, child, (started) => {
    if ("error" in started)
      return new Refusal(
        started.error,
        `Cannot restart child ${describe(id)}: ${started.text ?? inWords(started.error)}`,
      );
    state.children.runs(child, started.pid);
    return started.ok;
  });
}

function deleteChild(state: State, id: unknown): unknown {
  if (state.dynamic !== undefined) return simple("delete_child");
  const child = state.children.find(id);
  const refused = refuseUnlessStopped(child, "delete", id);
  if (child === undefined || refused !== undefined) return refused;
  state.children.remove(child);
  return OK;
}

function getChildspec(state: State, id: unknown): unknown {
  const spec = state.dynamic === undefined ? state.children.find(id)?.spec : dynamicSpec(state, id);
  return spec ?? notFound("get the specification of", id);
}

function dynamicSpec(state: State, id: unknown): CheckedSpec | undefined {
  if (id instanceof Pid) return state.children.findByPid(id)?.spec;
  return state.dynamic !== undefined && keyOf(state.dynamic.id) === keyOf(id) ? state.dynamic : undefined;
}

function refuseUnlessStopped(child: Child | undefined, what: string, id: unknown): Refusal | undefined {
  if (child === undefined) return notFound(what, id);
  if (child.restarting) return new Refusal(RESTARTING, `Cannot ${what} child ${describe(id)}: it is being restarted`);
  return child.pid === undefined
    ? undefined
    : new Refusal(RUNNING, `Cannot ${what} child ${describe(id)}: it runs as ${child.pid}; terminate it first`);
}

function notFound(what: string, id: unknown): Refusal {
  return new Refusal(NOT_FOUND, `Cannot ${what} child ${describe(id)}: the supervisor has no such child`);
}

function simple(operation: string): Refusal {
  return new Refusal(
    SIMPLE_ONE_FOR_ONE,
    `Cannot do ${operation} by id: the supervisor is simple_one_for_one, its children are known by pid`,
  );
}

function which(state: State): unknown[] {
  return state.children
    .list()
    .reverse()
    .map(({ spec, pid, restarting }) => [
      state.dynamic === undefined ? spec.id : undefined,
      restarting ? RESTARTING : pid,
      spec.type,
      spec.modules,
    ]);
}

function count(state: State): (readonly [Atom, number])[] {
  const list = state.children.list();
  const active = list.filter(({ pid }) => pid !== undefined && processOf(pid) !== undefined).length;
  const supervisors = list.filter(({ spec }) => spec.type === SUPERVISOR).length;
  return [
    [SPECS, state.dynamic === undefined ? list.length : 1],
    [ACTIVE, active],
    [SUPERVISORS, supervisors],
    [WORKERS, list.length - supervisors],
  ];
}

function offender(state: State, child: Child, reason: unknown): Record<string, unknown> {
  const { self } = state;
  return {
    supervisor: self.pid,
    name: self.name,
    id: child.spec.id,
    pid: child.pid,
    restart: child.spec.restart,
    reason,
  };
}

function nameOf(self: Process): string {
  return self.name === undefined ? String(self.pid) : `"${self.name}"`;
}

function shown(state: unknown): unknown {
  return state instanceof State ? { flags: state.flags, children: which(state) } : state;
}
