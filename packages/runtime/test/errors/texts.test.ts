import {
  ErlangError,
  Exit,
  KILL,
  NOPROC,
  NOREPLY,
  NORMAL,
  OK,
  OtpError,
  REPLY,
  STOP,
  TIMEOUT,
  atom,
  erlang,
  gen_server,
  proc_lib,
  supervisor,
  sys,
  type Pid,
  atoms,
} from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { failure } from "../kit/failure.ts";
import { inside } from "../kit/inside.ts";
import { logger } from "@otpts/runtime";

const { ALREADY_STARTED } = atoms;

let loud: logger.Handler | undefined;
const started: Pid[] = [];
beforeEach(() => void (loud = logger.set_handler(undefined)));
afterEach(() => {
  logger.set_handler(loud);
  for (const pid of started.splice(0)) erlang.exit(pid, KILL);
});

const server = {
  init: (what: unknown) => {
    if (what === "crash") throw new TypeError("Cannot read the disk");
    if (what === "stop") return [STOP, "no disk"];
    if (what === "garbage") return 7;
    return [OK, 0];
  },
  handle_call: (request: unknown) => {
    if (request === "crash") throw new TypeError("x is not a function");
    if (request === "stop") return [STOP, "enough", 0];
    if (request === "leave") return [STOP, NORMAL, 0];
    if (request === "garbage") return "garbage";
    if (request === "wait") return [NOREPLY, 0];
    return [REPLY, 1, 0];
  },
};

async function start(name?: string): Promise<Pid> {
  const pid = (await gen_server.start(server as object, 0, name === undefined ? {} : { name })) as Pid;
  started.push(pid);
  return pid;
}

describe("the Exit of a call names what failed, the server, the request and the reason:", () => {
  test("no process has the name", async () => {
    const error = await failure(() => gen_server.call("nobody", ["get", "path"]));
    expect(error).toBeInstanceOf(Exit);
    expect(error.message).toBe(
      `Call to "nobody" with request [ 'get', 'path' ] failed: no process has this name (noproc). Is the server started, and before its callers in the supervisor's list?`,
    );
    expect(error.reason).toStrictEqual([
      NOPROC,
      [atom.ensure("gen_server"), atom.ensure("call"), ["nobody", ["get", "path"]]],
    ]);
  });

  test("an atom as the name reads alike", async () => {
    expect((await failure(() => gen_server.call(atom.ensure("nobody"), 1))).message).toMatch(
      /^Call to "nobody" with request 1 failed/,
    );
  });

  test("the process is dead", async () => {
    const pid = await start();
    erlang.exit(pid, KILL);
    expect((await failure(() => gen_server.call(pid, 1))).message).toBe(
      `Call to ${pid} with request 1 failed: the process is dead (noproc). Pids end with their process: call a name, or ask the supervisor for the current pid`,
    );
  });

  test("no reply arrived in time", async () => {
    await start("slow");
    const error = await failure(() => gen_server.call("slow", "wait", 5));
    expect(error.message).toBe(
      `Call to "slow" with request "wait" failed: no reply within 5 ms (timeout). The server may be busy with another callback, itself wait for a reply, or never reply to this request; look at sys.get_state and erlang.process_info(pid, "message_queue_len")`,
    );
    expect(error.reason).toStrictEqual([
      TIMEOUT,
      [atom.ensure("gen_server"), atom.ensure("call"), ["slow", "wait", 5]],
    ]);
  });

  test("the process called itself", async () => {
    const error = await failure(() => inside(() => gen_server.call(erlang.self(), 1)));
    expect(error.message).toMatch(
      /^Call to <0\.\d+\.0> with request 1 failed: a process cannot call itself \(calling_self\): it would wait for itself for ever\. Call the function directly, or cast$/,
    );
  });

  test("the server crashed, with the error as cause", async () => {
    await start("crasher");
    const error = await failure(() => gen_server.call("crasher", "crash"));
    expect(error.message).toBe(
      `Call to "crasher" with request "crash" failed: the server ended before it replied: TypeError: x is not a function`,
    );
    expect(error.cause).toBeInstanceOf(TypeError);
  });

  test("the server was killed", async () => {
    const pid = await start("victim");
    const call = failure(() => gen_server.call("victim", "wait"));
    setImmediate(() => erlang.exit(pid, KILL));
    expect((await call).message).toBe(
      `Call to "victim" with request "wait" failed: the server was killed before it replied (killed)`,
    );
  });

  test.each([
    ["leave", "the server stopped before it replied (normal)"],
    ["stop", 'the server ended before it replied: "enough"'],
    [
      "garbage",
      'the server ended before it replied: handle_call of the module { init, handle_call } returned "garbage", and must return [REPLY, reply, state], [NOREPLY, state], [STOP, reason, reply, state] or [STOP, reason, state]; the reply alone is not a result: [REPLY, reply, state]',
    ],
  ])("the server ended (%s)", async (request, why) => {
    await start("leaver");
    expect((await failure(() => gen_server.call("leaver", request))).message).toBe(
      `Call to "leaver" with request "${request}" failed: ${why}`,
    );
  });

  test("a large request is cut short", async () => {
    const { message } = await failure(() =>
      gen_server.call(
        "nobody",
        Array.from({ length: 10_000 }, () => "x".repeat(1_000)),
      ),
    );
    expect(message.length).toBeLessThan(700);
  });
});

