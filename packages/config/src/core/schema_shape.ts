import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Shape, ShapeType } from "./shape.ts";
import type { Scalar, Segments } from "./value.ts";

/**
 * The configuration's shape according to a schema: paths, types and secrets. Standard Schema itself has no such
 * information; it is read from the JSON Schema that many libraries (zod) offer, and from the `entries` of valibot
 * schemas. Schemas of other libraries validate as usual, but their shape is unknown.
 *
 * A path is secret if its schema has `writeOnly: true`, `format: "password"` or `secret: true` (zod: `.meta({ secret:
 * true })`, valibot: `metadata({ secret: true })`).
 */
export function shapeOf(schema: StandardSchemaV1 | undefined): Shape | undefined {
  if (schema === undefined) return undefined;
  const json = jsonSchemaOf(schema);
  if (json !== undefined) return shapeOfJson(json, json, 0);
  return shapeOfValibot(schema, 0);
}

/** Patterns, as arrays of segments, of the paths that a shape marks as secret. */
export function secretsOf(shape: Shape | undefined): readonly Segments[] {
  const found: Segments[] = [];
  const walk = (at: Shape, path: Segments): void => {
    if (at.secret === true && path.length > 0) {
      found.push(path);
      return;
    }
    for (const [key, below] of at.children) walk(below, [...path, key.replace(/[*?[\]{}\\]/g, "\\$&")]);
    if (at.rest !== undefined) walk(at.rest, [...path, "*"]);
  };
  if (shape !== undefined) walk(shape, []);
  return found;
}

/** Patterns of the paths that a shape marks as deprecated, with the advice for each. */
export function deprecatedIn(shape: Shape | undefined): readonly (readonly [Segments, string])[] {
  const found: (readonly [Segments, string])[] = [];
  const walk = (at: Shape, path: Segments): void => {
    if (at.deprecated !== undefined && path.length > 0) {
      found.push([path, at.deprecated]);
      return;
    }
    for (const [key, below] of at.children) walk(below, [...path, key.replace(/[*?[\]{}\\]/g, "\\$&")]);
    if (at.rest !== undefined) walk(at.rest, [...path, "*"]);
  };
  if (shape !== undefined) walk(shape, []);
  return found;
}

/** A recursive schema is followed to this depth. */
const DEEPEST_SHAPE = 12;
const UNKNOWN: Shape = { children: new Map() };

type Json = { readonly [key: string]: unknown };

/** The JSON Schema of the first of these sides that the schema's library offers; undefined if it offers none. */
export function jsonSchemaOf(
  schema: StandardSchemaV1 | undefined,
  sides: readonly ("input" | "output")[] = ["input", "output"],
  target = "draft-2020-12",
): Json | undefined {
  const standard = schema?.["~standard"] as
    | { readonly jsonSchema?: Partial<Record<"input" | "output", unknown>> }
    | undefined;
  for (const side of sides) {
    const convert = standard?.jsonSchema?.[side];
    if (typeof convert !== "function") continue;
    try {
      const json: unknown = convert({ target, libraryOptions: { unrepresentable: "any", override } });
      if (isRecord(json)) return json;
    } catch {
      // The library cannot express this side of the schema. The other side may work; otherwise the shape stays unknown.
    }
  }
  return undefined;
}

/** The types that zod's JSON Schema cannot express: bigints, alone and as literals. */
function override({ zodSchema, jsonSchema }: { readonly zodSchema?: unknown; readonly jsonSchema?: unknown }): void {
  const definition = isRecord(zodSchema) && isRecord(zodSchema._zod) ? zodSchema._zod.def : undefined;
  if (!isRecord(definition) || !isRecord(jsonSchema)) return;
  const into = jsonSchema as Record<string, unknown>;
  if (definition.type === "bigint") into["type"] = "bigint";
  const { values } = definition;
  if (definition.type !== "literal" || !Array.isArray(values)) return;
  if (!values.every((value) => typeof value === "bigint")) return;
  into["type"] = "bigint";
  delete into["const"];
  delete into["enum"];
}

