/** Reports and messages have an end, whatever the state, the request or the error is: work is counted, not timed. */
import {
  DOWN,
  Exit,
  NOREPLY,
  OK,
  type Pid,
  REPLY,
  STOP,
  erlang,
  gen_server,
  logger,
  supervisor,
  telemetry,
} from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { describe as short, detail } from "../../src/term/describe.ts";
import { printed } from "../../src/term/print.ts";
import { death, eventually, inside, reports } from "../kit/inside.ts";

const MANY = 100_000;
const keys = () => Object.fromEntries(Array.from({ length: MANY }, (_, n) => [`key_${n}`, { n, text: `value ${n}` }]));

function deep(levels: number): unknown {
  let inner: unknown = "bottom";
  for (let level = 0; level < levels; level++) inner = level % 2 === 0 ? [inner] : { inner };
  return inner;
}

/** Three ways down at each level: 3^20 parts, of 60 objects. */
function braided(): unknown {
  let inner: unknown = 1;
  for (let level = 0; level < 20; level++) inner = [inner, inner, { inner }];
  return inner;
}

const huge: Readonly<Record<string, () => unknown>> = {
  "an object with 100,000 keys": keys,
  "an array of 100,000 objects": () => Object.values(keys()),
  "a map of 100,000": () => new Map(Object.entries(keys())),
  "a set of 100,000": () => new Set(Object.keys(keys())),
  "a nesting of 100,000 levels": () => deep(MANY),
  "a nesting without end": () => {
    const loop: Record<string, unknown> = {};
    loop["self"] = [loop, new Map([[loop, loop]])];
    return loop;
  },
  "a braid of 3^20 parts": braided,
  "a text of 50 MB": () => "x".repeat(50_000_000),
  "a text of many lines": () => "line\n".repeat(1_000_000),
  "many long texts": () => Array.from({ length: 1_000 }, () => "x".repeat(100_000)),
  "long keys": () => Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`${n}${"k".repeat(10_000)}`, 1])),
  "a typed array of 10 MB": () => new Float64Array(1_250_000),
  "a buffer of 50 MB": () => Buffer.alloc(50_000_000),
  "an array of a thousand million holes": () => Object.assign([], { length: 1_000_000_000 }),
  "a number of 100,000 digits": () => 10n ** 100_000n,
  "an error with a message of 10 MB": () => new Error("m".repeat(10_000_000)),
  "an error with a stack of 10 MB": () =>
    Object.assign(new Error("x"), { stack: "Error: x\n" + "    at f (file.js:1:1)\n".repeat(400_000) }),
  "an error of many errors": () => new AggregateError(Array.from({ length: MANY }, () => new Error("one"))),
  "a chain of causes": () => {
    let error = new Error("first");
    for (let n = 0; n < 10_000; n++) error = new Error(`number ${n}`, { cause: error });
    return error;
  },
  "a symbol with a long name": () => Symbol("s".repeat(1_000_000)),
  "a class instance with 100,000 fields": () => Object.assign(new (class Session {})(), keys()),
  "an object that shows itself at length": () => ({
    [Symbol.for("nodejs.util.inspect.custom")]: () => "shown ".repeat(1_000_000),
  }),
};

