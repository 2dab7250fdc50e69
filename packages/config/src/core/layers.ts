import { ConfigSourceError } from "../errors.ts";
import { admittedAhead } from "./admitted_ahead.ts";
import { Aliases } from "./aliases.ts";
import { makerOf } from "./contribution.ts";
import { type Deprecated, Deprecations, deprecationText } from "./deprecations.ts";
import { isTable, share } from "./draft.ts";
import { knownPaths } from "./known_paths.ts";
import type { Contribution, Diagnostic, Layer, Origin } from "./layer.ts";
import { sharing } from "./making.ts";
import { andThen, inTurn } from "./maybe.ts";
import { formatPath } from "./path.ts";
import { admit, type AdmissionRules, PlainDataError } from "./plain.ts";
import { type Moved, renamed, writtenAt } from "./renaming.ts";
import { valueAt } from "./snapshot.ts";
import type { Shape } from "./shape.ts";
import { admitSliced, type Budget, inSlices } from "./sliced.ts";
import type { Segments, Table, Value } from "./value.ts";
import { isError, wordsOf } from "./words.ts";

/**
 * Contributions become layers: a source's data, which may come from foreign code, is checked, copied and frozen, and
 * shares equal subtrees with the layer before. A contribution that is a function is called with the layers below it,
 * and again when one of these has changed.
 *
 *     [file, (lower) => environment]   →   [Layer of file, Layer of environment]
 */

const EMPTY: Table = Object.freeze({});

/** An empty layer. */
export function emptyLayer(source: string): Layer {
  return new AdmittedLayer(source, undefined);
}

/**
 * Makes layers from contributions.
 *
 * @param before the layers of the last contributions
 * @param were the last contributions
 * @param anew whether to make all layers again that depend on others
 * @param budget lets large layers be made in slices
 * @returns a promise if a layer is large
 * @throws ConfigSourceError if a contribution is not a layer, or is not plain data; or rejects with it
 */
export function layersOf(
  contributions: readonly (Contribution | undefined)[],
  before: readonly Layer[],
  were: readonly (Contribution | undefined)[],
  anew: boolean,
  names: Names,
  budget: Budget,
): readonly Layer[] | Promise<readonly Layer[]> {
  const layers: Layer[] = [];
  let changedBelow = anew;
  const add = (old: Layer): void | Promise<void> => {
    const i = layers.length;
    const contribution = contributions[i];
    const same = contribution === were[i];
    if (same && (typeof contribution !== "function" || !changedBelow)) return void layers.push(old);
    const layer =
      contribution === undefined ? emptyLayer(old.source) : layerOf(contribution, old, layers, names, budget);
    return andThen(layer, (made) => {
      changedBelow ||= made.tree !== old.tree;
      layers.push(made);
    });
  };
  return andThen(inTurn(before, add), () => layers);
}

/** The names of settings: the schema's, old ones, and deprecated ones. */
export interface Names {
  readonly shape: Shape | undefined;
  readonly aliases?: Aliases;
  readonly deprecations?: Deprecations;
}

/** A layer that was checked. It keeps nothing but itself: no layer before it, and none below. */
class AdmittedLayer implements Layer {
  readonly source: string;
  readonly tree: Table;
  readonly diagnostics: readonly Diagnostic[];
  readonly bytes?: number;
  readonly secrets?: readonly Segments[];
  private readonly lookup: Said["lookup"] | undefined;
  /** The values under old names, and the tree with them; undefined if there were none. */
  private readonly renaming: { readonly written: Table; readonly moved: readonly Moved[] } | undefined;

  /** @param made undefined for an empty layer */
  constructor(source: string, made: Made | undefined) {
    this.source = source;
    this.tree = made?.tree ?? EMPTY;
    this.lookup = made?.said.lookup;
    this.renaming = made === undefined || made.moved.length === 0 ? undefined : made;
    if (made === undefined) {
      this.diagnostics = [];
      return;
    }
    const { said, moved, deprecated, aliases } = made;
    if (said.bytes !== undefined) this.bytes = said.bytes;
    this.diagnostics = [...said.diagnostics, ...this.oldNames(moved), ...this.deprecated(deprecated)];
    if (said.secrets !== undefined) this.secrets = said.secrets.map((path) => aliases.rename(path));
  }

  origin(path: Segments): Origin {
    const { written, moved } = this.renaming ?? NOT_RENAMED;
    const at = writtenAt(path, written, moved);
    if (at === undefined) return originIn(this.lookup, this.source, path);
    return { ...originIn(this.lookup, this.source, at), renamed_from: formatPath(at) };
  }

