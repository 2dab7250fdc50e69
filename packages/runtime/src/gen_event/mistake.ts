/** What went wrong with a handler, in words. The reasons stay OTP's; the sentences go beside them, into messages and reports. */
import { ERROR, EXIT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { ErlangError } from "../term/error.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { listed } from "../term/options.ts";
import { inWords } from "../term/reason.ts";
import { because, causeOf, NOTHING_RETURNED, type Vocabulary, word, wordsOf } from "../behaviour/cause.ts";
import { uncallable } from "../behaviour/lacking.ts";
import { nameOfModule } from "../behaviour/module_name.ts";

const EVENT = "[OK, state], REMOVE_HANDLER or [SWAP_HANDLER, args, state, handler, new_args]";

const RESULTS = {
  init: "[OK, state] or [ERROR, reason]",
  handle_event: EVENT,
  handle_info: EVENT,
  handle_call: "[OK, reply, state], [REMOVE_HANDLER, reply] or [SWAP_HANDLER, reply, args, state, handler, new_args]",
};

/** A callback whose result is read. */
export type Callback = keyof typeof RESULTS;

const ENTRY = "@otpts/runtime/gen_event";
const STRANGERS = (form: string) =>
  new Map([
    ["noreply", `NOREPLY is a gen_server's: ${form}`],
    ["reply", `REPLY is a gen_server's: ${form}`],
    ["stop", "a handler ends with REMOVE_HANDLER"],
    ["ignore", "a handler has no IGNORE"],
  ]);
const OF_EVENTS: Vocabulary = {
  words: wordsOf(
    word(ENTRY, "OK", "[OK, state]", 2, 3),
    word(ENTRY, "REMOVE_HANDLER", "REMOVE_HANDLER", 0, 0, true),
    word(ENTRY, "SWAP_HANDLER", "[SWAP_HANDLER, args, state, handler, new_args]", 5),
  ),
  strangers: STRANGERS("[OK, state]"),
  nothing: NOTHING_RETURNED,
  other: "the state alone is not a result: [OK, state]",
};
const VOCABULARIES: Readonly<Record<Callback, Vocabulary>> = {
  init: {
    words: wordsOf(word(ENTRY, "OK", "[OK, state]", 2, 3), word(ENTRY, "ERROR", "[ERROR, reason]", 2)),
    strangers: new Map([...STRANGERS("[OK, state]"), ["stop", "an init that fails returns [ERROR, reason]"]]),
    nothing: NOTHING_RETURNED,
    failing: "[ERROR, error]",
    other: "the state alone is not a result: [OK, state]",
  },
  handle_event: OF_EVENTS,
  handle_info: OF_EVENTS,
  handle_call: {
    words: wordsOf(
      word(ENTRY, "OK", "[OK, reply, state]", 3, 4),
      word(ENTRY, "REMOVE_HANDLER", "[REMOVE_HANDLER, reply]", 2),
      word(ENTRY, "SWAP_HANDLER", "[SWAP_HANDLER, reply, args, state, handler, new_args]", 6),
    ),
    strangers: STRANGERS("[OK, reply, state]"),
    nothing: NOTHING_RETURNED,
    other: "the reply alone is not a result: [OK, reply, state]",
  },
};

/** Why a callback's result is none: what it failed with, or what it returned and may return. */
export function wrongResult(module: object, callback: Callback, result: unknown): string {
  if (tagOf(result, 2) === EXIT) return inWords((result as readonly unknown[])[1]);
  if (callback === "init" && tagOf(result, 2) === ERROR)
    return `its init refused: ${inWords((result as readonly unknown[])[1])}`;
  const cause = causeOf(VOCABULARIES[callback], result);
  return `${callback} of ${nameOfModule(module)} returned ${describe(result)}, and must return ${RESULTS[callback]}${because(cause)}`;
}

const CALLBACKS: ReadonlySet<string> = new Set([...Object.keys(RESULTS), "terminate", "format_status"]);
const NEEDED: Readonly<Record<Callback, string>> = {
  init: "cannot be installed",
  handle_event: "cannot handle an event",
  handle_info: "cannot handle a message",
  handle_call: "cannot handle a call",
};

/** The error for a callback that is missing or no function: OTP's `undef`. */
export function missing(module: object, callback: Callback): ErlangError {
  return uncallable(module, callback, NEEDED[callback], CALLBACKS);
}

/** A handler for people. */
export function nameOfHandler(ref: unknown): string {
  const [module, ...id] = isTuple(ref) ? ref : [ref];
  const name = nameOfModule(module as object);
  return id.length === 0 ? name : `[${name}, ${describe(id[0])}]`;
}

const MANY = 5;

/** Why a handler cannot be asked or removed: it is not there. */
export function notInstalled(reason: unknown, wanted: unknown, installed: readonly unknown[]): string {
  const names = installed.slice(0, MANY).map(nameOfHandler);
  const all = installed.length > MANY ? [...names, `${installed.length - MANY} more`] : names;
  const there = all.length === 0 ? "no handler is" : `installed: ${listed(all)}`;
  const same = installed.some((one) => nameOfHandler(one) === nameOfHandler(wanted));
  return `it is not installed (${describe(reason)}); ${there}${same ? ". A handler is found by the object that was installed, and this is another object of that name" : ""}`;
}
