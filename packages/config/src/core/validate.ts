import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigValidationError, type Problem } from "../errors.ts";
import { diff, sortedByPath } from "./diff.ts";
import { isTable } from "./draft.ts";
import { assign } from "./overrides.ts";
import { formatPath } from "./path.ts";
import { parsePattern } from "./pattern.ts";
import { admit, PlainDataError } from "./plain.ts";
import type { Steps } from "./steps.ts";
import { PatternIndex, type Told } from "./subscriptions.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Validation, for puts and reloads alike. First the schema for the whole sees the merged tree, and what it makes of it
 * (defaults, coercions) replaces it. Then the validators by pattern see each node at their depth whose subtree changed;
 * one that is a schema replaces the node by what it makes of it. All problems are found before anything is refused.
 */

/**
 * What may stand for a pattern: a Standard Schema, or a function.
 *
 * A function refuses by throwing, or by returning `false`, a message, an Error, or a list of messages, Errors or problems
 * (whose paths are then relative to the node). Whatever else it returns is agreement. Either may be asynchronous.
 */
export type Validator = StandardSchemaV1 | ((value: Value, path: string) => unknown);

/** What the rule wants to know of its surroundings. */
export interface ValidationContext {
  /** Begins the error message: `Cannot put "database.port"`. */
  readonly action: string;
  /** Where the value at a path came from, for people. */
  readonly origin: (path: Segments) => string | undefined;
  /** A message at a path as it may be shown: no secret is in it. */
  readonly shown: (path: Segments, message: string) => string;
}

/** A schema and validators, ready to run. */
export class Validation {
  private readonly schema: StandardSchemaV1 | undefined;
  private readonly schemas = new PatternIndex<StandardSchemaV1>();
  private readonly functions = new PatternIndex<(value: Value, path: string) => unknown>();

  /** @throws TypeError when a pattern is no pattern, or what stands for it is no validator */
  constructor(schema: StandardSchemaV1 | undefined, validators: Readonly<Record<string, Validator>> = {}) {
    if (schema !== undefined && !isSchema(schema)) {
      throw new TypeError(
        "Cannot validate: schema must be a Standard Schema (zod, valibot, arktype and others make them)",
      );
    }
    this.schema = schema;
    if (typeof validators !== "object" || validators === null || Array.isArray(validators)) {
      throw new TypeError("Cannot validate: validators must be an object from patterns to functions or schemas");
    }
    for (const pattern of Object.keys(validators)) {
      const validator = validators[pattern];
      const parsed = parsePattern(pattern, "read validator pattern");
      if (isSchema(validator)) this.schemas.add(parsed, validator);
      else if (typeof validator === "function") this.functions.add(parsed, validator);
      else throw new TypeError(`Cannot validate "${pattern}": a validator must be a function or a Standard Schema`);
    }
  }

  /** Whether there is nothing to check: then a tree is valid as it is. */
  get isEmpty(): boolean {
    return this.schema === undefined && this.schemas.size === 0 && this.functions.size === 0;
  }

  /**
   * Checks a merged tree.
   *
   * @param raw shares with `before` what is equal
   * @param before the effective tree it would replace
   * @returns the effective tree, frozen, sharing with `before` what is equal
   * @throws ConfigValidationError with every problem
   */
  *run(raw: Table, before: Table, context: ValidationContext): Steps<Table> {
    if (this.isEmpty) return raw;
    const problems: Problem[] = [];
    const thrown: ConfigValidationError[] = [];
    const report = (path: Segments, message: string): void => {
      const origin = context.origin(path);
      const text = context.shown(path, message);
      problems.push({ path: formatPath(path), message: text, ...(origin === undefined ? {} : { origin }) });
    };

    let tree = raw;
    if (this.schema !== undefined) {
      const output = yield* parsed(this.schema, raw, [], before, report);
      if (output !== undefined && !isTable(output)) report([], "the schema must make a table of the configuration");
      else if (output !== undefined) tree = output;
    }
    for (const told of yield* sortedByPath(yield* this.schemas.project(diff(before, tree)))) {
      if (told.after === undefined) continue;
      const output = yield* parsed(told.item, told.after, told.segments, valueIn(before, told.segments), report);
      if (output !== undefined && output !== told.after) tree = yield* assign(tree, told.segments, output);
    }
    for (const told of yield* sortedByPath(yield* this.functions.project(diff(before, tree)))) {
      if (told.after !== undefined) yield* called(told, report, thrown);
    }
    if (problems.length === 0) return tree;
    throw refusal(context, problems, thrown);
  }
}

type Report = (path: Segments, message: string) => void;

