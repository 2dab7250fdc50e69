import { inspect } from "node:util";
import { Atom } from "@otpts/runtime";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Shape } from "./core/shape.ts";
import { Secrets } from "./core/secrets.ts";
import { Aliases } from "./core/aliases.ts";
import { Deprecations } from "./core/deprecations.ts";
import { deprecatedIn, secretsOf, shapeOf } from "./core/schema_shape.ts";
import { Validation } from "./core/validate.ts";
import type { Validator } from "./core/validator.ts";
import { isRevoked, typeOf } from "./core/words.ts";
import type { OverridesFile, Source } from "./sources/source.ts";
import type { PatternsOf } from "./typed_path.ts";
import type { Seconds } from "./units.ts";

/** The output type of a schema. */
type TreeMadeBy<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>;

/** Options of a `ConfigSpec`. With a schema, paths and patterns in them are typed. */
export interface ConfigSpecOptions<S extends StandardSchemaV1 = StandardSchemaV1> {
  /** A label for humans. Default: `config`. */
  readonly id?: string;
  /** The sources of the configuration; the last one wins. Runtime puts stand above all of them. */
  readonly sources?: readonly Source[];
  /**
   * **Seconds** between the end of one reload and the next, ± 10 %. 0 or Infinity: no automatic reload. Default: 30.
   */
  readonly reload_interval?: Seconds;
  /** A Standard Schema (zod, valibot, arktype …) for the whole tree; its defaults and coercions take effect. */
  readonly schema?: S;
  /** Validators by pattern: functions or schemas. */
  readonly validators?: { readonly [pattern in PatternsOf<TreeMadeBy<S>>]?: Validator };
  /** Patterns of secret paths, besides the usual names (`password`, `api_key`, …) and the schema's own marks. */
  readonly secrets?: readonly PatternsOf<TreeMadeBy<S>>[];
  /**
   * Old names of settings and their new ones: `{ "db.url": "database.url", "limits.*.speed": "limits.*.rate" }`. A
   * value under an old name, from a source or a put, counts under the new one; each use is a diagnostic.
   */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Settings that should no longer be used, by pattern, and what to use instead; each use is a diagnostic. */
  readonly deprecated?: { readonly [pattern in PatternsOf<TreeMadeBy<S>>]?: string };
  /** How long a put waits for the callbacks it triggers, in ms. Default: 1,000. */
  readonly notify_timeout?: number;
  /** How long a reload or the start waits for a source, in ms. Default: 10,000. */
  readonly load_timeout?: number;
  /** How long an asynchronous validator, or schema, may take, in ms. Default: 5,000. */
  readonly validation_timeout?: number;
  /** The name under which the manager is registered. Default: `config_manager`. */
  readonly name?: string | Atom;
  /** The environment that sources read. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /**
   * Where problems are logged (a source that fails, a change that is refused, a callback that throws or hangs), one
   * line each: `false` for nowhere, or a function. Default: the runtime's `logger`.
   */
  readonly log?: false | ((line: string, level: "error" | "warning" | "info") => void);
}

/**
 * The specification that a manager is started with. Runtime overrides and subscriptions belong to this object: a
 * manager that is started again with the same one, by any supervisor, still has them. Used by one manager at a time.
 */