function shapeOfJson(json: unknown, root: Json, depth: number): Shape {
  if (!isRecord(json) || depth > DEEPEST_SHAPE) return UNKNOWN;
  const target = typeof json.$ref === "string" ? resolved(json.$ref, root) : undefined;
  const ofAll = [target, ...alternatives(json.allOf)].filter((part) => part !== undefined);
  const choices = [...alternatives(json.anyOf), ...alternatives(json.oneOf)];
  const whole = ofAll.map((part) => shapeOfJson(part, root, depth + 1));
  const options = choices.filter((part) => !isNull(part)).map((part) => shapeOfJson(part, root, depth + 1));
  const types = typesOf(json.type);
  // If one option is left besides null, its shape is the shape of the union.
  const parts = options.length === 1 ? [...whole, ...options] : whole;
  const known = [...parts, ...(options.length === 1 ? [] : options)];
  const children = new Map<string, Shape>();
  for (const part of known) for (const [key, shape] of part.children) children.set(key, shape);
  if (isRecord(json.properties)) {
    for (const key of Object.keys(json.properties))
      children.set(key, shapeOfJson(json.properties[key], root, depth + 1));
  }
  const below = (schema: unknown): Shape | undefined =>
    isRecord(schema) ? shapeOfJson(schema, root, depth + 1) : undefined;
  const prefix = alternatives(json.prefixItems).map((item) => shapeOfJson(item, root, depth + 1));
  const values = Array.isArray(json.enum) ? json.enum : "const" in json ? [json.const] : undefined;
  return shapeFrom({
    children,
    type: types.length === 1 ? types[0] : types.length > 1 ? undefined : first(parts, "type"),
    rest: below(json.additionalProperties) ?? first(known, "rest"),
    items: below(json.items) ?? first(parts, "items"),
    prefix: prefix.length > 0 ? prefix : first(parts, "prefix"),
    options:
      types.length > 1
        ? types.map((type): Shape => ({ children: NONE, type }))
        : options.length > 1
          ? options
          : first(parts, "options"),
    values: values === undefined ? first(parts, "values") : scalars(values),
    nullable:
      choices.some(isNull) ||
      isNull(json) ||
      hasNull(json.type) ||
      values?.includes(null) === true ||
      first(parts, "nullable"),
    deprecated: deprecationOf(json),
    secret: isSecret(json) || known.some((part) => part.secret),
  });
}

const NONE: ReadonlyMap<string, Shape> = new Map();

/** A shape without its empty fields. A union whose options agree on a type has that type. */
function shapeFrom(given: { readonly [key in keyof Shape]?: Shape[key] | false | undefined }): Shape {
  const type =
    given.type ?? (given.options === undefined || given.options === false ? undefined : agreed(given.options));
  const entries = Object.entries({ ...given, type }).filter(([, value]) => value !== undefined && value !== false);
  return Object.fromEntries(entries) as unknown as Shape;
}

function first<K extends keyof Shape>(parts: readonly Shape[], key: K): Shape[K] | undefined {
  return parts.find((part) => part[key] !== undefined)?.[key];
}

function scalars(values: readonly unknown[]): readonly Scalar[] | undefined {
  const known = values.filter((value) => value !== null && (typeof value !== "object" || value === undefined));
  return known.length > 0 ? (known as Scalar[]) : undefined;
}

function isNull(schema: unknown): boolean {
  return isRecord(schema) && schema.type === "null";
}

function hasNull(type: unknown): boolean {
  return Array.isArray(type) && type.includes("null");
}

function alternatives(list: unknown): readonly unknown[] {
  return Array.isArray(list) ? list : [];
}

