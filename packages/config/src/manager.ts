import {
  Atom,
  CONTINUE,
  DOWN,
  erlang,
  EXIT,
  gen_server,
  NOREPLY,
  OK,
  type Pid,
  type Ref,
  REPLY,
  STOP,
  TRAP_EXIT,
  atoms,
} from "@otpts/runtime";
import {
  EXPLAIN,
  GET_CONFIG,
  MERGE_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RELOAD,
  SOURCE_UPDATE,
  STATUS,
  SUBSCRIBE,
  UNSET_CONFIG,
  UNSUBSCRIBE,
} from "./atoms.ts";
import { explain } from "./core/explain.ts";
import { parsePath } from "./core/path.ts";
import { Overrides } from "./core/overrides.ts";
import { REDACTED } from "./core/secrets.ts";
import type { Segments } from "./core/value.ts";
import {
  DELIVERED,
  ELAPSED,
  elementsOf,
  FINISHED,
  isTagged,
  SOURCE_LOADED,
  SOURCE_UP,
  tagOf,
  WRITTEN,
} from "./messages.ts";
import type { SourceLoaded, Written } from "./messages.ts";
import {
  forgetAborted,
  forgetProcess,
  ownerOf,
  processesOf,
  readWanted,
  startDeliveries,
  subscribe,
  unsubscribe,
  type Wanted,
} from "./registrar.ts";
import { Reloading } from "./reloading.ts";
import { RuntimeSource } from "./sources/runtime.ts";
import { statusOf } from "./status_report.ts";
import type { Receiver, Slot, Vault } from "./vault.ts";
import { Writing } from "./writing.ts";

const { ERROR, PROCESS } = atoms;

/**
 * The gen_server behind `"config_manager"`. It decodes messages and leaves the rest to others: reading to the snapshot,
 * changes to `Writing` (one at a time, in order), loading to `Reloading` (one at a time), subscriptions to the registrar.
 *
 *   call  [GET_CONFIG, path, default?]               the value, or the default
 *   call  [PUT_CONFIG | MERGE_CONFIG, path, value]   true, or [ERROR, ConfigValidationError]
 *   call  [UNSET_CONFIG, path]                       true
 *   call  [SUBSCRIBE, pattern, subscriber, options?] true
 *   call  [UNSUBSCRIBE, pattern, subscriber]         true
 *   call  [RELOAD]                                   the report
 *   call  [STATUS], [EXPLAIN, path]                  what is asked
 *   cast  [RELOAD], RELOAD, [SOURCE_UPDATE, name, tree], [UNSUBSCRIBE, …]
 *   anything else                                    [ERROR, TypeError]; a cast is dropped
 */
export const config_manager = {
  name: "config_manager",
  init,
  handle_call,
  handle_cast,
  handle_info,
  handle_continue,
  terminate,
  format_status,
};

interface State {
  readonly vault: Vault;
  readonly writing: Writing;
  readonly reloading: Reloading;
  /** Processes whose death matters, by monitor. */
  readonly monitored: Map<Ref, Pid>;
  readonly monitors: Map<Pid, Ref>;
}

type From = gen_server.From;
type NoReply = readonly [typeof NOREPLY, State];

const CATCH_UP = "catch_up";

async function init(vault: Vault): Promise<unknown> {
  erlang.process_flag(TRAP_EXIT, true);
  vault.manager = erlang.self();
  const writing = new Writing(vault);
  const reloading = new Reloading(vault, writing, (pid) => monitor(state, pid));
  const state: State = { vault, writing, reloading, monitored: new Map(), monitors: new Map() };
  forgetAborted(vault);
  for (const subscription of vault.subscriptions.values()) {
    for (const pid of processesOf(subscription)) monitor(state, pid);
  }
  await startDeliveries(vault);
  if (vault.loaded) {
    writing.show();
    return [OK, state, [CONTINUE, CATCH_UP]];
  }
  try {
    await loadOverrides(vault);
    await reloading.first();
  } catch (error) {
    return [STOP, error];
  }
  reloading.arm();
  return [OK, state];
}

/** What was lost with the process before: what its mailbox held, and what its sources told it. */
function handle_continue(_: typeof CATCH_UP, state: State): NoReply {
  state.reloading.request(undefined);
  return [NOREPLY, state];
}

