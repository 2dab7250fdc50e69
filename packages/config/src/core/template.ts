import { readJson } from "./json_reader.ts";
import type { Origin } from "./layer.ts";
import { andThen } from "./maybe.ts";
import type { Shape } from "./shape.ts";
import { type Budget, budgetForTexts, eachInTurn, UNLIMITED } from "./sliced.ts";
import { type Hole, type Mask, Masking, type Placeholder, type TemplateProblem } from "./template_mask.ts";
import { hasShape, TextFault, valueOfText } from "./text_value.ts";
import type { Segments, Table, Value } from "./value.ts";

export type { TemplateProblem };

/**
 * Templates: TOML with `${NAME}`, `${NAME:default}` and `$$` for a dollar sign.
 *
 * A placeholder may be inside a quoted string, where its value is text, whatever it contains; or bare in the place of a
 * value, which must then be one TOML value without tables, or of the type that the schema or the value below has there.
 * A list element that is exactly one placeholder becomes as many elements as its value has: `["${INTERFACES}"]` with
 * `eth0,eth1`. In comments there are no placeholders; in keys none are allowed. A dollar sign before anything but `{`
 * and `$` is an ordinary character.
 *
 * No value can add a key or end a string: placeholders are masked, the masked text is parsed as TOML, and only then are
 * the values put into the tree, where there is no syntax left to break.
 *
 * Example: `url = "pg://${HOST:localhost}/db"` is masked as `url = "pg://<0>/db"` (with two characters that the template
 * does not use for `<` and `>`), parsed, and filled in.
 */

/** The origin of a placeholder's value. */
export type PlaceholderUse = NonNullable<Origin["placeholders"]>[number];

/** A value for a placeholder; a list is allowed only where a list can be. */
export type Substitution = string | number | bigint | boolean | readonly (string | number | bigint | boolean)[];

/** Finds the value of a placeholder. */
export type Lookup = (
  name: string,
) => { readonly value: Substitution; readonly from: "substitutions" | "environment" } | undefined;

/** A template whose placeholders are masked. */
export interface Masked {
  /** The text to parse. */
  readonly text: string;
  readonly problems: readonly TemplateProblem[];
  /** Shell syntax that has another meaning here. */
  readonly habits: readonly TemplateProblem[];
  /** The names of all placeholders outside comments. */
  readonly names: ReadonlySet<string>;
  /** The offset in the template of an offset in `text`. */
  offset(masked: number): number;
  /**
   * Fills the values into the tree parsed from `text`.
   *
   * @param read reads a text as a TOML value; returns `undefined` if it is not one
   * @param expected the expected shape of the value at a path: a bare value of another type is read as that type, if
   *   possible
   * @param budget lets many placeholders be filled in slices
   * @returns a promise if there are many placeholders
   */
  fill(
    tree: Table,
    lookup: Lookup,
    read: (text: string) => Value | undefined,
    expected: ((path: Segments) => Shape | undefined) | undefined,
    budget: Budget,
  ): Filled | Promise<Filled>;
}

/** A filled template. */
export interface Filled {
  readonly tree: Table;
  /** If there are any, the tree must not be used. In the order of the template. */
  readonly problems: readonly TemplateProblem[];
  /** The placeholders that made the value at this path, or above it, or parts of it. */
  readonly placeholders: (path: Segments) => readonly PlaceholderUse[];
  /** The path in the masked tree, which differs if a list element became several. */
  readonly masked_path: (path: Segments) => Segments;
}

/**
 * Reads a template.
 *
 * @param budget lets a long one be read in slices
 * @returns a promise if there is a budget and the text is long
 */
export function mask_template(text: string): Masked;
export function mask_template(text: string, budget: Budget): Masked | Promise<Masked>;
export function mask_template(text: string, budget: Budget = UNLIMITED): Masked | Promise<Masked> {
  return andThen(new Masking(text).run(budget), maskedBy);
}

function maskedBy({ holes, marks, ...masked }: Mask): Masked {
  return {
    ...masked,
    habits: holes.flatMap((hole) => hole.parts).flatMap((part) => (typeof part === "object" ? habitIn(part) : [])),
    fill: (tree, lookup, read, expected, budget) =>
      new Filling(holes, marks, lookup, read, expected, budgetForTexts(holes.length, budget)).run(tree),
  };
}

/** `${NAME:-default}`, `:=`, `:?` and `:+` are shell syntax: here the default begins after the colon. */
function habitIn({ name, fallback, offset }: Placeholder): readonly TemplateProblem[] {
  const sign = fallback?.[0] ?? "";
  if (sign === "" || !"-=?+".includes(sign)) return [];
  const message = `"\${${name}:${sign}…}" is read as a default that begins with "${sign}", and not as in a shell`;
  return [{ offset, message: `${message}; write "\${${name}:…}" for a default` }];
}

/** Longer texts, in UTF-16 units, are not read as TOML, which takes longer than reading JSON. */
const LONGEST_BARE = 65_536;

