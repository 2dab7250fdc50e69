import type { StandardSchemaV1 } from "@standard-schema/spec";
import { ConfigValidationError, type Problem } from "../errors.ts";
import { type Change, diff, sortedByPath } from "./diff.ts";
import { isTable, replace } from "./draft.ts";
import { few } from "./few.ts";
import type { Origin } from "./layer.ts";
import { andThen } from "./maybe.ts";
import { parsePattern } from "./pattern.ts";
import { problemAt } from "./problem.ts";
import { type Budget, eachInTurn, projected, UNLIMITED } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { type Notification, PatternIndex } from "./subscriptions.ts";
import {
  called,
  isFunction,
  isSchema,
  kindOf,
  originals,
  parsed,
  type Validator,
  type ValidatorFunction,
} from "./validator.ts";
import type { Segments, Table } from "./value.ts";
import { typeOf } from "./words.ts";

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
        `Cannot validate: schema must be a Standard Schema (zod, valibot, arktype and others make them), got ${kindOf(schema)}`,
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
      else if (isFunction(validator)) this.functions.add(parsed, validator);
      else {
        throw new TypeError(
          `Cannot validate "${pattern}": a validator must be a function or a Standard Schema, got ${kindOf(validator)}`,
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
