/** Traces of one process: their events, and their limits. */
import { atom, ErlangError, erlang, gen_server, logger, NOREPLY, OK, Pid, REPLY, sys, telemetry } from "@otpts/runtime";
import { trace, type TraceEvent } from "@otpts/runtime/trace";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installClock } from "../../src/testing/clock.ts";
import { tapped } from "../../src/process/tap.ts";
import { tracer } from "../../src/process/tracer.ts";
import { eventually, inside, reports } from "../kit/inside.ts";

const a = atom.ensure;
let loud: logger.Handler | undefined;
beforeAll(() => {
  loud = logger.set_handler(undefined);
});
afterAll(() => void logger.set_handler(loud));

const echo = {
  init: (n: number) => [OK, n] as const,
  handle_call: (request: unknown, from: gen_server.From, n: number) => {
    if (request === "never") return [NOREPLY, n] as const;
    if (request === "later") {
      gen_server.cast(erlang.self() as never, ["answer", from] as never);
      return [NOREPLY, n] as const;
    }
    return [REPLY, request, n] as const;
  },
  handle_cast: (message: unknown, n: number) => {
    if (Array.isArray(message)) gen_server.reply(message[1] as gen_server.From, "answered");
    return [NOREPLY, n] as const;
  },
  handle_info: (_message: unknown, n: number) => [NOREPLY, n] as const,
};
const start = () => gen_server.start(echo as never, 0 as never) as Promise<Pid>;
const call = (pid: Pid, request: unknown, timeout?: number) =>
  gen_server.call(pid as never, request as never, timeout) as Promise<unknown>;

const quiet = { log: false };

/** An event in short form: its name, its kind and its subject. */
function short({ event, kind, message, reason }: TraceEvent): string {
  const about = message === undefined ? reason : message;
  const shown = Array.isArray(about) ? "[…]" : String(about);
  return [event, ...(kind === undefined ? [] : [kind]), ...(about === undefined ? [] : [shown])].join(" ");
}

/** The events that OTP's `erlang:trace(P, true, [send, 'receive', procs])` has for the same program, in OTP's order. */
test("a plain process is traced as OTP traces it", async () => {
  const looping = async (): Promise<void> => {
    for (;;) {
      const [what, argument, message] = (await erlang.receive()) as [string, unknown, unknown];
      if (what === "link") erlang.link(argument as Pid);
      if (what === "unlink") erlang.unlink(argument as Pid);
      if (what === "register") erlang.register(argument as string, erlang.self());
      if (what === "unregister") erlang.unregister(argument as string);
      if (what === "spawn") erlang.spawn_link(() => undefined);
      if (what === "send") erlang.send(argument as Pid, message);
      if (what === "monitor") erlang.monitor(a("process"), argument as Pid);
      if (what === "exit") erlang.exit(argument);
    }
  };
  await inside(async () => {
    const self = erlang.self();
    const p = erlang.spawn(looping);
    const q = erlang.spawn(looping);
    const traced = trace.process(p, quiet);
    const ask = async (...message: unknown[]) => {
      erlang.send(p, message);
      await erlang.sleep(1);
    };
    await ask("link", q);
    await ask("unlink", q);
    await ask("register", "traced_one");
    await ask("unregister", "traced_one");
    await ask("spawn");
    await ask("send", q, ["hi"]);
    await ask("send", self, ["yo"]);
    erlang.link(p);
    erlang.unlink(p);
    await ask("monitor", q);
    erlang.exit(q, a("kill"));
    await ask("exit", "bye");
    expect(await traced.ended).toBe("exit");
    expect(traced.events.filter(({ message }) => !isOrder(message)).map(short)).toStrictEqual([
      "link",
      "unlink",
      "register traced_one",
      "unregister traced_one",
      "spawn",
      "link",
      "getting_unlinked",
      "send message […]",
      "send message […]",
      "getting_linked",
      "getting_unlinked",
      "receive message […]",
      "exit bye",
      "stop exit",
    ]);
    const peers = traced.events.filter(({ event }) => event === "send" || event === "getting_linked");
    expect(peers.map(({ peer }) => peer)).toStrictEqual([q, self, self]);
    expect(traced.events.every(({ pid, number }, index) => pid === p && number === index + 1)).toBe(true);
  });
});