/** Up to this many elements that come of one placeholder, each is recorded as a use of it. */
const MOST_USES = 1_000;

class Filling {
  readonly #holes: readonly Hole[];
  readonly #mask: RegExp;
  readonly #lookup: Lookup;
  readonly #read: (text: string) => Value | undefined;
  readonly #expected: ((path: Segments) => Shape | undefined) | undefined;
  readonly #budget: Budget;
  readonly #problems: TemplateProblem[] = [];
  readonly #uses = new Map<string, readonly PlaceholderUse[]>();
  /** For lists whose length changed: the element of the masked list that each element comes from. */
  readonly #elements = new Map<string, readonly number[]>();

  constructor(
    holes: readonly Hole[],
    [begin, end]: readonly [begin: string, end: string],
    lookup: Lookup,
    read: (text: string) => Value | undefined,
    expected: ((path: Segments) => Shape | undefined) | undefined,
    budget: Budget,
  ) {
    this.#expected = expected;
    this.#budget = budget;
    this.#holes = holes;
    this.#mask = new RegExp(`${begin}(\\d+)${end}`, "gu");
    this.#lookup = lookup;
    this.#read = read;
  }

  run(tree: Table): Filled | Promise<Filled> {
    return andThen(this.#value(tree, []), (filled) => this.#filled(filled as Table));
  }

  #filled(filled: Table): Filled {
    const uses = this.#uses;
    const elements = this.#elements;
    return {
      tree: filled,
      problems: this.#problems.toSorted((one, other) => one.offset - other.offset),
      placeholders(path) {
        for (let length = path.length; length > 0; length -= 1) {
          const found = uses.get(JSON.stringify(path.slice(0, length)));
          if (found !== undefined) return found;
        }
        // A list is one leaf: the placeholders of its elements are those of the list.
        const below = `${JSON.stringify(path).slice(0, -1)},`;
        const made =
          path.length === 0 ? [] : [...uses].filter(([at]) => at.startsWith(below)).flatMap(([, found]) => found);
        const firsts = new Map<string, PlaceholderUse>();
        for (const use of made) if (!firsts.has(use.name)) firsts.set(use.name, use);
        return [...firsts.values()];
      },
      masked_path: (path) =>
        path.map((segment, depth) => {
          const origins = elements.get(JSON.stringify(path.slice(0, depth)));
          return origins === undefined ? segment : String(origins[Number(segment)] ?? segment);
        }),
    };
  }

  #value(value: Value, path: Segments): Value | Promise<Value> {
    if (typeof value === "string") return this.#text(value, path);
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return this.#list(value, path);
    const filled: [key: string, value: Value][] = [];
    const fill = ([key, inner]: readonly [string, Value]): void | Promise<void> =>
      andThen(this.#value(inner, [...path, key]), (made) => void filled.push([key, made]));
    return andThen(eachInTurn(Object.entries(value as Table), fill, this.#budget), () => Object.fromEntries(filled));
  }

  #list(list: readonly Value[], path: Segments): Value | Promise<Value> {
    const filled: Value[] = [];
    const origins: number[] = [];
    const add = (value: Value, index: number) => {
      filled.push(value);
      origins.push(index);
    };
    const fill = ([index, element]: readonly [number, Value]): void | Promise<void> => {
      const only = typeof element === "string" ? this.#onlyPlaceholder(element) : undefined;
      if (only === undefined) {
        return andThen(this.#value(element, [...path, String(filled.length)]), (value) => add(value, index));
      }
      for (const value of this.#expanded(only.hole, only.placeholder, path, filled.length)) add(value, index);
    };
    return andThen(eachInTurn(list.entries(), fill, this.#budget), () => {
      if (origins.some((origin, index) => origin !== index)) this.#elements.set(JSON.stringify(path), origins);
      return filled;
    });
  }

  #onlyPlaceholder(element: string): { hole: Hole; placeholder: Placeholder } | undefined {
    const [match, ...more] = element.matchAll(this.#mask);
    if (match === undefined || more.length > 0 || match[0] !== element) return undefined;
    const hole = this.#holes[Number(match[1])]!;
    const [placeholder, ...rest] = hole.parts;
    return rest.length > 0 || typeof placeholder !== "object" ? undefined : { hole, placeholder };
  }

  #expanded(hole: Hole, placeholder: Placeholder, path: Segments, from: number): Value[] {
    const found = this.#find(placeholder, hole.kind);
    if (found === undefined) return [];
    const values: Value[] = [];
    for (const item of itemsOf(found.value)) {
      const text = String(item);
      const isRead = hole.kind === "bare" && typeof found.value !== "object";
      const value = isRead
        ? this.#bareValue(text, hole, [...path, String(from + values.length)], [])
        : hole.kind === "bare"
          ? item
          : text;
      if (values.length < MOST_USES) {
        this.#uses.set(JSON.stringify([...path, String(from + values.length)]), [found.use]);
      }
      values.push(value);
    }
    // If nothing is left of the element, or much came of it, the list itself is used.
    if (values.length === 0 || values.length > MOST_USES) this.#uses.set(JSON.stringify(path), [found.use]);
    return values;
  }

  #text(text: string, path: Segments): Value {
    const uses: PlaceholderUse[] = [];
    let bare: Value | undefined;
    const filled = text.replaceAll(this.#mask, (_, index: string) => {
      const hole = this.#holes[Number(index)]!;
      const parts = hole.parts.map((part) => {
        if (typeof part === "string") return part;
        const found = this.#find(part, hole.kind);
        if (found === undefined) return "";
        uses.push(found.use);
        if (hole.kind === "bare" && hole.parts.length === 1 && typeof found.value === "object") {
          bare = [...found.value];
        }
        if (typeof found.value !== "object") return String(found.value);
        if (bare === undefined)
          this.#problem(part, `the value of ${part.name} is a list, which cannot be part of a string`);
        return "";
      });
      if (hole.kind === "bare" && bare === undefined) {
        const resolved = uses.length === hole.parts.filter((part) => typeof part === "object").length;
        bare = resolved ? this.#bareValue(parts.join(""), hole, path, uses) : "";
      }
      return parts.join("");
    });
    if (uses.length > 0) this.#uses.set(JSON.stringify(path), uses);
    return bare ?? filled;
  }

