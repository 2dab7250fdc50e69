import { newBudget } from "../budget.ts";
import { contributionOf } from "../core/contribution.ts";
import { MOST_NAMED } from "../core/few.ts";
import type { Contribution, Diagnostic, Layer } from "../core/layer.ts";
import { andThen } from "../core/maybe.ts";
import { must_be_named_values } from "../core/named_values.ts";
import { eachInTurn } from "../core/sliced.ts";
import {
  type Filled,
  type Lookup,
  type Masked,
  type Substitution,
  type TemplateProblem,
  mask_template,
} from "../core/template.ts";
import type { Segments, Value } from "../core/value.ts";
import { format_named } from "../formats/by_extension.ts";
import { SyntaxFault, position_at } from "../formats/format.ts";
import { type Parsed, parse_bytes } from "../formats/parse.ts";
import { decode_utf8 } from "../formats/utf8.ts";
import type { Loaded, Source, SourceContext, Watch } from "./source.ts";
import type { Together } from "./together.ts";
import type { WatchedFileOptions } from "./file_options.ts";
import { WatchedFile } from "./watched_file.ts";

export interface TemplateOptions extends WatchedFileOptions {
  /** Values by placeholder name; they take precedence over the environment. */
  readonly substitutions?: Readonly<Record<string, Substitution>>;
  /** The variables; by default the manager's, which are `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Name in `status`; by default `template:` and the path. */
  readonly name?: string;
  /**
   * Whether a template that exists and cannot be filled fails the start (default `true`). A missing one counts as
   * empty.
   */
  readonly required?: boolean;
  /** What a later deletion does: `"keep"` (default) the last values or `"clear"` them. */
  readonly on_missing?: "keep" | "clear";
}

type Variables = Readonly<Record<string, string | undefined>>;

const optionNames: ReadonlySet<string> = new Set<keyof TemplateOptions>([
  "substitutions",
  "env",
  "name",
  "required",
  "on_missing",
  "debounce",
  "settle",
  "poll_interval",
  "use_polling",
  "max_bytes",
  "must_exist",
]);

/**
 * Configuration from a TOML file with placeholders: `${NAME}`, `${NAME:default}`, `$$`. The rules are in
 * `core/template.ts`. It is loaded and watched like a `FileSource`.
 *
 * @example new TemplateSource("config.toml.template", { INTERFACES: "eth0,eth1" })
 * @example new TemplateSource("config.toml.template", { substitutions: { INTERFACES: ["eth0", "eth1"] }, required: false })
 */
export class TemplateSource implements Source {
  readonly kind = "template";
  readonly name: string;
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  readonly #file: WatchedFile;
  readonly #substitutions: ReadonlyMap<string, Substitution>;
  readonly #env: Variables | undefined;
  /** The names that the last load looked up in the environment, with the values it found. */
  #looked: ReadonlyMap<string, string | undefined> = new Map();

  /**
   * @param path the template; relative to the current working directory. It need not exist.
   * @param options options; or the substitutions alone, if none of their names is that of an option
   * @throws TypeError for an unknown option or an invalid substitution
   */
  constructor(path: string | URL, options: TemplateOptions | Readonly<Record<string, Substitution>> = {}) {
    must_be_named_values("Cannot make a TemplateSource", "options", options);
    const names = Object.keys(options);
    const given = (
      names.some((option) => optionNames.has(option)) ? options : { substitutions: options }
    ) as TemplateOptions;
    const { substitutions = {}, env, name, required, on_missing, ...rest } = given;
    must_be_named_values("Cannot make a TemplateSource", "substitutions", substitutions);
    if (env !== undefined) must_be_named_values("Cannot make a TemplateSource", "env", env);
    this.#file = new WatchedFile("TemplateSource", path, rest);
    for (const [placeholder, value] of Object.entries(substitutions)) {
      if (isSubstitution(value)) continue;
      throw new TypeError(
        `Cannot make a TemplateSource of "${this.#file.shown}": substitution "${placeholder}" must be a string, a number, a boolean or a list of these, got ${value === null ? "null" : typeof value}`,
      );
    }
    this.#substitutions = new Map(Object.entries(substitutions));
    this.#env = env;
    this.name = name ?? `template:${this.#file.shown}`;
    this.required = required ?? true;
    this.on_missing = on_missing ?? "keep";
  }