const isOrder = (message: unknown) =>
  Array.isArray(message) && typeof message[0] === "string" && message.length > 0 && !["hi", "yo"].includes(message[0]);

describe("calls", () => {
  test("are traced with their replies and failures at both ends", async () => {
    const server = await start();
    await inside(async () => {
      const self = erlang.self();
      const asked = trace.process(server, quiet);
      const asking = trace.process(self, { ...quiet, flags: ["send", "receive"] });
      await call(server, "ping");
      gen_server.cast(server as never, "note" as never);
      await call(server, "later");
      await call(server, "never", 5).catch(() => undefined);
      erlang.send(server, "plain");
      await sys.get_state(server);
      asked.stop();
      asking.stop();
      expect(asked.events.map(short)).toStrictEqual([
        "receive call ping",
        "send reply ping",
        "receive cast note",
        "receive call later",
        "send cast […]",
        "receive cast […]",
        "send reply answered",
        "receive call never",
        "receive message plain",
        "receive system get_state",
        "stop stopped",
      ]);
      expect(asking.events.map(short)).toStrictEqual([
        "send call ping",
        "receive reply ping",
        "send cast note",
        "send call later",
        "receive reply answered",
        "send call never",
        "receive failure never",
        "send message plain",
        "send system get_state",
        "stop stopped",
      ]);
      expect(asked.events[0]?.peer).toBe(self);
      expect(asking.events[0]?.peer).toBe(server);
      expect(asked.events[0]?.text).toBe(`${server} received call "ping" from ${self}`);
      expect(asking.events[6]?.text).toBe(
        `${self} was notified that its call "never" to ${server} failed: ${String(asking.events[6]?.reason)}`,
      );
    });
    await gen_server.stop(server);
  });

  test("with sensitive data are shown without it", async () => {
    const LOGIN = a("trace_login");
    gen_server.sensitive(LOGIN, ([tag]) => [tag, "[redacted]"]);
    const server = await start();
    const traced = trace.process(server, { ...quiet, flags: ["receive"] });
    await call(server, [LOGIN, "pa55word"]);
    traced.stop();
    expect(traced.events[0]?.message).toStrictEqual([LOGIN, "[redacted]"]);
    expect(traced.events[0]?.text).not.toContain("pa55word");
  });
});

describe("a trace ends", () => {
  test("after max_events events, with a final report", async () => {
    const server = await start();
    const traced = trace.process(server, { ...quiet, max_events: 5 });
    for (let n = 0; n < 100; n++) await call(server, n);
    expect(await traced.ended).toBe("max_events");
    expect(traced.events.map(short)).toStrictEqual([
      "receive call 0",
      "send reply 0",
      "receive call 1",
      "send reply 1",
      "receive call 2",
      "stop max_events",
    ]);
    expect([tapped, tracer]).toStrictEqual([false, undefined]);
  });

  test("after its time, whether or not anything happens", async () => {
    const clock = installClock();
    try {
      const pid = erlang.spawn(() => erlang.receive());
      const traced = trace.process(pid, { ...quiet, time: 60_000 });
      await clock.advance(59_999);
      expect(traced.events).toStrictEqual([]);
      await clock.advance(2);
      expect(await traced.ended).toBe("time");
      expect(traced.events.map(short)).toStrictEqual(["stop time"]);
      expect([tapped, tracer]).toStrictEqual([false, undefined]);
    } finally {
      clock.restore();
    }
  });

  test("with its process, while another trace goes on", async () => {
    const server = await start();
    const first = trace.process(server, { ...quiet, flags: ["send"] });
    const other = trace.process(await start(), quiet);
    await gen_server.stop(server);
    expect(await first.ended).toBe("exit");
    expect(first.events.map(short)).toStrictEqual(["stop exit"]);
    expect(tapped).toBe(true);
    other.stop();
    other.stop();
    expect(other.events.map(short)).toStrictEqual(["stop stopped"]);
    expect([tapped, tracer]).toStrictEqual([false, undefined]);
  });

  test("when its function fails, which is reported once", async () => {
    const server = await start();
    const seen = await reports(async () => {
      const traced = trace.process(server, {
        to: () => {
          throw new Error("full");
        },
      });
      await call(server, 1);
      expect(await traced.ended).toBe("failed");
    });
    expect(seen.map(({ event }) => event)).toStrictEqual(["trace_function_failed"]);
    expect(await call(server, 2)).toBe(2);
  });

  test("even if its function sends to the process, which is not traced", async () => {
    const server = await start();
    const told: TraceEvent[] = [];
    const traced = trace.process(server, {
      to: (event) => {
        told.push(event);
        erlang.send(server, "again");
        expect(erlang.is_process()).toBe(false);
      },
    });
    await call(server, 1);
    traced.stop();
    expect(told.map(short)).toStrictEqual(["receive call 1", "send reply 1", "stop stopped"]);
    expect(told).toStrictEqual(traced.events);
  });
});

