import {
  atoms,
  DOWN,
  erlang,
  EXIT,
  gen_server,
  NOREPLY,
  OK,
  type Pid,
  REPLY,
  STOP,
  supervisor,
  TIMEOUT,
  TRAP_EXIT,
} from "@otpts/runtime";
import { path_from_atom, RELOAD } from "../atoms.ts";
import { newBudget } from "../budget.ts";
import { explain } from "../core/explain.ts";
import type { Segments } from "../core/value.ts";
import type { ConfigCalls, ConfigCasts, Path, PutOptions, Refusal } from "../protocol.ts";
import { togetherOf } from "../sources/together.ts";
import type { ConfigSpec } from "../spec.ts";
import { Effects } from "./effects.ts";
import type { Event, Timer } from "./event.ts";
import { EVENT, type EventMessage, elementsOf, isTagged, tagOf } from "./messages.ts";
import { differenceOf, historyOf } from "./history.ts";
import { masked } from "./masked.ts";
import { isAtom } from "./identity.ts";
import { readPath, readPathBelow, readPutOptions, readWanted, unknownRequest } from "./requests.ts";
import { initialState } from "./initial_state.ts";
import type { Request, SavedOverrides, State } from "./state.ts";
import { statusOf } from "./status.ts";
import { step } from "./step.ts";
import { ticks } from "./ticks.ts";
import { type ManagerStore, storeOf } from "./store.ts";
import { asError } from "./thrown.ts";

/**
 * The gen_server behind `"config_manager"`: reads are answered at once, and everything else is an event for `step`,
 * which decides; its effects are then carried out.
 */
export const config_manager = {
  name: "config_manager",
  init,
  handle_call,
  handle_cast,
  handle_info,
  terminate,
  format_status: masked,
};

/** The start arguments of a manager. */
export interface Start {
  readonly spec: ConfigSpec;
  /** The supervisor of the sources' processes. */
  readonly sources: Pid;
  /** The supervisor of the delivery processes. */
  readonly deliveries: Pid;
}

/** The state of the manager's gen_server: the manager's state, its store, and the executor of its effects. */
export interface Server {
  readonly state: State;
  readonly store: ManagerStore;
  readonly effects: Effects;
}

type From = gen_server.From;
type NoReply = readonly [typeof NOREPLY, Server];

const call = gen_server.calls<ConfigCalls, Server>(
  {
    get_config: ([, path, fallback], _from, server) => {
      const value = valueAt(server, path);
      if (value === undefined && fallback === undefined) server.effects.missed(readPath(path, "get"), server.state);
      return [REPLY, value === undefined ? fallback : value, server];
    },
    put_config: ([, path, value, options], from, server) =>
      change(server, from, { cause: "put", path: pathOf(server, path, "put"), value, ...readOptions(options, "put") }),
    merge_config: ([, path, value, options], from, server) =>
      change(server, from, {
        cause: "merge",
        path: pathOf(server, path, "merge"),
        value,
        ...readOptions(options, "merge"),
      }),
    unset_config: ([, path, options], from, server) =>
      change(server, from, { cause: "unset", path: pathOf(server, path, "unset"), ...readOptions(options, "unset") }),
    rollback: ([, version, options], from, server) =>
      change(server, from, { cause: "rollback", version, ...readOptions(options, "roll back") }),
    history: (_request, _from, server) => [REPLY, historyOf(server.state), server],
    diff: ([, version, to], from, server) => {
      const { snapshot } = server.state.configuration;
      return answer(server, from, differenceOf(server.state, version, to ?? snapshot.version, newBudget()));
    },
    subscribe: ([, pattern, subscriber, options], from, server) => {
      const wanted = readWanted(pattern, subscriber, options, "subscribe to", server.state.spec.aliases);
      if (wanted.options.signal?.aborted === true) return [REPLY, true, server];
      return handle(server, { type: "subscribe", wanted, caller: { from } });
    },
    unsubscribe: ([, pattern, subscriber], from, server) => {
      const wanted = readWanted(pattern, subscriber, undefined, "unsubscribe from", server.state.spec.aliases);
      return handle(server, { type: "unsubscribe", wanted, caller: { from } });
    },
    reload: (_request, from, server) => handle(server, { type: "reload", caller: { from } }),
    status: (_request, from, server) =>
      answer(server, from, statusOf(server.state, server.effects.misses(server.state))),
    explain: ([, path], from, server) => {
      const { configuration, spec } = server.state;
      const { secrets, shape, aliases, deprecations } = spec;
      const context = { ...configuration, secrets, shape, aliases, deprecations };
      return answer(server, from, explain(readPath(path, "explain"), context, newBudget()));
    },
  },
  (request, _from, server) => [REPLY, refusal(unknownRequest(request)), server],
);

const cast = gen_server.casts<ConfigCasts, Server>(
  {
    reload: (_message, server) => handle(server, { type: "reload", caller: undefined }),
    source_update: ([, name, tree], server) => {
      const admitted = server.effects.admitted(name, tree);
      return admitted === undefined && tree !== undefined
        ? [NOREPLY, server]
        : handle(server, { type: "source_update", name, tree: admitted });
    },
    unsubscribe: ([, pattern, subscriber], server) => {
      const wanted = readWanted(pattern, subscriber, undefined, "unsubscribe from", server.state.spec.aliases);
      return handle(server, { type: "unsubscribe", wanted, caller: undefined });
    },
  },
  (_message, server) => [NOREPLY, server],
);