describe("a failed start names the function, the process and the reason:", () => {
  test.each([
    ["crash", `Cannot start gen_server "db": Cannot read the disk`],
    ["stop", `Cannot start gen_server "db": "no disk"`],
    [
      "garbage",
      `Cannot start gen_server "db": init of the module { init, handle_call } returned 7, and must return [OK, state], [STOP, reason] or IGNORE; the state alone is not a result: [OK, state]`,
    ],
  ])("init: %s", async (what, text) => {
    const error = await failure(() => gen_server.start(server as object, what, { name: "db" }));
    expect(error).toBeInstanceOf(OtpError);
    expect(error.message).toBe(text);
    expect(erlang.whereis("db")).toBeUndefined();
  });

  test("the name is taken", async () => {
    const pid = await start("taken");
    const error = await failure(() => gen_server.start(server as object, 0, { name: "taken" }));
    expect(error.message).toBe(`Cannot start gen_server "taken": it is already running as ${pid} (already_started)`);
    expect(error.reason).toStrictEqual([ALREADY_STARTED, pid]);
  });

  test("init took too long", async () => {
    const error = await failure(() =>
      gen_server.start({ init: () => new Promise(() => {}) } as object, 0, { timeout: 5 }),
    );
    expect(error.message).toBe("Cannot start gen_server: init did not return in time (timeout); it was killed");
    expect(error.reason).toBe(TIMEOUT);
  });

  test("the function needs a calling process", async () => {
    expect((await failure(() => gen_server.start_link(server as object, 0))).message).toBe(
      "Cannot do gen_server.start_link here: it ties the new process to the calling one, and this code runs in none. Use start, or start it under a supervisor",
    );
  });

  test("the argument is not a module", async () => {
    expect((await failure(() => gen_server.start(7 as never, 0 as never))).message).toBe(
      "Cannot start a gen_server: its callback module must be an object with init, got 7",
    );
  });

  test("proc_lib: the process ended before it was initialised", async () => {
    expect((await failure(() => proc_lib.start(() => erlang.exit("no")))).message).toBe('Cannot start process: "no"');
  });

  test("a child, with the path to it through nested supervisors, and its error as cause", async () => {
    const inner = () =>
      supervisor.start_link([{ id: "db", task: () => gen_server.start_link(server as object, "crash" as never) }], {
        name: "inner",
      });
    const error = await failure(() =>
      supervisor.start([{ id: "storage", type: "supervisor", task: inner }], { name: "outer" }),
    );
    expect(error.message).toBe(
      `Cannot start supervisor "outer": child "storage" failed to start: child "db" failed to start: Cannot read the disk`,
    );
    expect((error.cause as Error).message).toBe("Cannot read the disk");
  });

  test("a child whose task does not return a pid", async () => {
    expect((await failure(() => supervisor.start([{ id: "db", task: () => 7 }]))).message).toBe(
      'Cannot start supervisor: child "db" failed to start: its task returned 7, and must return a pid, [pid, info] or IGNORE',
    );
    expect((await failure(() => supervisor.start([{ id: "db", task: () => undefined }]))).message).toBe(
      'Cannot start supervisor: child "db" failed to start: its task returned undefined, and must return a pid, [pid, info] or IGNORE. Is there a return missing in it?',
    );
  });

  test("a child whose task is what a start function returned", async () => {
    const started = [await gen_server.start(server as object, 0 as never), Promise.resolve()];
    for (const task of started)
      expect((await failure(() => supervisor.start([{ id: "db", task: task as never }]))).message).toMatch(
        /^Cannot start supervisor: child "db": task must be a function, got .*\. It is called by the supervisor: write task: \(\) => gen_server\.start_link\(…\)$/,
      );
  });

  test("a bad specification or option", async () => {
    const task = () => 1;
    expect(
      (await failure(() => supervisor.start([{ id: "db", task, restart: "always" as never }], { name: "outer" })))
        .message,
    ).toBe(
      `Cannot start supervisor "outer": child "db": restart must be permanent, transient or temporary, got "always"`,
    );
    expect((await failure(() => supervisor.start([], { strategy: "all" as never }))).message).toBe(
      'Cannot start supervisor: strategy must be one_for_one, one_for_all, rest_for_one or simple_one_for_one, got "all"',
    );
    expect((await failure(() => supervisor.start([], { strategy: "simple_one_for_one" }))).message).toBe(
      "Cannot start supervisor: a simple_one_for_one supervisor takes exactly one child specification",
    );
  });
});

