/** `sys.log`, `sys.statistics`, `sys.install` and the start option `debug`: what OTP 25 answered to the same programs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Atom,
  atom,
  CONTINUE,
  erlang,
  gen_server,
  logger,
  NOREPLY,
  NORMAL,
  OK,
  OtpError,
  type Pid,
  REPLY,
  SHUTDOWN,
  STOP,
  supervisor,
  sys,
} from "@otpts/runtime";
import { gen_event } from "@otpts/runtime/gen_event";
import {
  CAST,
  ENTER,
  HANDLE_EVENT_FUNCTION,
  INTERNAL,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_EVENT,
  NEXT_STATE,
  POSTPONE,
  STATE_ENTER,
  STATE_TIMEOUT,
  gen_statem,
} from "@otpts/runtime/gen_statem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually, inside, reports } from "../kit/inside.ts";

const a = atom.ensure;
let loud: logger.Handler | undefined;
beforeAll(() => {
  loud = logger.set_handler(undefined);
});
afterAll(() => void logger.set_handler(loud));

const module = {
  name: "s",
  init: (n: number) => [OK, n] as const,
  handle_call: (request: unknown, from: gen_server.From, n: number) => {
    if (request === "next") return [REPLY, n, n + 1] as const;
    if (request === "stop") return [STOP, NORMAL, "stopped", n] as const;
    if (request === "later") {
      erlang.send(erlang.self(), ["later", from]);
      return [NOREPLY, n] as const;
    }
    return [REPLY, 4, n, [CONTINUE, 4]] as const;
  },
  handle_continue: (more: number, n: number) => [NOREPLY, n + more] as const,
  handle_cast: (message: unknown, n: number) => {
    if (message === "crash") erlang.exit("boom");
    return message === "idle" ? ([NOREPLY, n, 1] as const) : ([NOREPLY, n + (message as number)] as const);
  },
  handle_info: (message: unknown, n: number) => {
    if (Array.isArray(message) && message[0] === "later") gen_server.reply(message[1] as gen_server.From, "ok");
    return [NOREPLY, n] as const;
  },
};

const start = (options: gen_server.StartOptions = {}): Promise<Pid> =>
  gen_server.start(module as never, 0 as never, options) as Promise<Pid>;

/** Terms as a person reads them: names for atoms, a dash for what differs from run to run. */
function plain(term: unknown): unknown {
  if (Array.isArray(term)) return term.map(plain);
  if (term instanceof atom.Atom) return (term as Atom).name;
  return typeof term === "object" && term !== null ? "-" : term;
}

/** A debug function that collects events. */
function collector() {
  const events: unknown[] = [];
  const spec: sys.DebugSpec<number> = [
    (count, event, extra) => {
      events.push([count, plain(event), plain(extra)]);
      return count + 1;
    },
    0,
  ];
  return { events, spec };
}

const everything = async (pid: Pid) => {
  await gen_server.call(pid as never, "next" as never);
  gen_server.cast(pid as never, 3 as never);
  erlang.send(pid, "hello");
  await gen_server.call(pid as never, "continue" as never);
  await gen_server.call(pid as never, "later" as never);
};

const CALL = (request: unknown) => ["in", ["$gen_call", ["-", "-"], request]];
const TOLD = [
  ["in", "hello"],
  ["noreply", 4],
  CALL("continue"),
  ["out", 4, ["-", "-"], 4],
  ["continue", 4],
  ["noreply", 8],
  CALL("later"),
  ["noreply", 8],
  ["in", ["later", ["-", "-"]]],
  ["noreply", 8],
];

