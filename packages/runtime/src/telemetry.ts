/**
 * Events that report what the program does: `emit` publishes one, `attach` adds a handler. Each event is also a
 * `node:diagnostics_channel` named `otpts:<event>`. An event without handlers costs one look-up.
 */
import { channel, type Channel } from "node:diagnostics_channel";
import { types } from "node:util";

import { describe } from "./term/describe.ts";
import { isError, withStack } from "./term/guarded.ts";
import type { Carrier } from "./process/carriers.ts";
import { propagate as propagateBy } from "./process/propagation.ts";
import { report, setTap } from "./process/report.ts";

/** The numbers of an event, such as `{ duration: 3.5 }`. */
export type Measurements = Readonly<Record<string, number>>;
/** The data of an event other than numbers. */
export type Metadata = Readonly<Record<string, unknown>>;
/** A handler of events. Its result is ignored; if it is a promise that rejects, the handler is detached. */
export type Handler = (event: string, measurements: Measurements, metadata: Metadata) => unknown;

/** The message that a `diagnostics_channel` subscriber gets. */
export interface Published {
  readonly event: string;
  readonly measurements: Measurements;
  readonly metadata: Metadata;
}

interface Attached {
  readonly id: string;
  readonly pattern: string;
  readonly test: (event: string) => boolean;
  readonly handler: Handler;
}

interface Route {
  readonly channel: Channel;
  /** Undefined after a change of handlers, until it is needed. */
  handlers: readonly Attached[] | undefined;
}

const attached = new Map<string, Attached>();
const routes = new Map<string, Route>();

/**
 * Calls all handlers, in the order in which they were attached, before it returns. A handler that fails is reported and
 * detached, as in Erlang's telemetry, without effect on the event's source or the other handlers.
 *
 * @param event dotted name, such as `config.changed`
 */
export function emit(event: string, measurements: Measurements = {}, metadata: Metadata = {}): void {
  const route = routeOf(event);
  for (const each of route.handlers as readonly Attached[]) run(each, event, measurements, metadata);
  if (route.channel.hasSubscribers) route.channel.publish({ event, measurements, metadata } satisfies Published);
}

/** Whether an event has handlers: worth checking if its metadata is expensive to make. */
export function listening(event: string): boolean {
  const route = routeOf(event);
  return (route.handlers as readonly Attached[]).length > 0 || route.channel.hasSubscribers;
}

/**
 * Calls `handler(event, measurements, metadata)` for each event of this name, or that matches the glob: `*` is one
 * segment, `**` any number.
 *
 * @param handler_id names the attachment, for `detach`
 * @throws RangeError if the id is in use
 */
export function attach(handler_id: string, event_or_glob: string, handler: Handler): void {
  for (const [what, given] of Object.entries({ handler_id, event_or_glob }))
    if (typeof given !== "string")
      throw new TypeError(`Cannot attach a handler of events: ${what} must be a string, got ${describe(given)}`);
  if (typeof handler !== "function")
    throw new TypeError(`Cannot attach "${handler_id}": the handler must be a function, got ${describe(handler)}`);
  if (attached.has(handler_id))
    throw new RangeError(`Cannot attach "${handler_id}": the id is in use; detach it first or take another one`);
  attached.set(handler_id, { id: handler_id, pattern: event_or_glob, test: matcher(event_or_glob), handler });
  reroute();
}

/** Removes an attachment. False if there was none with this id. */
export function detach(handler_id: string): boolean {
  const was = attached.delete(handler_id);
  if (was) reroute();
  return was;
}

export type { Carrier } from "./process/carriers.ts";

/** The part of an `AsyncLocalStorage` that `propagate` needs. */
export interface Storage<T> {
  getStore(): T | undefined;
  run(store: T, fun: () => void): unknown;
}

/**
 * Lets a context travel with messages. By default a process sees no `AsyncLocalStorage` store of the code that wakes
 * it. A propagated context is captured when a call, a cast, a message or a timer is sent or a process is started, and
 * is active while the handling callback runs (also `init` and the function of `spawn`), even after its awaits. A reply
 * reaches the caller in the caller's context. Taking a message with `erlang.receive` does not change the context of the
 * receiving code.
 *
 * It costs nothing while no context is propagated.
 *
 * @param carrier an `AsyncLocalStorage`, or `{ capture, run }`: what to capture, and how to run a function with it
 * @returns a function that ends it; messages already sent keep their contexts
 * @throws TypeError for any other value
 *
 * @example
 * const request = new AsyncLocalStorage<string>();
 * const end = telemetry.propagate(request);
 */
