import { contributionOf } from "../core/contribution.ts";
import { argumentsLayer, type ArgumentsRules, parseArguments } from "../core/arguments.ts";
import { must_be_named_values } from "../core/named_values.ts";
import { parsePath } from "../core/path.ts";
import { parsePattern } from "../core/pattern.ts";
import type { Segments } from "../core/value.ts";
import type { Loaded, Source, SourceContext } from "./source.ts";

/** Options of an `ArgumentsSource`. */
export interface ArgumentsOptions {
  /** The arguments; by default `process.argv.slice(2)`. */
  readonly argv?: readonly string[];
  /** Paths of other options, short ones included: `{ p: "http.port", db: "database.url" }`. */
  readonly mapping?: Readonly<Record<string, string | Segments>>;
  /** Globs of options used by the program itself, which are left out: `["help", "version", "inspect*"]`. */
  readonly ignore?: readonly string[];
  /** Name in `status`; default `argv`. */
  readonly name?: string;
}

const options_known = new Set(["argv", "mapping", "ignore", "name"]);

/**
 * Configuration from the command line: `--database.url x`, `--database.url=x`, `--verbose`, `--no-cache`, `--set
 * database.pool.size=5`. `core/arguments.ts` describes how an option becomes a path and a value.
 *
 * @example new ArgumentsSource()
 * @example new ArgumentsSource({ mapping: { p: "http.port" }, ignore: ["help"] })
 */
export class ArgumentsSource implements Source {
  readonly kind = "arguments";
  readonly name: string;
  readonly required = true;
  readonly on_missing = "clear";
  readonly #rules: ArgumentsRules;
  readonly #argv: readonly string[];

  /** @throws TypeError for an unknown option or one of the wrong type */
  constructor(options: ArgumentsOptions = {}) {
    const action = "make an ArgumentsSource";
    if (typeof options !== "object" || options === null) {
      throw new TypeError(`Cannot ${action}: options must be an object, got ${typeof options}`);
    }
    for (const name of Object.keys(options)) {
      if (!options_known.has(name)) throw new TypeError(`Cannot ${action}: there is no option "${name}"`);
    }
    const { argv = process.argv.slice(2), mapping = {}, ignore = [], name = "argv" } = options;
    if (!Array.isArray(argv) || !argv.every((argument) => typeof argument === "string")) {
      throw new TypeError(`Cannot ${action}: argv must be an array of strings`);
    }
    if (!Array.isArray(ignore)) throw new TypeError(`Cannot ${action}: ignore must be an array of globs`);
    if (typeof name !== "string") throw new TypeError(`Cannot ${action}: name must be a string, got ${typeof name}`);
    must_be_named_values(`Cannot ${action}`, "mapping", mapping);
    const paths = Object.entries(mapping as Readonly<Record<string, unknown>>).map(([option, path]) => {
      return [option.replace(/^--?/, ""), parsePath(path, `${action}: map option "${option}" to path`)] as const;
    });
    this.#rules = {
      mapping: new Map(paths),
      ignore: ignore.map((glob) => parsePattern(glob, `${action}: ignore`)),
    };
    this.#argv = [...(argv as readonly string[])];
    this.name = name;
  }

  async load({ first }: SourceContext): Promise<Loaded> {
    if (!first) return { outcome: "unchanged" };
    const parsed = parseArguments(this.name, this.#argv);
    const contribution = contributionOf((lower, budget) =>
      argumentsLayer(this.name, parsed, this.#rules, lower, budget),
    );
    return { outcome: "data", contribution };
  }
}
