/** The requests to a supervisor: starting, ending, restarting, removing and listing children. */
import { type Atom, ensure } from "../term/atom.ts";
import {
  ACTIVE,
  ALREADY_PRESENT,
  ALREADY_STARTED,
  NOT_FOUND,
  OK,
  RESTARTING,
  RUNNING,
  SIMPLE_ONE_FOR_ONE,
  SPECS,
  SUPERVISOR,
  SUPERVISORS,
  TEMPORARY,
  WORKERS,
} from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, read } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { inWords } from "../term/reason.ts";
import { processOf } from "../process/process.ts";
import { type CheckedSpec, checkSpec, isProblem, keyOf } from "./child.ts";
import { Child } from "./children.ts";
import { terminateAndReport } from "./terminate_children.ts";
import { callTask, startAndReport } from "./start_children.ts";
import { forget, type State, which } from "./supervisor_state.ts";

const START_CHILD = ensure("start_child");
const TERMINATE_CHILD = ensure("terminate_child");
const RESTART_CHILD = ensure("restart_child");
const DELETE_CHILD = ensure("delete_child");
const GET_CHILDSPEC = ensure("get_childspec");
const WHICH_CHILDREN = ensure("which_children");
const COUNT_CHILDREN = ensure("count_children");
export const requests = {
  START_CHILD,
  TERMINATE_CHILD,
  RESTART_CHILD,
  DELETE_CHILD,
  GET_CHILDSPEC,
  WHICH_CHILDREN,
  COUNT_CHILDREN,
};

/** The reply to a refused operation: `{error, Reason}`, with a sentence. */
export class Refusal {
  readonly reason: unknown;
  readonly text: string;
  constructor(reason: unknown, text: string) {
    this.reason = reason;
    this.text = text;
  }
}

/** Carries out a request. Returns the reply, or a promise of it. */
export function administer(request: unknown, state: State): unknown {
  if (request === WHICH_CHILDREN) return which(state);
  if (request === COUNT_CHILDREN) return count(state);
  if (isTuple(request)) {
    const operation = read(request, 0);
    const argument = read(request, 1);
    switch (operation) {
      case START_CHILD:
        return startChild(state, argument);
      case TERMINATE_CHILD:
        return terminateChild(state, argument);
      case RESTART_CHILD:
        return restartChild(state, argument);
      case DELETE_CHILD:
        return deleteChild(state, argument);
      case GET_CHILDSPEC:
        return getChildspec(state, argument);
      default:
    }
  }
  return UNKNOWN;
}

/** The result for a request that supervisors do not know. */
export const UNKNOWN = Symbol("unknown");

async function startChild(state: State, argument: unknown): Promise<unknown> {
  const { dynamic, children } = state;
  if (dynamic !== undefined) {
    if (!isTuple(argument)) {
      return new Refusal(
        [ensure("badarg"), argument],
        `start_child of a simple_one_for_one supervisor takes the extra arguments as an array, got ${describe(argument)}`,
      );
    }
    return callTask(state, dynamic, argument, (started) => {
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
  const spec = checkSpec(argument, state.flags.auto_shutdown, state.unknown);
  if (isProblem(spec)) return new Refusal(spec.reason, `Cannot start child: ${spec.text}`);
  const present = children.find(spec.id);
  if (present?.pid !== undefined)
    return new Refusal(
      [ALREADY_STARTED, present.pid],
      `Cannot start child ${describe(spec.id)}: it is already running as ${present.pid}`,
    );
  if (present !== undefined)
    return new Refusal(
      ALREADY_PRESENT,
      `Cannot start child ${describe(spec.id)}: its specification already exists; use restart_child or delete_child`,
    );
  const child = new Child(spec, [], undefined);
  return startAndReport(state, child, (started) => {
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
    const restarting = state.dynamic === undefined ? undefined : state.children.findFormer(id);
    if (restarting !== undefined) {
      forget(state, restarting);
      return OK;
    }
    if (state.dynamic !== undefined && id instanceof Pid && processOf(id) === undefined) return OK;
    return notFound("terminate", id);
  }
  await terminateAndReport(state, child);
  return OK;
}

async function restartChild(state: State, id: unknown): Promise<unknown> {
  if (state.dynamic !== undefined) return simple("restart_child");
  const child = state.children.find(id);
  const refused = refuseUnlessStopped(child, "restart", id);
  if (child === undefined || refused !== undefined) return refused;
  return startAndReport(state, child, (started) => {
    if ("error" in started)
      return new Refusal(
        started.error,
        `Cannot restart child ${describe(id)}: ${started.text ?? inWords(started.error)}`,
      );
    state.children.setPid(child, started.pid);
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
  // As in OTP: a pid without a process may have been a child's.
  if (id instanceof Pid)
    return state.children.findByPid(id)?.spec ?? (processOf(id) === undefined ? state.dynamic : undefined);
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

function count(state: State): (readonly [Atom, number])[] {
  const list = state.children.list();
  // Under simple_one_for_one OTP counts all that are not being restarted.
  const active =
    state.dynamic === undefined
      ? list.filter(({ pid }) => pid !== undefined && processOf(pid) !== undefined).length
      : list.filter(({ restarting }) => !restarting).length;
  const supervisors = list.filter(({ spec }) => spec.type === SUPERVISOR).length;
  return [
    [SPECS, state.dynamic === undefined ? list.length : 1],
    [ACTIVE, active],
    [SUPERVISORS, supervisors],
    [WORKERS, list.length - supervisors],
  ];
}
