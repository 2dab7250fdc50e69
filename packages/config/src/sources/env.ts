import { newBudget } from "../budget.ts";
import { contributionOf } from "../core/contribution.ts";
import { andThen } from "../core/maybe.ts";
import { type Budget, eachInTurn } from "../core/sliced.ts";
import {
  type EnvironmentRules,
  environmentLayer,
  FILE_SUFFIX,
  otherwiseSpelt,
  prefixOf,
  variableFor,
} from "../core/environment.ts";
import type { Diagnostic, Knowledge } from "../core/layer.ts";
import { must_be_named_values } from "../core/named_values.ts";
import { matches, parsePattern } from "../core/pattern.ts";
import type { Segments } from "../core/value.ts";
import { ConfigSourceError } from "../errors.ts";
import type { Loaded, Source, SourceContext } from "./source.ts";
import { VariableFiles } from "./variable_files.ts";
import type { WatchedFileOptions } from "./file_options.ts";

export interface EnvironmentOptions {
  /** Only variables that begin with this and an underscore count: `"MYAPP_"` or `"MYAPP"`. Default: all variables. */
  readonly prefix?: string;
  /** Paths of other variables, by name, with or without the prefix: `{ PGURL: "database.url" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** `"smart"` (default) or `"naive"`: every `_` separates, whatever paths are known. */
  readonly mode?: "smart" | "naive";
  /** Globs of variables that are left out: `["MYAPP_CI_*", "MYAPP_{HOME,PATH}"]`. */
  readonly ignore?: readonly string[];
  /**
   * Whether variables that Kubernetes and Docker set for services (`MYAPP_PORT=tcp://…`) count as well. Default: false.
   */
  readonly service_links?: boolean;
  /**
   * Whether a variable `NAME_FILE` names a file with the text of `NAME`, as in Docker images: `true`, or options for
   * watching such files. Their values are secrets. Default: false.
   */
  readonly files?: boolean | WatchedFileOptions;
  /** The variables; by default the manager's, which are `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name in `status`; by default `env:` and the prefix. */
  readonly name?: string;
}

const options_known = new Set(["prefix", "mapping", "mode", "ignore", "service_links", "files", "env", "name"]);

/**
 * Configuration from environment variables. `core/environment.ts` describes how a name becomes a path,
 * `core/text_value.ts` how a text becomes a value.
 *
 * @example new EnvironmentSource({ prefix: "MYAPP_" })
 * @example new EnvironmentSource("MYAPP_", { PGURL: "database.url" })
 */
export class EnvironmentSource implements Source {
  readonly kind = "env";
  readonly name: string;
  readonly required = true;
  readonly on_missing = "clear";
  readonly #rules: EnvironmentRules;
  readonly #env: Readonly<Record<string, string | undefined>> | undefined;
  /** The files named by variables. */
  readonly #files: VariableFiles | undefined;
  /** Set if there may be files: the environment itself is not watched. */
  watch?: NonNullable<Source["watch"]>;
  together?: NonNullable<Source["together"]>;
  /** The result of the last load. */
  #last: Readonly<Record<string, string>> | undefined;
  /** The variables that the last load missed, as text. */
  #lastMissed = "";