test("two traces of one process are independent, and propagation goes on beside them", async () => {
  const server = await start();
  const end = telemetry.propagate({ capture: () => 1, run: (_captured, fun) => fun() });
  const [one, two] = [trace.process(server, { ...quiet, max_events: 1 }), trace.process(server, quiet)];
  await call(server, "x");
  expect(await one.ended).toBe("max_events");
  expect(tapped).toBe(true);
  two.stop();
  expect(two.events.map(short)).toStrictEqual(["receive call x", "send reply x", "stop stopped"]);
  expect(tapped).toBe(true);
  end();
  expect(tapped).toBe(false);
});

test("events are reported through the logger by default", async () => {
  const server = await start();
  erlang.register("traced_by_name", server);
  const seen = await reports(async () => {
    const traced = trace.process("traced_by_name", { max_events: 1 });
    await call(server, "x");
    await traced.ended;
  });
  expect(seen.map(({ event }) => event)).toStrictEqual(["trace", "trace"]);
  expect(seen.map(({ text }) => text.replace(String(server), "pid"))).toStrictEqual([
    '*TRACE* "traced_by_name" pid received call "x" from code outside all processes',
    '*TRACE* "traced_by_name" pid is no longer traced: max_events is reached',
  ]);
});

describe("misuse", () => {
  test.each<[string, unknown, ErrorConstructor, RegExp]>([
    ["no limit of events", { max_events: Infinity }, RangeError, /max_events must be a whole number from 1 to 100000/u],
    ["no time", { time: 0 }, RangeError, /time must be a number of milliseconds from 1 to 3600000/u],
    ["an unknown flag", { flags: ["calls"] }, TypeError, /flags must be an array of "send", "receive"/u],
    ["no function", { to: "log" }, TypeError, /to must be a function, got "log"/u],
    ["a log that is neither true nor false", { log: 1 }, TypeError, /log must be true or false, got 1/u],
    ["an unknown option", { max: 1 }, ErlangError as never, /there is no option "max"; the options are max_events/u],
  ])("%s is refused, and nothing is traced", async (_, options, Kind, message) => {
    const server = await start();
    expect(() => trace.process(server, options as never)).toThrow(Kind);
    expect(() => trace.process(server, options as never)).toThrow(message);
    expect([tapped, tracer]).toStrictEqual([false, undefined]);
  });

  test("a missing process is noproc", () => {
    expect(() => trace.process("nobody at all")).toThrow(ErlangError);
    expect(() => trace.process("nobody at all")).toThrow(/Cannot trace "nobody at all": there is no such process/u);
  });
});

test("a process that dies while no code waits ends its trace completely", async () => {
  const pid = erlang.spawn(() => erlang.receive());
  const traced = trace.process(pid, quiet);
  erlang.exit(pid, a("kill"));
  await eventually(() => !erlang.is_process_alive(pid));
  expect(traced.events.map(short)).toStrictEqual(["exit killed", "stop exit"]);
  expect(traced.pid).toBeInstanceOf(Pid);
});