function resolved(ref: string, root: Json): unknown {
  if (!ref.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const part of ref
    .slice(1)
    .split("/")
    .filter((text) => text !== "")) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function typesOf(type: unknown): readonly ShapeType[] {
  const names: readonly unknown[] = Array.isArray(type) ? type : [type];
  return names.filter((name): name is ShapeType => typeof name === "string" && TYPES.has(name));
}

const TYPES: ReadonlySet<string> = new Set<ShapeType>([
  "string",
  "number",
  "integer",
  "bigint",
  "boolean",
  "array",
  "object",
]);

function agreed(parts: readonly Shape[]): ShapeType | undefined {
  const type = parts[0]?.type;
  return parts.every((part) => part.type === type) ? type : undefined;
}

/** `deprecated: true`, or a text with advice. */
function deprecationOf(meta: Json): string | undefined {
  if (typeof meta.deprecated === "string") return meta.deprecated;
  return meta.deprecated === true ? "" : undefined;
}

function isSecret(meta: Json): boolean {
  return meta.secret === true || meta.writeOnly === true || meta.format === "password";
}

function shapeOfValibot(schema: unknown, depth: number): Shape {
  if (!isRecord(schema) || depth > DEEPEST_SHAPE) return UNKNOWN;
  const of = (inner: unknown): Shape | undefined =>
    inner === undefined ? undefined : shapeOfValibot(inner, depth + 1);
  if (schema.wrapped !== undefined) {
    const inner = of(schema.wrapped)!;
    return NULLABLE.has(schema.type) ? { ...inner, nullable: true } : inner;
  }
  if (schema.type === "lazy") return lazily(schema, depth);
  const actions = alternatives(schema.pipe).filter(isRecord);
  const integer = actions.some((action) => action.type === "integer");
  const secret = actions.some((action) => isRecord(action.metadata) && isSecret(action.metadata));
  const deprecated = actions
    .map((action) => (isRecord(action.metadata) ? deprecationOf(action.metadata) : undefined))
    .find((one) => one !== undefined);
  const isUnion = schema.type === "union" || schema.type === "variant";
  const isWhole = schema.type === "intersect";
  const choices = isUnion || isWhole ? alternatives(schema.options) : [];
  const options = choices
    .filter((option) => !(isRecord(option) && option.type === "null"))
    .map((option) => of(option)!);
  const known = options.flatMap((option) => [...option.children]);
  const children = new Map<string, Shape>(known);
  if (isRecord(schema.entries)) {
    for (const key of Object.keys(schema.entries)) children.set(key, of(schema.entries[key])!);
  }
  const items =
    schema.type === "array" ? of(schema.item) : schema.type === "tuple_with_rest" ? of(schema.rest) : undefined;
  const literals =
    schema.type === "literal" ? [schema.literal] : LITERALS.has(schema.type) ? schema.options : undefined;
  const only = options.length === 1 ? options[0] : undefined;
  return shapeFrom({
    ...only,
    children,
    type: integer ? "integer" : (VALIBOT_TYPES.get(schema.type) ?? (isWhole ? "object" : only?.type)),
    rest:
      schema.type === "record"
        ? of(schema.value)
        : schema.type === "object_with_rest"
          ? of(schema.rest)
          : first(options, "rest"),
    items: items ?? only?.items,
    prefix: Array.isArray(schema.items) ? schema.items.map((item) => of(item)!) : only?.prefix,
    options: isUnion && options.length > 1 ? options : only?.options,
    values: Array.isArray(literals) ? scalars(literals) : only?.values,
    nullable: choices.length > options.length || only?.nullable,
    deprecated,
    secret: secret || options.some((option) => option.secret),
  });
}

function lazily(schema: Json, depth: number): Shape {
  try {
    return shapeOfValibot((schema.getter as (input: unknown) => unknown)(undefined), depth + 1);
  } catch {
    // It depends on the value, so its shape is unknown.
    return UNKNOWN;
  }
}

const NULLABLE: ReadonlySet<unknown> = new Set(["nullable", "nullish"]);
const LITERALS: ReadonlySet<unknown> = new Set(["picklist", "enum"]);

const VALIBOT_TYPES = new Map<unknown, ShapeType>([
  ["string", "string"],
  ["number", "number"],
  ["bigint", "bigint"],
  ["boolean", "boolean"],
  ["array", "array"],
  ["tuple", "array"],
  ["loose_tuple", "array"],
  ["strict_tuple", "array"],
  ["tuple_with_rest", "array"],
  ["object", "object"],
  ["strict_object", "object"],
  ["loose_object", "object"],
  ["object_with_rest", "object"],
  ["record", "object"],
]);

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