  private oldNames(moved: readonly Moved[]): readonly Diagnostic[] {
    const { source } = this;
    return moved.slice(0, MOST_OF_A_KIND).flatMap(({ from, to, lost }, i) => {
      // A value that was moved twice is reported under the name that it was written with.
      const writtenAs = (path: Segments): Segments =>
        (this.renaming && writtenAt(path, this.renaming.written, moved.slice(0, i))) ?? path;
      const double = lost.map((one): Diagnostic => {
        const [old, path] = [writtenAs(one), formatPath([...to, ...one.slice(from.length)])];
        const message = `"${formatPath(old)}" is not used, as "${path}", its new name, is set there as well (${this.placeAt(old)})`;
        return { source, code: "old_name_unused", message, path };
      });
      if (lost.some((one) => one.length === from.length)) return double;
      const [old, path] = [writtenAs(from), formatPath(to)];
      const message = `"${formatPath(old)}" is now called "${path}"; use the new name (${this.placeAt(old)})`;
      return [{ source, code: "old_name", message, path }, ...double];
    });
  }

  /** The place where something is written; for a table without its own place, where it begins. */
  private placeAt(path: Segments): string {
    const origin = originIn(this.lookup, this.source, path);
    const value = valueAt(this.renaming?.written ?? this.tree, path);
    const [first] = isTable(value) ? Object.keys(value) : [];
    const hasPlace = [origin.line, origin.variable, origin.key, origin.place].some((one) => one !== undefined);
    return hasPlace || first === undefined ? placeOf(origin) : this.placeAt([...path, first]);
  }

  private deprecated(found: readonly Deprecated[]): readonly Diagnostic[] {
    const { source } = this;
    return found.slice(0, MOST_OF_A_KIND).map(({ path, message }) => ({
      source,
      code: "deprecated",
      message: `${deprecationText(path, message)} (${placeOf(this.origin(path))})`,
      path: formatPath(path),
    }));
  }
}

/** The parts of a layer. */
interface Made {
  readonly said: Said;
  /** The tree as it was written, and by its new names. */
  readonly written: Table;
  readonly tree: Table;
  readonly moved: readonly Moved[];
  readonly deprecated: readonly Deprecated[];
  readonly aliases: Aliases;
}

const NOT_RENAMED = { written: EMPTY, moved: [] };
/** Maximum number of diagnostics of one kind in a layer. */
const MOST_OF_A_KIND = 100;

/** The fields of a contribution, read once, since it may be foreign code. */
interface Said {
  readonly tree: unknown;
  readonly lookup: (path: Segments) => unknown;
  readonly diagnostics: readonly Diagnostic[];
  readonly bytes: number | undefined;
  readonly secrets: readonly Segments[] | undefined;
}

function layerOf(
  contribution: Contribution,
  old: Layer,
  below: readonly Layer[],
  names: Names,
  budget: Budget,
): Layer | Promise<Layer> {
  const { source } = old;
  const { aliases = Aliases.none, deprecations = Deprecations.none, shape } = names;
  const named = (said: Said, written: Table): Layer | Promise<Layer> =>
    andThen(renamed(written, aliases, shape, budget), ({ tree: effective, moved }) => {
      const shared = moved.length > 0 ? inSlices(sharing(old.tree, effective), budget) : written;
      return andThen(shared, (tree) =>
        andThen(deprecations.in(tree as Table, budget), (deprecated) => {
          return new AdmittedLayer(source, { said, written, tree: tree as Table, moved, deprecated, aliases });
        }),
      );
    });
  return andThen(saidBy(contribution, source, below, names, budget), (said) =>
    andThen(treeOf(contribution, said, old, budget), (written) => named(said, written)),
  );
}

/** @throws ConfigSourceError if a contribution fails, or does not make a layer; or rejects with it */
function saidBy(
  contribution: Contribution,
  source: string,
  below: readonly Layer[],
  names: Names,
  budget: Budget,
): Said | Promise<Said> {
  const failed = (why: string, code: string, cause?: unknown): ConfigSourceError =>
    new ConfigSourceError(`Cannot load "${source}": ${why}`, {
      source,
      code,
      ...(cause === undefined ? {} : { cause }),
    });
  const trees = below.map((layer) => layer.tree);
  const { shape, aliases = Aliases.none } = names;
  const knowledge = aliases.knowing(knownPaths(trees, aliases.over(shape)));
  const refuse = (error: unknown): never => {
    if (isError(error) && error instanceof ConfigSourceError) throw error;
    throw failed(wordsOf(error), "failed", error);
  };
  const saidIn = (made: unknown): Said => saidInLayer(made, source, failed);
  let made: unknown;
  try {
    const inPieces = makerOf(contribution)?.(knowledge, budget);
    if (inPieces instanceof Promise) return inPieces.catch(refuse).then(saidIn);
    made = inPieces ?? (typeof contribution === "function" ? contribution(knowledge) : contribution);
  } catch (error) {
    return refuse(error);
  }
  return saidIn(made);
}

