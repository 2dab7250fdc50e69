/** What JavaScript adds to OTP's rules: asynchronous callbacks, odd results, names of states, the event loop's turns. */
import {
  ErlangError,
  Exit,
  KILL,
  NOPROC,
  NOREPLY,
  OK,
  OtpError,
  type Pid,
  REPLY,
  atom,
  erlang,
  gen_server,
  logger,
  sys,
} from "@otpts/runtime";
import {
  CALL,
  ENTER,
  HANDLE_EVENT_FUNCTION,
  INTERNAL,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_EVENT,
  NEXT_STATE,
  POSTPONE,
  REPEAT_STATE_AND_DATA,
  STATE_ENTER,
  STATE_FUNCTIONS,
  STATE_TIMEOUT,
  STOP,
  TIMEOUT,
  gen_statem,
} from "@otpts/runtime/gen_statem";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { useClock } from "../../src/process/timer.ts";
import { SimulatedClock } from "../../src/testing/simulated_clock.ts";
import { death, inside, reports } from "../kit/inside.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- modules that the types refuse are tried on purpose
type Any = any;

let loud: logger.Handler | undefined;
const started: Pid[] = [];
beforeEach(() => void (loud = logger.set_handler(undefined)));
afterEach(() => {
  logger.set_handler(loud);
  for (const pid of started.splice(0)) erlang.exit(pid, KILL);
});

async function start(module: Any, arg?: unknown): Promise<Pid> {
  const pid = (await gen_statem.start(module, arg)) as Pid;
  started.push(pid);
  return pid;
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** A machine of mode state_functions that answers every call with its state. */
const answering = (name: string, more: Any = {}) => ({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, name, 0],
  ...more,
});
const answers =
  (word: unknown) =>
  (type: Any): Any =>
    Array.isArray(type) && type[0] === CALL ? [KEEP_STATE_AND_DATA, [REPLY, type[1], word]] : KEEP_STATE_AND_DATA;

describe("states", () => {
  test("a string and the atom of the same name are one state: nothing is entered, no postponed event returns", async () => {
    const seen: unknown[] = [];
    const pid = await start(
      answering("a", {
        callback_mode: () => [STATE_FUNCTIONS, STATE_ENTER],
        a(type: Any, content: Any) {
          seen.push(type === ENTER ? "enter" : content);
          if (content === "later" && seen.filter((one) => one === "later").length < 3)
            return [KEEP_STATE_AND_DATA, POSTPONE];
          if (content === "atom") return [NEXT_STATE, atom.ensure("a"), 0];
          return Array.isArray(type) ? [KEEP_STATE_AND_DATA, [REPLY, type[1], seen]] : KEEP_STATE_AND_DATA;
        },
      }),
    );
    gen_statem.cast(pid, "later");
    gen_statem.cast(pid, "atom");
    expect(await gen_statem.call(pid, "seen")).toEqual(["enter", "later", "atom", "seen"]);
  });

  test.each(["init", "terminate", "toString", "constructor", "hasOwnProperty"])(
    "a state called %s has no function, even if the module inherits one of that name",
    async (name) => {
      const pid = await start(answering("a", { a: () => [NEXT_STATE, name, 0], terminate: () => OK }));
      const end = death(pid);
      gen_statem.cast(pid, "go");
      gen_statem.cast(pid, "there");
      expect(((await end) as unknown[])[0]).toBe(atom.ensure("undef"));
    },
  );

  test("a module may be an instance of a class", async () => {
    class Lamp {
      readonly word = "shines";
      callback_mode() {
        return STATE_FUNCTIONS;
      }
      init() {
        return [OK, "on", 0] as const;
      }
      on(type: Any) {
        return answers(this.word)(type);
      }
    }
    expect(await gen_statem.call(await start(new Lamp()), "what")).toBe("shines");
  });
});

