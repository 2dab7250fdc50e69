import { KILL, NOREPLY, OK, REPLY, erlang, gen_server, logger, supervisor, type Pid } from "@otpts/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

let loud: logger.Handler | undefined;
beforeAll(() => void (loud = logger.set_handler(undefined)));
afterAll(() => void logger.set_handler(loud));

const server = {
  init: () => [OK, 0],
  handle_call: async (request: unknown) => {
    if (request === "crash") throw new Error("boom");
    if (request === "crash later") {
      await new Promise((resolve) => setTimeout(resolve, 2));
      throw new Error("boom");
    }
    return request === "wait" ? [NOREPLY, 0] : [REPLY, 1, 0];
  },
};

/** How a call can fail, each in a named function that makes it: the name must be in the stack. */
const ways = {
  noproc: async function the_caller() {
    await gen_server.call("nobody", "hello");
  },
  timeout: async function the_caller(pid: Pid) {
    await gen_server.call(pid, "wait", 5);
  },
  "a crash at once": async function the_caller(pid: Pid) {
    await gen_server.call(pid, "crash");
  },
  "a crash after an await": async function the_caller(pid: Pid) {
    await gen_server.call(pid, "crash later");
  },
  killed: async function the_caller(pid: Pid) {
    setTimeout(() => erlang.exit(pid, KILL), 2);
    await gen_server.call(pid, "wait");
  },
  "killed while queued": async function the_caller(pid: Pid) {
    const first = gen_server.call(pid, "crash later").catch(() => {});
    try {
      await gen_server.call(pid, "hello");
    } finally {
      await first;
    }
  },
  "a start that fails": async function the_caller() {
    await gen_server.start({ init: () => Promise.reject(new Error("no")) } as object, 0);
  },
  "a start that takes too long": async function the_caller() {
    await gen_server.start({ init: () => new Promise(() => {}) } as object, 0, { timeout: 5 });
  },
  "a stop of nobody": async function the_caller() {
    await gen_server.stop("nobody");
  },
  "a refused supervisor call": async function the_caller() {
    const sup = await supervisor.start([]);
    try {
      await supervisor.restart_child(sup, "nobody");
    } finally {
      erlang.exit(sup, KILL);
    }
  },
};

async function stackOf(fail: (pid: Pid) => Promise<void>): Promise<string> {
  const pid = (await gen_server.start(server as object, 0)) as Pid;
  try {
    await fail(pid);
  } catch (error) {
    return (error as Error).stack ?? "";
  } finally {
    erlang.exit(pid, KILL);
  }
  throw new Error("it did not fail");
}

async function through_another_function(fail: (pid: Pid) => Promise<void>, pid: Pid): Promise<void> {
  await fail(pid);
}

describe("the stack shows the caller's line for", () => {
  test.each(Object.entries(ways))("%s, outside any process", async (_what, fail) => {
    const stack = await stackOf((pid) => through_another_function(fail, pid));
    expect(stack).toMatch(/at (async )?the_caller .*stacks\.test\.ts:\d+:\d+/);
    expect(stack).toMatch(/at (async )?through_another_function .*stacks\.test\.ts/);
  });

  test.each(Object.entries(ways))("%s, in a process", async (_what, fail) => {
    const stack = await inside(() => stackOf(fail));
    expect(stack).toMatch(/at (async )?the_caller .*stacks\.test\.ts:\d+:\d+/);
  });
});
