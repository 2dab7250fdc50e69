/**
 * Descriptions of a callback's mistake: the callback and its module, the result, the allowed results, and the likely
 * cause. The exit reasons stay OTP's; these sentences accompany them in messages and reports.
 */
import { Atom } from "../term/atom.ts";
import { CONTINUE, ERROR, IGNORE, NOREPLY, OK, REPLY, STOP } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { ErlangError } from "../term/error.ts";
import { isA, isTuple } from "../term/guarded.ts";
import { isThenable } from "../term/thenable.ts";
import {
  because,
  causeOf,
  causeOfOther,
  NOTHING_RETURNED,
  type Vocabulary,
  word,
  wordsOf,
  wrongBeginning,
  wrongTag,
} from "./cause.ts";
import { isExt } from "./extension.ts";
import { uncallable } from "./lacking.ts";
import { nameOfModule } from "./module_name.ts";
import type { Callback } from "./result.ts";

const RESULTS: Readonly<Record<Callback, string>> = {
  init: "[OK, state], [STOP, reason] or IGNORE",
  handle_call: "[REPLY, reply, state], [NOREPLY, state], [STOP, reason, reply, state] or [STOP, reason, state]",
  handle_cast: "[NOREPLY, state] or [STOP, reason, state]",
  handle_info: "[NOREPLY, state] or [STOP, reason, state]",
  handle_continue: "[NOREPLY, state] or [STOP, reason, state]",
};

const EXTRA = "a time-out in ms, Infinity, HIBERNATE or [CONTINUE, term]";

/** The sentence for an invalid result. */
export function wrongResult(module: object, callback: Callback, result: unknown): string {
  const cause = likelyCause(callback, result);
  return `${callback} of ${nameOfModule(module)} returned ${describe(result)}, and must return ${RESULTS[callback]}${because(cause)}`;
}

/** The sentence for an invalid result of a supervisor module's init. */
export function wrongSupervisor(module: object, result: unknown): string {
  const cause = causeOf(SUPERVISOR, result);
  return `init of ${nameOfModule(module)} returned ${describe(result)}, and must return [OK, [flags, children]] or IGNORE${because(cause)}`;
}

/** The likely reason why a result is wrong. */
function likelyCause(callback: Callback, result: unknown): string | undefined {
  try {
    return isTuple(result) ? causeInTuple(callback, result) : causeOfOther(VOCABULARIES[callback], result);
  } catch {
    // It throws on inspection.
    return undefined;
  }
}

const ENTRY = "@otpts/runtime";
const EVERYWHERE = [
  word(ENTRY, "NOREPLY", "[NOREPLY, state]", 2),
  word(ENTRY, "REPLY", "[REPLY, reply, state]", 3),
  word(ENTRY, "CONTINUE", "[CONTINUE, term]", 2),
  word(ENTRY, "HIBERNATE", "[NOREPLY, state, HIBERNATE]", 0),
  word(ENTRY, "OK", "[OK, state]", 2),
];
const ofMessages: Vocabulary = {
  words: wordsOf(...EVERYWHERE, word(ENTRY, "STOP", "[STOP, reason, state]", 3)),
  strangers: new Map([["ignore", "only init may return IGNORE"]]),
  nothing: NOTHING_RETURNED,
  failing: "[STOP, error, state]",
  other: "the state alone is not a result: [NOREPLY, state]",
};
const VOCABULARIES: Readonly<Record<Callback, Vocabulary>> = {
  init: {
    words: wordsOf(
      ...EVERYWHERE,
      word(ENTRY, "STOP", "[STOP, reason]", 2),
      word(ENTRY, "IGNORE", "IGNORE", 0, 0, true),
    ),
    nothing: NOTHING_RETURNED,
    failing: "[STOP, error]",
    other: "the state alone is not a result: [OK, state]",
  },
  handle_call: { ...ofMessages, other: "the reply alone is not a result: [REPLY, reply, state]" },
  handle_cast: ofMessages,
  handle_info: ofMessages,
  handle_continue: ofMessages,
};
const { words: WORDS } = VOCABULARIES.init;

