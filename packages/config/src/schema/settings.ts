import { knownPaths } from "../core/known_paths.ts";
import { formatPath, isWithin } from "../core/path.ts";
import type { Segments } from "../core/value.ts";
import type { ConfigSpec } from "../spec.ts";
import { described, type Description } from "./description.ts";
import { inputOf, outputOf, type ReadOptions } from "./json_schema.ts";
import { constraintsOf, typeOf } from "./words.ts";
import { isShowable, showableOf } from "./showable.ts";

/** One setting of a specification. */
export interface Setting {
  /** Dotted. `*` is a key of a record, or an index. */
  readonly path: string;
  readonly segments: Segments;
  /** The type in words: `integer`, `"info" or "warn"`, `list of string`. */
  readonly type: string;
  /** Whether some source must have it. */
  readonly required: boolean;
  /** The optional table, element or entry that requires it: a dotted path. */
  readonly required_in: string | undefined;
  /** The default as it would be written; undefined if there is none, or if it contains a secret. */
  readonly default: unknown;
  readonly description: string | undefined;
  /** The bounds in words: `1 to 65535`, `at most 10 characters`. */
  readonly constraints: readonly string[];
  readonly examples: readonly unknown[];
  readonly secret: boolean;
  /** For a deprecated setting, advice on what to use instead; empty if there is none. */
  readonly deprecated: string | undefined;
  /** Old names, dotted. */
  readonly aliases: readonly string[];
  /** The environment variable that sets it, if a source of the specification reads one. */
  readonly variable: string | undefined;
}

/**
 * All settings of a specification, in the order of its schema: the data for a table in a manual, an editor or a form.
 * Without a schema there are none.
 *
 * @throws TypeError if an option is invalid
 *
 * @example for (const { path, type, variable } of settings(spec)) console.log(path, type, variable);
 */
export function settings(spec: ConfigSpec, options: ReadOptions = {}): readonly Setting[] {
  const found: Setting[] = [];
  walk(descriptionOf(spec, options), [], TOP, (path, of, { required, requiredIn, otherwise }) => {
    if (!isSetting(of)) return;
    const { words } = of;
    const secret = words["secret"] === true || words["writeOnly"] === true || spec.secrets.covers(path);
    found.push({
      path: formatPath(path),
      segments: path,
      type: typeOf(of),
      required,
      required_in: required || requiredIn === undefined ? undefined : formatPath(requiredIn),
      default: secret || !isShowable(spec, path, otherwise) ? undefined : otherwise,
      description: typeof words["description"] === "string" ? words["description"] : undefined,
      constraints: constraintsOf(of),
      examples: secret ? [] : showableOf(spec, path, words["examples"]),
      secret,
      deprecated: spec.deprecations.at(path),
      aliases: aliasesOf(path, spec),
      variable: variableOf(path, spec),
    });
  });
  return found;
}

/** The old names of a path, if it or a table above it has been renamed. */
function aliasesOf(path: Segments, { aliases }: ConfigSpec): readonly string[] {
  return aliases.list
    .filter(({ fresh }) => isWithin(path, fresh))
    .map(({ old, fresh }) => formatPath([...old, ...path.slice(fresh.length)]));
}

/** The description of a specification's schema, read once for everything made from it. */
export function descriptionOf(spec: ConfigSpec, options: ReadOptions): Description {
  const target = "draft-2020-12";
  return described(inputOf(spec, options, target), outputOf(spec, options, target));
}

/** Whether a node has a value, and not only other settings. */
export function isSetting(of: Description): boolean {
  const isTable = of.keys.size > 0 || (of.rest !== undefined && holdsSettings(of.rest));
  return !isTable || of.types.some((type) => type !== "object");
}

function holdsSettings({ keys, rest }: Description): boolean {
  return keys.size > 0 || (rest !== undefined && holdsSettings(rest));
}

/** The relation of a node to those above it. */
export interface Standing {
  /** Whether every configuration must have it. */
  readonly required: boolean;
  /** The optional node that requires it. */
  readonly requiredIn?: Segments | undefined;
  /** Its default, as it would be written. */
  readonly otherwise: unknown;
}

/** The standing of the root. */
export const TOP: Standing = { required: true, otherwise: undefined };
/** The standing of an optional node. */
export const OPTIONAL: Standing = { required: false, otherwise: undefined };

/** Visits all nodes, tables before their contents. */
export function walk(
  of: Description,
  path: Segments,
  standing: Standing,
  visit: (path: Segments, of: Description, standing: Standing) => void,
): void {
  if (path.length > 0) visit(path, of, standing);
  if (path.length > DEEPEST) return;
  for (const [key, { of: child, required }] of of.keys) {
    walk(child, [...path, key], standingOf(child, required, [...path, key], standing), visit);
  }
  if (of.rest !== undefined) walk(of.rest, [...path, "*"], OPTIONAL, visit);
  if (of.items === undefined || !holdsSettings(of.items)) return;
  for (const [key, { of: child, required }] of of.items.keys) {
    const at = [...path, "*", key];
    walk(child, at, standingOf(child, required, at, OPTIONAL), visit);
  }
}

/** The standing of a table's key. */
export function standingOf(child: Description, required: boolean, path: Segments, above: Standing): Standing {
  const { otherwise } = above;
  const key = path.at(-1)!;
  const inherited =
    typeof otherwise === "object" && otherwise !== null && Object.hasOwn(otherwise, key)
      ? (otherwise as Record<string, unknown>)[key]
      : undefined;
  const own = inherited ?? child.words["default"];
  const isNeeded = required && own === undefined;
  const isWhole = above.required && above.otherwise === undefined;
  return {
    required: isNeeded && isWhole,
    // A table that is required in its own table has the same standing.
    requiredIn: isNeeded && !isWhole ? (above.requiredIn ?? path.slice(0, -1)) : undefined,
    otherwise: own,
  };
}

/** Maximum depth of walking a schema. */
const DEEPEST = 16;

/** The variable that sets a path, by the last source that reads one. */
export function variableOf(path: Segments, spec: ConfigSpec): string | undefined {
  if (path.includes("*")) return undefined;
  const known = knownPaths([], spec.shape);
  for (const source of [...spec.layers].reverse()) {
    const variable = source.variable?.(path, known);
    if (variable !== undefined) return variable;
  }
  return undefined;
}
