import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Due, Outbox } from "../src/outbox.ts";

function change(
  path: string,
  old_value: number | undefined,
  new_value: number | undefined,
): Omit<Due, "sequence" | "calls"> {
  return { pattern: "*", path, segments: [path], old_value, new_value, version: 1, cause: "put" };
}

const drain = (outbox: Outbox): unknown[] => {
  const calls: unknown[] = [];
  for (let due = outbox.begin(); due !== undefined; due = outbox.begin()) {
    calls.push([due.path, due.old_value, due.new_value]);
    outbox.done(due);
  }
  return calls;
};

describe("Outbox", () => {
  it("gives each change in order while the subscriber keeps up", () => {
    const outbox = new Outbox();
    outbox.offer(change("a", undefined, 1));
    outbox.offer(change("a", 1, 2));
    outbox.offer(change("b", undefined, 1));
    expect(drain(outbox)).toEqual([
      ["a", undefined, 1],
      ["a", 1, 2],
      ["b", undefined, 1],
    ]);
  });

  it("coalesces per path while a callback runs, but not into the call that runs", () => {
    const outbox = new Outbox();
    outbox.offer(change("a", undefined, 1));
    const running = outbox.begin()!;
    outbox.offer(change("a", 1, 2));
    outbox.offer(change("b", 1, 2));
    outbox.offer(change("a", 2, 3));
    expect(running.new_value).toBe(1);
    outbox.done(running);
    expect(drain(outbox)).toEqual([
      ["a", 1, 3],
      ["b", 1, 2],
    ]);
  });

  it("tells nothing of what ends where it began", () => {
    const outbox = new Outbox();
    outbox.offer(change("x", undefined, 1));
    const running = outbox.begin()!;
    outbox.offer(change("a", 1, 2));
    outbox.offer(change("a", 2, 1));
    outbox.done(running);
    expect(drain(outbox)).toEqual([]);
    expect(outbox.settled).toBe(outbox.last);
  });

  it("gives a call again until it is done", () => {
    const outbox = new Outbox();
    outbox.offer(change("a", undefined, 1));
    expect(outbox.begin()).toBe(outbox.begin());
    expect(outbox.settled).toBe(0);
    outbox.done(outbox.begin()!);
    expect(outbox.settled).toBe(1);
  });

  it("holds no more than a thousand calls and one for each path", () => {
    const outbox = new Outbox();
    for (let i = 0; i < 5_000; i++) outbox.offer(change(`p${i % 10}`, i, i + 1));
    expect(outbox.length).toBeLessThanOrEqual(1_010);
    expect(outbox.settled).toBe(0);
  });

  it("forgets a pattern, but for what runs", () => {
    const outbox = new Outbox();
    outbox.offer(change("a", undefined, 1));
    const running = outbox.begin()!;
    outbox.offer(change("b", undefined, 1));
    outbox.forget("*");
    outbox.done(running);
    expect(drain(outbox)).toEqual([]);
  });

  it("always ends in the last state of each path, with old values that follow on each other", () => {
    const step = fc.record({ path: fc.constantFrom("a", "b"), begin: fc.boolean(), done: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const outbox = new Outbox();
        const state = new Map<string, number | undefined>();
        const told = new Map<string, unknown>();
        let running: Due | undefined;
        const tell = (due: Due): void => {
          expect(due.old_value).toBe(told.get(due.path));
          told.set(due.path, due.new_value);
          outbox.done(due);
        };
        steps.forEach(({ path, begin, done }, i) => {
          const value = i % 3;
          if (state.get(path) !== value) outbox.offer(change(path, state.get(path), value));
          state.set(path, value);
          if (begin && running === undefined) running = outbox.begin();
          if (done && running !== undefined) {
            tell(running);
            running = undefined;
          }
        });
        if (running !== undefined) tell(running);
        for (let due = outbox.begin(); due !== undefined; due = outbox.begin()) tell(due);
        for (const [path, value] of state) expect(told.get(path)).toBe(value);
      }),
    );
  });
});
