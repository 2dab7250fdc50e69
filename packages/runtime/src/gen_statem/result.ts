/**
 * The meaning of a callback's result. Pure.
 *
 *   verdict        result                                     data  actions or replies
 *   NEXT           [NEXT_STATE, state, data, actions?]          2     3
 *   KEEPS          [KEEP_STATE, data, actions?]                 1     2
 *   KEEPS_ALL      KEEP_STATE_AND_DATA                          -     -
 *                  [KEEP_STATE_AND_DATA, actions]               -     1
 *   REPEATS        [REPEAT_STATE, data, actions?]               1     2
 *   REPEATS_ALL    REPEAT_STATE_AND_DATA                        -     -
 *                  [REPEAT_STATE_AND_DATA, actions]             -     1
 *   STOPS          STOP · [STOP, reason] · [STOP, reason, data] 2     -
 *   ANSWERS        [STOP_AND_REPLY, reason, replies, data?]     3     2
 *   WRONG          anything else
 */
import {
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_STATE,
  REPEAT_STATE,
  REPEAT_STATE_AND_DATA,
  STOP,
  STOP_AND_REPLY,
} from "./atoms.ts";

export const WRONG = 0;
export const NEXT = 1;
export const KEEPS = 2;
export const KEEPS_ALL = 3;
export const REPEATS = 4;
export const REPEATS_ALL = 5;
export const STOPS = 6;
export const ANSWERS = 7;
export type Verdict = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** Reads a result. Throws only if the result is a proxy that does. */
export function read(result: unknown): Verdict {
  if (result === KEEP_STATE_AND_DATA) return KEEPS_ALL;
  if (!Array.isArray(result)) return result === REPEAT_STATE_AND_DATA ? REPEATS_ALL : result === STOP ? STOPS : WRONG;
  const { length } = result;
  switch (result[0]) {
    case KEEP_STATE_AND_DATA:
      return length === 2 ? KEEPS_ALL : WRONG;
    case KEEP_STATE:
      return length === 2 || length === 3 ? KEEPS : WRONG;
    case NEXT_STATE:
      return length === 3 || length === 4 ? NEXT : WRONG;
    case REPEAT_STATE:
      return length === 2 || length === 3 ? REPEATS : WRONG;
    case REPEAT_STATE_AND_DATA:
      return length === 2 ? REPEATS_ALL : WRONG;
    case STOP:
      return length === 2 || length === 3 ? STOPS : WRONG;
    case STOP_AND_REPLY:
      return length === 3 || length === 4 ? ANSWERS : WRONG;
    default:
      return WRONG;
  }
}
