import { entry, isList, isTable } from "./draft.ts";
import { PUT } from "./explain.ts";
import { guessed, shapeAt } from "./known_paths.ts";
import type { Diagnostic, Layer, Origin } from "./layer.ts";
import { placeOf } from "./layers.ts";
import { sharing } from "./making.ts";
import { andThen } from "./maybe.ts";
import { formatPath } from "./path.ts";
import type { Configuration } from "./configuration.ts";
import type { Shape } from "./shape.ts";
import { type Budget, inSlices, PIECE, searched } from "./sliced.ts";
import { valueAt } from "./snapshot.ts";
import { keysOf } from "./table.ts";
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

/**
 * A diagnostic, with its place, for each of the first hundred such values. Never quotes one.
 *
 * @param budget lets large trees be searched in slices; the result is then a promise
 */
export function mistypedValues(
  configuration: Configuration,
  shape: Shape | undefined,
  budget: Budget,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  return andThen(displaced(configuration, shape, budget), (first) =>
    andThen(coerced(configuration, shape, budget), (then) => [...first, ...then].slice(0, MOST)),
  );
}

function displaced(
  { layers, overrides, snapshot }: Configuration,
  shape: Shape | undefined,
  budget: Budget,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const note = (path: Segments, winner: Part, loser: Part): void => {
    const [value, before] = [valueAt(winner.tree, path)!, valueAt(loser.tree, path)!];
    const effective = valueAt(snapshot.tree, path);
    // A schema whose shape is unknown may have corrected it.
    if (effective === undefined || isLike(effective, before) || shapeAt(path, shape) !== undefined) return;
    const origin = winner.origin(path);
    const message = `"${formatPath(path)}" is ${nameOf(value)} where ${placeOf(loser.origin(path))} has ${nameOf(before)}, expected ${WANTED[kindOf(before)]} (${placed(origin)})`;
    found.push({ source: origin.source, code: "type", message, path: formatPath(path) });
  };
  const look = (place: Place, deeper: (place: Place) => void): void => {
    const { tables, path, second, from } = place;
    if (found.length >= MOST || second >= tables.length) return;
    const keys = keysOf(tables[second]!.table);
    const end = Math.min(keys.length, from + PIECE);
    for (let i = from; i < end; i++) {
      const key = keys[i]!;
      if (!isSecond(tables, second, key)) continue;
      const having = tables.filter(({ table }) => Object.hasOwn(table, key));
      const { part, table } = having.at(-1)!;
      const value = table[key]!;
      const at = [...path, key];
      if (isTable(value)) {
        const below = having.map((one) => ({ part: one.part, table: one.table[key]! }));
        const inner = below.filter((one): one is { part: Part; table: Table } => isTable(one.table));
        deeper({ tables: inner, path: at, second: 1, from: 0 });
        continue;
      }
      const loser = having.slice(0, -1).findLast((one) => isOther(value, one.table[key]!));
      if (loser !== undefined) note(at, part, loser.part);
    }
    deeper(end < keys.length ? { ...place, from: end } : { ...place, second: second + 1, from: 0 });
  };
  return andThen(inSlices(overrides.alone([]) ?? NOTHING, budget), (put) => {
    const parts: readonly Part[] = [...layers, { tree: put as Table, origin: () => PUT }];
    const start: Place = { tables: parts.map((part) => ({ part, table: part.tree })), path: [], second: 1, from: 0 };
    return andThen(searched([start], look, budget), () => found);
  });
}

const NOTHING = sharing(undefined, Object.freeze({}));

type Part = Pick<Layer, "tree" | "origin">;

/** Tables of several parts at one path. */
interface Place {
  readonly tables: readonly { readonly part: Part; readonly table: Table }[];
  readonly path: Segments;
  /** Only keys that this table and an earlier one have are visited. */
  readonly second: number;
  /** Its next key to visit. */
  readonly from: number;
}

/** Whether exactly one table before this one has the key. */
function isSecond(tables: Place["tables"], second: number, key: string): boolean {
  let before = 0;
  for (let i = 0; i < second; i++) if (Object.hasOwn(tables[i]!.table, key)) before++;
  return before === 1;
}

function coerced(
  { raw, snapshot, layers }: Configuration,
  shape: Shape | undefined,
  budget: Budget,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const look = (place: Made, deeper: (place: Made) => void): void => {
    const { said, made, known, path, from } = place;
    if (said === made || known === undefined || found.length >= MOST) return;
    const isTables = isTable(said) && isTable(made);
    if (isTables || (isList(said) && isList(made) && said.length === made.length)) {
      const keys = isTables ? keysOf(said) : undefined;
      const { length } = keys ?? (said as readonly Value[]);
      const end = Math.min(length, from + PIECE);
      for (let i = from; i < end; i++) {
        const key = keys?.[i] ?? String(i);
        const [value, now] = [entry(said, key)!, entry(made, key)];
        if (now === undefined || value === now) continue;
        const below = isTables ? (known.children.get(key) ?? known.rest) : (known.prefix?.[i] ?? known.items);
        if (below !== undefined) deeper({ said: value, made: now, known: below, path: [...path, key], from: 0 });
      }
      if (end < length) deeper({ ...place, from: end });
    } else if (isMisread(said, made, known)) {
      const origin: Origin = layers.findLast(({ tree }) => valueAt(tree, path) === said)?.origin(path) ?? PUT;
      const message = `"${formatPath(path)}" is ${nameOf(said)}, which the schema converts to ${nameOf(made)} by its own rule, expected ${WANTED[kindOf(made)]} (${placed(origin)})`;
      found.push({ source: origin.source, code: "type", message, path: formatPath(path) });
    }
  };
  const start: Made = { said: raw, made: snapshot.tree, known: shape, path: [], from: 0 };
  return andThen(searched([start], look, budget), () => found);
}

/** The input at a path, and the schema's output for it. */
interface Made {
  readonly said: Value;
  readonly made: Value;
  readonly known: Shape | undefined;
  readonly path: Segments;
  /** The next entry to visit. */
  readonly from: number;
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