  /** A bare value. An empty one counts as not set, unless a text is expected. @param uses what made it */
  #bareValue(text: string, { parts }: Hole, path: Segments, uses: PlaceholderUse[]): Value {
    const value = this.#readBare(text, path);
    if (value !== undefined) return value;
    const placeholders = parts.filter((part) => typeof part === "object");
    const { name, fallback, offset } = placeholders[0]!;
    const isEmpty = parts.length === 1 && text.trim() === "";
    const instead = isEmpty && fallback !== undefined ? this.#readBare(fallback, path) : undefined;
    if (instead !== undefined) {
      uses.splice(0, uses.length, { name, from: "default" });
      return instead;
    }
    const what = placeholders.length === 1 ? `the value of ${name}` : "this text";
    const but = isEmpty ? "is empty, and must" : text.length > LONGEST_BARE ? "is very long, and must" : "must";
    const message = `${what} ${but} be one TOML value without tables (a string needs quotes)`;
    this.#problems.push(
      this.#expected?.(path) === undefined ? { offset, message, untyped: true } : { offset, message },
    );
    return "";
  }

  #readBare(text: string, path: Segments): Value | undefined {
    const read = text.length > LONGEST_BARE ? undefined : this.#read(text.trim());
    const value = read === undefined || holdsTable(read) ? undefined : read;
    const expected = this.#expected?.(path);
    if (value !== undefined && (expected === undefined || hasShape(value, expected))) return value;
    return (expected === undefined ? undefined : typedText(text, expected)) ?? value;
  }

  #find(placeholder: Placeholder, kind: Hole["kind"]): { value: Substitution; use: PlaceholderUse } | undefined {
    const { name, fallback, offset } = placeholder;
    const found = this.#lookup(name);
    if (found !== undefined) return { value: found.value, use: { name, from: found.from } };
    if (fallback === undefined) {
      this.#problems.push({ offset, message: `${name} has no value`, unresolved: name });
      return undefined;
    }
    let value: Value | undefined = fallback;
    if (kind === "basic" && fallback.includes("\\")) value = this.#read(`"${fallback}"`);
    if (typeof value !== "string") {
      this.#problem(placeholder, `the default of ${name} is not allowed in a string`);
      return undefined;
    }
    return { value, use: { name, from: "default" } };
  }

  #problem(placeholder: Placeholder, message: string): void {
    this.#problems.push({ offset: placeholder.offset, message });
  }
}

/** The elements of a value: those of a list, of a JSON list, or those separated by commas; an empty text has none. */
function itemsOf(value: Substitution): readonly (string | number | bigint | boolean)[] {
  if (typeof value === "object") return value;
  if (typeof value !== "string") return [value];
  if (value.trim().startsWith("[")) {
    try {
      const list = readJson(value.trim()).value;
      if (
        Array.isArray(list) &&
        list.every((item) => ["string", "number", "bigint", "boolean"].includes(typeof item))
      ) {
        return list as (string | number | bigint | boolean)[];
      }
    } catch {
      // Not JSON: an ordinary text that begins with a bracket.
    }
  }
  if (value.trim() === "") return [];
  return value.includes(",") ? value.split(",").map((item) => item.trim()) : [value];
}

/** A bare text as a value, by the rule for texts, if it fits the expected type. Tables would add keys. */
function typedText(text: string, expected: Shape): Value | undefined {
  try {
    const value = valueOfText(text, expected);
    return value !== undefined && hasShape(value, expected) && !holdsTable(value) ? value : undefined;
  } catch (error) {
    if (error instanceof TextFault) return undefined;
    throw error;
  }
}

function holdsTable(value: Value): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.some(holdsTable) : true;
}
