import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigValidationError, type Problem } from "../errors.ts";
import { type Change, diff, sortedByPath } from "./diff.ts";
import { isTable, replace } from "./draft.ts";
import type { Origin } from "./layer.ts";
import { andThen, inTurn, isThenable } from "./maybe.ts";
import { isWithin, parsePath } from "./path.ts";
import { parsePattern } from "./pattern.ts";
import { admit, PlainDataError } from "./plain.ts";
import { problemAt } from "./problem.ts";
import { admitSliced, type Budget } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { type Notification, PatternIndex } from "./subscriptions.ts";
import type { Segments, Table, Value } from "./value.ts";
import { faultsIn, issuesIn } from "./verdict.ts";
import { isError, isRevoked, messageIn, thrownWords, typeOf, wordsOf } from "./words.ts";

/**
 * Validation, for puts and reloads alike. First the schema for the whole sees the merged tree, and what it makes of it
 * (defaults, coercions) replaces it. Then the validators by pattern see each node at their depth whose subtree changed;
 * one that is a schema replaces the node by what it makes of it. All problems are found before anything is refused.
 *
 *     new Validation(schema, { "limits.*": (limit) => limit.rate > 0 || "needs a rate above 0" })
 *
 * A schema or a validator is others' code: whatever it throws or returns, now or later, is agreement or a problem in words.
 */

/**
 * What may stand for a pattern: a Standard Schema, or a function.
 *
 * A function refuses by throwing, or by returning `false`, a message, an Error, or a list of messages, Errors or problems
 * (whose paths are then relative to the node, dotted or as segments: `{ path: "pool.size", message: "is too small" }`).
 * What a schema library answers instead of throwing is read too: `(limit) => Limit.safeParse(limit)` refuses what `Limit`
 * does. Whatever else it returns is agreement. Either may be asynchronous.
 */
export type Validator = StandardSchemaV1 | ValidatorFunction;

type ValidatorFunction = (value: Value, path: string) => unknown;

/** What the rule wants to know of its surroundings. */
export interface ValidationContext {
  /** Begins the error message: `Cannot put "database.port"`. */
  readonly action: string;
  /** Where the value at a path came from. */
  readonly origin: (path: Segments) => Origin | undefined;
  /** A message at a path as it may be shown: no secret is in it. */
  readonly shown: (path: Segments, message: string) => string;
  /** Lets a large tree be admitted in slices. */
  readonly budget?: Budget | undefined;
}

/** A schema and validators, ready to run. */
export class Validation {
  private readonly schema: StandardSchemaV1 | undefined;
  private readonly schemas = new PatternIndex<StandardSchemaV1>();
  private readonly functions = new PatternIndex<ValidatorFunction>();

  /** @throws TypeError when a pattern is no pattern, or what stands for it is no validator */
  constructor(schema: StandardSchemaV1 | undefined, validators: Readonly<Record<string, Validator>> = {}) {
    if (schema !== undefined && !isSchema(schema)) {
      throw new TypeError(
        `Cannot validate: schema must be a Standard Schema (zod, valibot, arktype and others make them), got ${isEffect(schema) ? EFFECT : typeOf(schema)}`,
      );
    }
    this.schema = schema;
    if (typeOf(validators) !== "object") {
      const got = typeOf(validators);
      throw new TypeError(
        `Cannot validate: validators must be an object from patterns to functions or schemas, got ${got}`,
      );
    }
    for (const pattern of Object.keys(validators)) {
      const validator = validators[pattern];
      const parsed = parsePattern(pattern, "read validator pattern");
      if (isSchema(validator)) this.schemas.add(parsed, validator);
      else if (typeof validator === "function" && !isRevoked(validator) && !isEffect(validator))
        this.functions.add(parsed, validator);
      else {
        const got = typeOf(validator);
        throw new TypeError(
          `Cannot validate "${pattern}": a validator must be a function or a Standard Schema, got ${isEffect(validator) ? EFFECT : got}`,
        );
      }
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
   * @param written the merged tree that `before` was made from: what is written anew is read anew, also where it equals
   *   what came out last time
   * @returns the effective tree, frozen, sharing with `before` what is equal; a promise only where something is waited for
   * @throws ConfigValidationError with every problem; or the promise rejects with it
   */
  run(raw: Table, before: Table, context: ValidationContext, written: Table = before): Table | Promise<Table> {
    if (this.isEmpty) return raw;
    const problems: Problem[] = [];
    const thrown: ConfigValidationError[] = [];
    const report = (path: Segments, message: string): void => {
      if (problems.length < MOST_PROBLEMS) {
        problems.push(problemAt(path, context.shown(path, message), context.origin(path)));
      } else if (problems.length === MOST_PROBLEMS) {
        problems.push({ path: "", message: `there are more problems than the ${MOST_PROBLEMS} that are named` });
      }
    };
    let tree = raw;

    const whole = (): void | Promise<void> => {
      if (this.schema === undefined) return;
      return andThen(parsed(this.schema, raw, [], before, report, context.budget), (output) => {
        if (output !== undefined && !isTable(output)) report([], "the schema must make a table of the configuration");
        else if (output !== undefined) tree = output;
      });
    };
    const nodes = (): void | Promise<void> =>
      inTurn(this.readAnew(diff(before, tree), diff(written, raw)), ({ item, segments }) => {
        const after = valueAt(tree, segments);
        if (after === undefined) return;
        return andThen(parsed(item, after, segments, valueAt(before, segments), report), (output) => {
          if (output !== undefined && output !== after) tree = replace(tree, segments, output);
        });
      });
    const functions = (): void | Promise<void> =>
      inTurn(sortedByPath(this.functions.project(diff(before, tree))), (one) =>
        one.after === undefined ? undefined : called(one, report, thrown),
      );

    return andThen(
      inTurn([whole, nodes, functions], (stage) => stage()),
      () => {
        if (problems.length > 0) throw refusal(context, problems, thrown);
        return tree;
      },
    );
  }

  /** The nodes that schemas by pattern must read: what is different from what came out last time, and what is written anew. */
  private readAnew(
    changed: Change | undefined,
    written: Change | undefined,
  ): readonly Notification<StandardSchemaV1>[] {
    const found = this.schemas.project(changed);
    if (found.length === 0 && written === undefined) return found;
    const known = new Map(found.map((one) => [`${one.path} ${one.pattern.source}`, one]));
    for (const one of this.schemas.project(written)) {
      const key = `${one.path} ${one.pattern.source}`;
      if (!known.has(key)) known.set(key, one);
    }
    return sortedByPath([...known.values()]);
  }
}

/** Whoever reads a refusal has enough of so many, and each takes time to find its origin. */
const MOST_PROBLEMS = 1_000;

type Report = (path: Segments, message: string) => void;

/** What a schema makes of a value; undefined, and reported, where it refuses it. It is others' code, and may do anything. */
function parsed(
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
    // A schema's optional key may come out as undefined, which admission takes as absent; at the top it is no value.
    const output = result.value === undefined ? {} : result.value;
    const rules = { at: path, strict: true };
    return budget === undefined ? admit(output, before, rules) : admitSliced(output, before, rules, budget);
  };
  return guarded(() => schema["~standard"].validate(given(value, schema)), admitted, failed);
}

/** What a schema is given: the frozen value itself where its library is known to write nowhere, else a copy of its own. */
function given(value: Value, schema: StandardSchemaV1): unknown {
  return READS_ONLY.has(schema["~standard"].vendor) ? value : thawed(value);
}

/** Libraries whose schemas never write into what they are given. Others (arktype) transform in place. */
const READS_ONLY: ReadonlySet<unknown> = new Set(["zod", "valibot", "otpts"]);

function thawed(value: Value): unknown {
  if (Array.isArray(value)) return value.map(thawed);
  if (!isTable(value)) return value;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) copy[key] = thawed(value[key]!);
  return copy;
}

