import { ruleInWords } from "./environment.ts";
import type { Aliases } from "./aliases.ts";
import type { Deprecations } from "./deprecations.ts";
import { isTable } from "./draft.ts";
import { few } from "./few.ts";
import type { Layer, Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { andThen } from "./maybe.ts";
import type { Overrides } from "./overrides.ts";
import { nearPath } from "./near_path.ts";
import { formatPath } from "./path.ts";
import type { Secrets } from "./secrets.ts";
import type { Shape } from "./shape.ts";
import { type Budget, eachInTurn, inSlices } from "./sliced.ts";
import { listAbove, valueAt, type Snapshot } from "./snapshot.ts";
import type { Segments, Value } from "./value.ts";

/**
 * Why a path has its value: the winner, the values it shadows, and the reasons. From the top down: the runtime
 * override, then the sources, the last in the list first.
 */

/** The value of one layer at a path. */
export interface Contribution {
  /** Name of the source; `runtime` for an override. */
  readonly source: string;
  /** Its value, with secrets redacted. */
  readonly value: Value;
  readonly origin: Origin;
  /** The origin as text: `file:config.toml:3`, `env:MYAPP_PORT`, `put`. */
  readonly place: string;
  /** Why it counts or does not count. */
  readonly why: string;
}

/** The result of `explain`. */
export interface Explanation {
  readonly path: string;
  readonly version: number;
  /** The effective value, with secrets redacted; undefined if there is none. */
  readonly value: Value | undefined;
  readonly secret: boolean;
  /** The layer that decides the value. For a table merged from several layers: the topmost of them. */
  readonly winner: Contribution | undefined;
  /** The layers below it that a table is merged from, from the top down. */
  readonly merged: readonly Contribution[];
  /** The layers that do not count, from the top down. */
  readonly shadowed: readonly Contribution[];
  /** The old name in the request. */
  readonly renamed_from?: string;
  /** For a deprecated setting: what to use instead. */
  readonly deprecated?: string;
  /** If there is no value: the known path that was probably meant. */
  readonly near?: string;
  /** Set if the schema made the value: it was absent (`default`), or different (`coerced`). */
  readonly schema?: "default" | "coerced";
}

/** The data for an explanation. */
export interface ExplainContext {
  readonly snapshot: Snapshot;
  /** The merged tree before the schema. */
  readonly raw: Snapshot["tree"];
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly overrides: Overrides;
  readonly secrets: Secrets;
  readonly shape?: Shape | undefined;
  readonly aliases?: Aliases;
  readonly deprecations?: Deprecations;
}

/**
 * Explains a path; an old name leads to the new one.
 *
 * @returns a promise if the value there is large
 */
export function explain(asked: Segments, context: ExplainContext, budget: Budget): Explanation | Promise<Explanation> {
  const path = context.aliases?.rename(asked) ?? asked;
  const { secrets } = context;
  return andThen(said(path, asked, context, budget), (explanation) => {
    const shown = new Map<Value, Value>();
    const values = [explanation.value, ...partsOf(explanation).map(({ value }) => value)];
    const show = (value: Value | undefined): void | Promise<void> => {
      if (value === undefined || shown.has(value)) return;
      return andThen(inSlices(secrets.redaction(path, value), budget), (now) => void shown.set(value, now));
    };
    return andThen(eachInTurn(values, show, budget), () => {
      const { value, winner, merged, shadowed } = explanation;
      const part = (one: Contribution): Contribution => ({ ...one, value: shown.get(one.value)! });
      return {
        ...explanation,
        value: value === undefined ? undefined : shown.get(value),
        winner: winner === undefined ? undefined : part(winner),
        merged: merged.map(part),
        shadowed: shadowed.map(part),
      };
    });
  });
}

function partsOf({ winner, merged, shadowed }: Explanation): readonly Contribution[] {
  return winner === undefined ? [...merged, ...shadowed] : [winner, ...merged, ...shadowed];
}

/** Maximum number of overrides that are named. */
const MOST_NAMED = 10;

/** The reason if only parts of a table are overridden; undefined if none are. */
function overriddenWithin(
  path: Segments,
  { overrides }: ExplainContext,
  budget: Budget,
): Contribution | undefined | Promise<Contribution | undefined> {
  const making = overrides.alone(path);
  if (making === undefined) return undefined;
  const paths: string[] = [];
  for (const override of overrides.eachWithin(path)) {
    if (paths.push(`"${formatPath(override.path)}"`) > MOST_NAMED) break;
  }
  const named = paths.slice(0, MOST_NAMED).join(", ") + (paths.length > MOST_NAMED ? " and more" : "");
  const why = `runtime overrides at ${named} stand above all sources`;
  return andThen(inSlices(making, budget), (value) => ({ source: RUNTIME, value, origin: PUT, place: "put", why }));
}

/** The explanation, with values as they are. */
function said(
  path: Segments,
  asked: Segments,
  context: ExplainContext,
  budget: Budget,
): Explanation | Promise<Explanation> {
  const deciding = context.overrides.deciding(path);
  if (deciding === undefined) {
    return andThen(overriddenWithin(path, context, budget), (winner) =>
      explained(path, asked, context, winner, undefined),
    );
  }
  const value = valueAt(context.raw, path);
  const at = formatPath(deciding);
  const why =
    deciding.length === path.length ? "runtime overrides stand above all sources" : `runtime override at "${at}"`;
  const winner = value === undefined ? undefined : { source: RUNTIME, value, origin: PUT, place: "put", why };
  return explained(path, asked, context, winner, `replaced by the runtime override at "${at}"`);
}

/** @param replaced why no source can count */
function explained(
  path: Segments,
  asked: Segments,
  context: ExplainContext,
  overridden: Contribution | undefined,
  replaced: string | undefined,
): Explanation {
  const deprecated = context.deprecations?.at(path);
  const { snapshot, raw, secrets } = context;
  const merged: Contribution[] = [];
  const shadowed: Contribution[] = [];
  let winner = overridden;
  let hidden = replaced;

  for (let i = context.layers.length - 1; i >= 0; i--) {
    const layer = context.layers[i]!;
    const value = valueAt(layer.tree, path);
    if (value === undefined) {
      hidden ??= obstacleIn(layer, path);
      continue;
    }
    hidden ??= replacedAround(path, i, context.layers, context.overrides);
    const origin = layer.origin(path);
    const contribution = (why: string): Contribution => ({
      source: layer.source,
      value,
      origin,
      place: placeOf(origin),
      why: withOrigin(why, origin),
    });
    const isReplaced = winner !== undefined && !isTable(value);
    if (hidden !== undefined) shadowed.push(contribution(hidden));
    else if (isReplaced) shadowed.push(contribution(`${winner!.source} comes later in the list, and has a table here`));
    else if (winner === undefined) winner = contribution("the last source in the list that has it");
    else merged.push(contribution(`merged key by key with ${winner.source}`));
    const list = listAbove(layer.tree, path);
    if (list !== undefined) hidden ??= `${layer.source} comes later in the list, and has all of "${formatPath(list)}"`;
    if (!isTable(value)) hidden ??= `${layer.source} comes later in the list`;
  }

  const value = snapshot.at(path);
  const near = value === undefined && winner === undefined ? nearPath(path, snapshot.tree, context.shape) : undefined;
  const before = valueAt(raw, path);
  return {
    path: formatPath(path),
    version: snapshot.version,
    value,
    secret: secrets.covers(path),
    ...(path === asked ? {} : { renamed_from: formatPath(asked) }),
    ...(deprecated === undefined ? {} : { deprecated }),
    ...(near === undefined ? {} : { near }),
    winner,
    merged,
    shadowed,
    ...(value === undefined || value === before ? {} : { schema: before === undefined ? "default" : "coerced" }),
  };
}

/** The name under which overrides appear among the sources. */
export const RUNTIME = "runtime";

/**
 * The origin of values put at run time. It is not a source's, even if a source has this name: compare it by identity.
 */
export const PUT: Origin = Object.freeze({ source: RUNTIME });

/** The origin of the value at a path: `PUT`, or that of the topmost layer that has it. */
export function originAt(path: Segments, layers: readonly Layer[], overrides: Overrides): Origin | undefined {
  if (overrides.deciding(path) !== undefined || overrides.hasWithin(path)) return PUT;
  return topmost(path, layers);
}

/**
 * The origin of the value at a path in the topmost layer that has it; undefined if none has it, or another value hides
 * it.
 */
export function topmost(path: Segments, layers: readonly Layer[]): Origin | undefined {
  for (let i = layers.length - 1; i >= 0; i--) {
    if (valueAt(layers[i]!.tree, path) !== undefined) {
      return replacedAround(path, i, layers) === undefined ? layers[i]!.origin(path) : undefined;
    }
    if (obstacleIn(layers[i]!, path) !== undefined) return undefined;
  }
  return undefined;
}

/** Why a layer's list around `path` does not count: an override or a later layer has something in its place. */
function replacedAround(
  path: Segments,
  index: number,
  layers: readonly Layer[],
  overrides?: Overrides,
): string | undefined {
  const list = listAbove(layers[index]!.tree, path);
  if (list === undefined) return undefined;
  const at = formatPath(list);
  if (overrides?.hasWithin(list) === true) return `runtime overrides replace the list "${at}"`;
  const later = layers.slice(index + 1).find((layer) => valueAt(layer.tree, list) !== undefined);
  return later === undefined ? undefined : `${later.source} comes later in the list, and replaces the list "${at}"`;
}

/** The value above `path`, which a layer does not have, that leaves no room for lower layers: a scalar or a list. */
function obstacleIn(layer: Layer, path: Segments): string | undefined {
  const isThere = (length: number): boolean => valueAt(layer.tree, path.slice(0, length)) !== undefined;
  for (let length = 1; length < path.length; length++) {
    const at = valueAt(layer.tree, path.slice(0, length));
    if (at === undefined) return undefined;
    if (isTable(at)) continue;
    let missing = length + 1;
    while (Array.isArray(at) && isThere(missing)) missing++;
    const what = Array.isArray(at) ? `has no "${formatPath(path.slice(length, missing))}"` : "is not a table";
    return `"${formatPath(path.slice(0, length))}" ${what} in ${layer.source}, later in the list`;
  }
  return undefined;
}

function withOrigin(why: string, origin: Origin): string {
  const parts = [why];
  if (origin.variable !== undefined) {
    parts.push(
      `environment variable ${origin.variable}${origin.rule === undefined ? "" : ` by the rule "${origin.rule}" (${ruleInWords(origin.rule)})`}`,
    );
  }
  if (origin.renamed_from !== undefined) parts.push(`written as "${origin.renamed_from}", its old name`);
  parts.push(...few(origin.placeholders ?? [], ({ name, from }) => `template variable ${name} from ${from}`));
  return parts.join("; ");
}