function* parsed(
  schema: StandardSchemaV1,
  value: Value,
  path: Segments,
  before: Value | undefined,
  report: Report,
): Steps<Value | undefined> {
  try {
    let result = schema["~standard"].validate(value);
    if (isThenable(result)) result = (yield result) as StandardSchemaV1.Result<unknown>;
    if (result.issues !== undefined) {
      for (const issue of result.issues) report([...path, ...(issue.path ?? []).map(segmentOf)], issue.message);
      return undefined;
    }
    return (yield* admit(withoutUndefined(result.value), before, { at: path, strict: true })).value;
  } catch (error) {
    if (error instanceof PlainDataError) report(error.path, `the schema's output ${error.what}`);
    else report(path, `the schema threw: ${messageOf(error)}`);
    return undefined;
  }
}

/** A schema's optional key may come out as undefined, which admission takes as absent; at the top it is no value. */
function withoutUndefined(value: unknown): unknown {
  return value === undefined ? {} : value;
}

function* called(
  told: Told<(value: Value, path: string) => unknown>,
  report: Report,
  thrown: ConfigValidationError[],
): Steps<void> {
  const at = told.segments;
  try {
    let verdict: unknown = told.item(told.after!, told.path);
    if (isThenable(verdict)) verdict = yield verdict;
    for (const one of Array.isArray(verdict) ? (verdict as unknown[]) : [verdict]) {
      if (one === false) report(at, "is not valid");
      else if (typeof one === "string" && one !== "") report(at, one);
      else if (one instanceof ConfigValidationError) reportAll(one, at, report);
      else if (one instanceof Error) report(at, one.message);
      else if (Array.isArray(verdict) && isProblem(one)) report([...at, ...below(one.path)], one.message);
    }
  } catch (error) {
    if (error instanceof ConfigValidationError) {
      thrown.push(error);
      reportAll(error, at, report);
    } else {
      report(at, messageOf(error));
    }
  }
}

function reportAll(error: ConfigValidationError, at: Segments, report: Report): void {
  if (error.problems.length === 0 || completed.has(error)) return report(at, error.message);
  for (const problem of error.problems)
    report(at, problem.path === "" ? problem.message : `${problem.path}: ${problem.message}`);
}

/**
 * A validator's own error passes on when it is all there is to say, and says no secret. It gets the problem, with path and
 * origin, if it names none itself.
 */
function refusal(
  context: ValidationContext,
  problems: readonly Problem[],
  thrown: readonly ConfigValidationError[],
): ConfigValidationError {
  const [only] = thrown;
  const silent = only !== undefined && (only.problems.length === 0 || completed.has(only));
  if (only !== undefined && thrown.length === 1 && problems.length === (silent ? 1 : only.problems.length)) {
    const said = [only.message, ...only.problems.map((problem) => problem.message)];
    if (problems.every((problem) => said.some((text) => problem.message.endsWith(text)))) {
      if (!silent) return only;
      completed.add(only);
      return Object.assign(only, { problems });
    }
  }
  return new ConfigValidationError(`${context.action}: ${summary(problems)}`, problems);
}

/** Errors whose problems are ours: a validator may throw the same one again, for another path. */
const completed = new WeakSet<ConfigValidationError>();

/** The first few problems in a line. */
export function summary(problems: readonly Problem[]): string {
  const shown = problems.slice(0, 5).map(({ path, message, origin }) => {
    const where = path === "" ? "" : `"${path}" `;
    return `${where}${message}${origin === undefined ? "" : ` (from ${origin})`}`;
  });
  const more = problems.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function valueIn(tree: Table, path: Segments): Value | undefined {
  let at: Value | undefined = tree;
  for (const segment of path) at = isTable(at) && Object.hasOwn(at, segment) ? at[segment] : undefined;
  return at;
}

function segmentOf(part: PropertyKey | StandardSchemaV1.PathSegment): string {
  return String(typeof part === "object" ? part.key : part);
}

function below(path: unknown): readonly string[] {
  return typeof path === "string" && path !== "" ? [path] : [];
}

function isProblem(value: unknown): value is { readonly path?: unknown; readonly message: string } {
  return typeof value === "object" && value !== null && typeof (value as { message?: unknown }).message === "string";
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  const standard =
    (typeof value === "object" && value !== null) || typeof value === "function"
      ? (value as { "~standard"?: { validate?: unknown } })["~standard"]
      : undefined;
  return typeof standard?.validate === "function";
}

function isThenable<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message;
  return typeof error === "string" ? error : `it threw something that is not an Error (${typeof error})`;
}
