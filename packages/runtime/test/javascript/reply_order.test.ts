import { NOREPLY, OK, REPLY, erlang, gen_server, type Pid } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

let server: Pid;
beforeEach(async () => {
  const waiting: gen_server.From[] = [];
  server = (await gen_server.start(
    {
      init: () => [OK, 0],
      handle_call: (request: unknown, from: gen_server.From) => {
        if (request === "wait") return (waiting.push(from), [NOREPLY, 0]);
        if (request === "release") for (const [index, each] of waiting.entries()) gen_server.reply(each, index);
        return [REPLY, request, 0];
      },
    },
    0,
  )) as Pid;
});
afterEach(() => void erlang.exit(server, "over"));

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index);

/** The order in which calls that are made at once are settled. */
async function order(
  requests: readonly unknown[],
  to: (index: number) => Pid | string = () => server,
): Promise<unknown[]> {
  const settled: unknown[] = [];
  await Promise.all(
    requests.map((request, index) =>
      gen_server.call(to(index), request as never).then(
        (value) => settled.push(value),
        () => settled.push(`failed ${index}`),
      ),
    ),
  );
  return settled;
}

describe.each([
  ["outside any process", <T>(fun: () => Promise<T>) => fun()],
  ["in a process", inside],
] as const)("%s", (_where, run) => {
  test.each([2, 5, 200, 10_000])("the replies of a server to %d simultaneous calls arrive in its order", async (n) => {
    expect(await run(() => order(upTo(n)))).toStrictEqual(upTo(n));
  });

  test("deferred replies arrive in the order in which they were given, before the following reply", async () => {
    const settled = await run(() => order(["wait", "wait", "wait", "release"]));
    expect(settled).toStrictEqual([0, 1, 2, "release"]);
  });

  test("a message sent before the reply is in the mailbox when the call returns", async () => {
    const got = await inside(async () => {
      const me = erlang.self();
      const chatty = (await gen_server.start(
        { init: () => [OK, 0], handle_call: () => (erlang.send(me, "before"), [REPLY, "reply", 0]) },
        0,
      )) as Pid;
      const reply = await gen_server.call(chatty, 1);
      const message = await erlang.receive(undefined, { after: 0 });
      await gen_server.stop(chatty);
      return [reply, message];
    });
    expect(got).toStrictEqual(["reply", "before"]);
  });
});

test("an asynchronous callback that replies explicitly keeps the order of the server's replies", async () => {
  const late = (await gen_server.start(
    {
      init: () => [OK, 0],
      handle_call: (request: unknown, from: gen_server.From) => {
        if (request !== 2) return [REPLY, request, 0];
        return (async () => {
          await Promise.resolve();
          gen_server.reply(from, request);
          return [NOREPLY, 0];
        })();
      },
    } as object,
    0,
  )) as Pid;
  expect(await order(upTo(4), () => late)).toStrictEqual([0, 1, 2, 3]);
  erlang.exit(late, "over");
});

test("replies arrive in the order in which they were given, whatever the calls waited for", async () => {
  const waiting: gen_server.From[] = [];
  const deferring = (await gen_server.start(
    {
      init: () => [OK, 0],
      handle_call: (request: unknown, from: gen_server.From) => {
        if (request === "wait") return (waiting.push(from), [NOREPLY, 0]);
        for (const each of waiting.splice(0)) gen_server.reply(each, OK);
        return [REPLY, OK, 0];
      },
    },
    0,
  )) as Pid;
  const pauses = [() => undefined, () => null, () => Promise.resolve(), () => erlang.sleep(0)];
  for (let round = 0; round < 400; round++) {
    const settled: number[] = [];
    const calls: Promise<unknown>[] = [];
    for (const [index, request] of ["wait", "wait", "wait", "release"].entries()) {
      calls.push(gen_server.call(deferring, request).then(() => settled.push(index)));
      // Every way to let some of the calls run before the next one is made: none, a step of microtasks, a turn of the loop.
      const pause = pauses[(round >> (2 * (index % 3))) % 4]?.();
      if (pause !== undefined) await pause;
    }
    await Promise.all(calls);
    expect(settled).toStrictEqual([0, 1, 2, 3]);
  }
  await gen_server.stop(deferring);
});