describe("sys.log", () => {
  test("keeps the last ten events of a gen_server, in OTP's terms", async () => {
    await inside(async () => {
      const pid = await start({ name: "logged" });
      expect(await sys.log(pid, "get")).toStrictEqual([]);
      expect(await sys.log(pid, true)).toBe(OK);
      expect(await sys.log(pid, [true, 3])).toBe(OK);
      await everything(pid);
      expect(plain(await sys.log(pid, "get"))).toStrictEqual(TOLD);
      expect(plain((await sys.get_status(pid))[3].log)).toStrictEqual(TOLD);
      const printed = await reports(() => sys.log("logged", "print"));
      const self = String(erlang.self());
      expect(printed.map(({ text }) => text).slice(0, 6)).toStrictEqual([
        '*DBG* logged got "hello"',
        "*DBG* logged new state 4",
        `*DBG* logged got call "continue" from ${self}`,
        `*DBG* logged sent 4 to ${self}, new state 4`,
        "*DBG* logged dbg [ continue, 4 ]",
        "*DBG* logged new state 8",
      ]);
      expect(await sys.log(pid, false)).toBe(OK);
      expect(await sys.log(pid, "get")).toStrictEqual([]);
    });
  });

  test("with a limit keeps that many events, also through a suspension, and is in a crash report", async () => {
    const pid = await start({ debug: [["log", 3]] });
    await inside(() => everything(pid));
    await sys.suspend(pid);
    expect(plain(await sys.log(pid, "get"))).toStrictEqual(TOLD.slice(-3));
    await sys.resume(pid);
    const [crash] = await reports(async () => {
      gen_server.cast(pid as never, "crash" as never);
      await eventually(() => !erlang.is_process_alive(pid));
    });
    expect(plain(crash?.details["log"])).toStrictEqual([...TOLD.slice(-2), ["in", ["$gen_cast", "crash"]]]);
    expect(crash?.text).toContain("Log: ");
  });

  test("shows no secret of a sensitive request in a crash report", async () => {
    const LOGIN = a("debug_login");
    gen_server.sensitive(LOGIN, ([tag]) => [tag, "[redacted]"]);
    const pid = await start({ debug: ["log", "trace"] });
    const seen = await reports(async () => {
      await gen_server.call(pid as never, [LOGIN, "pa55word"] as never);
      gen_server.cast(pid as never, "crash" as never);
      await eventually(() => !erlang.is_process_alive(pid));
    });
    expect(seen.length).toBeGreaterThan(3);
    expect(JSON.stringify(seen.map(({ text }) => text))).not.toContain("pa55word");
  });
});

