import { ConfigSourceError } from "../errors.ts";
import { Aliases } from "./aliases.ts";
import { originIn, type Said, saidBy } from "./contribution.ts";
import { type Deprecated, Deprecations, deprecationText } from "./deprecations.ts";
import { isTable, share } from "./draft.ts";
import { knownPaths } from "./known_paths.ts";
import type { Contribution, Diagnostic, Knowledge, Layer, Origin } from "./layer.ts";
import { sharing } from "./making.ts";
import { andThen } from "./maybe.ts";
import { formatPath } from "./path.ts";
import { LENIENT, PlainDataError } from "./plain.ts";
import { type Moved, renamed, writtenAt } from "./renaming.ts";
import { valueAt } from "./snapshot.ts";
import type { Shape } from "./shape.ts";
import { admitSliced, type Budget, eachInTurn, inSlices, UNLIMITED } from "./sliced.ts";
import type { Segments, Table, Value } from "./value.ts";

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
  return andThen(eachInTurn(before, add, UNLIMITED), () => layers);
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
  const lower = (): Knowledge => {
    const trees = below.map((layer) => layer.tree);
    return aliases.knowing(knownPaths(trees, aliases.over(shape)));
  };
  return andThen(saidBy(contribution, source, lower, budget), (said) =>
    andThen(treeOf(contribution, said, old, budget), (written) => named(said, written)),
  );
}

/** @throws ConfigSourceError if the tree is not plain data; or rejects with it */
function treeOf(contribution: Contribution, said: Said, old: Layer, budget: Budget): Table | Promise<Table> {
  const table = (tree: Value): Table => {
    if (!isTable(tree)) throw new PlainDataError([], "is not a table");
    return tree;
  };
  const refuse = (error: unknown): never => {
    if (!(error instanceof PlainDataError)) throw error;
    throw refusalOf(error.message, "not_plain", originIn(said.lookup, old.source, error.path));
  };
  try {
    const known = admitted.get(contribution);
    if (known !== undefined) {
      if ("refusal" in known) throw known.refusal;
      return table(known.before === old.tree ? known.tree : share(old.tree, known.tree));
    }
    const tree = admitSliced(said.tree, old.tree, LENIENT, budget);
    return tree instanceof Promise ? remembered(contribution, old.tree, tree).then(table).catch(refuse) : table(tree);
  } catch (error) {
    return refuse(error);
  }
}

/** The large trees of contributions that were admitted, with what each shares with, or why they were refused. */
const admitted = new WeakMap<
  Contribution,
  { readonly before: Table; readonly tree: Value } | { readonly refusal: unknown }
>();

/** A contribution is often proposed again, next to another one that has changed: a large tree is not walked again. */
function remembered(contribution: Contribution, before: Table, tree: Promise<Value>): Promise<Value> {
  // The result of a function depends on the layers below.
  if (typeof contribution === "function") return tree;
  return tree.then(
    (value) => {
      admitted.set(contribution, { before, tree: value });
      return value;
    },
    (refusal: unknown) => {
      admitted.set(contribution, { refusal });
      throw refusal;
    },
  );
}

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