async function init({
  spec,
  sources,
  deliveries,
}: Start): Promise<readonly [typeof OK, Server] | readonly [typeof STOP, unknown]> {
  erlang.process_flag(TRAP_EXIT, true);
  const store = storeOf(spec);
  const effects = new Effects(spec, deliveries);
  erlang.signal().addEventListener("abort", () => effects.close(), { once: true });
  const workers = await workersOf(sources, spec);
  let saved: SavedOverrides | undefined;
  try {
    await spec.overrides_file?.lock(() => erlang.is_process_alive(sources));
    saved = await spec.overrides_file?.load();
  } catch (error) {
    return [STOP, asError(error)];
  }
  if (store.saved?.phase === "running") {
    const server: Server = { state: store.saved, store, effects };
    return [OK, advance(server, { type: "restarted", workers })];
  }
  let server: Server = advance({ state: initialState(spec), store, effects }, { type: "started", workers, saved });
  while (server.state.phase === "starting") {
    const message = await erlang.receive((one) => eventOf(server, one, false) !== undefined || isTagged(one, EXIT));
    const event = eventOf(server, message, true);
    if (event !== undefined) server = advance(server, event);
  }
  if (server.state.phase === "running") return [OK, server];
  effects.close();
  return [STOP, server.state.failure];
}

function handle_call(request: Parameters<typeof call>[0], from: From, server: Server): ReturnType<typeof call> {
  try {
    return call(request, from, server);
  } catch (error) {
    // An unreadable request is refused. A failure after a step is a crash: the next manager continues after that step.
    if (server.store.saved !== server.state) throw error;
    return [REPLY, refusal(asError(error)), server];
  }
}

function handle_cast(message: Parameters<typeof cast>[0], server: Server): ReturnType<typeof cast> {
  try {
    return cast((message as unknown) === RELOAD ? [RELOAD] : message, server);
  } catch (error) {
    if (server.store.saved !== server.state) throw error;
    // A cast has no caller to answer: an unreadable cast is dropped, like an unknown one.
    return [NOREPLY, server];
  }
}

function handle_info(message: unknown, server: Server): NoReply {
  const event = eventOf(server, message, true);
  return event === undefined ? [NOREPLY, server] : handle(server, event);
}

async function terminate(_reason: unknown, { state, effects }: Server): Promise<void> {
  effects.close();
  await effects.announced();
  await state.spec.overrides_file?.close();
}

/** The event of a message; undefined for other messages. */
function eventOf({ state, effects }: Server, message: unknown, taken: boolean): Event | undefined {
  if (isTagged<EventMessage>(message, EVENT)) {
    const [, event] = message;
    if (event.type === "projected") return taken ? effects.completed(event) : event;
    return event.type === "loaded" ? { ...event, together: state.spec.layers.map(togetherOf) } : event;
  }
  const tag = tagOf(message);
  if (tag !== DOWN && tag !== EXIT && tag !== TIMEOUT) return undefined;
  // Any code can send these.
  const [, first, second, third, fourth] = elementsOf(message);
  if (tag === EXIT) return isJob(state, first) ? { type: "down", process: first, reason: second } : undefined;
  if (tag === TIMEOUT) {
    const timer = second as Timer;
    return effects.isArmed(timer, first, taken) ? { type: "elapsed", timer } : undefined;
  }
  return effects.isMonitored(third, first, taken) ? { type: "down", process: third as Pid, reason: fourth } : undefined;
}

/** Handles an event in a callback. */
function handle(server: Server, event: Event): NoReply {
  return [NOREPLY, advance(server, event)];
}

/**
 * Runs the steps for an event and for the events that result from it. The state is saved after each step, before its
 * effects are carried out.
 */
function advance(server: Server, event: Event): Server {
  const { store, effects } = server;
  let { state } = server;
  const events: Event[] = [event];
  for (let next = events.shift(); next !== undefined; next = events.shift()) {
    const [after, wanted] = step(state, next, Date.now(), ticks());
    state = after;
    store.save(state);
    for (const effect of wanted) {
      const outcome = effects.carryOut(effect, state);
      if (outcome !== undefined) events.push(outcome);
    }
  }
  return { state, store, effects };
}

function readOptions(options: unknown, action: string): { readonly options: PutOptions } {
  return { options: readPutOptions(options, action) };
}

/** Whether this is the process that prepares a change. */
function isJob({ change: current }: State, process: unknown): process is Pid {
  return process !== undefined && current?.job === process;
}

function pathOf({ state }: Server, path: Path, action: string): Segments {
  return readPathBelow(path, action, state.spec.aliases);
}

function change(server: Server, from: From, request: Request): NoReply {
  return handle(server, { type: "change", request, caller: { from } });
}

/** Answers at once, or later if it takes longer than a slice of time. */
function answer<R>(server: Server, from: From, found: R | Promise<R>): readonly [typeof REPLY, R, Server] | NoReply {
  if (!(found instanceof Promise)) return [REPLY, found, server];
  server.effects.reply({ from }, found);
  return [NOREPLY, server];
}

function valueAt({ state }: Server, path: Path): unknown {
  const { snapshot } = state.configuration;
  if (typeof path === "string") return snapshot.lookup(path);
  return isAtom(path) ? snapshot.lookup(path_from_atom(path)) : snapshot.at(readPath(path, "get"));
}

/** The sources' processes, by index. One that is being restarted will announce itself. */
async function workersOf(sources: Pid, spec: ConfigSpec): Promise<readonly (Pid | undefined)[]> {
  const children = await supervisor.which_children(sources);
  const pids = new Map(children.map(([id, pid]) => [id, pid]));
  return spec.layer_names.map((name) => {
    const pid = pids.get(name);
    return pid === undefined || pid === atoms.RESTARTING ? undefined : (pid as Pid);
  });
}

function refusal(error: unknown): Refusal {
  return [atoms.ERROR, error];
}
