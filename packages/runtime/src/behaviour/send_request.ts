/**
 * Asynchronous requests: `send_request` now, the response later. In a process the response is a message in its mailbox,
 * as in OTP. Code outside processes has no mailbox, so there the request keeps the response.
 */
import { DOWN, ERROR, NO_REPLY, PROCESS, REPLY, TIMEOUT } from "../term/atoms.ts";
import { type Atom, ensure } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { OtpError } from "../term/error.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { NODE, Pid } from "../term/pid.ts";
import type { CallTo, ReplyFrom, ServerRef } from "../term/protocol.ts";
import { Ref } from "../term/ref.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { awaiting } from "../process/awaited.ts";
import { acting } from "../process/context.ts";
import { given } from "../process/refusal.ts";
import { discard } from "../process/mailbox.ts";
import { receive } from "../process/receive.ts";
import { answerTo, type ReplyHandlers, Request } from "../call/request.ts";
import { cancel, wait } from "../process/timer.ts";
import { now } from "../process/clock.ts";
import { Deadline } from "../process/deadline.ts";
import { showable } from "./sensitive.ts";
import { absence, locate, nameOf } from "./gen.ts";

const NO_REQUEST = ensure("no_request");

declare const replied: unique symbol;

/** An open request. */
export interface RequestId<R = unknown> {
  readonly [replied]: R;
}

/** The response with a reply. */
export type Response<R = unknown> = readonly [Atom<"reply">, R];

type Outcome = readonly ["reply", unknown] | readonly ["error", unknown];

/**
 * A request whose response is a message in the caller's mailbox. For code outside processes the response is kept:
 * `value` is the outcome, and `resolve` wakes the waiting code.
 */
const POSTING: ReplyHandlers = {
  system: false,
  answered(request, value) {
    if (request.caller !== undefined) request.caller.accept([request, value]);
    else keep(request, ["reply", value]);
  },
  failed(request, reason) {
    if (request.caller !== undefined)
      request.caller.accept([DOWN, request, PROCESS, itemOf(request.server as ServerRef), reason]);
    else keep(request, ["error", reason]);
  },
  expired() {},
};

function keep(request: Request, outcome: Outcome): void {
  request.value = outcome;
  request.resolve?.(undefined);
}

// The item of a monitor's 'DOWN'.
function itemOf(server: ServerRef): unknown {
  return server instanceof Pid || isTuple(server) ? server : [server, NODE];
}

/** A request to a process that does not exist: it fails at once. */
class LostRequest extends Ref {
  readonly id = ++Ref.made;
  readonly server: ServerRef;
  value: Outcome | undefined;
  constructor(server: ServerRef) {
    super();
    this.server = server;
    this.value = ["error", absence(server)];
  }
}

type Posted = Request | LostRequest;

/**
 * Sends a call's request without waiting. Never fails: errors are in the response. With a label and a collection it
 * returns the collection with the request added.
 */
export function send_request<const S extends ServerRef, const M extends CallTo<S>>(
  server: S,
  request: M,
): RequestId<ReplyFrom<S, M>>;
export function send_request<const S extends ServerRef, const M extends CallTo<S>>(
  server: S,
  request: M,
  label: unknown,
  collection: RequestIdCollection,
): RequestIdCollection;
export function send_request(
  server: ServerRef,
  request: unknown,
  label?: unknown,
  collection?: RequestIdCollection,
): RequestId | RequestIdCollection {
  const id = post(server, request) as unknown as RequestId;
  return collection === undefined ? id : reqids_add(id, label, collection);
}

function post(server: ServerRef, payload: unknown): Posted {
  const caller = acting();
  const callee = locate(server);
  if (callee === undefined || caller?.alive === false) {
    const lost = new LostRequest(server);
    if (caller !== undefined && caller.alive) {
      lost.value = undefined;
      caller.accept([DOWN, lost, PROCESS, itemOf(server), absence(server)]);
    }
    return lost;
  }
  const request = new Request(POSTING, callee, caller, server, payload, Infinity);
  request.keepWaiting();
  callee.enqueue(request);
  return request;
}

