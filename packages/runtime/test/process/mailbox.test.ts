import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { BodyProcess } from "../../src/process/body.ts";
import { entries, type Envelope, type Entry, type Mailbox } from "../../src/process/mailbox.ts";
import { turns } from "../../src/process/scheduler.ts";

// A process is its own mailbox. This one is never started.
const box = (...messages: unknown[]): BodyProcess => {
  const made = new BodyProcess(() => {}, turns, []);
  for (const message of messages) made.accept(message);
  return made;
};

const messageOf = (entry: Entry): unknown => (entry as Envelope).message;
const contents = (of: Mailbox): unknown[] => entries(of).map(messageOf);
const takeOut = (of: Mailbox, before?: Entry): unknown => messageOf(of.take(before));

function entryBefore(of: Mailbox, index: number): Entry | undefined {
  let entry: Entry | undefined;
  for (let at = 0; at < index; at++) entry = entry === undefined ? of.head : entry.next;
  return entry;
}

describe("a mailbox", () => {
  test("returns messages in the order in which they arrived", () => {
    const full = box(1, 2, 3);
    expect([takeOut(full), takeOut(full), takeOut(full)]).toStrictEqual([1, 2, 3]);
    expect([full.head, full.tail, full.taken]).toStrictEqual([undefined, undefined, 3]);
  });

  test("accepts undefined as a message", () => {
    const full = box(undefined, 1);
    expect(contents(full)).toStrictEqual([undefined, 1]);
    expect(takeOut(full)).toBe(undefined);
    expect(contents(full)).toStrictEqual([1]);
  });

  test("returns one from the middle and keeps the order of the others", () => {
    const full = box(1, 2, 3, 4);
    expect(takeOut(full, entryBefore(full, 2))).toBe(3);
    expect(contents(full)).toStrictEqual([1, 2, 4]);
  });

  test("releases the messages behind an entry that was taken out", () => {
    const full = box(1, 2);
    expect(full.take(undefined).next).toBe(undefined);
  });

  test("appends new messages after its last one was taken out", () => {
    const full = box(1, 2);
    full.take(entryBefore(full, 1));
    full.accept(3);
    expect(contents(full)).toStrictEqual([1, 3]);
  });

  test("behaves like an array under any sequence of puts and takes", () => {
    const step = fc.oneof(fc.record({ put: fc.integer() }), fc.record({ take: fc.nat(30) }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const real = box();
        const model: number[] = [];
        for (const each of steps) {
          if ("put" in each) {
            real.accept(each.put);
            model.push(each.put);
          } else if (model.length > 0) {
            const index = each.take % model.length;
            expect(takeOut(real, entryBefore(real, index))).toBe(model.splice(index, 1)[0]);
          }
          expect(contents(real)).toStrictEqual(model);
        }
      }),
    );
  });
});
