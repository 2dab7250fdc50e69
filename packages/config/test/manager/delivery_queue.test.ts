import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  dequeue,
  type DeliveryQueue,
  EMPTY_QUEUE,
  enqueue,
  type Notification,
  owes,
  withoutPattern,
} from "../../src/manager/delivery_queue.ts";

function change(path: string, old_value: number | undefined, new_value: number | undefined, version = 1): Notification {
  return { pattern: "*", path, segments: [path], old_value, new_value, version, first: version, cause: "put" };
}

function filled(changes: readonly Notification[], behind = false): DeliveryQueue {
  return changes.reduce((queue, one) => enqueue(queue, [one], behind), EMPTY_QUEUE);
}

function drained(queue: DeliveryQueue): Notification[] {
  const found: Notification[] = [];
  for (let next = dequeue(queue); next !== undefined; next = dequeue(next[1])) found.push(next[0]);
  return found;
}

const shown = ({ path, old_value, new_value }: Notification): unknown[] => [path, old_value, new_value];

describe("a delivery queue", () => {
  test("returns each change in order while the callback keeps up", () => {
    const queue = filled([change("a", undefined, 1), change("a", 1, 2), change("b", undefined, 1)]);
    expect(drained(queue).map(shown)).toEqual([
      ["a", undefined, 1],
      ["a", 1, 2],
      ["b", undefined, 1],
    ]);
  });

  test("coalesces per path to the first old and the last new value while the callback is behind", () => {
    const queue = filled([change("a", 1, 2, 2), change("b", 1, 2, 3), change("a", 2, 3, 4)], true);
    expect(drained(queue).map(shown)).toEqual([
      ["b", 1, 2],
      ["a", 1, 3],
    ]);
  });

  test("returns rising versions only, also when a path changes again", () => {
    const queue = filled(
      [change("a", 0, 1, 2), change("b", 0, 1, 4), change("c", 0, 1, 5), change("a", 1, 2, 6)],
      true,
    );
    expect(drained(queue).map(({ path, version }) => `${path}@${version}`)).toEqual(["b@4", "c@5", "a@6"]);
  });

  test("drops a path whose value returns to its start", () => {
    const queue = filled([change("a", 1, 2, 2), change("a", 2, 1, 3)], true);
    expect(drained(queue)).toEqual([]);
    expect(queue.length).toBe(0);
    expect(owes(queue, 9)).toBe(false);
  });

  test("owes a version until all its parts are delivered", () => {
    const queue = filled([change("a", 0, 1, 2), change("b", 0, 1, 3), change("a", 1, 2, 4)], true);
    expect(owes(queue, 1)).toBe(false);
    expect(owes(queue, 2)).toBe(true);
    const [, rest] = dequeue(queue)!;
    // "a" has been waiting since version 2.
    expect(owes(rest, 2)).toBe(true);
    expect(owes(dequeue(rest)![1], 9)).toBe(false);
  });

  test("holds at most a thousand calls and one for each path", () => {
    let queue = EMPTY_QUEUE;
    for (let i = 0; i < 20_000; i++) queue = enqueue(queue, [change(`p${i % 10}`, i, i + 1, i)], false);
    expect(queue.length).toBeLessThanOrEqual(2_000);
    expect(new Set(drained(queue).map(({ path }) => path)).size).toBe(10);
  });

  test("forgets the pending calls of a removed pattern", () => {
    const other = { ...change("b", 1, 2), pattern: "b" };
    expect(drained(withoutPattern(filled([change("a", undefined, 1), other]), "*"))).toEqual([other]);
  });

  test("ends in the last state of each path, with connected old values and rising versions", () => {
    const action = fc.record({
      path: fc.constantFrom("a", "b", "c"),
      take: fc.boolean(),
      behind: fc.boolean(),
      value: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        let queue = EMPTY_QUEUE;
        const state = new Map<string, number | undefined>();
        const told = new Map<string, unknown>();
        let last = 0;
        const tell = ({ path, old_value, new_value, version }: Notification): void => {
          expect(old_value).toBe(told.get(path));
          expect(version).toBeGreaterThanOrEqual(last);
          last = version;
          told.set(path, new_value);
        };
        actions.forEach(({ path, take, behind, value }, i) => {
          if (state.get(path) !== value) queue = enqueue(queue, [change(path, state.get(path), value, i + 1)], behind);
          state.set(path, value);
          const next = take ? dequeue(queue) : undefined;
          if (next === undefined) return;
          queue = next[1];
          tell(next[0]);
        });
        drained(queue).forEach(tell);
        for (const [path, value] of state) expect(told.get(path)).toBe(value);
      }),
      { numRuns: 2_000 },
    );
  });
});
