import { ErlangError, Exit, NOREPLY, NORMAL, OK, REPLY, STOP, atom, gen_server } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { reports } from "../kit/inside.ts";

interface CounterCalls {
  next(): number;
  add(by: number): number;
  end(): string;
}
interface CounterCasts {
  reset(to: number): void;
}

const NEXT = atom.ensure("next");
const ADD = atom.ensure("add");
const END = atom.ensure("end");
const RESET = atom.ensure("reset");

const counter = {
  init: (n: number) => [OK, n] as const,
  handle_call: gen_server.calls<CounterCalls, number>({
    next: (_request, _from, n) => [REPLY, n, n + 1],
    add: async ([, by], _from, n) => {
      await Promise.resolve();
      return [REPLY, n + by, n + by];
    },
    end: (_request, _from, n) => [STOP, NORMAL, "bye", n],
  }),
  handle_cast: gen_server.casts<CounterCasts, number>({ reset: ([, to]) => [NOREPLY, to] }),
};

describe("a table of clauses", () => {
  test("handles each call and cast by its clause, at once or asynchronously", async () => {
    const pid = await gen_server.start(counter, 1);
    expect(await gen_server.call(pid, [NEXT])).toBe(1);
    expect(await gen_server.call(pid, [ADD, 10])).toBe(12);
    gen_server.cast(pid, [RESET, 5]);
    expect(await gen_server.call(pid, [NEXT])).toBe(5);
    expect(await gen_server.call(pid, [END])).toBe("bye");
  });

  test.each([
    ["no tuple"],
    [[atom.ensure("multiply"), 2]],
    [["add", 1]],
    [[]],
    [undefined],
    [[atom.ensure("constructor")]],
  ])("ends the server with function_clause for the unknown message %o", async (message) => {
    await reports(async () => {
      const pid = await gen_server.start(counter, 1);
      const error = await gen_server.call(pid, message as never).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Exit);
      const [[reason]] = (error as Exit).reason as [[unknown]];
      expect(reason).toBe(atom.ensure("function_clause"));
    });
  });

  test("passes messages without a clause to otherwise", async () => {
    const pid = await gen_server.start(
      {
        init: () => [OK, 0] as const,
        handle_call: gen_server.calls<{ next(): number }, number>(
          { next: (_request, _from, n) => [REPLY, n, n] },
          (request, _from, n) => [REPLY, ["unknown", request], n],
        ),
      },
      undefined,
    );
    expect(await gen_server.call(pid, ["what?"] as never)).toStrictEqual(["unknown", ["what?"]]);
  });

  test("reports the callback and the message that had no clause", () => {
    const none = () => gen_server.calls<object, number>({})(["what?"] as never, [undefined, 1], 0);
    expect(none).toThrow(ErlangError);
    expect(none).toThrow("Cannot handle [ 'what?' ]: no clause of handle_call takes it");
  });

  test.each([
    [undefined, "it needs an object with a function for each message, got undefined"],
    [["next"], "it needs an object with a function for each message, got [ 'next' ]"],
    [{ next: 7 }, 'the clause of "next" must be a function, got 7'],
  ])("refuses %s", (table, why) => {
    expect(() => gen_server.calls(table as never)).toThrow(`Cannot make a callback by gen_server.calls: ${why}`);
    expect(() => gen_server.casts(table as never)).toThrow(`Cannot make a callback by gen_server.casts: ${why}`);
  });
});