/**
 * Waits for the response up to `timeout` ms. After `TIMEOUT` the request stays open: wait again.
 *
 * @throws OtpError with reason `[reason, server]` if the server ended without a reply
 */
export function wait_response<R>(id: RequestId<R>, timeout: Timeout): Promise<Response<R> | typeof TIMEOUT>;
export function wait_response(
  collection: RequestIdCollection,
  timeout: Timeout,
  remove: boolean,
): Promise<CollectedResponse>;
export function wait_response(
  of: RequestId | RequestIdCollection,
  timeout: Timeout,
  remove?: boolean,
): Promise<unknown> {
  return of instanceof RequestIdCollection ? collect(of, timeout, remove === true, false) : single(of, timeout, false);
}

/** Like `wait_response`; on `TIMEOUT` the request is abandoned, and a late reply is dropped. */
export function receive_response<R>(id: RequestId<R>, timeout: Timeout): Promise<Response<R> | typeof TIMEOUT>;
export function receive_response(
  collection: RequestIdCollection,
  timeout: Timeout,
  remove: boolean,
): Promise<CollectedResponse>;
export function receive_response(
  of: RequestId | RequestIdCollection,
  timeout: Timeout,
  remove?: boolean,
): Promise<unknown> {
  return of instanceof RequestIdCollection ? collect(of, timeout, remove === true, true) : single(of, timeout, true);
}

/** Whether a message taken from the mailbox is the response: `[REPLY, value]`, or `NO_REPLY`. */
export function check_response<R>(message: unknown, id: RequestId<R>): Response<R> | typeof NO_REPLY;
export function check_response(message: unknown, collection: RequestIdCollection, remove: boolean): CollectedResponse;
export function check_response(message: unknown, of: RequestId | RequestIdCollection, remove?: boolean): unknown {
  if (of instanceof RequestIdCollection) {
    if (of.entries.size === 0) return NO_REQUEST;
    for (const [request, label] of of.entries) {
      const outcome = outcomeIn(message, request);
      if (outcome !== undefined) return collected(outcome, request, label, of, remove === true);
    }
    return NO_REPLY;
  }
  const request = posted(of);
  const outcome = outcomeIn(message, request);
  return outcome === undefined ? NO_REPLY : finished(outcome, request);
}

/** A response to a request of a collection: the outcome, the label of the request, and the remaining collection. */
export type CollectedResponse =
  | readonly [
      response:
        | readonly [Atom<"reply">, unknown]
        | readonly [Atom<"error">, readonly [reason: unknown, server: unknown]],
      label: unknown,
      collection: RequestIdCollection,
    ]
  | typeof NO_REQUEST
  | typeof NO_REPLY
  | typeof TIMEOUT;

/** Open requests, each with a label. Immutable. */
export class RequestIdCollection {
  /** @internal */
  readonly entries: ReadonlyMap<Posted, unknown>;
  /** @internal */
  constructor(entries: ReadonlyMap<Posted, unknown> = new Map()) {
    this.entries = entries;
  }
}

/** An empty collection of requests. */
export function reqids_new(): RequestIdCollection {
  return new RequestIdCollection();
}

/** The collection with one more request, under a label that is returned with its response. */
export function reqids_add(id: RequestId, label: unknown, collection: RequestIdCollection): RequestIdCollection {
  return new RequestIdCollection(new Map(collection.entries).set(posted(id), label));
}

/** The number of requests in the collection. */
export function reqids_size(collection: RequestIdCollection): number {
  return collection.entries.size;
}

/** The requests of the collection, each as `[request_id, label]`. */
export function reqids_to_list(collection: RequestIdCollection): (readonly [RequestId, unknown])[] {
  return [...collection.entries].map(([request, label]) => [request as unknown as RequestId, label]);
}

function posted(id: RequestId): Posted {
  if (id instanceof LostRequest || (id instanceof Request && id.handlers === POSTING)) return id;
  throw new TypeError(`Cannot look for a response: a request id is the result of send_request, got ${describe(id)}`);
}

