import fc from "fast-check";
import { expect, test } from "vitest";
import { World } from "./world.ts";

/** What the steps keep to whatever happens, in which order soever. A failure prints its seed, and the shortest way to it. */
const RUNS = Number(process.env["STEP_RUNS"] ?? 10_000);

test.each([
  ["in memory", false],
  ["on disk", true],
])(
  "step loses no acknowledged put, raises versions, notifies once and in order, and has one change in progress: overrides %s",
  (_, durable) => {
    const seed = Number(process.env["STEP_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 20 }), { minLength: 10, maxLength: 60 }), (choices) => {
        const world = new World(durable);
        for (const choice of choices) world.act(choice);
        expect(world.drain()).toEqual([]);
      }),
      { numRuns: durable ? RUNS / 2 : RUNS, seed },
    );
  },
  600_000,
);
