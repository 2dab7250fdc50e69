import {
  CONTINUE,
  KILL,
  NOREPLY,
  OK,
  REPLY,
  TIMEOUT,
  erlang,
  gen_server,
  proc_lib,
  sys,
  type Pid,
} from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { eventually } from "../kit/inside.ts";
import { program } from "../kit/program.ts";

// Code that would stop the whole runtime runs in a separate Node process, which is then ended.
const PATIENCE = 20_000;
const run = (source: string) =>
  program(
    `import { CONTINUE, KILL, NOREPLY, OK, REPLY, TIMEOUT, erlang, gen_server, proc_lib } from "@otpts/runtime";\n${source}`,
    { patience: PATIENCE },
  );

describe("other processes go on", () => {
  test("after a proc_lib.start that was refused", async () => {
    const { stdout } = await run(`
      try { await proc_lib.start(42); } catch (error) { console.log(error.name); }
      erlang.spawn(() => console.log("ran"));
    `);
    expect(stdout).toBe("ErlangError\nran\n");
  });

  test("after a proc_lib.start by code of a dead process", async () => {
    const { stdout } = await run(`
      let go;
      const pid = erlang.spawn(async () => {
        await new Promise((resolve) => { go = resolve; });
        try { await proc_lib.start(() => proc_lib.init_ack()); } catch (error) { console.log(error.name); }
      });
      await erlang.sleep(1);
      erlang.exit(pid, KILL);
      go();
      await erlang.sleep(1);
      erlang.spawn(() => console.log("ran"));
    `);
    expect(stdout).toBe("Exit\nran\n");
  });

  test("while a callback waits for one message and has another in its mailbox", async () => {
    const { code, stdout } = await run(`
      const server = await gen_server.start({
        init: () => [OK, 0],
        handle_call: async (_request, _from, state) => [REPLY, await erlang.receive((m) => m === "wanted"), state],
        handle_info: (m, state) => (setImmediate(() => console.log("then", m)), [NOREPLY, state]),
      }, 0);
      const answer = gen_server.call(server, 1);
      await erlang.sleep(1);
      erlang.send(server, "unwanted");
      await erlang.sleep(1);
      erlang.send(server, "wanted");
      console.log(await answer);
    `);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: "wanted\nthen unwanted\n" });
  });

  test.each([
    ["starts its successor", "const next = () => { n++; erlang.spawn(next); };"],
    [
      "is a server whose init starts its successor",
      "const next = () => { n++; gen_server.start({ init: () => (next(), [OK, 0]) }, 0); };",
    ],
  ])("while each process %s for ever", async (_what, next) => {
    const { stdout } = await run(`
      let n = 0;
      ${next}
      next();
      await new Promise((resolve) => setTimeout(resolve, 5));
      console.log("timer");
      process.exit();
    `);
    expect(stdout).toBe("timer\n");
  });
});

test("a receive with after 0 in a callback returns even if the event loop is owed a turn", async () => {
  const server = (await gen_server.start(
    {
      init: () => [OK, 0],
      handle_call: async (_request: unknown, _from: unknown, state: unknown) => [
        REPLY,
        await erlang.receive((message) => message === "never", { after: 0 }),
        state,
      ],
    } as object,
    0,
  )) as Pid;
  for (let n = 0; n < 5_000; n++) expect(await gen_server.call(server, n)).toBe(TIMEOUT);
  erlang.exit(server, KILL);
});

test("the event loop's turns do not depend on the global setImmediate, which may be replaced", async () => {
  const { setImmediate } = globalThis;
  const server = (await gen_server.start(
    { init: () => [OK, 0], handle_call: (n: number, _from: unknown, state: unknown) => [REPLY, n, state] } as object,
    0,
  )) as Pid;
  globalThis.setImmediate = (() => undefined) as never;
  try {
    for (let n = 0; n < 10_000; n++) expect(await gen_server.call(server, n)).toBe(n);
  } finally {
    globalThis.setImmediate = setImmediate;
    erlang.exit(server, KILL);
  }
});

test("a process remembers its 64 nearest ancestors, however many there were", async () => {
  let last: Pid | undefined;
  let known = 0;
  let born = 0;
  const next = () => {
    last = erlang.self();
    known = erlang.process_info(last, "ancestors")?.length ?? -1;
    if (++born < 1_000) erlang.spawn(next);
  };
  erlang.spawn(next);
  await eventually(() => born === 1_000);
  expect(known).toBe(64);
});

// As recorded on Erlang/OTP 25: gen_server's loop is entered again with the same time after a system message.
describe("an idle time-out", () => {
  const start = (heard: unknown[], wait: unknown) =>
    gen_server.start(
      {
        init: () => [OK, 0, wait],
        handle_info: (message: unknown, state: unknown) => (heard.push(message), [NOREPLY, state]),
        handle_continue: (_term: unknown, state: unknown) => [NOREPLY, state, 20],
      } as object,
      0,
    ) as Promise<Pid>;

  test.each([
    ["in ms", 20],
    ["of 0", 0],
    ["after a continue", [CONTINUE, 1]],
  ])("%s fires once, even if sys asks meanwhile", async (_what, wait) => {
    const heard: unknown[] = [];
    const server = await start(heard, wait);
    await sys.get_state(server);
    await eventually(() => heard.length > 0);
    await sys.get_state(server);
    await erlang.sleep(60);
    expect(heard).toStrictEqual([TIMEOUT]);
    erlang.exit(server, KILL);
  });

  test("does not fire while the server is suspended, and does afterwards", async () => {
    const heard: unknown[] = [];
    const server = await start(heard, 20);
    await sys.suspend(server);
    await erlang.sleep(60);
    expect(heard).toStrictEqual([]);
    await sys.resume(server);
    await eventually(() => heard.length > 0);
    expect(heard).toStrictEqual([TIMEOUT]);
    erlang.exit(server, KILL);
  });
});

test("an exit reason that cannot be printed ends a process like any other", async () => {
  const pid = proc_lib.spawn(async () => {
    await Promise.resolve();
    erlang.exit(["odd", Object.create(null)]);
  });
  await eventually(() => !erlang.is_process_alive(pid));
});

test("a supervisor that was killed while it started a child starts no other one and reports nothing", async () => {
  const { stdout, stderr } = await run(`
    const { supervisor } = await import("@otpts/runtime");
    let sup, go;
    const task = (id) => () => {
      console.log(id);
      sup = erlang.self();
      return new Promise((_, reject) => { go = () => reject(new Error("no")); });
    };
    const started = supervisor.start(["a", "b"].map((id) => supervisor.child_spec({ id, task: task(id) })));
    started.catch((error) => console.log(error.message));
    await erlang.sleep(1);
    erlang.exit(sup, KILL);
    go();
    await erlang.sleep(1);
  `);
  expect({ stdout, stderr }).toStrictEqual({ stdout: "a\nCannot start supervisor: killed\n", stderr: "" });
});
