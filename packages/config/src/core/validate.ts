import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigValidationError, type Problem } from "../errors.ts";
import { type Change, diff, sortedByPath } from "./diff.ts";
import { isTable, replace } from "./draft.ts";
import { few } from "./few.ts";
import type { Origin } from "./layer.ts";
import { andThen, isThenable } from "./maybe.ts";
import { isWithin, parsePath } from "./path.ts";
import { parsePattern } from "./pattern.ts";
import { admit, PlainDataError } from "./plain.ts";
import { problemAt } from "./problem.ts";
import { admitSliced, type Budget, eachInTurn, projected, UNLIMITED } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { type Notification, PatternIndex } from "./subscriptions.ts";
import type { Segments, Table, Value } from "./value.ts";
import { faultsIn, issuesIn } from "./verdict.ts";
import { isError, isRevoked, messageIn, thrownWords, typeOf, wordsOf } from "./words.ts";

/**
 * Validation, for puts and reloads alike. First the schema gets the merged tree, and its output (defaults, coercions)
 * replaces the tree. Then the validators by pattern get each node at their depth whose subtree changed; a validator
 * that is a schema replaces the node by its output. All problems are collected before a refusal.
 *
 *     new Validation(schema, { "limits.*": (limit) => limit.rate > 0 || "needs a rate above 0" })
 *
 * A schema or a validator is foreign code: whatever it throws or returns, now or later, becomes agreement or a
 * described problem.
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

type ValidatorFunction = (value: Value, path: string) => unknown;

/** The context of a validation. */
export interface ValidationContext {
  /** The beginning of the error message: `Cannot put "database.port"`. */
  readonly action: string;
  /** The origin of the value at a path. */
  readonly origin: (path: Segments) => Origin | undefined;
  /** A message at a path without its secrets. Called only for problems, and may be asynchronous. */
  readonly shown: () => Show | Promise<Show>;
  /** Lets a large tree be searched in slices. */
  readonly budget?: Budget | undefined;
}

export type Show = (path: Segments, message: string) => string;

/** A schema and validators, ready to run. */
export class Validation {
  private readonly schema: StandardSchemaV1 | undefined;
  private readonly schemas = new PatternIndex<StandardSchemaV1>();
  private readonly functions = new PatternIndex<ValidatorFunction>();

  /** @throws TypeError if a pattern or a validator is invalid */
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

  /** Whether there is nothing to check, so that every tree is valid. */
  get isEmpty(): boolean {
    return this.schema === undefined && this.schemas.size === 0 && this.functions.size === 0;
  }

  /**
   * Checks a merged tree.
   *
   * @param raw shares equal subtrees with `before`
   * @param before the effective tree it would replace
   * @param written the merged tree that `before` was made from: a newly written value is parsed again, even if it equals
   *   the last output
   * @returns the effective tree, frozen, sharing equal parts with `before`; a promise only if a validator is asynchronous, or
   *   the budget is spent
   * @throws ConfigValidationError with every problem; or the promise rejects with it
   */
  run(raw: Table, before: Table, context: ValidationContext, written: Table = before): Table | Promise<Table> {
    if (this.isEmpty) return raw;
    const found: Found[] = [];
    const thrown: ConfigValidationError[] = [];
    const { budget } = context;
    const report = (path: Segments, message: string): void => {
      if (found.length <= MOST_PROBLEMS) found.push({ path, message });
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
      andThen(this.readAnew(diff(before, tree), diff(written, raw), budget), (wanted) =>
        inSteps(
          wanted,
          ({ item, segments }) => {
            const after = valueAt(tree, segments);
            if (after === undefined) return;
            return andThen(parsed(item, after, segments, valueAt(before, segments), report), (output) => {
              if (output !== undefined && output !== after) tree = replace(tree, segments, output);
            });
          },
          budget,
        ),
      );
    const functions = (): void | Promise<void> =>
      andThen(wantedBy(this.functions, diff(before, tree), budget), (wanted) =>
        inSteps(wanted, (one) => (one.after === undefined ? undefined : called(one, report, thrown)), budget),
      );

    return andThen(
      eachInTurn([whole, nodes, functions], (stage) => stage(), UNLIMITED),
      () => (found.length === 0 ? tree : andThen(context.shown(), (show) => refuse(context, found, show, thrown))),
    );
  }

  /** The nodes that schemas by pattern must parse: those that differ from the last output, and newly written ones. */
  private readAnew(
    changed: Change | undefined,
    written: Change | undefined,
    budget: Budget | undefined,
  ): Wanted | Promise<Wanted> {
    return andThen(wantedBy(this.schemas, changed, budget), (found) =>
      andThen(wantedBy(this.schemas, written, budget), (anew) => {
        if (anew.length === 0) return found;
        const known = new Map(found.map((one) => [`${one.path} ${one.pattern.source}`, one]));
        for (const one of anew) {
          const key = `${one.path} ${one.pattern.source}`;
          if (!known.has(key)) known.set(key, one);
        }
        return sortedByPath([...known.values()]);
      }),
    );
  }
}

type Wanted = readonly Notification<StandardSchemaV1>[];

/** The validators to run for a change and their nodes, sorted by path. */
function wantedBy<T>(
  index: PatternIndex<T>,
  change: Change | undefined,
  budget: Budget | undefined,
): readonly Notification<T>[] | Promise<readonly Notification<T>[]> {
  return budget === undefined ? sortedByPath(index.project(change)) : projected(index, change, budget);
}

function inSteps<T>(
  items: readonly T[],
  step: (item: T) => void | Promise<void>,
  budget: Budget | undefined,
): void | Promise<void> {
  return eachInTurn(items, step, budget ?? UNLIMITED);
}

/** A problem with its original message. */
interface Found {
  readonly path: Segments;
  readonly message: string;
}

/** @throws ConfigValidationError with every problem */
function refuse(
  context: ValidationContext,
  found: readonly Found[],
  show: Show,
  thrown: readonly ConfigValidationError[],
): never {
  const problems = found
    .slice(0, MOST_PROBLEMS)
    .map(({ path, message }) => problemAt(path, show(path, message), context.origin(path)));
  if (found.length > MOST_PROBLEMS) {
    problems.push({ path: "", message: `there are more problems than the ${MOST_PROBLEMS} that are named` });
  }
  throw refusal(context, problems, thrown);
}

/** Maximum number of problems in one refusal. Finding the origin of each takes time. */
const MOST_PROBLEMS = 1_000;

type Report = (path: Segments, message: string) => void;

/**
 * The output of a schema for a value; undefined, and reported, if the schema refuses it. The schema is foreign code and
 * may do anything.
 */
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
    // An optional key may be undefined in the output, which admission treats as absent; at the top, undefined is not a
    // value.
    const output = result.value === undefined ? {} : result.value;
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
 * A validator's own error is passed on if it is the only problem and contains no secret. Its problems become complete
 * ones, with path and origin.
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

/**
 * The original problems of errors whose problems were completed: a validator may throw the same error again, for
 * another path.
 */
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
  const shown = ({ path, message, origin }: Problem): string => {
    const where = path === "" ? "" : `"${path}" `;
    return `${where}${message}${origin === undefined ? "" : ` (from ${origin})`}`;
  };
  return few(problems, shown, 5).join("; ");
}

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

/** An effect schema is a function that checks nothing when it is called. */
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
    // A value that cannot be inspected is not an effect schema.
    return false;
  }
}