describe("the event loop", () => {
  test.each([
    ["inserts events for ever", () => [KEEP_STATE_AND_DATA, [[NEXT_EVENT, INTERNAL, "again"]]]],
    ["sets time-outs of zero for ever", () => [KEEP_STATE_AND_DATA, [[TIMEOUT, 0, "again"]]]],
    ["enters its state for ever", () => REPEAT_STATE_AND_DATA],
  ])("turns while a machine %s", async (_what, busy) => {
    let handled = 0;
    const pid = await start(
      answering("a", {
        callback_mode: () => [STATE_FUNCTIONS, STATE_ENTER],
        a(type: Any) {
          if (type === ENTER && handled === 0) return KEEP_STATE_AND_DATA;
          handled++;
          return busy();
        },
      }),
    );
    gen_statem.cast(pid, "go");
    while (handled < 10_000) await turn();
    expect(erlang.is_process_alive(pid)).toBe(true);
    erlang.exit(pid, KILL);
    expect(erlang.is_process_alive(pid)).toBe(false);
  });
});

describe("time", () => {
  let clock: SimulatedClock;
  let before: ReturnType<typeof useClock>;
  beforeEach(() => void (before = useClock((clock = new SimulatedClock()))));
  afterEach(() => void useClock(before));

  const timed = (actions: Any, seen: unknown[]) =>
    answering("a", {
      init: () => [OK, "a", 0, actions],
      a(type: Any, content: unknown) {
        if (content === "leave") return [NEXT_STATE, "b", 0];
        seen.push(content);
        return answers(OK)(type);
      },
      b: (_type: unknown, content: unknown) => {
        seen.push(content);
        return KEEP_STATE_AND_DATA;
      },
    });

  test("a time-out fires at its time, and never before", async () => {
    const seen: unknown[] = [];
    await start(
      timed(
        [
          [STATE_TIMEOUT, 100, "state"],
          [[TIMEOUT, ["n", 1]], 50, "named"],
        ],
        seen,
      ),
    );
    clock.advance(49);
    await turn();
    expect(seen).toEqual([]);
    clock.advance(1);
    await turn();
    expect(seen).toEqual(["named"]);
    clock.advance(50);
    await turn();
    expect(seen).toEqual(["named", "state"]);
  });

  test.each([
    ["dies", (pid: Pid) => erlang.exit(pid, KILL), 0],
    ["leaves the state", (pid: Pid) => gen_statem.cast(pid, "leave"), 1],
  ])("no alarm is left of a machine that %s", async (_what, act, left) => {
    const pid = await start(timed([[STATE_TIMEOUT, 1_000, "s"], 2_000, [[TIMEOUT, "n"], 3_000, "n"]], []));
    await turn();
    act(pid);
    await turn();
    // The time-out with a name stays through a change of state.
    expect(clock.alarms).toBe(left);
    erlang.exit(pid, KILL);
    expect(clock.alarms).toBe(0);
  });

  test("names of time-outs are compared as terms, and thousands cost no more each than a few", async () => {
    const seen: unknown[] = [];
    const many = Array.from({ length: 20_000 }, (_, n) => [[TIMEOUT, ["user", { id: n }]], 100, `first ${n}`]);
    await start(timed([...many, [[TIMEOUT, ["user", { id: 7 }]], 50, "again"]], seen));
    clock.advance(50);
    await turn();
    expect(seen).toEqual(["again"]);
    clock.advance(50);
    await testing.eventually(() => seen.length === 20_000);
    expect(seen).not.toContain("first 7");
  });

  test("time-outs of zero that are set repeatedly are due in turn", async () => {
    const seen: number[] = [];
    const machine = {
      callback_mode: () => HANDLE_EVENT_FUNCTION,
      init: () => [OK, "a", 0, [1, 2, 3].map((n) => [[TIMEOUT, n], 0, n])],
      handle_event(_type: unknown, n: number): Any {
        seen.push(n);
        return seen.length < 10_000 ? [KEEP_STATE_AND_DATA, [[[TIMEOUT, n], 0, n]]] : KEEP_STATE_AND_DATA;
      },
    };
    await start(machine);
    await testing.eventually(() => seen.length === 10_002);
    expect(seen.every((n, index) => n === (index % 3) + 1)).toBe(true);
  });

  test("an absolute time is given with ABS", async () => {
    const seen: unknown[] = [];
    await start(timed([[STATE_TIMEOUT, clock.now() + 10, "then", [atom.ensure("abs"), true]]], seen));
    clock.advance(9);
    await turn();
    expect(seen).toEqual([]);
    clock.advance(1);
    await turn();
    expect(seen).toEqual(["then"]);
  });
});

