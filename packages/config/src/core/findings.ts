import { type Conflict, conflictsOf } from "./conflicts.ts";
import { type Deprecations, deprecatedOverrides } from "./deprecations.ts";
import { keysWithoutEffect } from "./ineffective.ts";
import type { Diagnostic } from "./layer.ts";
import { andThen } from "./maybe.ts";
import { mistypedValues } from "./mistyped.ts";
import { formatPath } from "./path.ts";
import type { Configuration } from "./configuration.ts";
import type { Shape } from "./shape.ts";
import { type Budget, eachInTurn } from "./sliced.ts";

/** The results of examining a whole configuration. */
export interface Findings {
  /** Paths of the overrides, sorted. */
  readonly overrides: readonly string[];
  readonly conflicts: readonly Conflict[];
  /** Keys without effect, values of another type, deprecated settings. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The findings about a configuration. */
export interface Expected {
  readonly shape: Shape | undefined;
  readonly deprecations: Deprecations;
}

/**
 * Found once for a configuration, however often it is asked.
 *
 * @returns a promise where the budget was spent before the end
 */
export function findingsOf(
  configuration: Configuration,
  { shape, deprecations }: Expected,
  budget: Budget,
): Findings | Promise<Findings> {
  const known = remembered.get(configuration);
  if (known !== undefined) return known;
  const { layers, raw, snapshot } = configuration;
  const paths: string[] = [];
  const diagnostics: Diagnostic[] = [];
  let conflicts: readonly Conflict[] = [];
  const note = (some: readonly Diagnostic[]): void => void diagnostics.push(...some);
  const stages = [
    () => eachInTurn(configuration.overrides, ({ path }) => void paths.push(formatPath(path)), budget),
    () => void paths.sort(),
    () => andThen(conflictsOf(configuration, budget), (found) => void (conflicts = found)),
    () => andThen(keysWithoutEffect(layers, raw, snapshot.tree, shape, budget), note),
    () => andThen(mistypedValues(configuration, shape, budget), note),
    () => andThen(deprecatedOverrides(configuration.overrides, deprecations, budget), note),
  ];
  return andThen(
    eachInTurn(stages, (stage) => stage(), budget),
    () => {
      const findings: Findings = { overrides: paths, conflicts, diagnostics };
      remembered.set(configuration, findings);
      return findings;
    },
  );
}

const remembered = new WeakMap<Configuration, Findings>();
