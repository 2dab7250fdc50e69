import { type EnvironmentRules, environmentLayer } from "../core/environment.ts";
import type { Segments } from "../core/value.ts";
import type { Loaded, Source, SourceContext } from "./source.ts";

export interface EnvironmentOptions {
  /** Only variables that begin with this count: `"MYAPP_"`. Default: all of them. */
  readonly prefix?: string;
  /** Paths of variables whose names tell none, by variable name, with or without the prefix: `{ PGURL: "database.url" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** `"smart"` (default) or `"naive"`, which is the note's rule alone: every `_` separates. */
  readonly mode?: "smart" | "naive";
  /** The variables; by default those of the manager, which are the process's own. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name in `status`; by default `env:` and the prefix. */
  readonly name?: string;
}

const options_known = new Set(["prefix", "mapping", "mode", "env", "name"]);

/**
 * Configuration from environment variables. How a name becomes a path is told in `core/environment.ts`, how a text becomes
 * a value in `core/scalar.ts`.
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
    this.#rules = { prefix, mapping: { ...given.mapping }, mode };
    this.#env = env;
    this.name = name ?? (prefix === "" ? "env" : `env:${prefix}`);
  }

  async load(context: SourceContext): Promise<Loaded> {
    const { prefix, mapping } = this.#rules;
    const entries: Record<string, string> = {};
    for (const [variable, text] of Object.entries(this.#env ?? context.env)) {
      if (text !== undefined && (variable.startsWith(prefix) || Object.hasOwn(mapping, variable)))
        entries[variable] = text;
    }
    const now = JSON.stringify(Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1)));
    if (!context.first && now === this.#last) return { outcome: "unchanged" };
    this.#last = now;
    return { outcome: "data", contribution: (lower) => environmentLayer(this.name, entries, this.#rules, lower) };
  }
}
