/** Descriptions of a state machine callback's mistakes. The exit reasons stay OTP's; the sentences accompany them. */
import { BADARG, UNDEF } from "../term/atoms.ts";
import type { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { nearest } from "../term/options.ts";
import { callbacksOf, nameOfModule } from "../behaviour/module_name.ts";
import {
  BAD_ACTION,
  BAD_ENTER_ACTION,
  BAD_ENTER_RETURN,
  BAD_REPLY_ACTION,
  BAD_RETURN,
  BAD_RETURN_FROM_CALLBACK_MODE,
} from "./atoms.ts";
import { RESERVED } from "./callbacks.ts";

const ALLOWED: ReadonlyMap<Atom, string> = new Map<Atom, string>([
  [
    BAD_RETURN,
    "must return [NEXT_STATE, state, data], [KEEP_STATE, data], KEEP_STATE_AND_DATA, [REPEAT_STATE, data], REPEAT_STATE_AND_DATA, [STOP, reason] or [STOP_AND_REPLY, reason, replies]",
  ],
  [
    BAD_ACTION,
    "must ask for actions that exist: [REPLY, from, value], POSTPONE, [NEXT_EVENT, type, content], HIBERNATE, a time-out, or a change of the callback module",
  ],
  [BAD_REPLY_ACTION, "must give replies as [REPLY, from, value] with [STOP_AND_REPLY, …]"],
  [BAD_ENTER_RETURN, "was called on entering the state, and must not change the state then"],
  [BAD_ENTER_ACTION, "was called on entering the state, and must neither postpone nor insert events then"],
]);

/** The sentence for an invalid result or action. */
export function wrong(kind: Atom, module: object, callback: string, term: unknown): string {
  return `${callback} of ${nameOfModule(module)} ${kind === BAD_RETURN || kind === BAD_ENTER_RETURN ? "returned" : "asked for"} ${describe(term)}, and ${ALLOWED.get(kind)}`;
}

export function wrongInit(module: object, result: unknown): string {
  return `init of ${nameOfModule(module)} returned ${describe(result)}, and must return [OK, state, data], [OK, state, data, actions], [STOP, reason] or IGNORE`;
}

export function wrongMode(module: object, result: unknown): ErlangError {
  return new ErlangError(
    [BAD_RETURN_FROM_CALLBACK_MODE, result],
    `callback_mode of ${nameOfModule(module)} returned ${describe(result)}, and must return STATE_FUNCTIONS or HANDLE_EVENT_FUNCTION, or an array of one of them and STATE_ENTER`,
  );
}

/** The error for a missing callback: OTP's `undef`. */
export function missing(module: object, name: string): ErlangError {
  return new ErlangError(UNDEF, `${nameOfModule(module)} has no function ${describe(name)}`);
}

/** The error for a state that has no function. */
export function missingState(module: object, name: string): ErlangError {
  if (RESERVED.has(name))
    return new ErlangError(
      UNDEF,
      `No function of ${nameOfModule(module)} can be that of the state ${describe(name)}: the name is a callback's. Name the state differently, or use HANDLE_EVENT_FUNCTION`,
    );
  const states = callbacksOf(module).filter((one) => !RESERVED.has(one));
  const like = nearest(name, states);
  return new ErlangError(
    UNDEF,
    `${nameOfModule(module)} is in the state ${describe(name)} and has no function of that name${like === undefined ? "" : `; is ${like} meant?`}`,
  );
}

/** The error for a state that cannot have a function. */
export function noStateName(module: object, state: unknown): ErlangError {
  return new ErlangError(
    BADARG,
    `${nameOfModule(module)} is in the state ${describe(state)}: in mode STATE_FUNCTIONS a state is a string or an atom. For other states use HANDLE_EVENT_FUNCTION`,
  );
}
