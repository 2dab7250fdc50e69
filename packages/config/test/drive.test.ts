import { describe, expect, test } from "vitest";
import { newBudget } from "../src/budget.ts";
import { drive, type Steps } from "../src/drive.ts";

describe("drive", () => {
  test("steps that wait for nothing are done at once", () => {
    // oxlint-disable-next-line eslint/require-yield
    function* steps(): Steps<number> {
      return 7;
    }
    expect(drive(steps())).toEqual({ done: true, value: 7 });
  });

  test("steps that wait go on with what was waited for, value or error", async () => {
    function* steps(): Steps<unknown> {
      const first = (yield Promise.resolve(1)) as number;
      try {
        yield Promise.reject(new Error("no"));
      } catch (error) {
        return [first, (error as Error).message];
      }
      return undefined;
    }
    const progress = drive(steps());
    expect(progress.done).toBe(false);
    if (!progress.done) expect(await progress.rest()).toEqual([1, "no"]);
  });

  test("an error thrown at once is thrown, and one thrown later rejects", async () => {
    // oxlint-disable-next-line eslint/require-yield
    function* now(): Steps<never> {
      throw new Error("now");
    }
    expect(() => drive(now())).toThrow("now");
    function* later(): Steps<never> {
      yield Promise.resolve();
      throw new Error("later");
    }
    const progress = drive(later());
    if (!progress.done) await expect(progress.rest()).rejects.toThrow("later");
  });
});

test("a budget is spent after its time, and whole again after a turn of the event loop", async () => {
  const budget = newBudget(5);
  let looks = 0;
  while (!budget.spent()) looks++;
  expect(looks).toBeGreaterThan(1);
  let turned = false;
  setImmediate(() => (turned = true));
  await budget.turn();
  expect(turned).toBe(true);
  expect(budget.spent()).toBe(false);
});