describe("sys.log_to_file", () => {
  const folder = mkdtempSync(join(tmpdir(), "otpts-sys-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string) => join(folder, name);
  const lines = (name: string) => readFileSync(file(name), "utf8").split("\n");

  // What `sys:log_to_file` of OTP 25 wrote, but for the terms' own syntax.
  test("empties a file and writes the events of a gen_server to it until it is stopped", async () => {
    await inside(async () => {
      const pid = await start({ name: "filed" });
      writeFileSync(file("filed.log"), "from before");
      expect(await sys.log_to_file(pid, file("filed.log"))).toBe(OK);
      await gen_server.call(pid as never, "next" as never);
      const self = String(erlang.self());
      expect(lines("filed.log")).toStrictEqual([
        `*DBG* filed got call "next" from ${self}`,
        `*DBG* filed sent 0 to ${self}, new state 1`,
        "",
      ]);
      expect(await sys.log_to_file("filed", file("other.log"))).toBe(OK);
      gen_server.cast(pid as never, "a line\nand another" as never);
      await sys.get_state(pid);
      expect(lines("other.log")[0]).toBe(String.raw`*DBG* filed got cast "a line\nand another"`);
      expect(lines("filed.log")).toHaveLength(3);
      expect(await sys.log_to_file(pid, false)).toBe(OK);
      await gen_server.call(pid as never, "next" as never);
      expect(lines("other.log")).toHaveLength(3);
    });
  });

  test("has the last event before a crash, and costs the process nothing after no_debug", async () => {
    const pid = await start({ debug: [["log_to_file", file("crash.log")]] });
    await reports(async () => {
      gen_server.cast(pid as never, "crash" as never);
      await eventually(() => !erlang.is_process_alive(pid));
    });
    expect(lines("crash.log")).toStrictEqual([`*DBG* ${String(pid)} got cast "crash"`, ""]);
    const other = await start({ debug: [["log_to_file", file("none.log")]] });
    await sys.no_debug(other);
    await gen_server.call(other as never, "next" as never);
    expect(lines("none.log")).toStrictEqual([""]);
  });

  test("is refused with open_file if the file cannot be opened, and ends the previous log", async () => {
    const pid = await start();
    await sys.log_to_file(pid, file("before.log"));
    const error = await sys.log_to_file(pid, file("no/such/folder.log")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OtpError);
    expect((error as OtpError).reason).toBe(a("open_file"));
    expect((error as OtpError).message).toContain("no such file or directory");
    await gen_server.call(pid as never, "next" as never);
    expect(lines("before.log")).toStrictEqual([""]);
    // As in OTP, a server starts without it.
    const told = await reports(() => start({ debug: [["log_to_file", file("no/such/folder.log")]] }));
    expect(told.map(({ event }) => event)).toStrictEqual(["log_file_failed"]);
  });

  test("reports once that the file can no longer be written, and the process goes on", async () => {
    const pid = await start();
    mkdirSync(file("gone"));
    await sys.log_to_file(pid, file("gone/x.log"));
    rmSync(file("gone"), { recursive: true });
    const told = await reports(async () => {
      await gen_server.call(pid as never, "next" as never);
      expect(await gen_server.call(pid as never, "next" as never)).toBe(1);
    });
    expect(told.map(({ event }) => event)).toStrictEqual(["log_file_failed"]);
  });

  test("accepts only a path or false", async () => {
    const pid = await start();
    await expect(sys.log_to_file(pid, "")).rejects.toThrow(
      "Cannot log a server to a file: a file is given by its path",
    );
    await expect(sys.log_to_file(pid, true as never)).rejects.toThrow(TypeError);
    await expect(start({ debug: [["log_to_file", ""]] })).rejects.toThrow('option "debug" has a wrong entry');
  });
});

describe("sys.statistics", () => {
  test("counts received messages and the replies of callbacks", async () => {
    const pid = await start();
    expect(await sys.statistics(pid, "get")).toBe(a("no_statistics"));
    expect(await sys.statistics(pid, true)).toBe(OK);
    await everything(pid);
    expect(await sys.statistics(pid, true)).toBe(OK);
    const numbers = await sys.statistics(pid, "get");
    expect(numbers).toMatchObject({ messages_in: 6, messages_out: 2 });
    expect(numbers).toMatchObject({ start_time: expect.any(Date) as Date, current_time: expect.any(Date) as Date });
    expect((numbers as sys.Statistics).reductions).toBeGreaterThan(5);
    expect(await sys.statistics(pid, false)).toBe(OK);
    expect(await sys.statistics(pid, "get")).toBe(a("no_statistics"));
  });
});

describe("sys.install", () => {
  test("calls the function with each event, its state and the server's name, once for each id", async () => {
    const pid = await start({ name: "watched" });
    const { events, spec } = collector();
    expect(await sys.install(pid, spec)).toBe(OK);
    expect(await sys.install(pid, [spec[0] as sys.DebugFunction<number>, 7])).toBe(OK);
    await gen_server.call(pid as never, "next" as never);
    gen_server.cast(pid as never, 1 as never);
    await gen_server.call(pid as never, "later" as never);
    expect(events).toStrictEqual([
      [0, CALL("next").map((each) => outside(each)), "watched"],
      [1, ["out", 0, [undefined, "-"], 1], "watched"],
      [2, ["in", ["$gen_cast", 1]], "watched"],
      [3, ["noreply", 2], "watched"],
      [4, CALL("later").map((each) => outside(each)), "watched"],
      [5, ["noreply", 2], "watched"],
      [6, ["in", ["later", [undefined, "-"]]], "watched"],
      [7, ["noreply", 2], "watched"],
    ]);
    expect(await sys.remove(pid, spec[0])).toBe(OK);
    expect(await sys.remove(pid, spec[0])).toBe(OK);
    await gen_server.call(pid as never, "next" as never);
    expect(events).toHaveLength(8);
    await gen_server.stop(pid);
  });

  test("calls the last installed function first, and releases one that is done", async () => {
    const pid = await start();
    const order: string[] = [];
    await sys.install(pid, [(n: number) => (order.push("first"), n), 0]);
    await sys.install(pid, [
      "id",
      (n: number) => (order.push("second"), n === 1 ? (a("done") as Atom<"done">) : n + 1),
      0,
    ]);
    await gen_server.call(pid as never, "next" as never);
    await gen_server.call(pid as never, "next" as never);
    expect(order).toStrictEqual(["second", "first", "second", "first", "first", "first"]);
  });

  test.each<[string, () => unknown]>([
    ["throws", () => erlang.exit("no")],
    ["is asynchronous", () => Promise.resolve(1)],
    ["returns a value that throws when it is inspected", () => revoked()],
  ])("removes a function that %s with a report, and the server goes on", async (_, fun) => {
    const pid = await start();
    await sys.install(pid, [fun as never, 0]);
    const seen = await reports(async () => {
      expect(await gen_server.call(pid as never, "next" as never)).toBe(0);
      expect(await gen_server.call(pid as never, "next" as never)).toBe(1);
    });
    expect(seen.map(({ event }) => event)).toStrictEqual(["debug_function_failed"]);
  });

  test("leaves nothing after no_debug", async () => {
    const pid = await start({ debug: ["trace", "log", "statistics", ["install", collector().spec]] });
    expect(await sys.no_debug(pid)).toBe(OK);
    expect(await reports(() => gen_server.call(pid as never, "next" as never))).toStrictEqual([]);
    expect(await sys.log(pid, "get")).toStrictEqual([]);
    expect(await sys.statistics(pid, "get")).toBe(a("no_statistics"));
  });
});

describe("system events", () => {
  test("of a gen_server show a time-out, a last reply, and no request of sys", async () => {
    const { events, spec } = collector();
    const pid = await start({ debug: [["install", spec]] });
    gen_server.cast(pid as never, "idle" as never);
    await eventually(() => events.length === 4);
    await sys.suspend(pid);
    await sys.resume(pid);
    await sys.replace_state(pid, () => 7);
    await gen_server.call(pid as never, "stop" as never);
    expect(events.map((each) => (each as unknown[])[1])).toStrictEqual([
      ["in", ["$gen_cast", "idle"]],
      ["noreply", 0],
      ["in", "timeout"],
      ["noreply", 0],
      ["in", ["$gen_call", [undefined, "-"], "stop"]],
      ["out", "stopped", [undefined, "-"], 7],
    ]);
  });

  test("of a gen_event show its requests", async () => {
    const { events, spec } = collector();
    const manager = await gen_event.start({ debug: [["install", spec], "statistics"] });
    const handler = {
      init: (n: number) => [OK, n] as const,
      handle_event: (_event: unknown, n: number) => [OK, n + 1] as const,
      handle_call: (_request: unknown, n: number) => [OK, n, n] as const,
    };
    await gen_event.add_handler(manager, handler, 0);
    gen_event.notify(manager, "foo");
    await gen_event.sync_notify(manager, "bar");
    await gen_event.call(manager, handler, "get");
    expect(events.map((each) => (each as unknown[])[1])).toStrictEqual([
      ["in", [undefined, [undefined, "-"], ["add_handler", "-", 0]]],
      ["in", ["notify", "foo"]],
      ["in", [undefined, [undefined, "-"], ["sync_notify", "bar"]]],
      ["in", [undefined, [undefined, "-"], ["call", "-", "get"]]],
    ]);
    expect(await sys.statistics(manager, "get")).toMatchObject({ messages_in: 4, messages_out: 0 });
    await gen_event.stop(manager);
  });

  test("of a supervisor show calls and deaths, with the state of sys.get_state", async () => {
    const top = await supervisor.start([
      supervisor.child_spec({
        id: "a",
        task: () => gen_server.start_link(module as never, 0 as never) as Promise<Pid>,
      }),
    ]);
    const { events, spec } = collector();
    await sys.install(top, spec);
    const [[, pid]] = (await supervisor.which_children(top)) as unknown as [[unknown, Pid]];
    erlang.exit(pid, a("kill"));
    await eventually(() => events.length === 4);
    expect(events.map((each) => ((each as unknown[])[1] as unknown[])[0])).toStrictEqual([
      "in",
      "out",
      "in",
      "noreply",
    ]);
    expect((events[2] as unknown[])[1]).toStrictEqual(["in", ["EXIT", "-", "killed"]]);
    await supervisor.stop(top, SHUTDOWN).catch(() => undefined);
  });

  test("of a gen_statem show states, inserted and postponed events, timers, replies and the end", async () => {
    const { events, spec } = collector();
    const machine = {
      name: "st",
      callback_mode: () => [HANDLE_EVENT_FUNCTION, STATE_ENTER] as const,
      init: () => [OK, "idle", 0] as const,
      handle_event: (type: unknown, content: unknown, state: unknown, data: number): unknown => {
        if (type === ENTER) return KEEP_STATE_AND_DATA;
        if (content === "go")
          return [
            NEXT_STATE,
            "busy",
            data + 1,
            [
              [REPLY, (type as unknown[])[1], "ok"],
              [STATE_TIMEOUT, 10, "x"],
            ],
          ];
        if (content === "pp" && state === "busy") return [KEEP_STATE, data, [POSTPONE]];
        if (content === "pp")
          return [
            KEEP_STATE,
            data,
            [
              [REPLY, (type as unknown[])[1], "pp"],
              [NEXT_EVENT, INTERNAL, "foo"],
            ],
          ];
        if (content === "x") return [NEXT_STATE, "idle", data];
        return type === CAST ? [KEEP_STATE, content] : KEEP_STATE_AND_DATA;
      },
    };
    const pid = (await gen_statem.start(machine as never, undefined as never, {
      debug: [["install", spec], "statistics", ["log", 100]],
    })) as Pid;
    await gen_statem.call(pid as never, "go" as never);
    gen_statem.cast(pid as never, 9 as never);
    expect(await gen_statem.call(pid as never, "pp" as never)).toBe("pp");
    const log = plain(await sys.log(pid, "get"));
    expect(await sys.statistics(pid, "get")).toMatchObject({ messages_in: 5, messages_out: 2 });
    await gen_statem.stop(pid);
    const call = (content: string) => [["call", [undefined, "-"]], content];
    const expected = [
      ["enter", "st", "idle"],
      ["consume", ["internal", "init_state"], "idle", "idle"],
      ["in", call("go"), "idle"],
      ["out", "ok", [undefined, "-"]],
      ["consume", call("go"), "idle", "busy"],
      ["start_timer", ["state_timeout", 10, "x", []], "busy"],
      ["in", ["cast", 9], "busy"],
      ["consume", ["cast", 9], "busy", "busy"],
      ["in", call("pp"), "busy"],
      ["postpone", call("pp"), "busy", "busy"],
      ["in", ["state_timeout", "x"], "busy"],
      ["consume", ["state_timeout", "x"], "busy", "idle"],
      ["out", "pp", [undefined, "-"]],
      ["in", ["internal", "foo"], "idle"],
      ["consume", call("pp"), "idle", "idle"],
      ["consume", ["internal", "foo"], "idle", "idle"],
    ];
    expect(log).toStrictEqual(expected);
    expect(events.map((each) => (each as unknown[])[1])).toStrictEqual([...expected, ["terminate", "normal", "idle"]]);
  });
});

describe("misuse", () => {
  test.each<[string, () => Promise<unknown>, RegExp]>([
    ["an unknown flag of log", () => sys.log("x", "all" as never), /the flag must be true, \[true, limit\], false/u],
    ["a log of no events", () => sys.log("x", [true, 0]), /a whole number > 0, got 0/u],
    ["an unknown flag of statistics", () => sys.statistics("x", 1 as never), /the flag must be true, false or "get"/u],
    [
      "no debug function",
      () => sys.install("x", "f" as never),
      /given as \[fun, state\] or \[id, fun, state\], got "f"/u,
    ],
    [
      "an option that is not an array",
      () => start({ debug: "log" as never }),
      /option "debug" must be an array, got "log"/u,
    ],
    ["an unknown option", () => start({ debug: ["all" as never] }), /has a wrong entry: an entry must be "trace"/u],
    ["a wrong limit of an option", () => start({ debug: [["log", -1]] }), /whole number > 0, got -1/u],
    ["a wrong function of an option", () => start({ debug: [["install", [1] as never]] }), /given as \[fun, state\]/u],
  ])("%s is a TypeError that names the expected argument", async (_, misuse, message) => {
    const error: unknown = await misuse().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  test("of a missing server fails as in OTP's sys", async () => {
    const reasonOf = (promise: Promise<unknown>) => promise.catch((error: { reason?: unknown }) => plain(error.reason));
    expect(await reasonOf(sys.log("nosuch", "get"))).toStrictEqual(["noproc", ["sys", "log", ["nosuch", "get"]]]);
    expect(await reasonOf(sys.statistics("nosuch", true, 100))).toStrictEqual([
      "noproc",
      ["sys", "statistics", ["nosuch", true, 100]],
    ]);
    expect(await reasonOf(sys.no_debug("nosuch"))).toStrictEqual([
      "noproc",
      ["sys", ["debug", "no_debug"], ["nosuch"]],
    ]);
    expect(await reasonOf(sys.remove("nosuch", "id"))).toStrictEqual(["noproc", ["sys", "remove", ["nosuch", "id"]]]);
  });
});

// Calls of code outside all processes name no caller.
function outside(term: unknown): unknown {
  if (!Array.isArray(term)) return term;
  return term.map((each: unknown) => (Array.isArray(each) ? [undefined, "-"] : each));
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