async function single(id: RequestId, timeout: Timeout, abandon: boolean): Promise<unknown> {
  const request = posted(id);
  const found = await first([request], milliseconds(timeout, "wait for a response"));
  if (found !== undefined) return finished(found.outcome, request);
  if (abandon) drop(request);
  return TIMEOUT;
}

async function collect(
  collection: RequestIdCollection,
  timeout: Timeout,
  remove: boolean,
  abandon: boolean,
): Promise<CollectedResponse> {
  if (collection.entries.size === 0) return NO_REQUEST;
  const found = await first([...collection.entries.keys()], milliseconds(timeout, "wait for a response"));
  if (found !== undefined)
    return collected(found.outcome, found.request, collection.entries.get(found.request), collection, remove);
  if (abandon) for (const request of collection.entries.keys()) drop(request);
  return TIMEOUT;
}

function collected(
  outcome: Outcome,
  request: Posted,
  label: unknown,
  collection: RequestIdCollection,
  remove: boolean,
): CollectedResponse {
  let rest = collection;
  if (remove) {
    const entries = new Map(collection.entries);
    entries.delete(request);
    rest = new RequestIdCollection(entries);
  }
  const [kind, value] = outcome;
  return [kind === "reply" ? [REPLY, value] : [ERROR, [value, request.server]], label, rest];
}

function finished(outcome: Outcome, request: Posted): Response {
  const [kind, value] = outcome;
  if (kind === "reply") return [REPLY, value];
  throw new OtpError(
    [value, request.server],
    `Request to ${nameOf(request.server as ServerRef)} failed: the server ended with reason ${describe(value)}`,
  );
}

// The first response to any of these requests: from the mailbox, or kept by the request.
async function first(
  requests: readonly Posted[],
  ms: number,
): Promise<{ request: Posted; outcome: Outcome } | undefined> {
  const process = acting();
  if (process === undefined) return kept(requests, ms);
  let found: { request: Posted; outcome: Outcome } | undefined;
  const wanted = (message: unknown) => {
    for (const request of requests) {
      const outcome = outcomeIn(message, request);
      if (outcome !== undefined) {
        found = { request, outcome };
        return true;
      }
    }
    return false;
  };
  const over = noteWait(requests);
  try {
    await receive(process, wanted, ms);
  } finally {
    over?.();
  }
  return found;
}

async function kept(
  requests: readonly Posted[],
  ms: number,
): Promise<{ request: Posted; outcome: Outcome } | undefined> {
  const until = now() + ms;
  for (;;) {
    for (const request of requests)
      if (request.value !== undefined) return given({ request, outcome: request.value as Outcome });
    const rest = until - now();
    if (rest <= 0) return given(undefined);
    const over = noteWait(requests);
    await new Promise<void>((resolve) => {
      const alarm = new Deadline(resolve);
      wait(alarm, rest);
      const wake = () => {
        cancel(alarm);
        resolve();
      };
      for (const request of requests) if (request instanceof Request) request.resolve = wake;
    });
    over?.();
  }
}

// Of several requests the first that is open stands for all.
function noteWait(requests: readonly Posted[]): (() => void) | undefined {
  const open = requests.find((request) => request instanceof Request);
  return open && awaiting(open.callee.pid, () => answerTo(showable(open.payload)));
}

function outcomeIn(message: unknown, request: Posted): Outcome | undefined {
  if (tagOf(message, 2) === request) return ["reply", (message as readonly unknown[])[1]];
  if (tagOf(message, 5) !== DOWN) return undefined;
  const [, ref, , , reason] = message as readonly unknown[];
  return ref === request ? ["error", reason] : undefined;
}

// Abandons a request: no message about it will arrive in the mailbox.
function drop(request: Posted): void {
  if (request instanceof Request) request.abandon();
  const process = acting();
  if (process !== undefined) discard(process, (message) => outcomeIn(message, request) !== undefined);
}
