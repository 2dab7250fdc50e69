import { describe, expect, test } from "vitest";

import { Batch } from "../../src/process/batch.ts";

const filled = (...items: string[]): Batch<string> => {
  const batch = new Batch<string>();
  for (const item of items) batch.push(item);
  return batch;
};

describe("a batch", () => {
  test("keeps items in the order in which they were added", () => {
    const batch = filled("a", "b");
    expect([batch.size, batch.at(0), batch.at(1)]).toStrictEqual([2, "a", "b"]);
  });

  test("holds exactly the items added since it was emptied", () => {
    const batch = filled("a", "b");
    batch.clear();
    batch.push("c");
    expect([batch.size, batch.has("a"), batch.has("b"), batch.has("c")]).toStrictEqual([1, false, false, true]);
  });

  test("finds no item that it does not hold", () => {
    const batch = filled("a", "b", "c");
    batch.clear();
    expect(batch.has(undefined as never)).toBe(false);
  });

  test.each([3, 10_000])("releases its items, however many there were: %d", (count) => {
    const batch = filled(...Array.from({ length: count }, (_, n) => String(n)));
    batch.clear();
    batch.push("x");
    expect([batch.size, batch.at(0), batch.at(1), batch.at(count - 1)]).toStrictEqual([1, "x", undefined, undefined]);
  });
});