function handle_call(request: unknown, from: From, state: State): unknown {
  try {
    // Inside: a request may be an object that throws when it is looked at.
    if (!Array.isArray(request)) return [REPLY, refusal(unknownRequest(request)), state];
    switch (request[0]) {
      case GET_CONFIG: {
        const value = valueAt(state, request[1]);
        return [REPLY, value === undefined ? request[2] : value, state];
      }
      case PUT_CONFIG:
        return write(state, from, { cause: "put", path: below(request[1], "put"), value: request[2] });
      case MERGE_CONFIG:
        return write(state, from, { cause: "merge", path: below(request[1], "merge"), value: request[2] });
      case UNSET_CONFIG:
        return write(state, from, { cause: "unset", path: below(request[1], "unset") });
      case SUBSCRIBE:
        return subscribed(state, from, request);
      case UNSUBSCRIBE: {
        const wanted = readWanted(request[1] as string, request[2] as Pid, undefined, "unsubscribe from");
        unsubscribe(state.vault, wanted, ownerOf(state.vault, from[0]));
        return [REPLY, true, state];
      }
      case RELOAD:
        state.writing.refuseFromJob(from[0], "reload");
        state.reloading.request(from);
        return [NOREPLY, state];
      case STATUS:
        return [REPLY, statusOf(state.vault, state.reloading.running), state];
      case EXPLAIN:
        return [REPLY, explained(state.vault, pathOf(request[1], "explain")), state];
      default:
        return [REPLY, refusal(unknownRequest(request)), state];
    }
  } catch (error) {
    return [REPLY, refusal(error), state];
  }
}

function handle_cast(message: unknown, state: State): NoReply {
  const [tag, ...rest] = elementsOf(message);
  if (tag === RELOAD) {
    state.reloading.request(undefined);
  } else if (tag === SOURCE_UPDATE) {
    state.reloading.update(rest[0], rest[1]);
  } else if (tag === UNSUBSCRIBE) {
    try {
      const wanted = readWanted(rest[0] as string, rest[1] as Pid, undefined, "unsubscribe from");
      unsubscribe(state.vault, wanted, undefined);
    } catch {
      // A cast has nobody to answer to, and there is no such subscription.
    }
  }
  return [NOREPLY, state];
}

function handle_info(message: unknown, state: State): NoReply {
  const { vault, writing, reloading } = state;
  const tag = tagOf(message);
  if (tag === DOWN || tag === EXIT) {
    // These anybody can make.
    const [, first, second, , fifth] = elementsOf(message);
    if (tag === DOWN) down(state, first as Ref, fifth);
    else writing.jobEnded(first as Pid, second);
  } else if (isTagged<readonly [typeof DELIVERED, Receiver]>(message, DELIVERED)) {
    writing.delivered(message[1]);
  } else if (isTagged<readonly [typeof FINISHED, number, never]>(message, FINISHED)) {
    writing.finished(message[1], message[2]);
  } else if (isTagged<readonly [typeof ELAPSED, string, never]>(message, ELAPSED)) {
    if (message[1] === "reload" || message[1] === "group") reloading.elapsed(message[2]);
    else if (message[1] === "interval") reloading.request(undefined);
    else writing.elapsed(message[1], message[2]);
  } else if (isTagged<SourceLoaded>(message, SOURCE_LOADED)) {
    vault.slots[message[1]]!.links = message[4];
    reloading.loaded(vault.slots[message[1]]!, message[2], message[3]);
  } else if (isTagged<readonly [typeof SOURCE_UP, number]>(message, SOURCE_UP)) {
    reloading.up(vault.slots[message[1]]!);
  } else if (isTagged<Written>(message, WRITTEN)) {
    writing.written(message[1], message[2]);
  }
  return [NOREPLY, state];
}

async function terminate(_reason: unknown, { vault }: State): Promise<void> {
  for (const { source } of vault.slots) if (source instanceof RuntimeSource) await source.close();
}

/** What a crash report and `sys.get_status` show: no value of the configuration, no request's. */
function format_status(status: gen_server.Status): gen_server.Status {
  const { state, message, reason, log } = status;
  const vault = (state as Partial<State> | undefined)?.vault;
  const shown = (term: unknown): unknown => shownTerm(vault, term);
  return {
    ...("state" in status ? { state: vault === undefined ? "no state yet" : statusOf(vault, false) } : {}),
    ...("message" in status ? { message: shown(message) } : {}),
    ...("reason" in status ? { reason: shown(reason) } : {}),
    ...(log === undefined ? {} : { log: log.map(() => "an event") }),
  };
}