describe.each(Object.entries(huge))("%s", (_what, make) => {
  test("is shown with a limited number of parts and characters", () => {
    const term = make();
    for (const wrapped of [term, [term], { term }, [[term, 1], "x"]]) {
      expect(short(wrapped).length).toBeLessThanOrEqual(404);
      expect(short(wrapped)).not.toContain("\n");
      expect(detail(wrapped).length).toBeLessThanOrEqual(2_501);
      const { nodes } = printed(wrapped, {
        depth: 6,
        items: 50,
        string: 500,
        nodes: 1_000,
        characters: 2_500,
        width: 100,
      });
      expect(nodes).toBeLessThanOrEqual(1_000);
    }
  });

  test("as the state, the last message or the reason of a crash makes a report of less than 10 kB", async () => {
    const term = make();
    const server = {
      init: () => [OK, term],
      handle_cast: (message: unknown) => [STOP, [message, term], term],
      handle_info: () => {
        throw term;
      },
    };
    for (const act of [(pid: Pid) => gen_server.cast(pid, term), (pid: Pid) => erlang.send(pid, term)]) {
      const said = await reports(async () => {
        const top = await supervisor.start(
          [
            {
              id: "huge",
              restart: "temporary",
              task: () => gen_server.start_link(server as object, 0 as never, { name: "huge" }),
            },
          ],
          { max_restarts: 10 },
        );
        const pid = erlang.whereis("huge") as Pid;
        const end = death(pid);
        act(pid);
        await end;
        await supervisor.stop(top);
      });
      expect(said.map(({ event }) => event)).toStrictEqual(["process_crash", "child_terminated"]);
      for (const { text } of said) expect(Buffer.byteLength(text)).toBeLessThan(10_000);
    }
  });

  test("as a request makes short messages of all failures", async () => {
    const term = make();
    const server = { init: () => [OK, 0], handle_call: () => [NOREPLY, 0] };
    const errors: unknown[] = [];
    await reports(async () => {
      const pid = (await gen_server.start(server as object, 0 as never)) as Pid;
      errors.push(await gen_server.call("nobody", term).catch((error: unknown) => error));
      errors.push(await gen_server.call(pid, term, 0).catch((error: unknown) => error));
      const call = gen_server.call(pid, term).catch((error: unknown) => error);
      erlang.exit(pid, [term, term]);
      errors.push(await call);
      errors.push(
        await gen_server.start({ init: () => [STOP, term] } as object, 0 as never).catch((error: unknown) => error),
      );
      errors.push(await gen_server.start({ init: () => term } as object, 0 as never).catch((error: unknown) => error));
      errors.push(
        await supervisor.start([{ id: "x", task: () => term as Promise<Pid> }]).catch((error: unknown) => error),
      );
      errors.push(await supervisor.start(term as never).catch((error: unknown) => error));
      errors.push(
        await gen_server.start(server as object, 0 as never, { name: term as never }).catch((error: unknown) => error),
      );
      errors.push(await inside(() => erlang.exit(term)).catch((error: unknown) => error));
    });
    for (const error of errors) {
      if (!(error instanceof Error) || error === term) continue;
      expect(error.message.length).toBeLessThan(2_500);
    }
    expect(errors.filter((error) => error instanceof Exit).length).toBeGreaterThanOrEqual(4);
  });

  test("in a body, an abandoned promise, an unexpected message or a failing handler makes reports of less than 10 kB", async () => {
    const term = make();
    const said = await reports(async () => {
      const quiet = (await gen_server.start(
        { init: () => [OK, 0], handle_call: () => [REPLY, 1, 0] } as object,
        0 as never,
      )) as Pid;
      erlang.send(quiet, term);
      await gen_server.call(quiet, 1);
      const top = await supervisor.start([]);
      erlang.send(top, term);
      await supervisor.stop(top);
      const down = await inside(async () => {
        const [, ref] = erlang.spawn_monitor(() => {
          throw term;
        });
        return erlang.receive((message) => Array.isArray(message) && message[0] === DOWN && message[1] === ref);
      });
      expect(down).toHaveLength(5);
      await death(
        erlang.spawn(async () => {
          void Promise.reject(term as Error);
          await new Promise(() => {});
        }),
      );
      telemetry.attach("huge", "huge", () => {
        throw term;
      });
      telemetry.emit("huge");
    });
    await eventually(() => said.length >= 5);
    expect(said.map(({ event }) => event).toSorted()).toStrictEqual([
      "process_crash",
      "telemetry_handler_failed",
      "unexpected_message",
      "unhandled_message",
      "unhandled_rejection",
    ]);
    for (const { text } of said) expect(Buffer.byteLength(text)).toBeLessThan(10_000);
  });
});