describe("asynchronous callbacks", () => {
  const gate = () => {
    let open: (value?: unknown) => void = () => {};
    const wait = new Promise((resolve) => (open = resolve));
    return { open, wait };
  };

  test("events and requests of sys wait until a callback is done, and self() is the same after an await", async () => {
    const { open, wait } = gate();
    const order: unknown[] = [];
    const pid = await start(
      answering("a", {
        async a(type: Any, content: unknown, data: unknown) {
          order.push(content);
          if (content === "slow") {
            await wait;
            order.push(erlang.self());
            return [KEEP_STATE, "new"];
          }
          return [KEEP_STATE_AND_DATA, [[REPLY, type[1], data]]];
        },
      }),
    );
    gen_statem.cast(pid, "slow");
    const state = sys.get_state(pid);
    const data = gen_statem.call(pid, "data");
    await turn();
    expect(order).toEqual(["slow"]);
    open();
    expect(await data).toBe("new");
    expect(await state).toEqual(["a", "new"]);
    expect(order).toEqual(["slow", pid, "data"]);
  });

  test("the result of a callback has no effect after its machine was killed", async () => {
    const { open, wait } = gate();
    let ended = false;
    const pid = await start(
      answering("a", {
        a: async (type: Any) => (await wait, [KEEP_STATE_AND_DATA, [REPLY, type[1], 1]]),
        terminate: () => (ended = true),
      }),
    );
    const call = gen_statem.call(pid, "x");
    await turn();
    erlang.exit(pid, KILL);
    await expect(call).rejects.toMatchObject({ reason: [atom.ensure("killed"), expect.anything()] });
    open();
    await turn();
    expect(ended).toBe(false);
  });

  test("init, enter calls, handle_event and terminate may be asynchronous", async () => {
    const order: unknown[] = [];
    const later = async <T>(word: unknown, value: T): Promise<T> => {
      await turn();
      order.push(word);
      return value;
    };
    const pid = await start({
      callback_mode: () => [HANDLE_EVENT_FUNCTION, STATE_ENTER],
      init: () => later("init", [OK, "a", 0, [[NEXT_EVENT, INTERNAL, "inserted"]]]),
      handle_event: (type: Any, content: unknown) => later(type === ENTER ? "enter" : content, KEEP_STATE_AND_DATA),
      terminate: (reason: unknown) => later(reason, OK),
    });
    await gen_statem.stop(pid, "enough");
    expect(order).toEqual(["init", "enter", "inserted", "enough"]);
  });
});

describe("a result that throws when it is read", () => {
  const revoked = (): Any => {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return proxy;
  };
  const throwing = (): Any =>
    new Proxy([], {
      get() {
        throw new TypeError("do not look");
      },
    });

  test.each<[string, () => Any]>([
    ["a revoked proxy", revoked],
    ["a proxy that throws", throwing],
    ["actions that are revoked", () => [KEEP_STATE_AND_DATA, revoked()]],
    ["an action that throws", () => [KEEP_STATE_AND_DATA, [throwing()]]],
    ["a state that is revoked", () => [NEXT_STATE, revoked(), 0]],
    [
      "a thenable that throws",
      () =>
        Object.defineProperty({}, ["then"].join(""), {
          get() {
            throw new TypeError("no");
          },
        }),
    ],
    ["a promise of a revoked proxy", async () => [KEEP_STATE_AND_DATA, [revoked()]]],
  ])("ends its machine and no other process: %s", async (_what, result) => {
    const other = await start(answering("a", { a: answers("well") }));
    let told = 0;
    const pid = await start(answering("a", { a: result, terminate: () => void told++ }));
    const end = death(pid);
    gen_statem.cast(pid, "go");
    gen_statem.cast(pid, "again");
    await end;
    expect(told).toBe(1);
    expect(await gen_statem.call(other, "how")).toBe("well");
  });
});

