import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { beam, onBeam } from "./beam.ts";
import { seedOf } from "./seeded.ts";
import { grouped, predict, steps } from "./signal_model.ts";
import type { Step } from "./signal_model.ts";

function erlang(program: readonly Step[]): string {
  const terms = program.map((step) => {
    const { do: verb, by, ...rest } = step;
    const fields = "n" in rest ? { ...rest, n: `m${rest.n}` } : rest;
    const ordered = ["name", "to", "nth", "mode", "on", "reason", "n"].flatMap((key) =>
      key in fields ? [String((fields as Record<string, unknown>)[key])] : [],
    );
    return `{${[verb, by, ...ordered].join(",")}}`;
  });
  return `[${terms.join(",")}]`;
}

describe.skipIf(!beam())("the model of signals", () => {
  test("predicts the behaviour of real Erlang in any program", () => {
    const seed = seedOf();
    console.info(`seed ${seed}`);
    const programs = fc.sample(steps, { seed, numRuns: 60 });
    const lines = [...onBeam("fuzz_signals", programs.map(erlang))].values();
    const line = (): string => lines.next().value as string;
    for (const program of programs) {
      const predicted = predict(program);
      for (const [index, step] of program.entries()) {
        const { result, processes } = predicted[index]!;
        const answer = line();
        expect(Number(line())).toBe(processes.length);
        const seen = processes.map(({ mailbox }) => look(line(), mailbox));
        // Who is taken down by what its own signal did to another may have returned from sending it before.
        const got = answer === "true" && step.do === "exit2" && seen[step.by]!.dead !== undefined ? "died" : answer;
        expect({ program: erlang(program), index, step, result: got, processes: seen }).toEqual({
          program: erlang(program),
          index,
          step,
          result,
          processes,
        });
      }
      expect(line()).toBe("end");
    }
  }, 120_000);
});

interface Seen {
  readonly dead: string | undefined;
  readonly mailbox: readonly (readonly string[])[];
  readonly links: readonly number[];
}

function look(text: string, like: readonly (readonly string[])[]): Seen {
  if (text.startsWith("dead ")) return { dead: text.slice(5), mailbox: [], links: [] };
  const [, messages, links] = /^messages (.*) links (.*)$/.exec(text)!;
  return {
    dead: undefined,
    mailbox: grouped(messages === "" ? [] : messages!.split(";"), like),
    links: links === "" ? [] : links!.split(",").map(Number),
  };
}
