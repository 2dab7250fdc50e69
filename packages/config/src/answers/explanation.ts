import { newBudget } from "../budget.ts";
import { type Contribution, explain, type Explanation } from "../core/explain.ts";
import { parsePath } from "../core/path.ts";
import { meetSecrets, scrub } from "../manager/scrub.ts";
import type { State } from "../manager/state.ts";

/** The explanation of a value, secrets redacted. @throws TypeError if it is not a path */
export async function explanationAt(state: State, path: string): Promise<Explanation> {
  const { configuration, spec } = state;
  const { snapshot, raw, layers, overrides } = configuration;
  const { secrets, shape, aliases, deprecations } = spec;
  const at = path === "" ? [] : parsePath(path, "explain");
  const budget = newBudget();
  const context = { snapshot, raw, layers, overrides, secrets, shape, aliases, deprecations };
  const found = await explain(at, context, budget);
  await meetSecrets(state, budget);
  const clean = (one: Contribution): Contribution => ({ ...one, why: scrub(state, one.why) });
  return {
    ...found,
    winner: found.winner === undefined ? undefined : clean(found.winner),
    merged: found.merged.map(clean),
    shadowed: found.shadowed.map(clean),
  };
}