export function propagate<T>(carrier: Storage<T> | Carrier<T>): () => void {
  const given = carrier as Partial<Storage<T> & Carrier<T>> | undefined | null;
  if (typeof given?.run === "function") {
    if (typeof given.capture === "function") return propagateBy(carrier as Carrier);
    if (typeof given.getStore === "function") {
      const storage = carrier as Storage<unknown>;
      return propagateBy({ capture: () => storage.getStore(), run: (store, fun) => storage.run(store, fun) });
    }
  }
  throw new TypeError(
    `Cannot propagate: the carrier must be an AsyncLocalStorage or { capture, run }, got ${describe(carrier)}`,
  );
}

/**
 * Runs `fun` and emits `<event>.start`, then `<event>.stop` with its `duration` in milliseconds, or `<event>.exception`
 * with the error, which is rethrown.
 *
 * @param fun the measured function; may be asynchronous. It may add to the stop event's metadata with `annotate`
 * @throws TypeError if there is no function
 */
export function span<T>(event: string, metadata: Metadata, fun: (annotate: (more: Metadata) => void) => T): T {
  if (typeof fun !== "function")
    throw new TypeError(
      `Cannot measure ${describe(event)}: a function is needed after the metadata, got ${describe(fun)}`,
    );
  let shown = metadata;
  const annotate = (more: Metadata) => {
    shown = { ...shown, ...more };
  };
  const started = performance.now();
  emit(`${event}.start`, { system_time: Date.now() }, metadata);
  const stop = () => emit(`${event}.stop`, { duration: performance.now() - started }, shown);
  const fail = (error: unknown) =>
    emit(`${event}.exception`, { duration: performance.now() - started }, { ...shown, error });
  let result: T;
  try {
    result = fun(annotate);
  } catch (error) {
    fail(error);
    throw error;
  }
  if (!types.isPromise(result)) {
    stop();
    return result;
  }
  return result.then(
    (value: unknown) => {
      stop();
      return value;
    },
    (error: unknown) => {
      fail(error);
      throw error;
    },
  ) as T;
}

function run(each: Attached, event: string, measurements: Measurements, metadata: Metadata): void {
  try {
    const result = each.handler(event, measurements, metadata);
    if (types.isPromise(result)) result.catch((error: unknown) => failed(each, event, error));
  } catch (error) {
    failed(each, event, error);
  }
}

function failed(each: Attached, event: string, error: unknown): void {
  if (attached.get(each.id) === each) detach(each.id);
  report(
    "error",
    "telemetry_handler_failed",
    () => ({ handler_id: each.id, event, error }),
    () =>
      `Telemetry handler "${each.id}" failed on "${event}" and was detached: ${isError(error) ? withStack(error) : describe(error)}`,
  );
}

function routeOf(event: string): Route {
  let route = routes.get(event);
  if (route === undefined) {
    route = { channel: channel(`otpts:${event}`), handlers: undefined };
    routes.set(event, route);
  }
  route.handlers ??= [...attached.values()].filter((each) => each.test(event));
  return route;
}

function reroute(): void {
  for (const route of routes.values()) route.handlers = undefined;
}

function matcher(glob: string): (event: string) => boolean {
  if (!glob.includes("*")) return (event) => event === glob;
  const source = glob
    .split(".")
    .map((segment) =>
      segment === "**" ? "**" : segment.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^.]*"),
    )
    .join("\\.")
    .replaceAll("**\\.", "(?:[^.]+\\.)*")
    .replaceAll("\\.**", "(?:\\.[^.]+)*")
    .replaceAll("**", ".*");
  const pattern = new RegExp(`^${source}$`, "u");
  return (event) => pattern.test(event);
}

// Every report (a crash, a restart, an unexpected message) is also an event, `otp.<event>`.
const tapped = new Map<string, string>();
const nameOf = (event: string) => {
  let name = tapped.get(event);
  if (name === undefined) tapped.set(event, (name = `otp.${event}`));
  return name;
};

setTap({
  listening: (event) => listening(nameOf(event)),
  pass: (entry) => {
    if (listening(nameOf(entry.event)))
      emit(nameOf(entry.event), { count: 1 }, { ...entry.details, level: entry.level });
  },
});