/** Reads the fields of what should be a layer. @throws ConfigSourceError if it is none */
function saidInLayer(
  made: unknown,
  source: string,
  failed: (why: string, code: string, cause?: unknown) => ConfigSourceError,
): Said {
  try {
    const { tree, origin, diagnostics, bytes, secrets } = (made ?? {}) as { readonly [key in keyof Layer]?: unknown };
    if (
      typeof tree === "object" &&
      typeof origin === "function" &&
      Array.isArray(diagnostics) &&
      (bytes === undefined || typeof bytes === "number")
    ) {
      return {
        tree,
        lookup: (path) => Reflect.apply(origin as () => unknown, made, [path]),
        diagnostics: diagnostics.map((one) => diagnosticOf(one, source)),
        bytes,
        secrets: secretsOf(secrets),
      };
    }
  } catch (error) {
    throw failed(`its contribution cannot be read: ${wordsOf(error)}`, "not_a_layer", error);
  }
  throw failed("a contribution must have a tree, an origin function and a list of diagnostics", "not_a_layer");
}

/** Copies paths; invalid ones are left out. */
function secretsOf(said: unknown): readonly Segments[] | undefined {
  if (!Array.isArray(said)) return undefined;
  const paths = (said as readonly unknown[]).filter((path): path is Segments => Array.isArray(path));
  return paths.map((path) => path.filter((segment) => typeof segment === "string"));
}

function diagnosticOf(one: unknown, source: string): Diagnostic {
  const { code, message, path } = (one ?? {}) as { readonly [key in keyof Diagnostic]?: unknown };
  return {
    source,
    code: typeof code === "string" ? code : "unknown",
    message: typeof message === "string" ? message : wordsOf(one),
    ...(typeof path === "string" ? { path } : {}),
  };
}

/** The origin of a value; if the source does not know it, its name alone. */
function originIn(lookup: Said["lookup"] | undefined, source: string, path: Segments): Origin {
  try {
    const said = lookup?.(path);
    if (typeof said !== "object" || said === null) return { source };
    const { file, line, column, variable, rule, key, place, placeholders } = said as Partial<Origin>;
    return {
      source,
      ...(typeof file === "string" ? { file } : {}),
      ...(typeof line === "number" ? { line } : {}),
      ...(typeof column === "number" ? { column } : {}),
      ...(typeof variable === "string" ? { variable } : {}),
      ...(typeof rule === "string" ? { rule } : {}),
      ...(typeof key === "string" ? { key } : {}),
      ...(typeof place === "string" ? { place } : {}),
      ...(Array.isArray(placeholders) ? { placeholders } : {}),
    };
  } catch {
    return { source };
  }
}

/** @throws ConfigSourceError if the tree is not plain data; or rejects with it */
function treeOf(contribution: Contribution, said: Said, old: Layer, budget: Budget): Table | Promise<Table> {
  const table = (tree: Value): Table => {
    if (!isTable(tree)) throw new PlainDataError([], "is no table");
    return tree;
  };
  const refuse = (error: unknown): never => {
    if (!(error instanceof PlainDataError)) throw error;
    throw refusalOf(error.message, "not_plain", originIn(said.lookup, old.source, error.path));
  };
  try {
    const done = admittedAhead(contribution);
    if (done !== undefined) return table(done.before === old.tree ? done.tree : share(old.tree, done.tree));
    // A layer that depends on others could not be admitted ahead.
    const tree =
      typeof contribution === "function"
        ? admitSliced(said.tree, old.tree, LENIENT, budget)
        : admit(said.tree, old.tree, LENIENT);
    return tree instanceof Promise ? tree.then(table).catch(refuse) : table(tree);
  } catch (error) {
    return refuse(error);
  }
}

const LENIENT: AdmissionRules = { strict: false };

/** The refusal of a source because of a value, with its place. */
export function refusalOf(what: string, code: string, origin: Origin): ConfigSourceError {
  const { source, file, line, column } = origin;
  const { variable, key, place } = origin;
  const from = (variable ?? key ?? place ?? line) === undefined ? "" : ` (from ${placeOf(origin)})`;
  return new ConfigSourceError(`Cannot load "${source}": ${what}${from}`, {
    source,
    code,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  });
}

/** An origin as text: `file:config.toml:3`, `env:MYAPP_PORT`, `consul:myapp/config/port`. */
export function placeOf(origin: Origin): string {
  if (origin.place !== undefined) return origin.place;
  if (origin.variable !== undefined) return `env:${origin.variable}`;
  if (origin.key !== undefined) return `consul:${origin.key}`;
  return origin.line === undefined ? origin.source : `${origin.source}:${origin.line}`;
}

/** A text for the refusal of a source that writes into a list. */
export function belowListText(list: Segments, element: string): string {
  const path = formatPath(list);
  return `"${path}" is a list, and a list can only be replaced as a whole; "${path}.${element}" would change one element`;
}