  /**
   * @param options a prefix, or options
   * @param mapping if the first argument is a prefix: the same as the option
   * @throws TypeError for an unknown option or one of the wrong type
   */
  constructor(options: string | EnvironmentOptions = {}, mapping?: EnvironmentOptions["mapping"]) {
    const given: EnvironmentOptions =
      typeof options === "string" ? { prefix: options, ...(mapping === undefined ? {} : { mapping }) } : options;
    if (typeof given !== "object" || given === null) {
      throw new TypeError(
        `Cannot make an EnvironmentSource: options must be a prefix or an object, got ${typeof given}`,
      );
    }
    for (const name of Object.keys(given)) {
      if (!options_known.has(name)) {
        throw new TypeError(`Cannot make an EnvironmentSource: there is no option "${name}"`);
      }
    }
    const { prefix = "", mode = "smart", env, name } = given;
    if (typeof prefix !== "string") {
      throw new TypeError(`Cannot make an EnvironmentSource: prefix must be a string, got ${typeof prefix}`);
    }
    if (mode !== "smart" && mode !== "naive") {
      throw new TypeError(
        `Cannot make an EnvironmentSource: mode must be "smart" or "naive", got ${JSON.stringify(mode)}`,
      );
    }
    for (const option of ["mapping", "env"] as const) {
      if (given[option] !== undefined) must_be_named_values("Cannot make an EnvironmentSource", option, given[option]);
    }
    const { ignore = [], service_links = false } = given;
    if (!Array.isArray(ignore)) {
      throw new TypeError("Cannot make an EnvironmentSource: ignore must be an array of globs");
    }
    if (typeof service_links !== "boolean") {
      throw new TypeError(
        `Cannot make an EnvironmentSource: service_links must be a boolean, got ${typeof service_links}`,
      );
    }
    this.#rules = {
      prefix,
      mapping: { ...given.mapping },
      mode,
      ignore: ignore.map((glob) => parsePattern(glob, "make an EnvironmentSource: ignore")),
      service_links,
    };
    this.#env = env;
    const { files = false } = given;
    if (typeof files !== "boolean" && (typeof files !== "object" || files === null)) {
      throw new TypeError(
        `Cannot make an EnvironmentSource: files must be a boolean or options of watching, got ${typeof files}`,
      );
    }
    if (files !== false) {
      const set = new VariableFiles(files === true ? {} : files);
      this.#files = set;
      this.watch = (changed, context) => set.watch(changed, context);
      this.together = () => set.together();
    }
    this.name = name ?? (prefix === "" ? "env" : `env:${prefix}`);
  }

  async load(context: SourceContext): Promise<Loaded> {
    const rules = this.#rules;
    const entries: Record<string, string> = {};
    const missed: Diagnostic[] = [];
    const env: Readonly<Record<string, unknown>> = this.#env ?? context.env;
    const take = (variable: string): void => {
      const counts = this.#counts(variable);
      const meant = otherwiseSpelt(variable, rules.prefix);
      if (!counts && meant === undefined) return;
      const text = env[variable];
      if (text === undefined) return;
      if (typeof text !== "string") {
        if (!counts) return;
        const message = `Cannot load "${this.name}": "${variable}" is ${text === null ? "null" : `a ${typeof text}`}, must be a text`;
        throw new ConfigSourceError(message, { source: this.name, code: "not_a_text" });
      }
      // On Windows, names of variables are case-insensitive.
      if (meant !== undefined && process.platform === "win32") entries[meant] = text;
      else if (counts) entries[variable] = text;
      else if (meant !== undefined) missed.push(this.#missed(variable, meant));
    };
    const budget = newBudget();
    await eachInTurn(namesIn(env), take, budget);
    const files = await this.#files?.load(this.name, context, this.#fileNames(entries));
    const missedNow = JSON.stringify(missed);
    const isSame = missedNow === this.#lastMissed && (await areSame(entries, this.#last, budget));
    if (!context.first && isSame && files?.changed !== true) return { outcome: "unchanged" };
    this.#last = entries;
    this.#lastMissed = missedNow;
    const read = files?.result;
    return {
      outcome: "data",
      contribution: contributionOf((lower, budget) =>
        andThen(environmentLayer(this.name, entries, rules, lower, undefined, read, budget), (layer) => {
          return { ...layer, diagnostics: [...layer.diagnostics, ...missed] };
        }),
      ),
    };
  }

  /** The variables that name files, with the paths. */
  #fileNames(entries: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    return new Map(Object.entries(entries).filter(([variable]) => this.#mayNameFile(variable)));
  }

  #missed(variable: string, meant: string): Diagnostic {
    const message = `"${variable}" is not used, as capitals count and the prefix is "${prefixOf(this.#rules.prefix)}"; write "${meant}"`;
    return { source: this.name, code: "case", message };
  }

  #counts(variable: string): boolean {
    const { prefix, mapping } = this.#rules;
    if (variable.startsWith(prefixOf(prefix)) || Object.hasOwn(mapping, variable)) return true;
    return this.#mayNameFile(variable);
  }

  #mayNameFile(variable: string): boolean {
    if (this.#files === undefined || !variable.endsWith(FILE_SUFFIX)) return false;
    const { prefix, mapping } = this.#rules;
    const meant = variable.slice(0, -FILE_SUFFIX.length);
    const isInside = meant.startsWith(prefixOf(prefix)) && meant !== prefixOf(prefix);
    if (meant === "" || (!isInside && !Object.hasOwn(mapping, meant))) return false;
    return this.#rules.ignore?.some((pattern) => matches(pattern, [variable])) !== true;
  }

  variable(path: Segments, known: Knowledge): string | undefined {
    return variableFor(path, this.#rules, known);
  }
}

/** Whether two loads have the same variables with the same texts. */
async function areSame(
  now: Readonly<Record<string, string>>,
  before: Readonly<Record<string, string>> | undefined,
  budget: Budget,
): Promise<boolean> {
  const names = Object.keys(now);
  if (before === undefined || Object.keys(before).length !== names.length) return false;
  let isSame = true;
  const compare = (name: string): void => {
    if (!Object.hasOwn(before, name) || before[name] !== now[name]) isSame = false;
  };
  await eachInTurn(names, compare, budget);
  return isSame;
}

/**
 * The names of an environment's variables. The process looks for a variable among all others, so none is read here: its object is
 * asked for its names only.
 */
function namesIn(env: object): readonly string[] {
  if (env !== process.env) return Object.keys(env);
  return Reflect.ownKeys(env).filter((name) => typeof name === "string");
}