const SUPERVISOR: Vocabulary = {
  words: wordsOf(word(ENTRY, "OK", "[OK, [flags, children]]", 2), word(ENTRY, "IGNORE", "IGNORE", 0, 0, true)),
  strangers: new Map([["stop", "an init that fails throws an error"]]),
  nothing: NOTHING_RETURNED,
  other: "the flags and the children are in an array: [OK, [flags, children]]",
};

function causeInTuple(callback: Callback, result: readonly unknown[]): string | undefined {
  const wrong = wrongBeginning(WORDS, result);
  if (wrong !== undefined) return wrong;
  const [tag] = result;
  const { length } = result;
  const constant = isA(tag, Atom) ? WORDS.get(tag.name)?.constant : undefined;
  if (tag === ERROR && callback === "init") return "a start that fails is [STOP, reason]";
  if (constant === undefined) return undefined;
  if (callback === "init") {
    if (tag === NOREPLY || tag === REPLY) return `${constant} is for messages: init returns [OK, state]`;
    if (tag === STOP) return length === 1 ? "the reason is missing" : "init has no state yet: [STOP, reason]";
    if (tag === IGNORE) return "IGNORE stands alone";
  } else {
    if (tag === OK)
      return `OK is init's: ${callback} returns [NOREPLY, state]${callback === "handle_call" ? " or [REPLY, reply, state]" : ""}`;
    if (tag === REPLY && callback !== "handle_call")
      return `${callback === "handle_cast" ? "a cast" : "this"} has no caller that waits for a reply: return [NOREPLY, state]`;
    if (tag === STOP) {
      if (length === 4) return "there is no caller to reply to: [STOP, reason, state]";
      return length < 3
        ? missing(length === 1 ? "the reason and the state are" : "the state is", "[STOP, reason, state]")
        : undefined;
    }
  }
  const wanted = tag === REPLY ? 3 : 2;
  const shape = tag === REPLY ? "[REPLY, reply, state]" : `[${constant}, state]`;
  if (length < wanted)
    return missing(tag === REPLY && length === 1 ? "the reply and the new state are" : "the new state is", shape);
  if (length === wanted + 1 && !isExt(result[wanted])) return wrongExtra(result[wanted]);
  return length > wanted + 1
    ? `it has ${length - wanted - 1} element${length === wanted + 2 ? "" : "s"} too many`
    : undefined;
}

const missing = (what: string, shape: string) => `${what} missing: ${shape}`;

function wrongExtra(extra: unknown): string {
  const start = `what follows the state must be ${EXTRA}, and is ${describe(extra)}`;
  if (extra === CONTINUE) return `${start}: CONTINUE needs a term`;
  if (isTuple(extra)) {
    const tag = wrongTag(WORDS, extra[0]);
    return tag === undefined ? start : `${start}: ${tag}`;
  }
  if (isThenable(extra)) return `${start}: await it first`;
  const tag = wrongTag(WORDS, extra);
  return tag === undefined ? start : `${start}: ${tag}`;
}

/** The error for a missing callback: OTP's `undef`. */
export function missingCallback(module: object, callback: Callback, term: unknown): ErlangError {
  const what: Readonly<Record<Callback, string>> = {
    init: "cannot be started",
    handle_call: `cannot take the call ${describe(term)}`,
    handle_cast: `cannot take the cast ${describe(term)}`,
    handle_info: `cannot take the message ${describe(term)}`,
    handle_continue: `cannot continue with ${describe(term)}`,
  };
  return uncallable(module, callback, what[callback], CALLBACKS);
}

const CALLBACKS: ReadonlySet<string> = new Set([...Object.keys(RESULTS), "terminate", "format_status"]);
