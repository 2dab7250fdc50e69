/**
 * Values that fight back, wherever user code can put a value: nothing but the process that has to do with it is harmed, what
 * went wrong is reported, and the supervisor starts the child again.
 */
import { inspect } from "node:util";
import {
  DOWN,
  Exit,
  KILL,
  NOREPLY,
  OK,
  type Pid,
  REPLY,
  STOP,
  TIMEOUT,
  erlang,
  gen_server,
  logger,
  proc_lib,
  supervisor,
  sys,
  telemetry,
} from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { eventually, inside } from "../kit/inside.ts";

const fail = (): never => {
  throw new Error("it fights back");
};

function with_getter(key: PropertyKey): Error {
  return Object.defineProperty(new Error("hostile"), key, { get: fail });
}

const traps: ProxyHandler<object> = Object.fromEntries(
  [
    "get",
    "has",
    "ownKeys",
    "getOwnPropertyDescriptor",
    "getPrototypeOf",
    "apply",
    "construct",
    "set",
    "defineProperty",
    "deleteProperty",
    "isExtensible",
    "preventExtensions",
    "setPrototypeOf",
  ].map((trap) => [trap, fail]),
);

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function looped(): unknown[] {
  const array: unknown[] = [1];
  array[0] = array;
  return array;
}

const hostile: Readonly<Record<string, () => unknown>> = {
  "an error whose message throws": () => with_getter("message"),
  "an error whose name throws": () => with_getter("name"),
  "an error whose stack throws": () => with_getter("stack"),
  "an error whose cause throws": () => with_getter("cause"),
  "an error whose message is no text": () => Object.assign(new Error("x"), { message: { toString: fail } }),
  "an error whose stack is no text": () => Object.assign(new Error("x"), { stack: Symbol("stack") }),
  "an error that causes itself": () => {
    const error: Error = new Error("x");
    error.cause = error;
    return error;
  },
  "an object whose toString throws": () => ({ toString: fail, [Symbol.toPrimitive]: fail, toJSON: fail }),
  "an object whose inspect throws": () => ({ [inspect.custom]: fail }),
  "an object whose getters throw": () => ({
    get value() {
      return fail();
    },
    get name() {
      return fail();
    },
  }),
  "an object whose constructor throws": () => Object.defineProperty({}, "constructor", { get: fail }),
  "a proxy that throws": () => new Proxy({}, traps),
  "a proxy of an array that throws": () => new Proxy([], traps),
  "a proxy of an error that throws": () => new Proxy(new Error("x"), traps),
  "a revoked proxy": () => revoked({}),
  "a revoked proxy of an array": () => revoked([]),
  "a revoked proxy of a function": () => revoked(() => {}),
  "an object without a prototype": () => Object.create(null) as unknown,
  "a symbol": () => Symbol("s"),
  "a function": () => fail,
  nothing: () => undefined,
  null: () => null,
  "an array that contains itself": looped,
  "a pair of a hostile one and itself": () => [new Proxy({}, traps), looped()],
  "a huge number": () => 10n ** 50_000n,
  "an error that cannot be changed": () => Object.freeze(new Error("frozen")),
};
/** What a promise cannot hold: it would be taken for a promise. */
// The linter knows the name.
const THEN = ["th", "en"].join("");
const then = (descriptor: PropertyDescriptor) => () => Object.defineProperty({}, THEN, descriptor) as unknown;
const thenables: Readonly<Record<string, () => unknown>> = {
  "an object whose then throws when it is read": then({ get: fail }),
  "an object whose then throws": then({ value: fail }),
  "an object whose then answers and throws": then({
    value(resolve: (value: unknown) => void) {
      resolve("answered");
      fail();
    },
  }),
};
const all = { ...hostile, ...thenables };

interface Seen {
  readonly level: string;
  readonly event: string;
  readonly text: string;
}

let seen: Seen[] = [];
let before: logger.Handler | undefined;
beforeEach(() => {
  seen = [];
  before = logger.set_handler(({ level, event, text }) => void seen.push({ level, event, text }));
});
const tops: Pid[] = [];
afterEach(async () => {
  for (const top of tops.splice(0)) erlang.exit(top, KILL);
  await eventually(() => erlang.whereis("victim") === undefined && erlang.whereis("neighbour") === undefined);
  logger.set_handler(before);
  // Nothing of it came as far as the runtime's own loop.
  expect(seen.filter(({ event }) => event === "runtime_fault")).toStrictEqual([]);
  for (const { text } of seen) expect(text.length).toBeLessThan(10_000);
});

