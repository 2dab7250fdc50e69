import { ErlangError, TIMEOUT, erlang, gen_server, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const { BADARG, GEN_CALL, GEN_CAST } = atoms;

const failing = async (): Promise<unknown> => {
  try {
    return await erlang.receive(() => {
      throw new Error("cannot look");
    });
  } catch (error) {
    return (error as Error).message;
  }
};

const own = (...messages: unknown[]) => {
  for (const message of messages) erlang.send(erlang.self(), message);
};

describe("receive", () => {
  test("skips and repeats no message if its filter takes messages out", async () => {
    const got = await inside(async () => {
      const me = erlang.self();
      const [pid, ref] = erlang.spawn_monitor(() => erlang.receive());
      own("before");
      setTimeout(() => {
        erlang.exit(pid, "gone");
        erlang.send(me, "wanted");
        erlang.send(me, "after");
      }, 1);
      const filter = (message: unknown) => {
        if (Array.isArray(message) && message[1] === ref) erlang.demonitor(ref, ["flush"]);
        return message === "wanted";
      };
      return [
        await erlang.receive(filter, { after: 1_000 }),
        await erlang.receive(),
        await erlang.receive(),
        await erlang.receive(undefined, { after: 0 }),
      ];
    });
    expect(got).toStrictEqual(["wanted", "before", "after", TIMEOUT]);
  });

  test("takes the first matching message and leaves the others in their order", async () => {
    const got = await inside(async () => {
      own(1, "a", 2, "b", undefined, 3);
      const strings = [
        await erlang.receive((message) => typeof message === "string"),
        await erlang.receive((message) => typeof message === "string"),
        await erlang.receive((message) => message === undefined),
      ];
      const rest = [await erlang.receive(), await erlang.receive(), await erlang.receive()];
      return [strings, rest];
    });
    expect(got).toStrictEqual([
      ["a", "b", undefined],
      [1, 2, 3],
    ]);
  });

  test("finds messages that an earlier receive passed over", async () => {
    const got = await inside(async () => {
      const me = erlang.self();
      erlang.spawn(() => {
        erlang.send(me, "first");
        erlang.send(me, "second");
      });
      return [await erlang.receive((message) => message === "second"), await erlang.receive()];
    });
    expect(got).toStrictEqual(["second", "first"]);
  });

  test("examines each message once while it waits", async () => {
    const looked: unknown[] = [];
    await inside(async () => {
      const me = erlang.self();
      erlang.spawn(async () => {
        for (const each of [1, 2, 3, "end"]) {
          erlang.send(me, each);
          await new Promise((resolve) => setImmediate(resolve));
        }
      });
      await erlang.receive((message) => {
        looked.push(message);
        return message === "end";
      });
    });
    expect(looked).toStrictEqual([1, 2, 3, "end"]);
  });

  test("with after: 0 takes a waiting message, or returns TIMEOUT, without waiting", async () => {
    const got = await inside(async () => {
      const none = await erlang.receive(undefined, { after: 0 });
      own("here");
      const unwanted = await erlang.receive((message) => message === "there", { after: 0 });
      return [none, unwanted, await erlang.receive(undefined, { after: 0 })];
    });
    expect(got).toStrictEqual([TIMEOUT, TIMEOUT, "here"]);
  });

  test("fails if match throws, and the message stays", async () => {
    const got = await inside(async () => {
      own("a");
      const failure = await failing();
      return [failure, await erlang.receive()];
    });
    expect(got).toStrictEqual(["cannot look", "a"]);
  });

  test("fails if match throws for a later message, and another receive can follow", async () => {
    const got = await inside(async () => {
      const me = erlang.self();
      erlang.spawn(() => erlang.send(me, "a"));
      const failure = await failing();
      return [failure, await erlang.receive()];
    });
    expect(got).toStrictEqual(["cannot look", "a"]);
  });

  test("shows calls and casts as OTP's tuples", async () => {
    const pid = erlang.spawn(async () => {
      const call = await erlang.receive<[unknown, gen_server.From, unknown]>(
        (message) => Array.isArray(message) && message[0] === GEN_CALL,
      );
      const cast = await erlang.receive<[unknown, unknown]>();
      gen_server.reply(call[1], [call.length, call[2], cast[0] === GEN_CAST, cast[1]]);
    });
    gen_server.cast(pid, "cast");
    expect(await gen_server.call(pid, "call")).toStrictEqual([3, "call", true, "cast"]);
  });

  test.each([[-1], [Number.NaN], ["1"]])("refuses after: %o", async (after) => {
    const error = await inside(async () => erlang.receive(undefined, { after: after as never })).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as ErlangError).reason).toBe(BADARG);
  });
});
