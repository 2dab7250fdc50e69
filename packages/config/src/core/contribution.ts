import type { Contribution, Knowledge, Layer } from "./layer.ts";
import { type Budget, UNLIMITED } from "./sliced.ts";

/**
 * Contributions that depend on the layers below, and may be large: the library's own sources make them in slices. For a
 * foreign caller such a contribution is a function like any other, and makes its layer at once.
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

/** The layer of a contribution: in slices where that is possible. */
export function layerIn(contribution: Contribution, lower: Knowledge, budget: Budget): Layer | Promise<Layer> {
  if (typeof contribution !== "function") return contribution;
  return makerOf(contribution)?.(lower, budget) ?? contribution(lower);
}

const makers = new WeakMap<object, LayerMaker>();