/** A server that does what it is asked to, with the value it was made for. */
function victim(value: () => unknown) {
  return {
    name: "victim",
    init: () => [OK, "fine"],
    handle_call: (request: unknown, _from: unknown, state: unknown) => {
      if (request === "return") return value();
      if (request === "throw") throw value();
      if (request === "reject") return Promise.reject(value() as Error);
      if (request === "exit") return erlang.exit(value());
      if (request === "error") return erlang.error(value());
      if (request === "erlang_throw") return erlang.throw(value());
      if (request === "stop") return [STOP, value(), state];
      if (request === "stop_with_state") return [STOP, "enough", value()];
      if (request === "state") return [REPLY, OK, value()];
      if (request === "state_later") return Promise.resolve([REPLY, OK, value()]);
      if (request === "reply") return [REPLY, [value()], state];
      if (request === "abandoned") {
        void Promise.reject(value() as Error);
        return new Promise(() => {});
      }
      return [REPLY, [request, state], state];
    },
    handle_cast: (message: unknown) => [NOREPLY, message],
    handle_info: (message: unknown) => [NOREPLY, [message]],
  };
}

async function tree(value: () => unknown): Promise<{ top: Pid; neighbour: Pid }> {
  const bystander = { init: () => [OK, 0], handle_call: () => [REPLY, "here", 0] };
  const top = await supervisor.start(
    [
      { id: "neighbour", task: () => gen_server.start_link(bystander as object, 0 as never, { name: "neighbour" }) },
      { id: "victim", task: () => gen_server.start_link(victim(value) as object, 0 as never, { name: "victim" }) },
    ],
    { max_restarts: 1_000, max_seconds: 1 },
  );
  tops.push(top);
  return { top, neighbour: erlang.whereis("neighbour") as Pid };
}

async function unharmed(top: Pid, neighbour: Pid): Promise<void> {
  expect(erlang.whereis("neighbour")).toBe(neighbour);
  expect(await gen_server.call("neighbour", 1)).toBe("here");
  expect(await gen_server.call("victim", "hello")).toStrictEqual(["hello", "fine"]);
  expect(erlang.is_process_alive(top)).toBe(true);
  await supervisor.stop(top);
}

