import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beam, onBeam } from "./beam.ts";
import { seedOf } from "./seeded.ts";
import { predict, programs } from "./supervisor_model.ts";
import type { Program } from "./supervisor_model.ts";

function erlang({ strategy, intensity, auto, initial, specs, steps }: Program): string {
  const children = Object.entries(specs).map(
    ([id, { restart, significant, fails }]) => `{${id},${restart},${significant},[${fails.join(",")}]}`,
  );
  const verbs = steps.map((step) => `{${Object.values(step).join(",")}}`);
  return `{${strategy},${intensity},${auto},${initial},[${children.join(",")}],[${verbs.join(",")}]}`;
}

describe.skipIf(!beam())("the model of supervisors", () => {
  test("predicts the behaviour of real Erlang in any program", () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const given = fc.sample(programs, { seed, numRuns: 60 });
    const lines = [...onBeam("fuzz_supervisor", given.map(erlang))].values();
    const line = (): string => lines.next().value as string;
    for (const program of given) {
      for (const [index, wanted] of predict(program).entries()) {
        const [result, log, children] = [line(), line(), line()];
        const sorted = (items: readonly string[]) =>
          program.strategy === "simple_one_for_one" ? items.toSorted() : items;
        const seen = {
          result,
          log: log === "" ? [] : sorted(log.split(";")),
          children: children === "ended" ? undefined : sorted(children.slice(1, -1).split(";").filter(Boolean)),
        };
        const place = { program: erlang(program), step: program.steps[index - 1] ?? "begin" };
        expect({ ...place, ...seen }).toEqual({ ...place, ...wanted });
      }
    }
  }, 120_000);
});
