import { type EnvironmentRules, environmentLayer, prefixOf, variableFor } from "../core/environment.ts";
import type { Knowledge } from "../core/layer.ts";
import { parsePattern } from "../core/pattern.ts";
import type { Segments } from "../core/value.ts";
import type { Loaded, Source, SourceContext } from "./source.ts";

export interface EnvironmentOptions {
  /** Only variables that begin with this and an underscore count: `"MYAPP_"` or `"MYAPP"`. Default: all of them. */
  readonly prefix?: string;
  /** Paths of variables whose names tell none, by variable name, with or without the prefix: `{ PGURL: "database.url" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** `"smart"` (default) or `"naive"`: every `_` separates, whatever is known. */
  readonly mode?: "smart" | "naive";
  /** Globs of variables that are left out: `["MYAPP_CI_*", "MYAPP_{HOME,PATH}"]`. */
  readonly ignore?: readonly string[];
  /** Whether what Kubernetes and Docker set for services (`MYAPP_PORT=tcp://…`) counts as well. Default: false. */
  readonly service_links?: boolean;
  /** The variables; by default those of the manager, which are the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name in `status`; by default `env:` and the prefix. */
  readonly name?: string;
}

const options_known = new Set(["prefix", "mapping", "mode", "ignore", "service_links", "env", "name"]);

/**
 * Configuration from environment variables. How a name becomes a path is told in `core/environment.ts`, how a text becomes
 * a value in `core/text_value.ts`.
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
  /** What the last load found, as text. */
  #last: string | undefined;

  /**
   * @param options a prefix, or options
   * @param mapping where the first argument is a prefix: the same as the option
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
    this.name = name ?? (prefix === "" ? "env" : `env:${prefix}`);
  }

  async load(context: SourceContext): Promise<Loaded> {
    const { prefix, mapping } = this.#rules;
    const entries: Record<string, string> = {};
    for (const [variable, text] of Object.entries(this.#env ?? context.env)) {
      if (text !== undefined && (variable.startsWith(prefixOf(prefix)) || Object.hasOwn(mapping, variable)))
        entries[variable] = text;
    }
    const now = JSON.stringify(Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)));
    if (!context.first && now === this.#last) return { outcome: "unchanged" };
    this.#last = now;
    return { outcome: "data", contribution: (lower) => environmentLayer(this.name, entries, this.#rules, lower) };
  }

  variable(path: Segments, known: Knowledge): string | undefined {
    return variableFor(path, this.#rules, known);
  }
}
