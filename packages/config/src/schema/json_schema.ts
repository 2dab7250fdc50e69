import type { Alias } from "../core/aliases.ts";
import { formatPath } from "../core/path.ts";
import { jsonSchemaOf, shapeOf } from "../core/schema_shape.ts";
import type { Shape } from "../core/shape.ts";
import type { Segments } from "../core/value.ts";
import type { ConfigSpec } from "../spec.ts";
import { isShowable, showableOf } from "./showable.ts";

/** A JSON Schema, or a part of one. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A version of JSON Schema. Editors of TOML read `draft-07`. */
export type JsonSchemaTarget = "draft-07" | "draft-2020-12";

/** Options for reading a specification's schema. */
export interface ReadOptions {
  /**
   * Makes the JSON Schema of a schema whose library does not offer one: for valibot `toJsonSchema` of
   * `@valibot/to-json-schema`. Without it, only keys and types of such a schema are known.
   */
  readonly convert?: (schema: never, options: never) => unknown;
}

/** Options of `json_schema`. */
export interface JsonSchemaOptions extends ReadOptions {
  /** Default: `"draft-07"`. */
  readonly target?: JsonSchemaTarget;
  /** Whether required keys are required in each file. Default: false, because a file is one source among several. */
  readonly required?: boolean;
}

const DRAFTS: Readonly<Record<JsonSchemaTarget, string>> = {
  "draft-07": "http://json-schema.org/draft-07/schema#",
  "draft-2020-12": "https://json-schema.org/draft/2020-12/schema",
};

/**
 * The JSON Schema of a configuration file: editors complete its keys and mark misspelt ones and wrong types.
 *
 * - It describes the schema's input, not its output: a duration is a text.
 * - A file is one source among several, so no key is required unless the option `required` is set.
 * - A key that the schema would silently drop is an error.
 * - Secrets are `writeOnly`; old names and deprecated settings are `deprecated`.
 *
 *     # config.toml                     #:schema ./config.schema.json
 *     # config.yaml                     # yaml-language-server: $schema=./config.schema.json
 *     // config.json                    { "$schema": "./config.schema.json" }
 *
 * @throws TypeError if an option is invalid
 */
export function json_schema(spec: ConfigSpec, options: JsonSchemaOptions = {}): JsonSchema {
  const { target = "draft-07", required = false } = options;
  if (!Object.hasOwn(DRAFTS, target)) {
    throw new TypeError(
      `Cannot make a JSON Schema: target must be one of ${Object.keys(DRAFTS).join(", ")}, got ${String(target)}`,
    );
  }
  const read = inputOf(spec, options, target);
  const { $schema: _draft, ...schema } = edited(read, { spec, required, path: [], closed: true });
  for (const alias of spec.aliases.list) addAlias(schema, alias);
  const properties = isRecord(schema["properties"]) ? schema["properties"] : undefined;
  return {
    $schema: DRAFTS[target],
    title: `Configuration of ${spec.id}`,
    type: "object",
    ...schema,
    // The key that names this schema in a JSON file.
    ...(properties === undefined ? {} : { properties: { $schema: { type: "string" }, ...properties } }),
  };
}

/** The JSON Schema of the input, from the schema's library. */
export function inputOf(spec: ConfigSpec, options: ReadOptions, target: JsonSchemaTarget): JsonSchema {
  return sideOf(spec, options, target, "input") ?? jsonOfShape(shapeOf(spec.schema) ?? { children: new Map() });
}

/** The JSON Schema of the output, if the schema's library offers it. */
export function outputOf(spec: ConfigSpec, options: ReadOptions, target: JsonSchemaTarget): JsonSchema | undefined {
  return sideOf(spec, options, target, "output");
}

function sideOf(
  spec: ConfigSpec,
  { convert }: ReadOptions,
  target: JsonSchemaTarget,
  side: "input" | "output",
): JsonSchema | undefined {
  if (convert === undefined) return jsonSchemaOf(spec.schema, [side], target);
  if (typeof convert !== "function") {
    throw new TypeError(`Cannot read the schema: convert must be a function, got ${typeof convert}`);
  }
  const read = convert as (schema: unknown, options: unknown) => unknown;
  const made = read(spec.schema, { target, typeMode: side, errorMode: "ignore" });
  if (isRecord(made)) return made;
  throw new TypeError("Cannot read the schema: convert must return a JSON Schema");
}