describe.each(Object.entries(all))("%s", (_name, value) => {
  test.each(["throw", "reject", "exit", "error", "stop", "return", "erlang_throw"])(
    "ends the server that does %s with it, which is reported, and the child is restarted",
    async (request) => {
      const { top, neighbour } = await tree(value);
      const pid = erlang.whereis("victim") as Pid;
      const error: unknown = await gen_server.call("victim", request, 500).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Exit);
      expect(typeof (error as Exit).message).toBe("string");
      await eventually(() => ![undefined, pid].includes(erlang.whereis("victim")));
      expect(seen.map(({ event }) => event)).toStrictEqual(["process_crash", "child_terminated"]);
      await unharmed(top, neighbour);
    },
  );

  test("as a state or as the last message of a crash is reported", async () => {
    for (const request of ["stop_with_state", "state", "state_later"]) {
      const { top, neighbour } = await tree(value);
      const pid = erlang.whereis("victim") as Pid;
      await gen_server.call("victim", request).catch(() => {});
      if (request !== "stop_with_state") {
        gen_server.call("victim", "stop").catch(() => {});
      }
      await eventually(() => ![undefined, pid].includes(erlang.whereis("victim")));
      expect(seen.some(({ event }) => event === "process_crash")).toBe(true);
      await unharmed(top, neighbour);
    }
  });

  test("as a request, a cast, a message, or in a reply has no effect on others", async () => {
    const { top, neighbour } = await tree(value);
    const sent = value();
    const [request] = (await gen_server.call("victim", [sent])) as [unknown[]];
    expect(Object.is(request[0], sent)).toBe(true);
    await gen_server.call("victim", sent).catch(() => {});
    await gen_server.call("victim", "reply");
    gen_server.cast("victim", [sent]);
    expect(Object.is(((await sys.get_state("victim")) as unknown[])[0], sent)).toBe(true);
    erlang.send("victim", sent);
    expect(((await sys.get_state("victim")) as unknown[]).length).toBe(1);
    await sys.get_status("victim");
    await sys.replace_state("victim", () => "fine");
    await unharmed(top, neighbour);
    expect(seen).toStrictEqual([]);
  });

  test("as a request to a supervisor, to an unknown name, and to a stopped server fails as usual", async () => {
    const { top, neighbour } = await tree(value);
    for (const to of [top, "nobody"]) {
      const error: unknown = await gen_server.call(to, value()).catch((thrown: unknown) => thrown);
      expect(error).toBeDefined();
    }
    gen_server.cast(top, value());
    erlang.send(top, value());
    await unharmed(top, neighbour);
  });

  test("as an exit signal, an exit reason of a spawned process, or a stop reason works as usual", async () => {
    const { top, neighbour } = await tree(value);
    const pid = erlang.whereis("victim") as Pid;
    erlang.exit(pid, value());
    await eventually(() => ![undefined, pid].includes(erlang.whereis("victim")));
    for (const spawn of [erlang.spawn_monitor, monitored]) {
      for (const body of [
        () => {
          throw value();
        },
        () => Promise.reject(value() as Error),
        () => erlang.exit(value()),
      ]) {
        const down = await inside(async () => {
          const [, ref] = spawn(body);
          return erlang.receive((message) => Array.isArray(message) && message[0] === DOWN && message[1] === ref);
        });
        expect((down as unknown[]).length).toBe(5);
      }
    }
    await gen_server.stop("victim", value()).catch(() => {});
    await eventually(() => erlang.whereis("victim") !== undefined);
    await unharmed(top, neighbour);
  });

  test("as the rejection of an abandoned promise is the process's crash", async () => {
    const { top, neighbour } = await tree(value);
    const pid = erlang.whereis("victim") as Pid;
    gen_server.call("victim", "abandoned").catch(() => {});
    await eventually(() => ![undefined, pid].includes(erlang.whereis("victim")));
    expect(seen.map(({ event }) => event)).toContain("unhandled_rejection");
    await unharmed(top, neighbour);
  });

  test("in init, as a start function's failure, or as a child's id fails the start with a report", async () => {
    for (const init of [
      () => {
        throw value();
      },
      () => Promise.reject(value() as Error),
      () => [STOP, value()],
      value,
    ]) {
      const error: unknown = await gen_server.start({ init } as object, 0 as never).catch((thrown: unknown) => thrown);
      expect((error as Error).message).toMatch(/^Cannot start gen_server: /u);
    }
    for (const task of [
      () => {
        throw value();
      },
      () => Promise.reject(value() as Error),
      value,
    ]) {
      const error: unknown = await supervisor.start([{ id: "x", task }]).catch((thrown: unknown) => thrown);
      expect((error as Error).message).toMatch(/^Cannot start supervisor: child "x" failed to start: /u);
    }
    const ids = [value(), [value()]].filter((id) => id !== undefined);
    for (const id of ids) {
      const ok = () => gen_server.start_link({ init: () => [OK, 0] } as object, 0 as never);
      const top = await supervisor.start([{ id, task: ok }]);
      const [[, child]] = (await supervisor.which_children(top)) as unknown as [[unknown, Pid]];
      erlang.exit(child, "bad");
      expect(await supervisor.terminate_child(top, id)).toBe(OK);
      await supervisor.stop(top);
      const failed: unknown = await supervisor.start([{ id, task: () => 7 }]).catch((thrown: unknown) => thrown);
      expect((failed as Error).message).toContain("its task returned 7");
    }
  });

  test("thrown by terminate, format_status, a telemetry handler or a logger's handler is contained", async () => {
    const module = {
      init: () => [OK, 0],
      handle_cast: () => [STOP, "enough", 0],
      terminate: () => {
        throw value();
      },
      format_status: () => {
        throw value();
      },
    };
    const pid = (await gen_server.start(module as object, 0 as never)) as Pid;
    telemetry.attach("hostile", "otp.*", () => {
      throw value();
    });
    const inner = logger.set_handler((report) => {
      seen.push(report);
      throw value();
    });
    try {
      await gen_server.stop(pid).catch(() => {});
      expect(erlang.is_process_alive(pid)).toBe(false);
    } finally {
      telemetry.detach("hostile");
      logger.set_handler(inner);
    }
    expect(seen.map(({ event }) => event)).toContain("process_crash");
  });
});

function monitored(body: () => unknown): [Pid, unknown] {
  let ready: (() => void) | undefined;
  const waiting = new Promise<void>((resolve) => (ready = resolve));
  const pid = proc_lib.spawn(async () => {
    await waiting;
    return body();
  });
  const ref = erlang.monitor("process", pid);
  ready?.();
  return [pid, ref];
}

test.each(["an object whose then throws when it is read", "a revoked proxy", "a revoked proxy of an array"])(
  "%s is skipped by a receive, which goes on to the next message",
  async (which) => {
    const value = all[which] as () => unknown;
    const received = await inside(async () => {
      const self = erlang.self();
      erlang.send(self, value());
      erlang.send(self, "first");
      const there = await erlang.receive();
      erlang.send_after(1, self, value());
      erlang.send_after(2, self, "second");
      return [there, await erlang.receive(), await erlang.receive(undefined, { after: 0 })];
    });
    expect(received).toStrictEqual(["first", "second", TIMEOUT]);
    expect(seen.map(({ event }) => event)).toStrictEqual(["unhandled_message", "unhandled_message"]);
    expect(seen[0]?.text).toMatch(
      /^Process <0\.\d+\.0> cannot receive a message: it throws when a promise looks at it/u,
    );
  },
);
