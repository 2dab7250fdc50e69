import { describe, expect, it } from "vitest";
import { drive } from "../src/drive.ts";
import type { Steps } from "../src/core/steps.ts";

describe("drive", () => {
  it("is done at once with what waits for nothing", () => {
    function* steps(): Steps<number> {
      for (let i = 0; i < 10; i++) yield;
      return 7;
    }
    expect(drive(steps())).toEqual({ done: true, value: 7 });
  });

  it("waits for promises, and throws their rejections where they were yielded", async () => {
    function* steps(): Steps<unknown[]> {
      const seen: unknown[] = [yield Promise.resolve(1)];
      try {
        yield Promise.reject(new Error("no"));
      } catch (error) {
        seen.push((error as Error).message);
      }
      return seen;
    }
    const progress = drive(steps());
    if (progress.done) throw new Error("It did not wait");
    expect(await progress.rest()).toEqual([1, "no"]);
  });

  it("throws what the steps throw, at once or later", async () => {
    // oxlint-disable-next-line require-yield
    function* now(): Steps<never> {
      throw new Error("now");
    }
    expect(() => drive(now())).toThrow("now");
    function* later(): Steps<never> {
      yield Promise.resolve();
      throw new Error("later");
    }
    const progress = drive(later());
    if (progress.done) throw new Error("It did not wait");
    await expect(progress.rest()).rejects.toThrow("later");
  });

  it("gives the event loop its turns in long work", async () => {
    let turns = 0;
    let over = false;
    function* steps(): Steps<void> {
      // Until the loop had three turns: work in one go would never end.
      while (turns < 3) yield;
    }
    const count = (): void => {
      turns++;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    const progress = drive(steps());
    if (progress.done) throw new Error("It did not give way");
    await progress.rest();
    over = true;
    expect(turns).toBeGreaterThanOrEqual(3);
  });
});
