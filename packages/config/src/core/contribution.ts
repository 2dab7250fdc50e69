import { ConfigSourceError } from "../errors.ts";
import type { Contribution, Diagnostic, Knowledge, Layer, Origin } from "./layer.ts";
import { type Budget, UNLIMITED } from "./sliced.ts";
import type { Segments } from "./value.ts";
import { isError, wordsOf } from "./words.ts";

/**
 * Contributions, as sources make them and as they are read. A contribution may be foreign code: everything about it is
 * read once, and checked.
 *
 * One that depends on the layers below may be large: the library's own sources make it in slices. For a foreign caller
 * such a contribution is a function like any other, and makes its layer at once.
 *
 *     const contribution = contributionOf((lower, budget) => environmentLayer("env", entries, rules, lower, budget));
 *     layerIn(contribution, lower, budget);   // a promise if it is large
 *     contribution(lower);                    // at once
 */

/** Makes a layer; with a limited budget it may be a promise, otherwise it never is. */
export type LayerMaker = (lower: Knowledge, budget: Budget) => Layer | Promise<Layer>;

/** A contribution whose layer can be made in slices. */
export function contributionOf(make: LayerMaker): (lower: Knowledge) => Layer {
  const contribution = (lower: Knowledge): Layer => make(lower, UNLIMITED) as Layer;
  makers.set(contribution, make);
  return contribution;
}

/** The maker of a contribution that can be made in slices; undefined for any other. */
export function makerOf(contribution: Contribution): LayerMaker | undefined {
  return makers.get(contribution);
}

/** The layer of a contribution, made in slices if that is possible. */
export function layerIn(contribution: Contribution, lower: Knowledge, budget: Budget): Layer | Promise<Layer> {
  if (typeof contribution !== "function") return contribution;
  return makerOf(contribution)?.(lower, budget) ?? contribution(lower);
}

const makers = new WeakMap<object, LayerMaker>();

/** The fields of a contribution, read once, since it may be foreign code. */
export interface Said {
  readonly tree: unknown;
  readonly lookup: (path: Segments) => unknown;
  readonly diagnostics: readonly Diagnostic[];
  readonly bytes: number | undefined;
  readonly secrets: readonly Segments[] | undefined;
}

/**
 * Reads a contribution. One that is a function is called first.
 *
 * @param lower the paths and types of the layers below
 * @returns a promise if its layer is made in slices
 * @throws ConfigSourceError if a contribution fails, or does not make a layer; or rejects with it
 */
export function saidBy(
  contribution: Contribution,
  source: string,
  lower: () => Knowledge,
  budget: Budget,
): Said | Promise<Said> {
  const failed = (why: string, code: string, cause?: unknown): ConfigSourceError =>
    new ConfigSourceError(`Cannot load "${source}": ${why}`, {
      source,
      code,
      ...(cause === undefined ? {} : { cause }),
    });
  const refuse = (error: unknown): never => {
    if (isError(error) && error instanceof ConfigSourceError) throw error;
    throw failed(wordsOf(error), "failed", error);
  };
  const saidIn = (made: unknown): Said => saidInLayer(made, source, failed);
  if (typeof contribution !== "function") return saidIn(contribution);
  let made: unknown;
  try {
    const make = makerOf(contribution);
    made = make === undefined ? contribution(lower()) : make(lower(), budget);
    // A foreign function makes its layer at once.
    if (make !== undefined && made instanceof Promise) return made.catch(refuse).then(saidIn);
  } catch (error) {
    return refuse(error);
  }
  return saidIn(made);
}

/** Reads the fields of a returned layer. @throws ConfigSourceError if it is not one */
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
export function originIn(lookup: Said["lookup"] | undefined, source: string, path: Segments): Origin {
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
