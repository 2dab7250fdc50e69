import { isTable } from "./draft.ts";
import { PUT } from "./explain.ts";
import { guessed, shapeAt } from "./known_paths.ts";
import type { Diagnostic, Layer, Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { formatPath } from "./path.ts";
import type { Configuration } from "./proposal.ts";
import type { Shape } from "./shape.ts";
import { valueAt } from "./snapshot.ts";
import { hasShape, valueOfText } from "./text_value.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Values of the wrong type: a value that was meant as `false` but is the text `"disabled"`, which counts as true in a
 * condition.
 *
 * Without a schema for the path: a scalar or a list of another type replaces a boolean, a number or a list of a lower
 * layer. With a schema: it has turned null, or a text that cannot be read as such, into a boolean or a number, as a
 * coercion turns `"no"` into true, and an empty text into 0.
 *
 *     debug = true   then   MYAPP_DEBUG=disabld      "debug" is a text where file:config.toml:3 has a boolean
 */

/** Maximum number of diagnostics for one configuration. */
const MOST = 100;

/** A diagnostic, with its place, for each of the first hundred such values. Never quotes one. */
export function mistypedValues(configuration: Configuration, shape: Shape | undefined): readonly Diagnostic[] {
  return [...displaced(configuration, shape), ...coerced(configuration, shape)].slice(0, MOST);
}

function displaced({ layers, overrides, snapshot }: Configuration, shape: Shape | undefined): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const note = (path: Segments, winner: Part, loser: Part): void => {
    const [value, before] = [valueAt(winner.tree, path)!, valueAt(loser.tree, path)!];
    const effective = valueAt(snapshot.tree, path);
    // A schema whose shape is unknown may have corrected it.
    if (effective === undefined || isLike(effective, before) || shapeAt(path, shape) !== undefined) return;
    const origin = winner.origin(path);
    const message = `"${formatPath(path)}" is ${nameOf(value)} where ${placeOf(loser.origin(path))} has ${nameOf(before)}, wanted ${WANTED[kindOf(before)]} (${placed(origin)})`;
    found.push({ source: origin.source, code: "type", message, path: formatPath(path) });
  };
  const collect = (tables: readonly { readonly part: Part; readonly table: Table }[], path: Segments): void => {
    for (const key of keysOfSeveral(tables.map(({ table }) => table))) {
      if (found.length >= MOST) return;
      const having = tables.filter(({ table }) => Object.hasOwn(table, key));
      const { part, table } = having.at(-1)!;
      const value = table[key]!;
      if (isTable(value)) {
        const below = having.map((one) => ({ part: one.part, table: one.table[key]! }));
        collect(
          below.filter((one): one is { part: Part; table: Table } => isTable(one.table)),
          [...path, key],
        );
        continue;
      }
      const loser = having.slice(0, -1).findLast((one) => isOther(value, one.table[key]!));
      if (loser !== undefined) note([...path, key], part, loser.part);
    }
  };
  const parts: readonly Part[] = [...layers, { tree: overrides.over(EMPTY, undefined), origin: () => PUT }];
  collect(
    parts.map((part) => ({ part, table: part.tree })),
    [],
  );
  return found;
}

const EMPTY: Table = Object.freeze({});

type Part = Pick<Layer, "tree" | "origin">;

/** Keys that more than one of the tables has. */
function keysOfSeveral(tables: readonly Table[]): Iterable<string> {
  const several = new Set<string>();
  if (tables.length < 2) return several;
  const seen = new Set<string>();
  for (const table of tables) {
    for (const key of Object.keys(table)) {
      if (seen.has(key)) several.add(key);
      else seen.add(key);
    }
  }
  return several;
}

function coerced({ raw, snapshot, layers }: Configuration, shape: Shape | undefined): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const walk = (said: Value, made: Value, known: Shape | undefined, path: Segments): void => {
    if (said === made || known === undefined || found.length >= MOST) return;
    if (isTable(said) && isTable(made)) {
      for (const key of Object.keys(said)) {
        if (Object.hasOwn(made, key))
          walk(said[key]!, made[key]!, known.children.get(key) ?? known.rest, [...path, key]);
      }
    } else if (Array.isArray(said) && Array.isArray(made) && said.length === made.length) {
      said.forEach((element: Value, i) =>
        walk(element, made[i] as Value, known.prefix?.[i] ?? known.items, [...path, String(i)]),
      );
    } else if (isMisread(said, made, known)) {
      const origin: Origin = layers.findLast(({ tree }) => valueAt(tree, path) === said)?.origin(path) ?? PUT;
      const message = `"${formatPath(path)}" is ${nameOf(said)}, of which the schema makes ${nameOf(made)} in its own way, wanted ${WANTED[kindOf(made)]} (${placed(origin)})`;
      found.push({ source: origin.source, code: "type", message, path: formatPath(path) });
    }
  };
  walk(raw, snapshot.tree, shape, []);
  return found;
}

function placed(origin: Origin): string {
  return origin === PUT ? "put" : placeOf(origin);
}

/** Whether a schema turned a value that cannot be read as a boolean or a number into one. */
function isMisread(said: Value, made: Value, known: Shape): boolean {
  const kind = kindOf(made);
  if ((kind !== "boolean" && kind !== "number") || hasShape(said, known)) return false;
  if (typeof said !== "string") return said === null;
  return !Object.is(valueOfText(said, { children: NONE, type: typeof made as "boolean" }), made);
}

const NONE: Shape["children"] = new Map();

/** Whether a value replaces a boolean, a number or a list with another type. A list of numbers must have numbers. */
function isOther(value: Value, before: Value): boolean {
  if (value === null || before === null || isTable(before) || typeof before === "string") return false;
  return !isLike(value, before);
}

function isLike(value: Value, before: Value): boolean {
  const kind = kindOf(before);
  if (kind !== kindOf(value)) return false;
  return kind !== "list" || hasShape(value, guessed(before)!) || isOfNumbers(value) === isOfNumbers(before);
}

function isOfNumbers(list: Value): boolean {
  return (list as readonly Value[]).every((element) => kindOf(element) === "number");
}

type Kind = "text" | "number" | "boolean" | "null" | "list" | "table";

function kindOf(value: Value): Kind {
  if (typeof value === "string") return "text";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "object") return value === null ? "null" : Array.isArray(value) ? "list" : "table";
  return "number";
}

function nameOf(value: Value): string {
  const kind = kindOf(value);
  if (kind === "list") {
    const kinds = new Set((value as readonly Value[]).map(kindOf));
    const [only] = kinds;
    return kinds.size === 1 && only !== "null" ? `a list of ${only}s` : "a list";
  }
  return kind === "null" ? "null" : `a ${kind}`;
}

/** The expected values, for the message. */
const WANTED: Readonly<Record<Kind, string>> = {
  boolean: "true or false",
  number: "a number in digits, such as 10 or -2.5",
  list: "a list of the same kind",
  text: "a text",
  null: "null",
  table: "a table",
};
