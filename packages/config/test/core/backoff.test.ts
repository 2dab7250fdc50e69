import { expect, test } from "vitest";
import { full_jitter, jittered, longest_wait } from "../../src/core/backoff.ts";

const backoff = { min: 100, max: 2000 };
const failures = [0, 1, 2, 3, 4, 5, 100, 10_000];

test("longest_wait doubles with each failure, up to its limit", () => {
  expect(failures.map((n) => longest_wait(backoff, n))).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  expect(longest_wait(backoff, -1)).toBe(100);
});

test("jittered is randomly shorter, by no more than its share", () => {
  expect([0, 0.5, 1].map((random) => jittered(1000, 0.25, random))).toEqual([1000, 875, 750]);
  expect(jittered(1000, 0, 1)).toBe(1000);
});

test("full_jitter stays between 1 ms and the longest wait, and uses the whole range", () => {
  expect(failures.map((n) => full_jitter(backoff, n, 0))).toEqual(failures.map((n) => longest_wait(backoff, n)));
  expect(full_jitter(backoff, 9, 1)).toBe(1);
  expect(full_jitter(backoff, 9, 0.5)).toBe(1000);
});