function called(node: Notified, report: Report, thrown: ConfigValidationError[]): void | Promise<void> {
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

/** Runs others' code, and what is made of its answer: whatever it throws, now or later, is given to `failed`. */
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
 * A validator's own error passes on when it is all there is to say, and says no secret. Its problems become the full ones, with
 * path and origin.
 */
function refusal(
  context: ValidationContext,
  problems: readonly Problem[],
  thrown: readonly ConfigValidationError[],
): ConfigValidationError {
  const [only] = thrown;
  if (only !== undefined && thrown.length === 1) {
    const own = originals.get(only) ?? only.problems;
    const said = [only.message, ...own.map((problem) => problem.message)];
    const isAll = problems.length === Math.max(1, own.length);
    if (isAll && problems.every(({ message }) => said.includes(message))) {
      const complete = completed(only, own, problems);
      if (complete !== undefined) return complete;
    }
  }
  return new ConfigValidationError(`${context.action}: ${summary(problems)}`, problems);
}

/** What errors said before they got full problems: a validator may throw the same one again, for another path. */
const originals = new WeakMap<ConfigValidationError, readonly Problem[]>();

function completed(
  error: ConfigValidationError,
  own: readonly Problem[],
  problems: readonly Problem[],
): ConfigValidationError | undefined {
  try {
    Object.assign(error, { problems });
    originals.set(error, own);
    return error;
  } catch {
    // It is frozen.
    return undefined;
  }
}

/** The first few problems in a line. */
export function summary(problems: readonly Problem[]): string {
  const shown = problems.slice(0, 5).map(({ path, message, origin }) => {
    const where = path === "" ? "" : `"${path}" `;
    return `${where}${message}${origin === undefined ? "" : ` (from ${origin})`}`;
  });
  const more = problems.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function issuePath(issue: StandardSchemaV1.Issue): Segments {
  return [...(issue.path ?? [])].map((part) => String(typeof part === "object" ? part.key : part));
}

/** A problem's path is relative to the node: dotted, or segments. One that is not there, and begins with the node's, is whole. */
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

/** What a validator threw, or why it could not even be called. */
function calledWords(validator: unknown, error: unknown): string {
  return isRevoked(validator) ? "cannot be checked: its validator is a revoked proxy" : thrownWords(error);
}

/** A schema of effect is a function, which checks nothing when it is called. */
function isEffect(value: unknown): boolean {
  return typeof value === "function" && !isRevoked(value) && "ast" in value;
}

const EFFECT =
  "a schema of effect (Schema.toStandardSchemaV1 makes a Standard Schema of it; in effect 3 standardSchemaV1)";

function isSchema(value: unknown): value is StandardSchemaV1 {
  try {
    const standard =
      (typeof value === "object" && value !== null) || typeof value === "function"
        ? (value as { "~standard"?: { validate?: unknown } })["~standard"]
        : undefined;
    return typeof standard?.validate === "function";
  } catch {
    // What cannot be looked into is told of as what it is not.
    return false;
  }
}
