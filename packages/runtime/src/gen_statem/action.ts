/**
 * Actions, which a result may ask for besides the next state. Pure.
 *
 *   [REPLY, from, value] · POSTPONE · [POSTPONE, boolean] · [NEXT_EVENT, type, content] · HIBERNATE · [HIBERNATE, boolean]
 *   ms · [TIMEOUT, ms, content] · [STATE_TIMEOUT, ms, content] · [[TIMEOUT, name], ms, content], each with options behind
 *   [kind, CANCEL] · [kind, UPDATE, content]      kind: TIMEOUT · STATE_TIMEOUT · [TIMEOUT, name]
 *   [CHANGE_CALLBACK_MODULE, module] · [PUSH_CALLBACK_MODULE, module] · POP_CALLBACK_MODULE
 *
 * Actions are a single action or an array of them. Tuples and lists are both arrays here, so their content decides
 * which is meant.
 */
import { Atom } from "../term/atom.ts";
import { isTuple } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { type From, Request } from "../call/request.ts";
import {
  ABS,
  CALL,
  CANCEL,
  CAST,
  HIBERNATE,
  INFINITY,
  INFO,
  INTERNAL,
  POP_CALLBACK_MODULE,
  POSTPONE,
  STATE_TIMEOUT,
  TIMEOUT,
  UPDATE,
} from "./atoms.ts";

/** Actions as a list: a single action is a list of one. */
export function listOf(actions: unknown): readonly unknown[] {
  return isTuple(actions) && !isOne(actions) ? actions : [actions];
}

// Whether an array is one action rather than several.
function isOne(array: readonly unknown[]): boolean {
  if (array.length < 2) return false;
  const first = array[0];
  const second = array[1];
  if (isTuple(first)) {
    if (!isKind(first)) return false;
    // [[TIMEOUT, CANCEL], …] cancels the event time-out and goes on.
    if (second === CANCEL || second === UPDATE) return true;
    return array.length > 2 && isTime(second) && first[1] !== CANCEL;
  }
  if (!(first instanceof Atom)) return false;
  if (first === POSTPONE || first === HIBERNATE) return array.length === 2 && typeof second === "boolean";
  return first !== POP_CALLBACK_MODULE && first !== INFINITY;
}

/** Whether this is a kind of time-out. */
export function isKind(kind: unknown): boolean {
  return kind === TIMEOUT || kind === STATE_TIMEOUT || (isTuple(kind) && kind.length === 2 && kind[0] === TIMEOUT);
}

export function isTime(time: unknown): time is number | Atom<"infinity"> {
  return time === INFINITY || (typeof time === "number" && time >= 0);
}

/** Whether this is the `from` of a call. */
export function isFrom(from: unknown): from is From {
  return isTuple(from) && from.length === 2 && (from[0] instanceof Pid || from[1] instanceof Request);
}

/** Whether an inserted event may have this type. */
export function isEventType(type: unknown): boolean {
  return (
    type === CAST ||
    type === INFO ||
    type === INTERNAL ||
    isKind(type) ||
    (isTuple(type) && type.length === 2 && type[0] === CALL && isFrom(type[1]))
  );
}

/** A request to start, update or cancel a time-out. */
export interface Asked {
  readonly kind: unknown;
  /** Milliseconds; Infinity cancels; undefined changes only the content. */
  readonly time: number | undefined;
  readonly content: unknown;
  /** Whether the time is a point on the clock of `performance.now()`. */
  readonly absolute: boolean;
}

/** Reads an action about a time-out; undefined if it is none. */
export function askedFor(action: unknown): Asked | undefined {
  if (isTime(action)) return { kind: TIMEOUT, time: milliseconds(action), content: action, absolute: false };
  if (!isTuple(action) || !isKind(action[0])) return undefined;
  const [kind, time, content, options] = action;
  const { length } = action;
  if (length === 2) return time === CANCEL ? { kind, time: Infinity, content: undefined, absolute: false } : undefined;
  if (length === 3 && time === UPDATE) return { kind, time: undefined, content, absolute: false };
  if (length !== 3 && length !== 4) return undefined;
  const absolute = length === 4 ? absoluteIn(options) : false;
  if (absolute === undefined || !(isTime(time) || (absolute && typeof time === "number" && !Number.isNaN(time))))
    return undefined;
  return { kind, time: milliseconds(time), content, absolute };
}

const milliseconds = (time: number | Atom<"infinity">) => (typeof time === "number" ? time : Infinity);

// Options of a time-out: [ABS, boolean], alone or in a list, or an empty list. OTP accepts no longer lists.
function absoluteIn(options: unknown): boolean | undefined {
  if (!isTuple(options)) return undefined;
  if (options.length === 0) return false;
  const option: unknown = options.length === 1 ? options[0] : options;
  return isTuple(option) && option.length === 2 && option[0] === ABS && typeof option[1] === "boolean"
    ? option[1]
    : undefined;
}