/** The JSON Schema of a shape, if the library offers none. */
function jsonOfShape(shape: Shape): JsonSchema {
  const { children, type, rest, items, prefix, options, values, nullable, secret } = shape;
  const properties = Object.fromEntries([...children].map(([key, child]) => [key, jsonOfShape(child)]));
  const made: JsonSchema = {
    ...(type === undefined ? {} : { type }),
    ...(children.size > 0 ? { type: "object", properties } : {}),
    ...(rest === undefined ? {} : { type: "object", additionalProperties: jsonOfShape(rest) }),
    ...(items === undefined ? {} : { items: jsonOfShape(items) }),
    ...(prefix === undefined ? {} : { prefixItems: prefix.map(jsonOfShape) }),
    ...(options === undefined ? {} : { anyOf: options.map(jsonOfShape) }),
    ...(values === undefined ? {} : { enum: values }),
    ...(secret === true ? { secret: true } : {}),
  };
  return nullable === true ? { anyOf: [made, { type: "null" }] } : made;
}

interface Editing {
  readonly spec: ConfigSpec;
  readonly required: boolean;
  readonly path: Segments;
  /** Whether the object is complete here, so that unknown keys have no effect. */
  readonly closed: boolean;
}

function edited(json: JsonSchema, editing: Editing): Record<string, unknown> {
  const { path, spec, required } = editing;
  const made: Record<string, unknown> = {};
  const below = (one: unknown, segment: string | undefined, closed: boolean): unknown => {
    if (!isRecord(one)) return one;
    return edited(one, { ...editing, closed, path: segment === undefined ? path : [...path, segment] });
  };
  const each = (all: object, closed: boolean, within: boolean): object =>
    Object.fromEntries(Object.entries(all).map(([key, one]) => [key, below(one, within ? key : undefined, closed)]));
  for (const [word, value] of Object.entries(json)) {
    if (word === "required" && !required) continue;
    else if (word === "type") made[word] = value === "bigint" ? "integer" : value;
    else if (word === "secret") continue;
    else if (word === "properties" && isRecord(value)) made[word] = each(value, true, true);
    else if ((word === "$defs" || word === "definitions") && isRecord(value)) made[word] = each(value, true, false);
    else if (word === "additionalProperties" || word === "items" || word === "additionalItems") {
      made[word] = Array.isArray(value) ? value.map((one) => below(one, "*", true)) : below(value, "*", true);
    } else if (word === "prefixItems" && Array.isArray(value)) made[word] = value.map((one) => below(one, "*", true));
    else if ((word === "anyOf" || word === "oneOf") && Array.isArray(value)) {
      made[word] = value.map((one) => below(one, undefined, editing.closed));
    } else if (word === "allOf" && Array.isArray(value)) made[word] = value.map((one) => below(one, undefined, false));
    else made[word] = value;
  }
  const isObject = isRecord(json["properties"]) && json["additionalProperties"] === undefined;
  if (isObject && editing.closed && json["allOf"] === undefined) made["additionalProperties"] = false;
  if (path.length > 0 && (json["secret"] === true || spec.secrets.covers(path))) {
    made["writeOnly"] = true;
    delete made["default"];
    delete made["examples"];
  }
  if (!isShowable(spec, path, made["default"])) delete made["default"];
  if (Array.isArray(made["examples"])) made["examples"] = showableOf(spec, path, made["examples"]);
  const deprecated = spec.deprecations.at(path);
  if (deprecated !== undefined) Object.assign(made, deprecation(deprecated));
  return made;
}

/** Draft 7 has no keyword for it; editors read these two. */
function deprecation(message: string): JsonSchema {
  return { deprecated: true, ...(message === "" ? {} : { deprecationMessage: message }) };
}

/** The old name of a setting, with the schema of the new one. */
function addAlias(root: Record<string, unknown>, { old, fresh }: Alias): void {
  let target: unknown = root;
  for (const key of fresh) target = isRecord(target) ? childOf(target, key) : undefined;
  if (!isRecord(target)) return;
  let at = root;
  for (const [i, key] of old.entries()) {
    const isLast = i === old.length - 1;
    const there = childOf(at, key);
    const made = isLast
      ? { ...target, ...deprecation(`is now called "${formatPath(fresh)}"`) }
      : isRecord(there)
        ? { ...there }
        : { type: "object", additionalProperties: false };
    if (key === "*") at["additionalProperties"] = made;
    else at["properties"] = { ...(isRecord(at["properties"]) ? at["properties"] : {}), [key]: made };
    at = made;
  }
}

function childOf(schema: JsonSchema, key: string): unknown {
  if (key === "*") return schema["additionalProperties"] ?? schema["items"];
  return isRecord(schema["properties"]) ? schema["properties"][key] : undefined;
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
