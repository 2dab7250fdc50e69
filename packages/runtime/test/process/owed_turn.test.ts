import { KILL, NOREPLY, OK, REPLY, TIMEOUT, erlang, gen_server, type Pid, atoms } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { exhausted } from "../../src/process/scheduler.ts";
import { inside } from "../kit/inside.ts";

const { KILLED } = atoms;

const server = {
  init: () => [OK, 0] as const,
  handle_call: (request: unknown) => (request === "never" ? ([NOREPLY, 0] as const) : ([REPLY, request, 0] as const)),
  handle_cast: () => [NOREPLY, 0] as const,
};

let busy: Pid;
let other: Pid;
beforeEach(async () => {
  [busy, other] = await Promise.all([gen_server.start(server, 0), gen_server.start(server, 0)]);
});
afterEach(() => {
  for (const pid of [busy, other]) erlang.exit(pid, KILL);
});

/** Uses up the budget of this turn of the event loop; resolves while the loop is owed its turn. */
async function useUp(): Promise<void> {
  const answered = gen_server.call(busy, "first");
  for (let n = 0; n < 10_000; n++) gen_server.cast(busy, n);
  await answered;
  expect(exhausted()).toBe(true);
}

describe("a call that is made while the event loop is owed a turn", () => {
  test("is answered after that turn", async () => {
    await useUp();
    const calls = Array.from({ length: 100 }, (_, n) => gen_server.call(other, n));
    expect(await Promise.all(calls)).toStrictEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test("does not set up its waiting state for that turn", async () => {
    // More servers are in front of it than a turn has room for.
    const before = await Promise.all(Array.from({ length: 50 }, () => gen_server.start(server, 0)));
    await inside(async () => {
      for (const pid of before) for (let n = 0; n < 1_000; n++) gen_server.cast(pid, n);
      const calls = Array.from({ length: 100 }, (_, n) => gen_server.call(other, n));
      while (!exhausted()) await Promise.resolve();
      expect(erlang.process_info(other, "message_queue_len")).toBe(100);
      expect(erlang.process_info(other, "monitored_by")).toStrictEqual([]);
      expect(await Promise.all(calls)).toHaveLength(100);
    });
    for (const pid of before) erlang.exit(pid, KILL);
  });

  test("fails with the server's reason if the server dies before that", async () => {
    await useUp();
    const call = gen_server.call(other, "hello");
    erlang.exit(other, KILL);
    await expect(call).rejects.toMatchObject({ reason: [KILLED, expect.anything()] });
  });

  test("fails with the server's reason if the server dies while the call waits for a late reply", async () => {
    await useUp();
    const call = gen_server.call(other, "never");
    setTimeout(() => erlang.exit(other, KILL), 5);
    await expect(call).rejects.toMatchObject({ reason: [KILLED, expect.anything()] });
  });

  test("fails when its time is over", async () => {
    await useUp();
    await expect(gen_server.call(other, "never", 20)).rejects.toMatchObject({ reason: [TIMEOUT, expect.anything()] });
  });

  test("is answered even if the loop is owed one turn after another", async () => {
    await useUp();
    let on = true;
    const restless = await gen_server.start(
      { ...server, handle_cast: () => (on && gen_server.cast(erlang.self(), "again"), [NOREPLY, 0] as const) },
      0,
    );
    gen_server.cast(restless, "go");
    try {
      await expect(gen_server.call(other, "never", 20)).rejects.toMatchObject({ reason: [TIMEOUT, expect.anything()] });
    } finally {
      on = false;
      await gen_server.stop(restless);
    }
  });

  test("ends with its caller", async () => {
    const steps: string[] = [];
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const caller = erlang.spawn(async () => {
      await gate;
      steps.push("it calls");
      await gen_server.call(other, "hello");
      steps.push("it goes on");
    });
    await gen_server.call(other, "the caller waits at the gate");
    await useUp();
    open();
    await gate;
    erlang.exit(caller, KILL);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(steps).toStrictEqual(["it calls"]);
  });
});
