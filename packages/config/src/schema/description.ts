import type { JsonSchema } from "./json_schema.ts";

/**
 * The description of one node of the configuration from a JSON Schema, with references followed and parts combined.
 * Information missing on the input side (a coercion takes anything) is read from the output side.
 */
export interface Description {
  /** `string`, `number`, `integer`, `boolean`, `array`, `object`; several for a union; none if unknown. */
  readonly types: readonly string[];
  readonly nullable: boolean;
  readonly keys: ReadonlyMap<string, { readonly of: Description; readonly required: boolean }>;
  /** The values of a record. */
  readonly rest: Description | undefined;
  readonly items: Description | undefined;
  readonly prefix: readonly Description[] | undefined;
  /** The parts of a union. */
  readonly options: readonly Description[];
  readonly values: readonly unknown[] | undefined;
  /** The merged keywords: `default`, `description`, `minimum` and the like. */
  readonly words: JsonSchema;
}

/** Reads a JSON Schema. @param other the same schema's output side */
export function described(input: unknown, other?: unknown): Description {
  const root = { input: record(input), output: record(other) };
  return of(input, other, root, []);
}

interface Roots {
  readonly input: JsonSchema;
  readonly output: JsonSchema;
}

const NOTHING: Description = {
  types: [],
  nullable: false,
  keys: new Map(),
  rest: undefined,
  items: undefined,
  prefix: undefined,
  options: [],
  values: undefined,
  words: {},
};

function of(input: unknown, output: unknown, roots: Roots, way: readonly string[]): Description {
  const read = part(input, output, roots, roots.input, way);
  if (says(read) || !isRecord(output)) return read;
  const made = part(output, undefined, roots, roots.output, way);
  return { ...made, words: { ...made.words, ...read.words } };
}

function says({ types, values, options, keys, rest }: Description): boolean {
  return types.length > 0 || values !== undefined || options.length > 0 || keys.size > 0 || rest !== undefined;
}

/** @param way the references being followed: a recursive schema is described once */
function part(json: unknown, output: unknown, roots: Roots, root: JsonSchema, way: readonly string[]): Description {
  if (!isRecord(json)) return NOTHING;
  const ref = typeof json.$ref === "string" ? json.$ref : undefined;
  if (ref !== undefined && way.includes(ref)) return { ...NOTHING, types: ["object"] };
  const further = ref === undefined ? way : [...way, ref];
  const below = (one: unknown, other?: unknown): Description => {
    // If the output side is read, only that is.
    if (root === roots.output && root !== roots.input) return part(one, undefined, roots, root, further);
    return of(one, other, roots, further);
  };
  const whole = [...(ref === undefined ? [] : [resolved(ref, root)]), ...list(json.allOf)].map((one) => below(one));
  const all = [...list(json.anyOf), ...list(json.oneOf)];
  const options = all.filter((one) => record(one).type !== "null").map((one) => below(one));
  const parts = options.length === 1 ? [...whole, ...options] : whole;
  const sides = record(record(output).properties);
  const keys = new Map<string, { of: Description; required: boolean }>();
  for (const one of [...parts, ...(options.length > 1 ? options : [])]) {
    for (const [key, child] of one.keys) {
      keys.set(key, { of: child.of, required: child.required && options.length < 2 });
    }
  }
  const required = list(json.required);
  for (const [key, child] of Object.entries(record(json.properties))) {
    keys.set(key, { of: below(child, sides[key]), required: required.includes(key) });
  }
  const types = list(json.type).length > 0 ? list(json.type) : json.type === undefined ? [] : [json.type];
  const own = types.filter((type) => type !== "null") as string[];
  const values = Array.isArray(json.enum) ? (json.enum as unknown[]) : "const" in json ? [json.const] : undefined;
  const words = Object.assign({}, ...parts.map((one) => one.words), json) as JsonSchema;
  return {
    types: own.length > 0 ? own : [...new Set([...parts, ...options].flatMap((one) => one.types))],
    nullable: types.includes("null") || all.length > options.length || parts.some((one) => one.nullable),
    keys,
    rest: isRecord(json.additionalProperties)
      ? below(json.additionalProperties, record(output).additionalProperties)
      : [...parts, ...options].find((one) => one.rest !== undefined)?.rest,
    items: isRecord(json.items)
      ? below(json.items, record(output).items)
      : parts.find((one) => one.items !== undefined)?.items,
    prefix: list(json.prefixItems ?? (Array.isArray(json.items) ? json.items : undefined)).map((one) => below(one)),
    options: options.length > 1 ? options : (parts.find((one) => one.options.length > 0)?.options ?? []),
    values: values ?? parts.find((one) => one.values !== undefined)?.values,
    words,
  };
}

function resolved(ref: string, root: JsonSchema): unknown {
  if (!ref.startsWith("#")) return undefined;
  let at: unknown = root;
  for (const step of ref.slice(1).split("/").filter(Boolean)) {
    const key = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~");
    at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function record(value: unknown): JsonSchema {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