  async load(context: SourceContext): Promise<Loaded> {
    const env = this.#env ?? context.env;
    let stale = false;
    const compare = ([name, value]: readonly [string, string | undefined]): void => {
      if (own(env, name) !== value) stale = true;
    };
    await eachInTurn(this.#looked, compare, newBudget());
    const first = context.first || stale;
    if (stale) this.#file.forget();
    return this.#file.load(this.name, { ...context, first }, (bytes) => this.#layer(bytes, env, context.signal));
  }

  async watch(changed: () => void, context: SourceContext): Promise<Watch> {
    return this.#file.watch(changed, context);
  }

  together(): Together {
    return this.#file.together();
  }

  status(): object {
    return this.#file.status();
  }

  async #layer(bytes: Uint8Array, env: Variables, signal: AbortSignal): Promise<Contribution> {
    const text = decode_utf8(bytes);
    const masked = await mask_template(text, newBudget());
    const looked = new Map<string, string | undefined>();
    const look = (name: string): void => {
      if (!this.#substitutions.has(name)) looked.set(name, own(env, name));
    };
    await eachInTurn(masked.names, look, newBudget());
    this.#looked = looked;
    if (masked.problems.length > 0) throw problemsFault(text, masked.problems);
    const parsed = await parseMasked(text, masked, signal);
    // The values found now count, even if the layers below change later.
    const lookup = this.#lookup(looked);
    const { problems } = await masked.fill(parsed.tree, lookup, read_toml_value, undefined, newBudget());
    if (problems.some(({ untyped }) => untyped !== true)) throw problemsFault(text, problems);
    const diagnostics = [
      ...this.#file.diagnostics(this.name),
      ...masked.habits.slice(0, MOST_HABITS).map((habit) => this.#habit(text, habit)),
    ];
    // The same again with the known types of bare values.
    return contributionOf((lower, budget) => {
      const filling = masked.fill(parsed.tree, lookup, read_toml_value, lower.expected, budget);
      return andThen(filling, (filled) => {
        if (filled.problems.length > 0) throw this.#file.explained(this.name, problemsFault(text, filled.problems));
        return { ...this.#filled(text, masked, parsed, filled), diagnostics, bytes: bytes.length };
      });
    });
  }

  #habit(text: string, { offset, message }: TemplateProblem): Diagnostic {
    const { line, column } = position_at(text, offset);
    const where = `${this.#file.shown}, line ${line}, column ${column}`;
    return { source: this.name, code: "shell_default", message: `${message} (${where})` };
  }

  #filled(text: string, masked: Masked, parsed: Parsed, filled: Filled): Omit<Layer, "diagnostics"> {
    return {
      source: this.name,
      tree: filled.tree,
      origin: (path) => ({
        source: this.name,
        file: this.#file.shown,
        ...place(path, text, masked, parsed, filled),
        ...used(path, filled),
      }),
    };
  }

  #lookup(looked: ReadonlyMap<string, string | undefined>): Lookup {
    return (name) => {
      const value = this.#substitutions.get(name);
      if (value !== undefined) return { value, from: "substitutions" };
      const variable = looked.get(name);
      return variable === undefined ? undefined : { value: variable, from: "environment" };
    };
  }
}

async function parseMasked(text: string, masked: Masked, signal: AbortSignal): Promise<Parsed> {
  try {
    return await parse_bytes(new TextEncoder().encode(masked.text), "toml", signal);
  } catch (error) {
    if (!(error instanceof SyntaxFault) || error.position === undefined) throw error;
    const offset = masked.offset(offsetAt(masked.text, error.position.line, error.position.column));
    throw new SyntaxFault(error.code, error.message, position_at(text, offset));
  }
}

/**
 * A text is one TOML value if it is valid alone and as a list element: the first excludes a comma, the second a comment
 * and a line break, and both together exclude everything that adds a key or closes the list. TOML is loaded, because
 * the template has been read.
 */
export function read_toml_value(text: string): Value | undefined {
  const alone = onlyValue(`v = ${text}`);
  const element = onlyValue(`v = [${text}, 0]`);
  return Array.isArray(element) && element.length === 2 ? alone : undefined;
}

function onlyValue(text: string): Value | undefined {
  try {
    const { tree } = format_named("toml").parse(text);
    return Object.keys(tree).length === 1 ? tree["v"] : undefined;
  } catch (error) {
    if (error instanceof SyntaxFault) return undefined;
    throw error;
  }
}

/** Maximum number of diagnostics about shell syntax. */
const MOST_HABITS = 100;

/** The first problems in one error, with the place of the first one. */
function problemsFault(text: string, all: readonly TemplateProblem[]): SyntaxFault {
  const problems = all.slice(0, MOST_NAMED);
  const first = position_at(text, problems[0]!.offset);
  const where = ({ offset }: TemplateProblem) => {
    const { line, column } = position_at(text, offset);
    return `at line ${line}, column ${column}`;
  };
  const unresolved = problems.filter((problem) => problem.unresolved !== undefined);
  const others = problems.filter((problem) => problem.unresolved === undefined);
  const messages = others.map((problem) => `${problem.message}, ${where(problem)}`);
  if (unresolved.length > 0) {
    const names = unresolved.map((problem) => `"${problem.unresolved}" ${where(problem)}`).join(", ");
    messages.unshift(`no substitution, environment variable or default for ${names}`);
  }
  if (all.length > problems.length) messages.push(`and ${all.length - problems.length} more`);
  return new SyntaxFault(unresolved.length > 0 ? "unresolved" : "template", messages.join("; "), first, true);
}

function place(path: Segments, text: string, masked: Masked, parsed: Parsed, filled: Filled) {
  const found = parsed.locate(filled.masked_path(path));
  return found && position_at(text, masked.offset(offsetAt(masked.text, found.line, found.column)));
}

function used(path: Segments, filled: Filled) {
  const placeholders = filled.placeholders(path);
  return placeholders.length === 0 ? {} : { placeholders };
}

function offsetAt(text: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n += 1) start = text.indexOf("\n", start) + 1;
  return start + column - 1;
}

function own(env: Variables, name: string): string | undefined {
  return Object.hasOwn(env, name) ? env[name] : undefined;
}

function isSubstitution(value: unknown): value is Substitution {
  const scalar = (item: unknown) => ["string", "bigint", "boolean"].includes(typeof item) || Number.isFinite(item);
  return scalar(value) || (Array.isArray(value) && value.every(scalar));
}