test("getters of a state are not called, and no property of a proxy is read", () => {
  let asked = 0;
  const lazy = {
    get connection() {
      asked++;
      return "opened";
    },
  };
  const anything: unknown = new Proxy(() => {}, {
    get: () => {
      asked++;
      return anything;
    },
    apply: () => {
      asked++;
      return anything;
    },
  });
  const remote = new Proxy({ real: 1 }, { get: () => asked++ });
  expect(detail({ lazy, anything, remote })).toContain("connection: [Getter]");
  expect(asked).toBe(0);
});

test("an object that hides itself from inspect stays hidden", () => {
  class Secret {
    readonly value = "s3cret";
    [Symbol.for("nodejs.util.inspect.custom")](): string {
      return "Secret(***)";
    }
  }
  expect(detail({ password: new Secret(), list: [new Secret()] })).toBe(
    "{ password: Secret(***), list: [ Secret(***) ] }",
  );
});

test("terms are printed like `util.inspect` prints them", async () => {
  const { inspect } = await import("node:util");
  class Point {
    x = 1;
    y = -0;
  }
  const terms: unknown[] = [
    { a: 1, "b-c": "it's", d: { e: { f: [] } } },
    [1, "two", 3n, null, undefined, true, Symbol("x"), NaN],
    new Map<unknown, unknown>([
      ["a", { b: 1 }],
      [1, new Set([1, 2])],
    ]),
    new Point(),
    new Uint8Array([1, 2, 3]),
    new Date(0),
    /a+b/giu,
    Object.create(null),
    class Foo {},
    function named() {},
    () => {},
    {},
    [],
    new (class Empty {})(),
  ];
  for (const term of terms) expect(detail(term)).toBe(inspect(term, { depth: 6, breakLength: 100, compact: true }));
  // Node writes these keys with or without brackets, by its version.
  expect(detail({ [Symbol("s")]: 3 })).toBe("{ [Symbol(s)]: 3 }");
});

test("the default logger's line is as long as the report", async () => {
  const lines: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  const before = logger.set_handler(logger.default_handler);
  process.stderr.write = ((text: string) => lines.push(text) > 0) as never;
  try {
    const pid = (await gen_server.start(
      { init: () => [OK, keys()], handle_cast: () => "x" } as object,
      0 as never,
    )) as Pid;
    const end = death(pid);
    gen_server.cast(pid, keys());
    await end;
  } finally {
    process.stderr.write = write;
    logger.set_handler(before);
  }
  expect(lines).toHaveLength(1);
  expect(Buffer.byteLength(lines.join(""))).toBeLessThan(10_000);
});

test("a name of 3 MB is cut in every message and report", async () => {
  const name = "n".repeat(3_000_000);
  const said: string[] = [];
  const failing = async (act: () => unknown) => {
    try {
      await act();
    } catch (error) {
      said.push((error as Error).message);
    }
  };
  const reported = await reports(async () => {
    await failing(() => gen_server.call(name, 1));
    await failing(() => gen_server.stop(name));
    await failing(() => gen_server.start({ init: () => erlang.error("no") } as object, 0 as never, { name }));
    const crashing = { init: () => [OK, 0], handle_call: () => erlang.error("no"), handle_info: undefined };
    const server = (await gen_server.start(crashing as object, 0 as never, { name })) as Pid;
    await failing(() => erlang.register("other", server));
    erlang.send(name, "unexpected");
    await failing(() => gen_server.call(name, 1));
    const top = await supervisor.start([], { name });
    gen_server.cast(top, "unknown");
    await supervisor.stop(top);
  });
  for (const text of [...said, ...reported.map((report) => report.text)]) expect(text.length).toBeLessThan(2_000);
  expect(said).toHaveLength(5);
  expect(reported.length).toBeGreaterThanOrEqual(4);
});
