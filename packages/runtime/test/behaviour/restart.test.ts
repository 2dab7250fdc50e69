import fc from "fast-check";
import { NORMAL, SHUTDOWN, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { group, restarts, Window } from "../../src/behaviour/restart.ts";

const { KILLED, ONE_FOR_ALL, ONE_FOR_ONE, PERMANENT, REST_FOR_ONE, TEMPORARY, TRANSIENT } = atoms;

describe("restarts", () => {
  test.each([
    [PERMANENT, NORMAL, true],
    [PERMANENT, SHUTDOWN, true],
    [PERMANENT, "crash", true],
    [TRANSIENT, NORMAL, false],
    [TRANSIENT, SHUTDOWN, false],
    [TRANSIENT, [SHUTDOWN, "any"], false],
    [TRANSIENT, [SHUTDOWN], true],
    [TRANSIENT, [SHUTDOWN, "any", "more"], true],
    [TRANSIENT, "normal", true],
    [TRANSIENT, KILLED, true],
    [TRANSIENT, "crash", true],
    [TEMPORARY, NORMAL, false],
    [TEMPORARY, "crash", false],
  ] as const)("a %s child that ended with %s: %s", (type, reason, again) => {
    expect(restarts(type, reason)).toBe(again);
  });
});

describe("group", () => {
  const children = ["a", "b", "c", "d"];
  test.each([
    [ONE_FOR_ONE, "b", ["b"]],
    [ONE_FOR_ALL, "b", children],
    [REST_FOR_ONE, "a", children],
    [REST_FOR_ONE, "c", ["c", "d"]],
    [REST_FOR_ONE, "d", ["d"]],
  ] as const)("%s restarts with %s: %s", (strategy, failed, together) => {
    expect(group(strategy, () => children, failed)).toStrictEqual(together);
  });
});

describe("a window of restarts", () => {
  test("of intensity 0 admits none", () => {
    expect(new Window(0, 5).admit(1)).toBe(false);
  });

  test("admits as many restarts as its intensity within its period, and no more", () => {
    const window = new Window(2, 5);
    expect([10, 11, 12].map((now) => window.admit(now))).toStrictEqual([true, true, false]);
  });

  test("counts a restart that is exactly the period old, as OTP does", () => {
    const [just, over] = [new Window(1, 5), new Window(1, 5)];
    expect([10, 15].map((now) => just.admit(now))).toStrictEqual([true, false]);
    expect([10, 16].map((now) => over.admit(now))).toStrictEqual([true, true]);
  });

  test("forgets restarts older than the period, also over thousands of restarts", () => {
    const window = new Window(1, 5);
    for (let now = 0; now < 60_000; now += 6) expect(window.admit(now)).toBe(true);
    expect(window.count).toBe(1);
  });

  test("admits the same as a list that is filtered each time", () => {
    fc.assert(
      fc.property(
        fc.nat(5),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.nat(4), { maxLength: 60 }),
        (intensity, period, gaps) => {
          const window = new Window(intensity, period);
          let list: number[] = [];
          let now = 100;
          for (const gap of gaps) {
            now += gap;
            list = [...list.filter((then) => now - then <= period), now];
            expect(window.admit(now)).toBe(list.length <= intensity);
            expect(window.count).toBe(list.length);
          }
        },
      ),
    );
  });
});