export class ConfigSpec<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly id: string;
  readonly name: string;
  readonly sources: readonly Source[];
  /** The sources that contribute a layer, lowest first, and their names: unique, as in `status`. */
  readonly layers: readonly Source[];
  readonly layer_names: readonly string[];
  /** Keeps the runtime overrides on disk; undefined if they are kept in memory. */
  readonly overrides_file: OverridesFile | undefined;
  readonly log: false | ((line: string, level: "error" | "warning" | "info") => void) | undefined;
  /** Seconds. */
  readonly reload_interval: Seconds;
  readonly schema: S | undefined;
  readonly notify_timeout: number;
  readonly load_timeout: number;
  readonly validation_timeout: number;
  // Private, so that printing a specification, or an error that has one, does not print the environment.
  readonly #env: Readonly<Record<string, string | undefined>>;
  /** The paths and types of the schema. */
  readonly shape: Shape | undefined;
  readonly secrets: Secrets;
  readonly aliases: Aliases;
  readonly deprecations: Deprecations;
  readonly validation: Validation;

  /** @throws TypeError, RangeError if an option is invalid */
  constructor(options: ConfigSpecOptions<S>) {
    if (typeof options !== "object" || options === null || isRevoked(options)) {
      const got = typeOf(options);
      throw new TypeError(`Cannot make a ConfigSpec: its options must be an object with id and sources, got ${got}`);
    }
    for (const key of Object.keys(options)) {
      if (!OPTIONS.has(key)) {
        throw new TypeError(`Cannot make a ConfigSpec: unknown option "${key}", known are ${[...OPTIONS].join(", ")}`);
      }
    }
    const { sources = [], name = "config_manager" } = options;
    if (isRevoked(sources) || !Array.isArray(sources)) {
      throw new TypeError(`Cannot make a ConfigSpec: sources must be an array, got ${typeOf(sources)}`);
    }
    sources.forEach((source: unknown, i) => {
      checkSource(source, `Cannot make a ConfigSpec: source ${i + 1} of ${sources.length}`);
      if (sources.indexOf(source) !== i) {
        throw new TypeError(`Cannot make a ConfigSpec: source ${i + 1} of ${sources.length} is listed twice`);
      }
    });
    if (sources.filter(({ kind }) => kind === "runtime").length > 1) {
      throw new TypeError("Cannot make a ConfigSpec: there can be only one RuntimeSource");
    }
    if (typeof name !== "string" && !(name instanceof Atom)) {
      throw new TypeError(`Cannot make a ConfigSpec: name must be a string or an atom, got ${typeof name}`);
    }
    if (options.id !== undefined && typeof options.id !== "string") {
      throw new TypeError(`Cannot make a ConfigSpec: id must be a string, got ${typeof options.id}`);
    }
    this.id = options.id ?? "config";
    this.name = typeof name === "string" ? name : name.name;
    this.sources = Object.freeze([...sources]);
    this.layers = Object.freeze(sources.filter(({ overrides }) => overrides === undefined));
    this.layer_names = uniqueNames(this.layers);
    this.overrides_file = sources.find(({ overrides }) => overrides !== undefined)?.overrides?.file;
    const { log, env = process.env, secrets = [], aliases = {}, deprecated = {} } = options;
    if (log !== undefined && log !== false && (typeof log !== "function" || isRevoked(log))) {
      throw new TypeError(`Cannot make a ConfigSpec: log must be false or a function, got ${typeOf(log)}`);
    }
    if (typeof env !== "object" || env === null || isRevoked(env)) {
      throw new TypeError(`Cannot make a ConfigSpec: env must be an object of variables, got ${typeOf(env)}`);
    }
    if (isRevoked(secrets) || !Array.isArray(secrets)) {
      throw new TypeError(`Cannot make a ConfigSpec: secrets must be an array of patterns, got ${typeOf(secrets)}`);
    }
    this.log = log;
    this.reload_interval = seconds(number(options, "reload_interval", 30));
    this.schema = options.schema;
    this.notify_timeout = number(options, "notify_timeout", 1_000);
    this.load_timeout = number(options, "load_timeout", 10_000);
    this.validation_timeout = number(options, "validation_timeout", 5_000);
    this.#env = env;
    this.validation = new Validation(
      options.schema,
      options.validators as Readonly<Record<string, Validator>> | undefined,
    );
    this.shape = shapeOf(options.schema);
    this.aliases = new Aliases(aliases);
    this.deprecations = new Deprecations(deprecated, deprecatedIn(this.shape));
    const marked = [...secrets, ...secretsOf(this.shape)];
    const named = new Secrets(marked);
    // A secret under an old name is a secret under the new one.
    const renamed = this.aliases.list.filter(({ old }) => named.covers(old)).map(({ fresh }) => fresh);
    this.secrets = renamed.length === 0 ? named : new Secrets([...marked, ...renamed]);
  }

  /** The environment that sources read. */
  get env(): Readonly<Record<string, string | undefined>> {
    return this.#env;
  }

  /** The output of `util.inspect` and `console.log`, without values. */
  [inspect.custom](): string {
    return `ConfigSpec "${this.id}" (${this.name}: ${this.sources.map(({ name }) => name).join(", ")})`;
  }
}

const OPTIONS: ReadonlySet<string> = new Set<keyof ConfigSpecOptions>([
  "id",
  "sources",
  "reload_interval",
  "schema",
  "validators",
  "secrets",
  "aliases",
  "deprecated",
  "notify_timeout",
  "load_timeout",
  "validation_timeout",
  "name",
  "env",
  "log",
]);

/** Equal names get `#2` and so on. */
function uniqueNames(sources: readonly Source[]): readonly string[] {
  const seen = new Map<string, number>();
  return sources.map(({ name }) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name}#${count}`;
  });
}

/** A source may be foreign code. */
function checkSource(source: unknown, action: string): void {
  if (isRevoked(source)) throw new TypeError(`${action} is a revoked proxy`);
  const given = (source ?? {}) as { readonly [key in keyof Source]?: unknown };
  if (typeof given.load !== "function") throw new TypeError(`${action} has no load function`);
  for (const key of ["name", "kind"] as const) {
    if (typeof given[key] !== "string" || given[key] === "") {
      throw new TypeError(`${action}: ${key} must be a string that is not empty, got ${typeof given[key]}`);
    }
  }
  if (typeof given.required !== "boolean") {
    throw new TypeError(`${action}: required must be a boolean, got ${typeof given.required}`);
  }
  if (given.on_missing !== "keep" && given.on_missing !== "clear") {
    throw new TypeError(`${action}: on_missing must be "keep" or "clear", got ${typeof given.on_missing}`);
  }
  for (const key of ["watch", "write", "status", "variable"] as const) {
    if (given[key] !== undefined && typeof given[key] !== "function") {
      throw new TypeError(`${action}: ${key} must be a function, got ${typeof given[key]}`);
    }
  }
}

type Times = "reload_interval" | "notify_timeout" | "load_timeout" | "validation_timeout";

function number(options: Partial<Record<Times, unknown>>, key: Times, otherwise: number): number {
  const value = options[key] ?? otherwise;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot make a ConfigSpec: ${key} must be a number, got ${typeof value}`);
  }
  if (!(value >= 0)) throw new RangeError(`Cannot make a ConfigSpec: ${key} must not be negative, got ${value}`);
  return value;
}

/** A day, in seconds: no reload interval is longer. */
const DAY = 86_400;

/** Refuses a value that was obviously meant in milliseconds. */
function seconds(value: number): Seconds {
  const isFinite = value !== Infinity;
  if (isFinite && (value > DAY || (value >= 5_000 && value % 1_000 === 0 && value % 3_600 !== 0))) {
    throw new RangeError(
      `Cannot make a ConfigSpec: reload_interval is in seconds and at most ${DAY} (or Infinity), got ${value}; was ${value / 1_000} meant?`,
    );
  }
  return value;
}