describe("reports and errors", () => {
  const said = async (module: Any): Promise<string> => {
    const [report] = await reports(async () => {
      const pid = await start(module);
      const end = death(pid);
      gen_statem.cast(pid, "go");
      gen_statem.cast(pid, "there");
      await end;
    });
    return report?.text ?? "";
  };

  test("a crash is reported with event, state, data, postponed events and time-outs", async () => {
    const text = await said(
      answering("locked", {
        locked(_type: unknown, content: unknown) {
          if (content === "go") return [KEEP_STATE, { code: 1 }, [POSTPONE, [STATE_TIMEOUT, 9_999, "close"]]];
          throw new TypeError("x is not a function");
        },
      }),
    );
    expect(text).toMatch(/^gen_statem <.*> terminating\n {2}Reason: .*x is not a function/u);
    for (const line of [
      "Last event: [ cast, 'there' ]",
      "State: 'locked'",
      "Data: { code: 1 }",
      "Postponed: ",
      "Time-outs: ",
    ])
      expect(text).toContain(line);
  });

  test("a format_status that fails hides everything but the reason", async () => {
    const text = await said(
      answering("locked", {
        locked: () => erlang.error("boom"),
        init: () => [OK, "locked", "secret"],
        format_status: () => erlang.error("secret"),
      }),
    );
    expect(text).toContain("not shown: format_status failed");
    expect(text).not.toContain("secret");
  });

  test.each<[string, Any, string]>([
    [
      "a state without a function",
      { locked: () => [NEXT_STATE, "opne", 0], open: () => STATE_FUNCTIONS },
      "is open meant?",
    ],
    ["a state that has no name", { locked: () => [NEXT_STATE, ["a", 1], 0] }, "use HANDLE_EVENT_FUNCTION"],
    ["a callback's name as a state", { locked: () => [NEXT_STATE, "terminate", 0] }, "the name is a callback's"],
    [
      "an invalid result",
      { locked: () => 7 },
      '"locked" of the module { callback_mode, init, locked } returned 7, and must return [NEXT_STATE',
    ],
    [
      "an invalid action",
      { locked: () => [KEEP_STATE_AND_DATA, "postpone"] },
      'asked for "postpone", and must ask for actions that exist',
    ],
    [
      "an invalid mode",
      { callback_mode: () => "state_functions" },
      "must return STATE_FUNCTIONS or HANDLE_EVENT_FUNCTION",
    ],
    ["no mode", { callback_mode: undefined }, "the module { init } cannot be started: it has no callback_mode"],
    ["a mode that is no function", { callback_mode: STATE_FUNCTIONS }, "its callback_mode must be a function, and is"],
    ["a misspelt mode", { callback_mode: undefined, callbackMode: () => 0 }, "is its callbackMode meant to be"],
    [
      "a misspelt handle_event",
      { callback_mode: () => HANDLE_EVENT_FUNCTION, handleEvent: () => 0 },
      "cannot handle an event: it has no handle_event; is its handleEvent meant to be handle_event?",
    ],
    [
      "a terminate that is no function",
      { locked: () => STOP, terminate: 7 },
      "its terminate must be a function, and is 7",
    ],
  ])("the report names the mistake in %s", async (_what, more, words) => {
    expect(await said(answering("locked", more))).toContain(words);
  });

  const FROM = 'import { KEEP_STATE_AND_DATA } from "@otpts/runtime/gen_statem"';
  test.each<[string, Any, string]>([
    ["nothing", undefined, "; it returned nothing: is a `return` missing"],
    [
      "text",
      "keep_state_and_data",
      `; "keep_state_and_data" is a string, and the atom KEEP_STATE_AND_DATA is meant (${FROM})`,
    ],
    [
      "text as tag",
      ["next_state", "open", 0],
      '; "next_state" is a string, and the tag is the atom NEXT_STATE (import',
    ],
    ["too little", [NEXT_STATE, "open"], "; it is too short: [NEXT_STATE, state, data] or"],
    ["too much", [KEEP_STATE, 0, [], 1], "; it has 1 element too many: [KEEP_STATE, data] or"],
    ["the tag alone", NEXT_STATE, "; NEXT_STATE alone is not a result: it is the first element of an array"],
    ["an atom in an array", [STOP], "; STOP stands alone, without an array"],
    ["an array in an array", [[KEEP_STATE, 0]], "; it is an array in an array: return the inner one"],
    ["a gen_server's result", [NOREPLY, 0], "; NOREPLY is a gen_server's: [KEEP_STATE, data]"],
    ["an action", [REPLY, 0, 0], "; REPLY is an action: [KEEP_STATE_AND_DATA, [REPLY, from, value]]"],
    ["init's result", [OK, 0], "; OK is init's: [KEEP_STATE, data]"],
    ["an object", { next_state: "open" }, "; a result is an array, not an object: [NEXT_STATE, state, data]"],
    ["the data", { n: 1 }, "; the data alone is not a result: [KEEP_STATE, data]"],
    ["an error", new Error("no"), "; throw an error, or return [STOP, error]"],
    ["a function", () => 0, "; it is a function: is a call missing?"],
    [
      "an action as text",
      [KEEP_STATE_AND_DATA, "postpone"],
      '; "postpone" is a string, and the atom POSTPONE is meant',
    ],
    ["a short action", [KEEP_STATE_AND_DATA, [[REPLY, 0]]], "; it is too short: [REPLY, from, value], with the from"],
    ["an invalid time", [KEEP_STATE_AND_DATA, [[STATE_TIMEOUT, "5", 0]]], "; its form is [STATE_TIMEOUT, ms, content]"],
    ["an undefined action", [KEEP_STATE_AND_DATA, undefined], "; it is undefined: is the atom imported?"],
    ["a promise as action", [KEEP_STATE, 0, Promise.resolve()], "; it is a promise: await it first"],
  ])("the report of a wrong result has its likely cause: %s", async (_what, result, cause) => {
    for (const locked of [() => result, async () => result])
      expect(await said(answering("locked", { locked }))).toContain(cause);
  });

  test.each<[string, Any, string]>([
    ["nothing", undefined, "; it returned nothing"],
    ["the state", "locked", "; the state and the data are in an array: [OK, state, data]"],
    ["no data", [OK, "locked"], "; it is too short: [OK, state, data] or"],
    ["text as tag", ["ok", "locked", 0], '; "ok" is a string, and the tag is the atom OK'],
    ["an event's result", [NEXT_STATE, "locked", 0], "; NEXT_STATE is for events: init returns [OK, state, data]"],
  ])("the error of a wrong result of init has its likely cause: %s", async (_what, result, cause) => {
    await reports(async () => {
      await expect(gen_statem.start(answering("locked", { init: () => result }), 0)).rejects.toThrow(cause);
    });
  });

  test.each<[Any, string]>([
    [undefined, "; it returned nothing"],
    ["handle_event_function", '; "handle_event_function" is a string, and the atom HANDLE_EVENT_FUNCTION is meant'],
    [[STATE_FUNCTIONS, "state_enter"], '; a result is an array, and "state_enter" is a string'],
  ])("the report of a wrong mode has its likely cause: %o", async (mode, cause) => {
    expect(await said(answering("locked", { callback_mode: () => mode }))).toContain(cause);
  });

  test("a class or a promise in place of a module is refused", async () => {
    await expect(gen_statem.start(class Door {} as never, 0 as never)).rejects.toThrow(
      "got [class Door]; a class is given as an instance (new …)",
    );
    await expect(gen_statem.start(Promise.resolve() as never, 0 as never)).rejects.toThrow("await it first");
  });

  test("a misspelt clause of a state is refused, and an event without one names the others", async () => {
    expect(() => gen_statem.events({ casts: {} } as never)).toThrow('there is no option "casts" (did you mean cast?)');
    const locked = gen_statem.events<{ calls: { push(): 1 }; casts: object }, "locked", 0>({
      call: { push: () => KEEP_STATE_AND_DATA },
    }) as Any;
    const pid = await gen_statem.start(answering("locked", { locked }), 0);
    await reports(async () => {
      await expect(gen_statem.call(pid as Pid, [atom.ensure("pull")])).rejects.toThrow(
        "Cannot handle the event [ pull ] of type call: no clause of the state takes it; the calls are push",
      );
    });
  });

  test("a start names the mistake in its arguments", async () => {
    const start_: Any = gen_statem.start;
    await expect(start_(undefined)).rejects.toThrow(
      /its callback module must be an object with callback_mode and init/u,
    );
    await expect(start_(answering("a"), 0, { nmae: "x" })).rejects.toThrow(/did you mean name\?/u);
    await expect(gen_statem.start_link(answering("a") as Any, undefined)).rejects.toBeInstanceOf(ErlangError);
    const failed = await start_({ callback_mode: () => STATE_FUNCTIONS, init: () => "a" }).catch(
      (error: unknown) => error,
    );
    expect(failed).toBeInstanceOf(OtpError);
    expect((failed as Error).message).toContain("must return [OK, state, data]");
  });

  test("a failed call has gen_statem in its reason and a hint in its message", async () => {
    const failed = await gen_statem.call("nobody_there", "x").catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Exit);
    expect((failed as Exit).reason).toEqual([
      NOPROC,
      [atom.ensure("gen_statem"), atom.ensure("call"), ["nobody_there", "x", Infinity]],
    ]);
    const odd: Any = [atom.ensure("clean"), 5];
    await expect(gen_statem.call("nobody_there", "x", odd)).rejects.toThrow(/CLEAN_TIMEOUT/u);
  });

  test("reply refuses a value that is not the from of a call", () => {
    expect(() => gen_statem.reply("nobody" as Any, 1)).toThrow(/must be the one of the call event/u);
    expect(() => gen_statem.reply(["reply"] as Any)).toThrow(/a reply is \[REPLY, from, value\]/u);
  });
});

