import type { Configuration, Make, Proposal, Rules } from "./configuration.ts";
import { originAt } from "./explain.ts";
import type { Layer } from "./layer.ts";
import { belowListText, layersOf, refusalOf } from "./layers.ts";
import { sharing } from "./making.ts";
import { andThen } from "./maybe.ts";
import { BelowList, merging } from "./merge.ts";
import { formatPath } from "./path.ts";
import type { ValueAtPath } from "./secrets.ts";
import { type Budget, inSlices, secretsMet, UNLIMITED } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import type { ValidationContext } from "./validate.ts";
import type { Segments, Table } from "./value.ts";
import { actionOfWrite, kept, written } from "./write.ts";

/**
 * How one configuration becomes the next: layers → merge → overrides → validation → snapshot. Puts, reloads and source
 * updates all follow this sequence; the result is committed as a whole, or not at all.
 *
 *     const prepared = prepare(now, { kind: "put", path: ["db", "port"], value: 1 }, rules);
 *     const checked = await check(now, prepared, rules);
 *     const next = complete(now, prepared, checked);
 *
 * All three are pure, except that `prepare` learns which paths are secret. `check` may have to wait for schemas and
 * validators, which are foreign code; with a budget, all of them may pause for the event loop if a tree is large.
 */

/** A proposal that can be carried out if its result is valid. */
export interface Prepared {
  readonly proposal: Proposal;
  /** The next configuration, but for its snapshot, which is still the one before. */
  readonly next: Configuration;
}

/** The output of the schema and the validators for a prepared tree: the effective tree, frozen. */
export type Checked = Table;

/**
 * Makes the next configuration, apart from its snapshot.
 *
 * @param budget lets large trees be made in slices; the result is then a promise
 * @throws ConfigValidationError if a value is not plain data, or would change an element of a list; or rejects with it
 * @throws ConfigSourceError if a contribution is not plain data, or would change an element of a list; or rejects with
 *   it
 */
export function prepare(now: Configuration, proposal: Proposal, rules: Rules): Prepared;
export function prepare(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  budget: Budget | undefined,
): Prepared | Promise<Prepared>;
export function prepare(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  budget?: Budget,
): Prepared | Promise<Prepared> {
  return andThen(applied(now, proposal, rules, makerFor(budget), budget ?? UNLIMITED), (next) => {
    for (const { secrets } of next.layers) if (secrets !== undefined) rules.secrets.learn(secrets);
    return { proposal, next };
  });
}

function makerFor(budget: Budget | undefined): Make {
  return (making) => (budget === undefined ? making.whole() : inSlices(making, budget));
}

/**
 * Runs the schema and the validators.
 *
 * @param budget lets a large tree from a schema be admitted in slices
 * @returns the effective tree; a promise only if a schema or a validator is asynchronous, or the tree is large
 * @throws ConfigValidationError with every problem, or the promise rejects with it
 */
export function check(
  now: Configuration,
  { proposal, next }: Prepared,
  rules: Rules,
  budget?: Budget,
): Checked | Promise<Checked> {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return before;
  const { secrets } = rules;
  const context: ValidationContext = {
    action: actionOf(proposal),
    origin: (path) => originAt(path, next.layers, next.overrides),
    shown: () => {
      const trees = [next.raw, before, ...[...next.layers, ...now.layers].map(({ tree }) => tree)];
      const values = trees.map((tree): ValueAtPath => [[], tree]);
      const shown = (path: Segments, message: string): string =>
        secrets.covers(path)
          ? "is not valid (the problem is not shown, as the value is secret)"
          : secrets.scrub(message, values) + emptyAt(path, next);
      if (budget === undefined) return shown;
      return andThen(secretsMet(secrets, values, budget), () => shown);
    },
    budget,
  };
  const tree = rules.validation.run(next.raw, before, context, now.raw);
  return andThen(tree, (valid) => (proposal.kind === "put" ? kept(valid, proposal, rules) : valid));
}

/** Why there is no value at a path where a text is set that is empty. */
function emptyAt(path: Segments, { raw, layers }: Configuration): string {
  if (valueAt(raw, path) !== undefined) return "";
  const at = formatPath(path);
  const found = layers.flatMap(({ diagnostics }) => diagnostics).find((one) => one.code === "empty" && one.path === at);
  return found === undefined ? "" : `; ${found.message}`;
}

function actionOf(proposal: Proposal): string {
  return proposal.kind === "sources" ? "Cannot load the configuration" : actionOfWrite(proposal);
}

/**
 * Makes the next configuration. Its snapshot is the same object if nothing effective changed; otherwise its version is
 * one higher.
 */
export function complete(now: Configuration, prepared: Prepared, checked: Checked): Configuration;
export function complete(
  now: Configuration,
  prepared: Prepared,
  checked: Checked,
  budget: Budget | undefined,
): Configuration | Promise<Configuration>;
export function complete(
  now: Configuration,
  { next }: Prepared,
  checked: Checked,
  budget?: Budget,
): Configuration | Promise<Configuration> {
  const before = now.snapshot.tree;
  if (next.raw === now.raw && !isFirst(now)) return next;
  // Without a schema the effective tree is the merged one, which already shares with its predecessor.
  const isShared = checked === next.raw && before === now.raw;
  return andThen(isShared ? checked : makerFor(budget)(sharing(before, checked)), (tree) => {
    if (tree === before && !isFirst(now)) return next;
    return { ...next, snapshot: now.snapshot.next(tree as Table) };
  });
}

/**
 * Whether nothing has been loaded yet: the first configuration may begin with overrides that are not yet laid over
 * anything.
 */
function isFirst(now: Configuration): boolean {
  return now.snapshot.version === 0;
}

function applied(
  now: Configuration,
  proposal: Proposal,
  rules: Rules,
  make: Make,
  budget: Budget,
): Configuration | Promise<Configuration> {
  if (proposal.kind !== "sources") return written(now, proposal, rules, make, budget);
  const { contributions, overrides = now.overrides } = proposal;
  const made = layersOf(contributions, now.layers, now.contributions, isFirst(now), rules, budget);
  return andThen(made, (layers) =>
    andThen(based(layers, now, make), (base) => {
      const isSame = base === now.base && overrides === now.overrides && !isFirst(now);
      // Without overrides, before and now, the base already shares with its predecessor.
      const isBare = overrides.isEmpty && now.raw === now.base;
      const raw = isSame ? now.raw : isBare ? base : make(overrides.layingOver(base, now.raw));
      return andThen(raw, (tree) => ({
        contributions,
        layers,
        overrides,
        base,
        raw: tree as Table,
        snapshot: now.snapshot,
      }));
    }),
  );
}

/** The layers, merged. */
function based(layers: readonly Layer[], now: Configuration, make: Make): Table | Promise<Table> {
  const failed = (error: unknown): never => {
    if (!(error instanceof BelowList)) throw error;
    const origin = layers[error.index]!.origin([...error.path, error.element]);
    throw refusalOf(belowListText(error.path, error.element), "below_list", origin);
  };
  try {
    const trees = layers.map((layer) => layer.tree);
    const were = now.layers.map((layer) => layer.tree);
    const base = make(merging(trees, now.base, were)) as Table | Promise<Table>;
    return base instanceof Promise ? base.catch(failed) : base;
  } catch (error) {
    return failed(error);
  }
}
