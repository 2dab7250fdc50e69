import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Shape } from "./known_paths.ts";
import type { Segments } from "./value.ts";

/**
 * What a schema tells about the configuration's shape: which paths there are, of which type, which are secret. Standard
 * Schema itself tells nothing of this; it is read from the JSON Schema that many libraries (zod) offer beside it, and from
 * the `entries` of valibot's schemas. Another library's schema validates all the same, its shape is unknown.
 *
 * A path is secret if its schema says `writeOnly: true`, `format: "password"` or `secret: true` (zod: `.meta({ secret: true })`,
 * valibot: `metadata({ secret: true })`).
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

/** A schema that refers to itself is followed this far. */
const DEEPEST_SHAPE = 12;
const UNKNOWN: Shape = { children: new Map() };

type Json = { readonly [key: string]: unknown };

function jsonSchemaOf(schema: StandardSchemaV1): Json | undefined {
  const standard = schema["~standard"] as { readonly jsonSchema?: Partial<Record<"input" | "output", unknown>> };
  for (const side of ["input", "output"] as const) {
    const convert = standard.jsonSchema?.[side];
    if (typeof convert !== "function") continue;
    try {
      const json: unknown = convert({ target: "draft-2020-12", libraryOptions: { unrepresentable: "any" } });
      if (isRecord(json)) return json;
    } catch {
      // The library cannot express this schema: the other side may do, and the shape may stay unknown.
    }
  }
  return undefined;
}

function shapeOfJson(json: unknown, root: Json, depth: number): Shape {
  if (!isRecord(json) || depth > DEEPEST_SHAPE) return UNKNOWN;
  const target = typeof json.$ref === "string" ? resolved(json.$ref, root) : undefined;
  const parts = [target, ...alternatives(json.anyOf), ...alternatives(json.oneOf), ...alternatives(json.allOf)]
    .filter((part) => part !== undefined && !(isRecord(part) && part.type === "null"))
    .map((part) => shapeOfJson(part, root, depth + 1));
  const children = new Map<string, Shape>();
  for (const part of parts) for (const [key, shape] of part.children) children.set(key, shape);
  if (isRecord(json.properties)) {
    for (const key of Object.keys(json.properties))
      children.set(key, shapeOfJson(json.properties[key], root, depth + 1));
  }
  const rest = isRecord(json.additionalProperties)
    ? shapeOfJson(json.additionalProperties, root, depth + 1)
    : parts.find((part) => part.rest !== undefined)?.rest;
  return {
    children,
    ...ofType(jsonType(json.type) ?? agreed(parts)),
    ...(rest === undefined ? {} : { rest }),
    ...(isSecret(json) || parts.some((part) => part.secret) ? { secret: true } : {}),
  };
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

function jsonType(type: unknown): Shape["type"] {
  const types = (Array.isArray(type) ? (type as unknown[]) : [type]).filter((name) => name !== "null");
  const [only] = types;
  return types.length === 1 && typeof only === "string" && TYPES.has(only) ? (only as Shape["type"]) : undefined;
}

const TYPES = new Set(["string", "number", "integer", "boolean", "array", "object"]);

function agreed(parts: readonly Shape[]): Shape["type"] {
  const type = parts[0]?.type;
  return parts.every((part) => part.type === type) ? type : undefined;
}

function ofType(type: Shape["type"]): { readonly type?: Shape["type"] } {
  return type === undefined ? {} : { type };
}

function isSecret(meta: Json): boolean {
  return meta.secret === true || meta.writeOnly === true || meta.format === "password";
}

function shapeOfValibot(schema: unknown, depth: number): Shape {
  if (!isRecord(schema) || depth > DEEPEST_SHAPE) return UNKNOWN;
  if (schema.wrapped !== undefined) return shapeOfValibot(schema.wrapped, depth + 1);
  const children = new Map<string, Shape>();
  if (isRecord(schema.entries)) {
    for (const key of Object.keys(schema.entries)) children.set(key, shapeOfValibot(schema.entries[key], depth + 1));
  }
  const actions = alternatives(schema.pipe).filter(isRecord);
  const integer = actions.some((action) => action.type === "integer");
  const secret = actions.some((action) => isRecord(action.metadata) && isSecret(action.metadata));
  const rest = schema.type === "record" ? shapeOfValibot(schema.value, depth + 1) : undefined;
  return {
    children,
    ...ofType(integer ? "integer" : VALIBOT_TYPES.get(schema.type)),
    ...(rest === undefined ? {} : { rest }),
    ...(secret ? { secret } : {}),
  };
}

const VALIBOT_TYPES = new Map<unknown, Shape["type"]>([
  ["string", "string"],
  ["number", "number"],
  ["boolean", "boolean"],
  ["array", "array"],
  ["tuple", "array"],
  ["object", "object"],
  ["strict_object", "object"],
  ["loose_object", "object"],
  ["record", "object"],
]);

function isRecord(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
