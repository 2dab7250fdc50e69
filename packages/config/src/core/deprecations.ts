import { diff } from "./diff.ts";
import type { Diagnostic } from "./layer.ts";
import { andThen } from "./maybe.ts";
import type { Overrides } from "./overrides.ts";
import { formatPath } from "./path.ts";
import { parsePattern } from "./pattern.ts";
import { type Budget, inSlices, projected } from "./sliced.ts";
import { PatternIndex } from "./subscriptions.ts";
import type { Segments, Table } from "./value.ts";

/** Deprecated settings, by pattern, each with advice on what to use instead. */
export class Deprecations {
  static readonly none = new Deprecations({});

  private readonly index = new PatternIndex<string>();

  /**
   * @param marked patterns marked by the schema. @throws TypeError if a pattern is invalid, or a message is not a text
   */
  constructor(given: unknown, marked: readonly (readonly [pattern: Segments, message: string])[] = []) {
    const action = "Cannot make a ConfigSpec: deprecated";
    if (typeof given !== "object" || given === null || Array.isArray(given)) {
      throw new TypeError(`${action} must be an object from patterns to messages`);
    }
    for (const [pattern, message] of Object.entries(given)) {
      if (typeof message !== "string") {
        throw new TypeError(`${action}: the message of "${pattern}" must be a string, got ${typeof message}`);
      }
      this.index.add(parsePattern(pattern, "read deprecated pattern"), message);
    }
    for (const [pattern, message] of marked) this.index.add(parsePattern(pattern), message);
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.index.size === 0;
  }

  /** The deprecated settings that a tree has. A promise if the budget was spent before the end. */
  in(tree: Table, budget: Budget): readonly Deprecated[] | Promise<readonly Deprecated[]> {
    if (this.isEmpty) return [];
    return andThen(projected(this.index, diff(EMPTY, tree), budget), (found) =>
      found.map(({ segments, item }) => ({ path: segments, message: item })),
    );
  }

  /** The message for a path; undefined if it is not deprecated. */
  at(path: Segments): string | undefined {
    if (this.isEmpty || path.length === 0) return undefined;
    let tree: Table = { [path.at(-1)!]: "" };
    for (const key of path.slice(0, -1).reverse()) tree = { [key]: tree };
    const at = formatPath(path);
    return this.index.project(diff(EMPTY, tree)).find((one) => one.path === at)?.item;
  }
}

/** A deprecated setting. */
export interface Deprecated {
  readonly path: Segments;
  readonly message: string;
}

/** A diagnostic for each deprecated setting that was put at run time. */
export function deprecatedOverrides(
  overrides: Overrides,
  deprecations: Deprecations,
  budget: Budget,
): readonly Diagnostic[] | Promise<readonly Diagnostic[]> {
  const making = deprecations.isEmpty ? undefined : overrides.alone([]);
  if (making === undefined) return [];
  return andThen(inSlices(making, budget), (tree) =>
    andThen(deprecations.in(tree as Table, budget), (found) =>
      found.map(({ path, message }) => ({
        source: "runtime",
        code: "deprecated",
        message: `${deprecationText(path, message)} (put)`,
        path: formatPath(path),
      })),
    ),
  );
}

/** A deprecation as a text. */
export function deprecationText(path: Segments, message: string): string {
  return `"${formatPath(path)}" is deprecated${message === "" ? "" : `: ${message}`}`;
}

const EMPTY: Table = Object.freeze({});