function shownTerm(vault: Vault | undefined, term: unknown): unknown {
  if (typeof term === "string") return vault?.scrub(term) ?? REDACTED;
  if (Array.isArray(term)) {
    const [tag, path] = term as unknown[];
    if (tag === PUT_CONFIG || tag === MERGE_CONFIG) return [tag, path, REDACTED];
    if (tag === SOURCE_UPDATE) return [tag, path, REDACTED];
    if (tag === SOURCE_LOADED || tag === FINISHED || tag === DELIVERED) return [tag];
    return (term as unknown[]).map((element) => shownTerm(vault, element));
  }
  if (term instanceof Error && vault !== undefined) return `${term.name}: ${vault.scrub(term.message)}`;
  return term;
}

async function loadOverrides(vault: Vault): Promise<void> {
  const durable = vault.slots.find(({ source }) => source instanceof RuntimeSource)?.source as
    | RuntimeSource
    | undefined;
  if (durable === undefined) return;
  const { overrides, diagnostics } = await durable.load_overrides();
  vault.diagnostics = diagnostics;
  vault.configuration = { ...vault.configuration, overrides: Overrides.of(overrides) };
}

function valueAt({ vault }: State, path: unknown): unknown {
  const { snapshot } = vault.configuration;
  if (typeof path === "string") return snapshot.lookup(path);
  if (path instanceof Atom) return snapshot.lookup(path_from_atom(path));
  return snapshot.at(parsePath(path, "get"));
}

function pathOf(path: unknown, action: string): Segments {
  return parsePath(path instanceof Atom ? path_from_atom(path) : path, action);
}

function below(path: unknown, action: string): Segments {
  const segments = pathOf(path, action);
  if (segments.length === 0) throw new TypeError(`Cannot ${action}: the path must name something below the root`);
  return segments;
}

function write(state: State, from: From, request: Parameters<Writing["request"]>[1]): NoReply {
  state.writing.refuseFromJob(from[0], request.cause);
  state.writing.request(from, request);
  return [NOREPLY, state];
}

async function subscribed(state: State, from: From, request: readonly unknown[]): Promise<unknown> {
  const { vault } = state;
  let wanted: Wanted;
  try {
    wanted = readWanted(request[1] as string, request[2] as Pid, request[3], "subscribe to");
  } catch (error) {
    return [REPLY, refusal(error), state];
  }
  try {
    if (wanted.options.signal?.aborted === true) return [REPLY, true, state];
    const subscription = await subscribe(vault, wanted, ownerOf(vault, from[0]), () => {
      gen_server.cast(vault.spec.name, [UNSUBSCRIBE, wanted.pattern.source, wanted.target] as never);
    });
    if (subscription !== undefined) for (const pid of processesOf(subscription)) monitor(state, pid);
    return [REPLY, true, state];
  } catch (error) {
    if (error instanceof TypeError) return [REPLY, refusal(error), state];
    throw error;
  }
}

function monitor(state: State, pid: Pid): void {
  if (state.monitors.has(pid)) return;
  const ref = erlang.monitor(PROCESS, pid);
  state.monitors.set(pid, ref);
  state.monitored.set(ref, pid);
}

function down(state: State, ref: Ref, reason: unknown): void {
  const pid = state.monitored.get(ref);
  if (pid === undefined) return;
  state.monitored.delete(ref);
  state.monitors.delete(pid);
  forgetProcess(state.vault, pid);
  state.writing.settleClosed();
  state.writing.workerDied(pid);
  // Its supervisor may have started the next one already.
  const slot: Slot | undefined = state.vault.slots.find(({ asked }) => asked === pid);
  if (slot !== undefined) state.reloading.workerDied(slot, reason);
}

function explained(vault: Vault, path: Segments): unknown {
  const { snapshot, raw, layers, overrides } = vault.configuration;
  return explain(path, { snapshot, raw, layers, overrides, secrets: vault.spec.secrets });
}

function refusal(error: unknown): readonly [typeof ERROR, unknown] {
  return [ERROR, error];
}

function unknownRequest(request: unknown): TypeError {
  const tag: unknown = Array.isArray(request) ? request[0] : request;
  const shown =
    tag instanceof Atom
      ? `[${tag.name}, …]`
      : Array.isArray(request)
        ? `a tuple that starts with ${typeof tag}`
        : typeof tag;
  return new TypeError(
    `Cannot answer this request: config_manager knows get_config, put_config, unset_config, merge_config, subscribe, unsubscribe, reload, status and explain, got ${shown}`,
  );
}