describe("a function of supervisor names the reason of its refusal:", () => {
  test("children that run, are missing, or are named in the wrong way", async () => {
    const sup = await supervisor.start([{ id: "db", task: () => gen_server.start_link(server as object, 0 as never) }]);
    started.push(sup);
    const [[, pid]] = (await supervisor.which_children(sup)) as unknown as [[unknown, Pid]];
    const refused = async (act: () => Promise<unknown>) => (await failure(act)).message;
    expect(await refused(() => supervisor.start_child(sup, { id: "db", task: () => 1 }))).toBe(
      `Cannot start child "db": it is already running as ${pid}`,
    );
    expect(await refused(() => supervisor.restart_child(sup, "db"))).toBe(
      `Cannot restart child "db": it runs as ${pid}; terminate it first`,
    );
    expect(await refused(() => supervisor.delete_child(sup, "db"))).toBe(
      `Cannot delete child "db": it runs as ${pid}; terminate it first`,
    );
    expect(await refused(() => supervisor.terminate_child(sup, "cache"))).toBe(
      'Cannot terminate child "cache": the supervisor has no such child',
    );
    await supervisor.terminate_child(sup, "db");
    expect(await refused(() => supervisor.start_child(sup, { id: "db", task: () => 1 }))).toBe(
      'Cannot start child "db": its specification already exists; use restart_child or delete_child',
    );
    expect(await refused(() => supervisor.start_child(sup, { id: "web", task: () => 7 }))).toBe(
      'Cannot start child "web": its task returned 7, and must return a pid, [pid, info] or IGNORE',
    );
    expect(await refused(() => supervisor.start_child(sup, { id: "web" } as never))).toBe(
      'Cannot start child: child "web" needs a task, the function that starts it',
    );
  });
});

