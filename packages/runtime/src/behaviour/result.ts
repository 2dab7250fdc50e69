/**
 * The meaning of a callback's result: the table of `callbacks.ts`, in one place. Pure.
 *
 *   verdict            of                        result                            state  ext
 *   STARTED            init                      [OK, state, ext?]                 1      2
 *   IGNORED            init                      IGNORE
 *   FAILED             init                      [STOP, reason]
 *   REPLIES            handle_call               [REPLY, reply, state, ext?]       2      3
 *   GOES_ON            every other than init     [NOREPLY, state, ext?]            1      2
 *   STOPS              every other than init     [STOP, reason, state]             2
 *   REPLIES_AND_STOPS  handle_call               [STOP, reason, reply, state]      3
 *   WRONG              all                       anything else
 */
import { IGNORE, NOREPLY, OK, REPLY, STOP } from "../term/atoms.ts";
import { isExt } from "./extension.ts";

/** The callbacks whose results are read by this table. */
export type Callback = "init" | "handle_call" | "handle_cast" | "handle_info" | "handle_continue";

export const WRONG = 0;
export const GOES_ON = 1;
export const REPLIES = 2;
export const STOPS = 3;
export const REPLIES_AND_STOPS = 4;
export const STARTED = 5;
export const IGNORED = 6;
export const FAILED = 7;
export type Verdict = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Reads a result. Throws only if the result is a proxy that does. */
export function read(callback: Callback, result: unknown): Verdict {
  if (!Array.isArray(result)) return callback === "init" && result === IGNORE ? IGNORED : WRONG;
  const tag: unknown = result[0];
  const { length } = result;
  if (tag === REPLY)
    return callback === "handle_call" && (length === 3 || (length === 4 && isExt(result[3]))) ? REPLIES : WRONG;
  if (callback === "init") {
    if (tag === OK) return length === 2 || (length === 3 && isExt(result[2])) ? STARTED : WRONG;
    return tag === STOP && length === 2 ? FAILED : WRONG;
  }
  if (tag === NOREPLY) return length === 2 || (length === 3 && isExt(result[2])) ? GOES_ON : WRONG;
  if (tag !== STOP) return WRONG;
  if (length === 3) return STOPS;
  return length === 4 && callback === "handle_call" ? REPLIES_AND_STOPS : WRONG;
}
