import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigValidationError, type Problem } from "../errors.ts";
import { isTable } from "./draft.ts";
import { isThenable } from "./maybe.ts";
import { isWithin, parsePath } from "./path.ts";
import { admit, PlainDataError } from "./plain.ts";
import { admitSliced, type Budget } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import type { Notification } from "./subscriptions.ts";
import type { Segments, Value } from "./value.ts";
import { faultsIn, issuesIn } from "./verdict.ts";
import { isError, isRevoked, messageIn, thrownWords, typeOf, wordsOf } from "./words.ts";

/**
 * Calls of schemas and validators, which are foreign code: whatever one throws or returns, now or later, becomes
 * agreement or a described problem.
 */

/**
 * A validator for a pattern: a Standard Schema, or a function.
 *
 * A function refuses by throwing, or by returning `false`, a message, an Error, or a list of messages, Errors or
 * problems (whose paths are then relative to the node, dotted or as segments: `{ path: "pool.size", message: "is too
 * small" }`). Results of schema libraries that do not throw are understood too: `(limit) => Limit.safeParse(limit)`
 * refuses whatever `Limit` refuses. Any other result is agreement. Both kinds may be asynchronous.
 */
export type Validator = StandardSchemaV1 | ValidatorFunction;

/** A validator that is a function. */
export type ValidatorFunction = (value: Value, path: string) => unknown;

/** Reports a problem at a path. */
type Report = (path: Segments, message: string) => void;

/**
 * The output of a schema for a value; undefined, and reported, if the schema refuses it. The schema is foreign code and
 * may do anything.
 */
export function parsed(
  schema: StandardSchemaV1,
  value: Value,
  path: Segments,
  before: Value | undefined,
  report: Report,
  budget?: Budget,
): Value | undefined | Promise<Value | undefined> {
  const failed = (error: unknown): undefined => {
    if (isError(error) && error instanceof PlainDataError) report(error.path, `the schema's output ${error.what}`);
    else report(path, `the schema threw: ${thrownWords(error)}`);
  };
  const admitted = (result: StandardSchemaV1.Result<unknown>): Value | undefined | Promise<Value | undefined> => {
    if (typeof result !== "object" || result === null) throw new TypeError("it returned no result");
    const { issues } = result;
    if (issues !== undefined && issues !== null) {
      if (!Array.isArray(issues) || issues.length === 0) report(path, "is not valid");
      else for (const issue of issues) report([...path, ...issuePath(issue)], messageIn(issue) ?? "is not valid");
      return undefined;
    }
    // A key of the output may be undefined, which admission treats as absent; the output itself may not.
    const output = result.value;
    if (output === undefined) {
      report(path, "the schema returned neither a value nor issues");
      return undefined;
    }
    const rules = { at: path, strict: true };
    return budget === undefined ? admit(output, before, rules) : admitSliced(output, before, rules, budget);
  };
  return guarded(() => schema["~standard"].validate(given(value, schema)), admitted, failed);
}

/** The input for a schema: the frozen value itself if its library is known not to write into it, otherwise a copy. */
function given(value: Value, schema: StandardSchemaV1): unknown {
  return READS_ONLY.has(schema["~standard"].vendor) ? value : thawed(value);
}

/** Libraries whose schemas never write into their input. Others (arktype) transform in place. */
const READS_ONLY: ReadonlySet<unknown> = new Set(["zod", "valibot", "otpts"]);

function thawed(value: Value): unknown {
  if (Array.isArray(value)) return value.map(thawed);
  if (!isTable(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = thawed(value[key]!);
  return copy;
}

/** Calls a function for a node, and reports its problems. Its own refusals are also added to `thrown`. */
export function called(node: Notified, report: Report, thrown: ConfigValidationError[]): void | Promise<void> {
  const at = node.segments;
  const one = (problem: unknown): void => {
    const { path } = problem as { readonly path?: unknown };
    report([...at, ...below(node, path)], messageIn(problem) ?? wordsOf(problem));
  };
  const refused = (error: unknown): void => {
    if (!isError(error) || !(error instanceof ConfigValidationError)) {
      const issues = issuesIn(error);
      if (issues === undefined) return report(at, calledWords(node.item, error));
      return issues.forEach(one);
    }
    try {
      const problems = originals.get(error) ?? error.problems;
      if (problems.length === 0) report(at, wordsOf(error));
      else for (const problem of problems) one(problem);
      thrown.push(error);
    } catch {
      report(at, wordsOf(error));
    }
  };
  const judged = (answer: unknown): void => {
    for (const said of faultsIn(answer, node.after, node.item)) {
      if (said === false) report(at, "is not valid");
      else if (typeof said === "string" && said !== "") report(at, said);
      else if (isError(said)) refused(said);
      else if (typeof said === "object" && said !== null) one(said);
    }
  };
  return guarded(() => node.item(node.after!, node.path), judged, refused);
}

type Notified = Notification<ValidatorFunction>;

/** Runs foreign code and processes its result: anything it throws, now or later, is passed to `failed`. */
function guarded<T, R>(
  run: () => T | PromiseLike<T>,
  then: (answer: T) => R | Promise<R>,
  failed: (error: unknown) => R,
): R | Promise<R> {
  try {
    const answer = run();
    const result = isThenable(answer) ? Promise.resolve(answer).then(then) : then(answer);
    return result instanceof Promise ? result.catch(failed) : result;
  } catch (error) {
    return failed(error);
  }
}

/**
 * The original problems of errors whose problems were completed: a validator may throw the same error again, for
 * another path.
 */
export const originals = new WeakMap<ConfigValidationError, readonly Problem[]>();

function issuePath(issue: StandardSchemaV1.Issue): Segments {
  return [...(issue.path ?? [])].map((part) => String(typeof part === "object" ? part.key : part));
}

/**
 * A problem's path is relative to the node: dotted, or segments. A path that does not exist there but begins with the
 * node's path is absolute.
 */
function below({ segments: at, after }: Notified, path: unknown): Segments {
  if (path === undefined || path === "") return [];
  try {
    const segments = parsePath(path);
    const isWhole = isWithin(segments, at) && valueAt({ node: after! }, ["node", ...segments]) === undefined;
    return isWhole ? segments.slice(at.length) : segments;
  } catch {
    return typeof path === "string" ? [path] : [];
  }
}

/** A description of a validator's error, or of why it could not be called. */
function calledWords(validator: unknown, error: unknown): string {
  return isRevoked(validator) ? "cannot be checked: its validator is a revoked proxy" : thrownWords(error);
}

/** Whether it is a function that can be a validator. */
export function isFunction(value: unknown): value is ValidatorFunction {
  return typeof value === "function" && !isRevoked(value) && !isEffect(value);
}

/** What was given in place of a schema or a validator, for a message. */
export function kindOf(value: unknown): string {
  return isEffect(value) ? EFFECT : typeOf(value);
}

/** An effect schema is a function that checks nothing when it is called. */
function isEffect(value: unknown): boolean {
  return typeof value === "function" && !isRevoked(value) && "ast" in value;
}

const EFFECT =
  "a schema of effect (Schema.toStandardSchemaV1 makes a Standard Schema of it; in effect 3 standardSchemaV1)";

/** Whether it is a Standard Schema. */
export function isSchema(value: unknown): value is StandardSchemaV1 {
  try {
    const standard =
      (typeof value === "object" && value !== null) || typeof value === "function"
        ? (value as { "~standard"?: { validate?: unknown } })["~standard"]
        : undefined;
    return typeof standard?.validate === "function";
  } catch {
    // A value that cannot be inspected is not an effect schema.
    return false;
  }
}
