/**
 * Descriptions of a callback's mistake: the callback and its module, the result, the allowed results, and the likely
 * cause. The exit reasons stay OTP's; these sentences accompany them in messages and reports.
 */
import { Atom } from "../term/atom.ts";
import { CONTINUE, ERROR, HIBERNATE, IGNORE, NOREPLY, OK, REPLY, STOP, UNDEF } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isA, isError, isTuple, read } from "../term/guarded.ts";
import { nearest } from "../term/options.ts";
import { isThenable } from "../term/thenable.ts";
import { isExt } from "./extension.ts";
import { callbacksOf, nameOfModule } from "./module_name.ts";
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
  return `${callback} of ${nameOfModule(module)} returned ${describe(result)}, and must return ${RESULTS[callback]}${cause === undefined ? "" : `; ${cause}`}`;
}

/** The sentence for an invalid result of a supervisor module's init. */
export function wrongSupervisor(module: object, result: unknown): string {
  const cause = likelyCause("init", result);
  return `init of ${nameOfModule(module)} returned ${describe(result)}, and must return [OK, [flags, children]] or IGNORE${cause === undefined ? "" : `; ${cause}`}`;
}

/** The likely reason why a result is wrong. */
export function likelyCause(callback: Callback, result: unknown): string | undefined {
  try {
    return isTuple(result) ? causeInTuple(callback, result) : causeOfOther(callback, result);
  } catch {
    // It throws on inspection.
    return undefined;
  }
}

const TAGS: ReadonlyMap<string, { readonly atom: Atom; readonly constant: string }> = new Map([
  ["ok", { atom: OK, constant: "OK" }],
  ["reply", { atom: REPLY, constant: "REPLY" }],
  ["noreply", { atom: NOREPLY, constant: "NOREPLY" }],
  ["stop", { atom: STOP, constant: "STOP" }],
  ["ignore", { atom: IGNORE, constant: "IGNORE" }],
  ["continue", { atom: CONTINUE, constant: "CONTINUE" }],
  ["hibernate", { atom: HIBERNATE, constant: "HIBERNATE" }],
]);

const imported = (constant: string) => `import { ${constant} } from "@otpts/runtime"`;

function constantOf(value: unknown): string | undefined {
  if (isA(value, Atom)) return TAGS.get(value.name)?.constant;
  return undefined;
}

// A tag that was written as text, or lost its identity on the way through JSON or a worker.
function wrongTag(tag: unknown): string | undefined {
  if (typeof tag === "string") {
    const meant = TAGS.get(tag.toLowerCase());
    return (
      meant && `${describe(tag)} is a string, and the tag is the atom ${meant.constant} (${imported(meant.constant)})`
    );
  }
  if (typeof tag !== "object" || tag === null || isA(tag, Atom)) return undefined;
  const name = read(tag, "name");
  const meant = typeof name === "string" ? TAGS.get(name) : undefined;
  return meant && `${describe(tag)} is a copy of the atom ${meant.constant}: cloning and JSON do not preserve atoms`;
}

function causeInTuple(callback: Callback, result: readonly unknown[]): string | undefined {
  const [tag] = result;
  const { length } = result;
  if (length === 0) return "the array is empty: its first element is the tag";
  const wrong = wrongTag(tag);
  if (wrong !== undefined) return wrong;
  if (tag === undefined) return "the tag is undefined: is it imported?";
  if (isTuple(tag)) return "it is an array in an array: return the inner one";
  if (isThenable(tag)) return "it holds a promise: await it first";
  const constant = constantOf(tag);
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
    const tag = wrongTag(extra[0]);
    return tag === undefined ? start : `${start}: ${tag}`;
  }
  if (isThenable(extra)) return `${start}: await it first`;
  return wrongTag(extra) === undefined ? start : `${start}: ${wrongTag(extra)}`;
}

function causeOfOther(callback: Callback, result: unknown): string | undefined {
  if (result === undefined)
    return "it returned nothing: is a `return` missing, or are there braces around an arrow function's result?";
  if (isA(result, Atom)) {
    const constant = constantOf(result);
    if (constant === undefined) return undefined;
    if (constant === "IGNORE") return "only init may return IGNORE";
    return `${constant} alone is not a result: it is the first element of an array`;
  }
  const tag = wrongTag(result);
  if (tag !== undefined) return `a result is an array, and ${tag}`;
  if (isError(result))
    return callback === "init"
      ? "throw an error, or return [STOP, error]"
      : "throw an error, or return [STOP, error, state]";
  if (typeof result === "function") return "it is a function: is a call missing?";
  if (typeof result !== "object" || result === null)
    return callback === "init" ? "the state alone is not a result: [OK, state]" : undefined;
  if (typeof read(result, "next") === "function")
    return "it is an iterator: a callback is an ordinary or an async function, not a generator";
  for (const key of TAGS.keys()) {
    if (read(result, key) !== undefined)
      return `a result is an array, not an object: ${key === "reply" ? "[REPLY, reply, state]" : key === "stop" ? "[STOP, reason, state]" : `[${key.toUpperCase()}, state]`}`;
  }
  return callback === "init" ? "the state alone is not a result: [OK, state]" : undefined;
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
  const there: unknown = read(module, callback);
  const why =
    there === undefined ? `it has no ${callback}` : `its ${callback} must be a function, and is ${describe(there)}`;
  const others = callbacksOf(module).filter(
    (name) => !(name in what) && name !== "terminate" && name !== "format_status",
  );
  const like = there === undefined ? nearest(callback, others) : undefined;
  const error = new ErlangError(
    UNDEF,
    `${nameOfModule(module)} ${what[callback]}: ${why}${like === undefined ? "" : `; is its ${like} meant to be ${callback}?`}`,
  );
  // It is raised in this package, so its stack is of no use.
  Object.defineProperty(error, "stack", {
    value: `${error.name}: ${error.message}`,
    configurable: true,
    writable: true,
  });
  return error;
}
