/** Several contributions become one: merged, each value with its origin, large ones with turns of the event loop. */
import { describe, expect, test } from "vitest";

import { knownPaths } from "../../src/core/known_paths.ts";
import type { Contribution, Layer } from "../../src/core/layer.ts";
import type { Budget } from "../../src/core/sliced.ts";
import { stacked } from "../../src/core/stack.ts";
import { plain } from "./trees.ts";

function part(file: string, tree: object, more: Partial<Layer> = {}): Layer {
  const origin = () => ({ source: "s", file, place: `file:${file}` });
  return { source: "s", tree: plain(tree), origin, diagnostics: [], ...more };
}

/** Counts the turns that it is asked for. */
class Turns implements Budget {
  count = 0;
  spent = () => true;
  turn = async () => void this.count++;
}

async function layer(parts: readonly Contribution[], budget: Budget = new Turns()): Promise<Layer> {
  const made = await stacked("s", parts, [], budget);
  return typeof made === "function" ? made(knownPaths([plain({ below: 1 })])) : made;
}

describe("a stack of contributions", () => {
  test("merges them, the last one on top, and each value keeps its origin", async () => {
    const made = await layer([
      part("a", { t: { x: 1, y: 1 }, l: [1] }),
      part("b", { t: { y: 2 } }),
      part("c", { l: [2] }),
    ]);
    expect(made.tree).toEqual({ t: { x: 1, y: 2 }, l: [2] });
    const file = (...path: string[]) => made.origin(path).file;
    expect([file("t", "x"), file("t", "y"), file("l"), file("l", "0"), file("t")]).toEqual(["a", "b", "c", "c", "b"]);
    expect(made.origin(["none"])).toEqual({ source: "s" });
  });

  test("combines their diagnostics, sizes and secrets", async () => {
    const told = { source: "s", code: "x", message: "m" };
    const made = await layer([
      part("a", { a: 1 }, { bytes: 5, secrets: [["a"]] }),
      part("b", { b: 1 }, { bytes: 6, diagnostics: [told], secrets: [["b"]] }),
    ]);
    expect(made).toMatchObject({ bytes: 11, secrets: [["a"], ["b"]], diagnostics: [told] });
  });

  test("shows each part the known paths below it, those of earlier parts included", async () => {
    const made = await layer([
      part("a", { known: "x" }),
      (lower) => part("b", { has: [lower.has(["known"]), lower.has(["below"]), lower.has(["later"])] }),
      part("c", { later: 1 }),
    ]);
    expect(made.tree).toEqual({ known: "x", has: [true, true, false], later: 1 });
  });

  test("reports where a table and another kind of value meet, once for each part that replaces", async () => {
    const made = await layer([
      part("a", { t: { x: 1 }, s: 1, same: { x: 1 } }),
      part("b", { t: 1, s: 2, same: { x: 2 } }),
      part("c", { t: { x: 1, y: { z: 1 } }, s: [1] }),
      part("d", { t: { x: {}, y: 1 } }),
    ]);
    const said = made.diagnostics.map(({ code, path }) => [code, path]);
    expect(said).toEqual([
      ["shape", "t"],
      ["shape", "t"],
      ["shape", "t.x"],
      ["shape", "t.y"],
    ]);
    expect(made.diagnostics[0]?.message).toBe(
      '"t" of file:b replaces the value of file:a: one of them is a table, the other is not',
    );
    expect(made.diagnostics[2]?.message).toContain("file:d replaces the value of file:c");
  });

  test("refuses a write into a list of another part, whether or not the parts are known", async () => {
    const [list, write] = [part("a", { l: [1] }), part("b", { l: { "0": 2 } })];
    for (const parts of [
      [list, write],
      [list, () => write],
    ] as const) {
      await expect(layer(parts)).rejects.toMatchObject({ code: "below_list", file: "b" });
    }
  });

  test("lets the event loop turn while it merges a large table", async () => {
    const flat = Object.fromEntries(Array.from({ length: 30_000 }, (_, i) => [`k${i}`, i]));
    const turns = new Turns();
    const made = await layer([part("a", flat), part("b", { k5: "x" })], turns);
    expect(made.tree).toMatchObject({ k4: 4, k5: "x" });
    expect(turns.count).toBeGreaterThan(1000);
  });
});
