import fc from "fast-check";
import { expect, test } from "vitest";
import { previewOf } from "../../src/dashboard/preview.ts";
import { anyValue } from "../core/trees.ts";

const cut = (text: string) => (text.length <= 400 ? text : `${text.slice(0, 400)}…`);

test("the line of a value is the beginning of its JSON", () => {
  fc.assert(fc.property(anyValue, (value) => previewOf(value) === cut(JSON.stringify(value))));
  const long = "abcdefghij".split("").map((key) => key.repeat(300));
  const values = [long, { l: long, k: long }, Array.from({ length: 1_000 }, () => 1), "x".repeat(400), "x".repeat(399)];
  for (const value of values) expect(previewOf(value)).toBe(cut(JSON.stringify(value)));
  expect(previewOf({ a: 12_345_678_901_234_567_890n })).toBe('{"a":12345678901234567890}');
});

test("the line of a large value is made from its beginning only", () => {
  const list: number[] = Array.from({ length: 100_000 }, (_, i) => i);
  let looked = 0;
  const counting = new Proxy(list, {
    get(target, key, receiver) {
      if (typeof key === "string" && /^\d+$/u.test(key)) looked++;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  expect(previewOf(counting)).toBe(cut(JSON.stringify(list)));
  expect(looked).toBeLessThan(1_000);
});
