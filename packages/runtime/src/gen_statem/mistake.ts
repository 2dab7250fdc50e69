/** Descriptions of a state machine callback's mistakes. The exit reasons stay OTP's; the sentences accompany them. */
import { BADARG, UNDEF } from "../term/atoms.ts";
import type { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple } from "../term/guarded.ts";
import { nearest } from "../term/options.ts";
import { because, causeOf, NOTHING_RETURNED, type Vocabulary, word, wordsOf } from "../behaviour/cause.ts";
import { uncallable } from "../behaviour/lacking.ts";
import { callbacksOf, nameOfModule } from "../behaviour/module_name.ts";
import {
  BAD_ACTION,
  BAD_ENTER_ACTION,
  BAD_ENTER_RETURN,
  BAD_REPLY_ACTION,
  BAD_RETURN,
  BAD_RETURN_FROM_CALLBACK_MODE,
  STATE_FUNCTIONS,
} from "./atoms.ts";
import { modeOf, RESERVED } from "./callbacks.ts";

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

const ENTRY = "@otpts/runtime/gen_statem";
const KEEPS = "[KEEP_STATE, data]";
const STARTS = "[OK, state, data]";

const RESULTS: Vocabulary = {
  words: wordsOf(
    word(ENTRY, "NEXT_STATE", "[NEXT_STATE, state, data] or [NEXT_STATE, state, data, actions]", 3, 4),
    word(ENTRY, "KEEP_STATE", "[KEEP_STATE, data] or [KEEP_STATE, data, actions]", 2, 3),
    word(ENTRY, "KEEP_STATE_AND_DATA", "KEEP_STATE_AND_DATA or [KEEP_STATE_AND_DATA, actions]", 2, 2, true),
    word(ENTRY, "REPEAT_STATE", "[REPEAT_STATE, data] or [REPEAT_STATE, data, actions]", 2, 3),
    word(ENTRY, "REPEAT_STATE_AND_DATA", "REPEAT_STATE_AND_DATA or [REPEAT_STATE_AND_DATA, actions]", 2, 2, true),
    word(ENTRY, "STOP", "STOP, [STOP, reason] or [STOP, reason, data]", 2, 3, true),
    word(ENTRY, "STOP_AND_REPLY", "[STOP_AND_REPLY, reason, replies] or [STOP_AND_REPLY, reason, replies, data]", 3, 4),
  ),
  strangers: new Map([
    ["noreply", `NOREPLY is a gen_server's: ${KEEPS}`],
    ["reply", "REPLY is an action: [KEEP_STATE_AND_DATA, [REPLY, from, value]]"],
    ["ok", `OK is init's: ${KEEPS}`],
    ["ignore", "only init may return IGNORE"],
    ["postpone", "POSTPONE is an action: [KEEP_STATE_AND_DATA, POSTPONE]"],
  ]),
  nothing: NOTHING_RETURNED,
  failing: "[STOP, error]",
  other: `the data alone is not a result: ${KEEPS}`,
};

const INIT: Vocabulary = {
  words: wordsOf(
    word(ENTRY, "OK", `${STARTS} or [OK, state, data, actions]`, 3, 4),
    word(ENTRY, "STOP", "[STOP, reason]", 2),
    word(ENTRY, "IGNORE", "IGNORE", 0, 0, true),
  ),
  strangers: new Map([
    ["next_state", `NEXT_STATE is for events: init returns ${STARTS}`],
    ["keep_state", `KEEP_STATE is for events: init returns ${STARTS}`],
    ["error", "a start that fails is [STOP, reason]"],
  ]),
  nothing: NOTHING_RETURNED,
  failing: "[STOP, error]",
  other: `the state and the data are in an array: ${STARTS}`,
};

const TIME = "with ms a number of at least 0 or Infinity";
const ACTIONS: Vocabulary = {
  words: wordsOf(
    word(ENTRY, "REPLY", "[REPLY, from, value], with the from of the call", 3),
    word(ENTRY, "POSTPONE", "POSTPONE", 2, 2, true),
    word(ENTRY, "NEXT_EVENT", "[NEXT_EVENT, type, content], with a type such as INTERNAL or CAST", 3),
    word(ENTRY, "HIBERNATE", "HIBERNATE", 2, 2, true),
    word(ENTRY, "STATE_TIMEOUT", `[STATE_TIMEOUT, ms, content], ${TIME}`, 2, 4),
    word(ENTRY, "TIMEOUT", `[TIMEOUT, ms, content], ${TIME}`, 2, 4),
    word(ENTRY, "CHANGE_CALLBACK_MODULE", "[CHANGE_CALLBACK_MODULE, module]", 2),
    word(ENTRY, "PUSH_CALLBACK_MODULE", "[PUSH_CALLBACK_MODULE, module]", 2),
    word(ENTRY, "POP_CALLBACK_MODULE", "POP_CALLBACK_MODULE", 0, 0, true),
  ),
  nothing: "it is undefined: is the atom imported?",
};

const MODE: Vocabulary = {
  words: wordsOf(
    word(ENTRY, "STATE_FUNCTIONS", "STATE_FUNCTIONS", 2, 2, true),
    word(ENTRY, "HANDLE_EVENT_FUNCTION", "HANDLE_EVENT_FUNCTION", 2, 2, true),
    word(ENTRY, "STATE_ENTER", "[STATE_FUNCTIONS, STATE_ENTER]", 2),
  ),
  nothing: NOTHING_RETURNED,
};

/** The sentence for an invalid result or action. */
export function wrong(kind: Atom, module: object, callback: string, term: unknown): string {
  const returned = kind === BAD_RETURN || kind === BAD_ENTER_RETURN;
  const vocabulary = kind === BAD_RETURN ? RESULTS : kind === BAD_ACTION ? ACTIONS : undefined;
  return `${callback} of ${nameOfModule(module)} ${returned ? "returned" : "asked for"} ${describe(term)}, and ${ALLOWED.get(kind)}${because(vocabulary && causeOf(vocabulary, term))}`;
}

export function wrongInit(module: object, result: unknown): string {
  return `init of ${nameOfModule(module)} returned ${describe(result)}, and must return [OK, state, data], [OK, state, data, actions], [STOP, reason] or IGNORE${because(causeOf(INIT, result))}`;
}

export function wrongMode(module: object, result: unknown): ErlangError {
  // In an array, the first element that is no mode is the mistake.
  const mistaken = isTuple(result) ? result.find((one) => modeOf([one, STATE_FUNCTIONS]) === undefined) : result;
  return new ErlangError(
    [BAD_RETURN_FROM_CALLBACK_MODE, result],
    `callback_mode of ${nameOfModule(module)} returned ${describe(result)}, and must return STATE_FUNCTIONS or HANDLE_EVENT_FUNCTION, or an array of one of them and STATE_ENTER${because(causeOf(MODE, mistaken))}`,
  );
}

/** The callbacks of a state machine, and what it cannot do without them. */
const NEEDED = {
  init: "cannot be started",
  callback_mode: "cannot be started",
  handle_event: "cannot handle an event",
} as const;

/** The error for a callback that is missing or no function: OTP's `undef`. */
export function missing(module: object, name: keyof typeof NEEDED): ErlangError {
  return uncallable(module, name, NEEDED[name], RESERVED);
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