describe("misuse is an error with a hint:", () => {
  test.each<[string, () => unknown, string]>([
    [
      "self outside",
      () => erlang.self(),
      "Cannot do erlang.self here: this code does not run inside a process. Do it in a process (erlang.spawn, a gen_server's callback)",
    ],
    ["a spawn of no function", () => erlang.spawn(7 as never), "Cannot spawn: a function is needed, got 7"],
    [
      "a send to nowhere",
      () => erlang.send(7 as never, 1),
      "Cannot send to 7: a destination is a pid, a name, an alias or [name, node]",
    ],
    [
      "a timer in the past",
      () => erlang.send_after(-1, "x", 1),
      "Cannot start a timer: the time must be a number of milliseconds ≥ 0, got -1",
    ],
    [
      "a timer for ever",
      () => erlang.send_after(Infinity, "x", 1),
      "Cannot start a timer: the time must be a number of milliseconds ≥ 0, got Infinity",
    ],
    [
      "a sleep of no time",
      () => erlang.sleep("1s" as never),
      'Cannot sleep: the time must be a number of milliseconds ≥ 0, got "1s"',
    ],
    [
      "a call with a bad time-out",
      () => gen_server.call("x", 1, "soon" as never),
      'Cannot call a server: the time-out must be a number of milliseconds ≥ 0, Infinity or infinity, got "soon"',
    ],
    [
      "a call to no server",
      () => gen_server.call(7 as never, 1 as never),
      "Cannot reach server 7: a server is a pid, a name, [name, node] or { via: [registry, name] }",
    ],
    [
      "a reply to no caller",
      () => gen_server.reply("me" as never, 1),
      'Cannot reply: `from` must be the one that handle_call received, got "me"',
    ],
    [
      "an exit signal to a name",
      () => erlang.exit(atom.ensure("x") as never, "reason"),
      "Cannot exit: a pid is needed, got x (use erlang.whereis for a name)",
    ],
    [
      "an exit signal to a name given as text",
      () => erlang.exit("x" as never, "reason"),
      'Cannot exit: a pid is needed, got "x" (use erlang.whereis for a name)',
    ],
  ])("%s", async (_what, act, text) => {
    const error = await failure(act);
    expect(error).toBeInstanceOf(ErlangError);
    expect(error.message).toBe(text);
  });

  test("a second receive while one waits", async () => {
    const [pid, error] = await inside(async () => {
      void erlang.receive();
      return [erlang.self(), await failure(() => erlang.receive())] as const;
    });
    expect(error.message).toBe(
      `Cannot receive in ${pid}: it is already waiting in another receive, and a process does one thing at a time`,
    );
  });

  test("stopping a missing process, the calling one, or one that ends otherwise", async () => {
    expect((await failure(() => gen_server.stop("nobody"))).message).toBe(
      'Stopping "nobody" failed: there is no such process (noproc)',
    );
    expect((await failure(() => inside(() => gen_server.stop(erlang.self())))).message).toMatch(
      /^Stopping <0\.\d+\.0> failed: a process cannot wait for its own end \(calling_self\); return \[STOP, reason, state\] instead$/,
    );
    const pid = await gen_server.start({ init: () => [OK, 0], terminate: () => erlang.exit("otherwise") }, 0);
    expect((await failure(() => gen_server.stop(pid as Pid))).message).toBe(
      `Stopping ${pid} failed: it ended for another reason: "otherwise"`,
    );
  });

  test("a state function that fails leaves the state unchanged", async () => {
    await start("kept");
    const error = await failure(() =>
      sys.replace_state("kept", () => {
        throw new Error("no");
      }),
    );
    expect(error.message).toMatch(
      /^Cannot replace the state of "kept" <0\.\d+\.0>: the function failed \(Error: no\), the state is unchanged$/,
    );
    expect(await sys.get_state("kept")).toBe(0);
  });
});
