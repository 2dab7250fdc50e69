import { isTable } from "./draft.ts";
import type { Value } from "./value.ts";
import { isError, messageIn } from "./words.ts";

/**
 * The meaning of a validator's result. A validator is foreign code, and may return whatever its library does. The
 * result is a list of faults: `false`, a message, an Error, or a problem `{ path, message }`; an empty list means
 * agreement.
 *
 *     false, and the function has `errors`    ajv's compiled functions
 *     { issues }, { success: false, error }   zod, valibot, arktype
 *     { _tag: "Left" | "Failure" | "None" }   effect, fp-ts
 *     { valid: false, errors }, { error }     jsonschema, joi
 *     an iterator of problems, one problem    typebox
 *     [undefined, value], the value itself    superstruct, parsers: agreement
 *
 * A result that would still have to be run or called, such as an Effect, is refused, because nothing was checked.
 */
export function faultsIn(answer: unknown, value: Value | undefined, validator: unknown): readonly unknown[] {
  if (answer === false) return errorsOf(validator) ?? [false];
  if (typeof answer === "string") return answer === value ? [] : [answer];
  if (typeof answer === "function")
    return ["cannot be checked: its validator returned a function, which is never called"];
  if (typeof answer !== "object" || answer === null || isError(answer)) return isError(answer) ? [answer] : [];
  if (Array.isArray(answer)) return listed(answer, value);
  // A key that the value itself has means nothing, since a validator may return its argument. Keys are read only if
  // they exist: an assertion library's object throws for missing ones.
  const said = (key: string | symbol): unknown =>
    !(key in answer) || (isTable(value) && typeof key === "string" && Object.hasOwn(value, key))
      ? undefined
      : (answer as Readonly<Record<string | symbol, unknown>>)[key];
  const tag = said("_tag");
  if (isRunnable(said) && tag !== "Success" && tag !== "Right" && tag !== "Some" && tag !== "Failure") {
    return ["cannot be checked: its validator returned an Effect, which is never run"];
  }
  for (const failure of [...["issues", "error", "left", "failure"].map(said), ...reasonsOf(said("cause"))]) {
    const found = unpacked(failure);
    if (found.length > 0) return found;
  }
  const isRefusal = REFUSALS.has(tag) || ["success", "valid", "ok"].some((key) => said(key) === false);
  const errors = unpacked(said("errors"));
  if (errors.length > 0) return errors;
  const message = messageIn({ message: said("message") });
  const isProblem = message !== undefined && (said("path") ?? said("instancePath")) !== undefined;
  if (isProblem || (isRefusal && message !== undefined)) return [relative(answer)];
  if (isRefusal) return [false];
  const each = tag === undefined ? said(Symbol.iterator) : undefined;
  return typeof each === "function" ? listed(firstOf(answer as Iterable<unknown>), value) : [];
}

/** The details of a library's error; undefined if it has nothing but a message. */
export function issuesIn(error: unknown): readonly unknown[] | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  try {
    for (const key of ["issues", "inner", "details", "errors"]) {
      const issues = (error as Readonly<Record<string, unknown>>)[key];
      if (!Array.isArray(issues) || issues.length === 0 || issues.length > MOST) continue;
      if (issues.every((issue) => messageIn(issue) !== undefined)) return (issues as unknown[]).map(relative);
    }
  } catch {
    // It cannot be read, so its message must suffice.
  }
  return undefined;
}

const REFUSALS: ReadonlySet<unknown> = new Set(["Left", "Failure", "None", "Err"]);

/** Maximum number of problems taken from one result. */
const MOST = 10_000;

function errorsOf(validator: unknown): readonly unknown[] | undefined {
  const { errors } = validator as { readonly errors?: unknown };
  return Array.isArray(errors) && errors.length > 0 ? (errors as unknown[]).map(relative) : undefined;
}

function listed(list: readonly unknown[], value: Value | undefined): readonly unknown[] {
  const isResult = list.length === 2 && (list[0] === undefined || list[0] === null);
  if (isResult || isSame(list, value)) return [];
  return list.map(relative);
}

/** The faults of a failure: its list, or those of its error. */
function unpacked(failure: unknown): readonly unknown[] {
  if (Array.isArray(failure)) return (failure as unknown[]).map(relative);
  if (typeof failure === "string" && failure !== "") return [failure];
  return (
    issuesIn(failure) ?? (messageIn(failure) === undefined ? [] : [isError(failure) ? failure : relative(failure)])
  );
}

/** The errors in the cause of an effect Exit. */
function reasonsOf(cause: unknown): readonly unknown[] {
  if (typeof cause !== "object" || cause === null || isError(cause)) return [cause];
  const { reasons = [cause] } = cause as { readonly reasons?: unknown };
  const errorOf = (reason: unknown): unknown => (reason as { readonly error?: unknown } | null)?.error;
  return Array.isArray(reasons) ? (reasons as unknown[]).map(errorOf) : [];
}

function isRunnable(said: (key: string | symbol) => unknown): boolean {
  return said("~effect/Effect") !== undefined || said(Symbol.for("effect/Effect")) !== undefined;
}

function firstOf(iterable: Iterable<unknown>): readonly unknown[] {
  const found: unknown[] = [];
  for (const one of iterable) if (found.push(one) >= MOST) break;
  return found;
}

/** An issue as a problem whose path, from its path or its pointer (`/pool/size`), is relative to the node. */
function relative(issue: unknown): unknown {
  if (typeof issue !== "object" || issue === null || isError(issue)) return issue;
  const { path, instancePath } = issue as { readonly path?: unknown; readonly instancePath?: unknown };
  const message = messageIn(issue);
  return message === undefined ? issue : { path: segmentsOf(instancePath ?? path), message };
}

function segmentsOf(path: unknown): unknown {
  if (typeof path === "string" && path.startsWith("/")) {
    return path
      .slice(1)
      .split("/")
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  }
  if (!Array.isArray(path)) return path;
  return (path as unknown[]).map((part) =>
    String(typeof part === "object" && part !== null ? (part as { readonly key?: unknown }).key : part),
  );
}

/** Whether a result is the validated value, or a copy of it. */
function isSame(answer: unknown, value: unknown): boolean {
  if (Object.is(answer, value)) return true;
  if (typeof answer !== "object" || typeof value !== "object" || answer === null || value === null) return false;
  const keys = Object.keys(value);
  if (Array.isArray(answer) !== Array.isArray(value) || Object.keys(answer).length !== keys.length) return false;
  const [one, other] = [answer, value] as readonly Readonly<Record<string, unknown>>[];
  return keys.every((key) => Object.hasOwn(answer, key) && isSame(one![key], other![key]));
}