describe("events", () => {
  const RING = atom.ensure("ring");
  const clauses = gen_statem.events<{ calls: { ring(): string }; casts: { ring(): void } }, "a", unknown[]>({
    call: { ring: (_request, from) => [KEEP_STATE_AND_DATA, [REPLY, from, "called"]] },
    cast: { ring: (_message, seen) => [KEEP_STATE, [...seen, "cast"]] },
    info: (message, seen) => [KEEP_STATE, [...seen, message]],
    internal: (content, seen) => [KEEP_STATE, [...seen, content]],
    timeout: (content, seen) => [KEEP_STATE, [...seen, content]],
    state_timeout: (content, seen) => [KEEP_STATE, [...seen, content]],
    timeouts: { named: (content, seen) => [KEEP_STATE, [...seen, content]] },
  });

  test("an event is handled by its clause, and a state without an enter clause is entered silently", async () => {
    const pid = await start(
      answering("a", {
        callback_mode: () => [STATE_FUNCTIONS, STATE_ENTER],
        init: () => [
          OK,
          "a",
          [],
          [
            [STATE_TIMEOUT, 0, "state"],
            [[TIMEOUT, "named"], 0, "named"],
            [TIMEOUT, 0, "none"],
            [NEXT_EVENT, INTERNAL, "in"],
          ],
        ],
        a: clauses,
      }),
    );
    gen_statem.cast(pid, [RING]);
    erlang.send(pid, "plain");
    expect(await gen_statem.call(pid, [RING])).toBe("called");
    expect(await sys.get_state(pid)).toEqual(["a", ["in", "state", "named", "cast", "plain"]]);
  });

  test.each<[string, (pid: Pid) => unknown]>([
    ["a call", (pid) => gen_statem.call(pid, "x").catch(() => 0)],
    ["a cast", (pid) => gen_statem.cast(pid, ["ring"])],
  ])("%s without a clause ends the machine with function_clause", async (_what, act) => {
    const pid = await start(answering("a", { init: () => [OK, "a", []], a: clauses }));
    const end = death(pid);
    void act(pid);
    expect(((await end) as unknown[])[0]).toBe(atom.ensure("function_clause"));
  });

  test("otherwise handles events without a clause", async () => {
    const a = gen_statem.events<object, "a", number>({
      otherwise: (type, content) =>
        Array.isArray(type) && type[0] === CALL
          ? [KEEP_STATE_AND_DATA, [REPLY, type[1] as gen_server.From, content]]
          : KEEP_STATE_AND_DATA,
    });
    const pid = await start(answering("a", { a }));
    gen_statem.cast(pid, 1);
    expect(await gen_statem.call(pid, [7])).toEqual([7]);
  });
});

test("a call from outside any process and one from a process are answered alike", async () => {
  const pid = await start(answering("a", { a: answers("here") }));
  expect(await gen_statem.call(pid, 1)).toBe("here");
  expect(await inside(() => gen_statem.call(pid, 1))).toBe("here");
  expect(await gen_server.call(pid, 1)).toBe("here");
});
