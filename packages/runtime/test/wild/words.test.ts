/** Mistakes of people who meet OTP for the first time: each is reported with module, callback, the result, the allowed results and the likely cause. */
import {
  CONTINUE,
  ErlangError,
  Exit,
  IGNORE,
  KILL,
  NOREPLY,
  OK,
  OtpError,
  type Pid,
  REPLY,
  STOP,
  atom,
  atoms,
  erlang,
  gen_server,
  supervisor,
} from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { failure } from "../kit/failure.ts";
import { death, eventually, inside, reports } from "../kit/inside.ts";

const { BAD_RETURN_VALUE, BADARG, UNDEF } = atoms;

type Callbacks = Readonly<Record<string, unknown>>;

const start = (module: Callbacks, options = {}) => gen_server.start(module as object, undefined as never, options);

describe("an invalid result of init", () => {
  const allowed = "must return [OK, state], [STOP, reason] or IGNORE";
  test.each<[string, unknown, string]>([
    [
      "a string as tag",
      ["ok", 0],
      '; "ok" is a string, and the tag is the atom OK (import { OK } from "@otpts/runtime")',
    ],
    ["a capital string as tag", ["OK", 0], '; "OK" is a string, and the tag is the atom OK'],
    ["nothing", undefined, "; it returned nothing: is a `return` missing"],
    ["the state alone", { n: 0 }, "; the state alone is not a result: [OK, state]"],
    ["the tag alone", OK, "; OK alone is not a result: it is the first element of an array"],
    ["the tag in an array", [OK], "; the new state is missing: [OK, state]"],
    ["another callback's tag", [NOREPLY, 0], "; NOREPLY is for messages: init returns [OK, state]"],
    ["a reason without a tag", [atoms.ERROR, "no disk"], "; a start that fails is [STOP, reason]"],
    ["a stop with a state", [STOP, "x", 0], "; init has no state yet: [STOP, reason]"],
    [
      "a string time-out",
      [OK, 0, "5000"],
      '; what follows the state must be a time-out in ms, Infinity, HIBERNATE or [CONTINUE, term], and is "5000"',
    ],
    ["a negative time-out", [OK, 0, -1], "and is -1"],
    ["CONTINUE alone", [OK, 0, CONTINUE], "and is continue: CONTINUE needs a term"],
    ["a string as CONTINUE", [OK, 0, ["continue", 1]], '"continue" is a string, and the tag is the atom CONTINUE'],
    ["a promise in the tuple", [OK, 0, Promise.resolve(1)], "and is [Promise]: await it first"],
    ["too much", [OK, 0, 1, 2], "; it has 1 element too many"],
    ["an error", new Error("no"), "; throw an error, or return [STOP, error]"],
    ["a cloned atom", [{ name: "ok" }, 0], "is a copy of the atom OK: cloning and JSON do not preserve atoms"],
    ["a function", () => [OK, 0], "; it is a function: is a call missing?"],
    ["an array in an array", [[OK, 0]], "; it is an array in an array: return the inner one"],
    ["an undefined tag", [undefined, 0], "; the tag is undefined: is it imported?"],
    [
      "a generator",
      (function* () {})(),
      "; it is an iterator: a callback is an ordinary or an async function, not a generator",
    ],
  ])("is reported with its likely cause: %s", async (_what, result, cause) => {
    const said = await reports(async () => {
      const error = await failure(() => start({ name: "counter", init: () => result }, { name: "db" }));
      expect(error.message).toMatch(/^Cannot start gen_server "db": init of counter returned .*, and /u);
      expect(error.message).toContain(`${allowed}`);
      expect(error.message).toContain(cause);
      // The term is OTP's.
      expect(error.reason).toStrictEqual([BAD_RETURN_VALUE, result]);
    });
    expect(said[0]?.text).toContain(cause);
    expect(said[0]?.text).toContain("\n  Module: counter\n");
  });
});

describe("an invalid result of another callback", () => {
  const calls = "[REPLY, reply, state], [NOREPLY, state], [STOP, reason, reply, state] or [STOP, reason, state]";
  const others = "[NOREPLY, state] or [STOP, reason, state]";
  test.each<[string, unknown, string, string]>([
    ["handle_call", ["reply", 1, 2], calls, '"reply" is a string, and the tag is the atom REPLY'],
    ["handle_call", { reply: 1 }, calls, "a result is an array, not an object: [REPLY, reply, state]"],
    ["handle_call", { noreply: 1 }, calls, "a result is an array, not an object: [NOREPLY, state]"],
    ["handle_call", { stop: 1 }, calls, "a result is an array, not an object: [STOP, reason, state]"],
    ["handle_call", [REPLY, 1], calls, "the new state is missing: [REPLY, reply, state]"],
    ["handle_call", [REPLY], calls, "the reply and the new state are missing: [REPLY, reply, state]"],
    ["handle_call", [OK, 1], calls, "OK is init's: handle_call returns [NOREPLY, state] or [REPLY, reply, state]"],
    ["handle_call", undefined, calls, "it returned nothing: is a `return` missing"],
    ["handle_call", [STOP, "x"], calls, "the state is missing: [STOP, reason, state]"],
    ["handle_call", IGNORE, calls, "only init may return IGNORE"],
    ["handle_call", [Promise.resolve(1), 1, 1], calls, "it holds a promise: await it first"],
    ["handle_cast", [REPLY, 1, 2], others, "a cast has no caller that waits for a reply: return [NOREPLY, state]"],
    ["handle_cast", [NOREPLY], others, "the new state is missing: [NOREPLY, state]"],
    ["handle_call", 7, calls, "the reply alone is not a result: [REPLY, reply, state]"],
    ["handle_call", atoms.TIMEOUT, calls, "the reply alone is not a result: [REPLY, reply, state]"],
    ["handle_cast", undefined, others, "it returned nothing"],
    ["handle_cast", { n: 1 }, others, "the state alone is not a result: [NOREPLY, state]"],
    ["handle_info", 7, others, "the state alone is not a result: [NOREPLY, state]"],
    ["handle_cast", "noreply", others, '"noreply" is a string, and the tag is the atom NOREPLY'],
    ["handle_cast", [STOP, 1, 2, 3], others, "there is no caller to reply to: [STOP, reason, state]"],
    ["handle_info", [REPLY, 1, 2], others, "this has no caller that waits for a reply: return [NOREPLY, state]"],
    ["handle_info", NOREPLY, others, "NOREPLY alone is not a result: it is the first element of an array"],
    ["handle_continue", [OK, 1], others, "OK is init's: handle_continue returns [NOREPLY, state]"],
  ])("is reported with its likely cause: %s: %o", async (callback, result, allowed, cause) => {
    for (const wrap of [(value: unknown) => value, (value: unknown) => Promise.resolve(value)]) {
      const module = {
        name: "counter",
        init: () => (callback === "handle_continue" ? [OK, 0, [CONTINUE, 1]] : [OK, 0]),
        [callback]: () => wrap(result),
      };
      let end: Promise<unknown> | undefined;
      const said = await reports(async () => {
        const pid = (await start(module)) as Pid;
        end = death(pid);
        if (callback === "handle_call") {
          const error = await failure(() => gen_server.call(pid, 1));
          expect(error.message).toContain(`${callback} of counter returned `);
          expect(error.message).toContain(cause);
        } else if (callback === "handle_cast") gen_server.cast(pid, 1);
        else if (callback === "handle_info") erlang.send(pid, 1);
        await end;
      });
      const reason = await end;
      if (callback !== "handle_continue") expect(reason).toStrictEqual([BAD_RETURN_VALUE, result]);
      expect(said[0]?.text).toContain(`${callback} of counter returned `);
      expect(said[0]?.text).toContain(`and must return ${allowed}; `);
      expect(said[0]?.text).toContain(cause);
    }
  });

  test("is in the report of the crash and in that of the restart", async () => {
    const module = { init: () => [OK, 0], handle_cast: () => ["noreply", 0] };
    const said = await reports(async () => {
      const top = await supervisor.start(
        [{ id: ["db", 1], task: () => gen_server.start_link(module as object, 0 as never, { name: "words_db" }) }],
        { name: "words_top" },
      );
      const before = erlang.whereis("words_db") as Pid;
      gen_server.cast("words_db", 1);
      await eventually(() => ![undefined, before].includes(erlang.whereis("words_db")));
      await supervisor.stop(top);
    });
    const sentence =
      'handle_cast of the module { init, handle_cast } returned [ \'noreply\', 0 ], and must return [NOREPLY, state] or [STOP, reason, state]; "noreply" is a string, and the tag is the atom NOREPLY (import { NOREPLY } from "@otpts/runtime")';
    expect(said).toHaveLength(2);
    expect(said[0]?.text).toContain(`  Reason: ${sentence}\n`);
    expect(said[0]?.text).toMatch(
      /\n {2}Module: \{ init, handle_cast \}\n {2}Child: \[ 'db', 1 \] of supervisor "words_top" <0\.\d+\.0>\n/u,
    );
    expect(said[0]?.details).toMatchObject({ child_id: ["db", 1] });
    expect(said[1]?.text).toContain(sentence);
  });
});

describe("a missing callback", () => {
  test.each<[string, Callbacks, (pid: Pid) => unknown, string]>([
    [
      "handle_call",
      {},
      (pid) => void gen_server.call(pid, "next").catch(() => {}),
      'undef: counter cannot take the call "next": it has no handle_call',
    ],
    [
      "handle_cast",
      {},
      (pid) => gen_server.cast(pid, "go"),
      'undef: counter cannot take the cast "go": it has no handle_cast',
    ],
    [
      "handle_call in camel case",
      { handleCall: () => [REPLY, 1, 1] },
      (pid) => void gen_server.call(pid, 1).catch(() => {}),
      "undef: counter cannot take the call 1: it has no handle_call; is its handleCall meant to be handle_call?",
    ],
    [
      "handle_cast with a letter missing",
      { handl_cast: () => [NOREPLY, 1] },
      (pid) => gen_server.cast(pid, 1),
      "is its handl_cast meant to be handle_cast?",
    ],
    [
      "handle_call that is not a function",
      { handle_call: 7 },
      (pid) => void gen_server.call(pid, 1).catch(() => {}),
      "undef: counter cannot take the call 1: its handle_call must be a function, and is 7",
    ],
  ])("%s", async (_what, more, act, sentence) => {
    let reason: unknown;
    const said = await reports(async () => {
      const pid = (await start({ name: "counter", init: () => [OK, 0], ...more })) as Pid;
      const end = death(pid);
      act(pid);
      reason = await end;
    });
    expect((reason as unknown[])[0]).toBe(UNDEF);
    expect(said[0]?.text).toContain(sentence);
    // Where this package noticed it is of no use to anybody.
    expect(said[0]?.text).not.toMatch(/^\s+at /mu);
  });

  test("init", async () => {
    await reports(async () => {
      const error = await failure(() => start({ name: "counter", Init: () => [OK, 0] }));
      expect(error.message).toBe(
        "Cannot start gen_server: undef: counter cannot be started: it has no init; is its Init meant to be init?",
      );
      expect((error.reason as unknown[])[0]).toBe(UNDEF);
      expect((await failure(() => start({ init: "x" }))).message).toContain('its init must be a function, and is "x"');
    });
  });

  test("terminate", async () => {
    const said = await reports(async () => {
      const pid = (await start({ name: "counter", init: () => [OK, 0], terminate: 7 })) as Pid;
      const error = await failure(() => gen_server.stop(pid));
      expect(error.message).toContain("counter cannot end in order: its terminate must be a function, and is 7");
    });
    expect(said[0]?.text).toContain("its terminate must be a function, and is 7");
  });

  test.each<[string, object, string]>([
    [
      "a namespace",
      { default: { init: () => [OK, 0] } },
      "the module { default } without functions cannot be started: it has no init; is its default export meant?",
    ],
    ["nothing", {}, "the empty module {} cannot be started: it has no init"],
  ])("init, of %s", async (_what, module, sentence) => {
    await reports(async () => {
      expect((await failure(() => gen_server.start(module as never, 0 as never))).message).toBe(
        `Cannot start gen_server: undef: ${sentence}`,
      );
    });
  });

  test.each<[string, unknown, string]>([
    ["a promise", Promise.resolve({}), "got [Promise]; it is a promise: await it first"],
    ["an array", [], "got []"],
  ])("%s in place of a module is refused", async (_what, module, words) => {
    expect((await failure(() => gen_server.start(module as never, 0 as never))).message).toBe(
      `Cannot start a gen_server: its callback module must be an object with init, ${words}`,
    );
  });

  test("handle_continue", async () => {
    const said = await reports(async () => {
      const pid = (await start({ name: "counter", init: () => [OK, 0, [CONTINUE, "load"]] })) as Pid;
      await death(pid);
    });
    expect(said[0]?.text).toContain('counter cannot continue with "load": it has no handle_continue');
  });

  test("handle_info: the server lives on with a report", async () => {
    let pid: Pid | undefined;
    const said = await reports(async () => {
      pid = (await start({ name: "counter", init: () => [OK, 0], handle_call: () => [REPLY, 1, 0] })) as Pid;
      erlang.send(pid, "hello");
      expect(await gen_server.call(pid, 1)).toBe(1);
    });
    expect(said.map(({ text }) => text)).toStrictEqual([
      `gen_server ${pid} received an unexpected message: "hello" (counter has no handle_info)`,
    ]);
  });

  test("a class instead of an instance is refused", async () => {
    class Counter {
      init() {
        return [OK, 0] as const;
      }
    }
    expect((await failure(() => gen_server.start(Counter as never, undefined as never))).message).toBe(
      "Cannot start a gen_server: its callback module must be an object with init, got [class Counter]; a class is given as an instance (new …)",
    );
  });
});

describe("terminate and format_status", () => {
  test("terminate may return anything, and an error in it becomes the reason", async () => {
    for (const result of [undefined, 7, ["ok"], { reply: 1 }, Promise.resolve("x")]) {
      const pid = (await start({ init: () => [OK, 0], terminate: () => result })) as Pid;
      expect(await gen_server.stop(pid)).toBe(OK);
    }
  });

  test.each<[string, () => unknown, string]>([
    [
      "returns nothing",
      () => undefined,
      "format_status failed (it must return the status object, and returned undefined)",
    ],
    ["is asynchronous", async () => ({}), "format_status failed (it must not be asynchronous)"],
    [
      "throws",
      () => {
        throw new RangeError("s3cret");
      },
      "format_status failed (RangeError)",
    ],
  ])("a format_status that %s hides the state", async (_what, format_status, why) => {
    const said = await reports(async () => {
      const pid = (await start({ init: () => [OK, "s3cret"], handle_cast: () => "wrong", format_status })) as Pid;
      const end = death(pid);
      gen_server.cast(pid, "s3cret");
      await end;
    });
    expect(said[0]?.text).toContain(`State: 'not shown: ${why}'`);
    expect(said[0]?.text).not.toContain("s3cret");
  });

  test("a state that is a promise is pointed out", async () => {
    const said = await reports(async () => {
      const pid = (await start({ init: () => [OK, Promise.resolve(0)], handle_cast: () => "wrong" })) as Pid;
      const end = death(pid);
      gen_server.cast(pid, 1);
      await end;
    });
    expect(said[0]?.text).toContain(
      "State: [Promise] (a promise: is an await missing where the callback returned it?)",
    );
  });
});

describe("an unknown option", () => {
  test.each<[unknown, string]>([
    [
      { nmae: "x" },
      'Cannot start a gen_server: there is no option "nmae" (did you mean name?); the options are name, timeout, mailbox, debug, hibernate_after and spawn_opt',
    ],
    [{ hibernateAfter: 1 }, '"hibernateAfter" (did you mean hibernate_after?)'],
    [{ colour: 1 }, 'there is no option "colour"; the options are'],
    ["x", 'its options must be an object with name, timeout, mailbox, debug, hibernate_after and spawn_opt, got "x"'],
    [null, "got null"],
    [[], "got []"],
  ])("of a gen_server: %o", async (options, text) => {
    const error = await failure(() => start({ init: () => [OK, 0] }, options as object));
    expect(error).toBeInstanceOf(ErlangError);
    expect(ErlangError.is(error, BADARG)).toBe(true);
    expect(error.message).toContain(text);
  });

  test.each<[string, () => unknown, string]>([
    [
      "receive's match",
      () => erlang.receive({ after: 5 } as never),
      "Cannot receive: the match must be a function from a message to true or false, got { after: 5 }; without one, give undefined before the options",
    ],
    [
      "receive",
      () => erlang.receive(undefined, { timeout: 5 } as never),
      'Cannot receive: there is no option "timeout"; the options are after',
    ],
    [
      "monitor",
      () => erlang.monitor("process", erlang.self(), { alais: "demonitor" } as never),
      'Cannot monitor a process: there is no option "alais" (did you mean alias?)',
    ],
    [
      "send_after",
      () => erlang.send_after(1, erlang.self(), 1, { unref: true } as never),
      'Cannot start a timer: there is no option "unref"',
    ],
    [
      "demonitor",
      () => erlang.demonitor(erlang.make_ref(), ["flsh"]),
      'Cannot demonitor: there is no option "flsh" (did you mean flush?); the options are flush and info',
    ],
    [
      "demonitor",
      () => erlang.demonitor(erlang.make_ref(), "flush" as never),
      'Cannot demonitor: its options are a list of flush and info, got "flush"',
    ],
  ])("of erlang.%s", async (_what, act, text) => {
    const error = await inside(() => failure(act));
    expect(ErlangError.is(error, BADARG)).toBe(true);
    expect(error.message).toContain(text);
  });
});

test("a supervisor module's init names the allowed results in its error", async () => {
  await reports(async () => {
    const error = await failure(() =>
      supervisor.start({ name: "top", init: () => ["ok", [{}, []]] } as supervisor.SupervisorModule, 0),
    );
    expect(error.message).toBe(
      `Cannot start supervisor: init of top returned [ 'ok', [ {}, [] ] ], and must return [OK, [flags, children]] or IGNORE; "ok" is a string, and the tag is the atom OK (import { OK } from "@otpts/runtime")`,
    );
    expect((error.reason as unknown[])[0]).toBe(atoms.BAD_RETURN);
    expect((await failure(() => supervisor.start({ init: () => [OK, []] }, 0))).message).toContain(
      "and must return [OK, [flags, children]] or IGNORE",
    );
  });
});

test.each<[string, unknown, string]>([
  ["the flags alone", [OK, {}], "; its form is [OK, [flags, children]]"],
  ["flags and children one after the other", [OK, {}, []], "; it has 1 element too many: [OK, [flags, children]]"],
  ["no array", {}, "; the flags and the children are in an array: [OK, [flags, children]]"],
  ["nothing", undefined, "; it returned nothing"],
])(
  "a wrong result of a supervisor module's init is reported with its likely cause: %s",
  async (_what, result, cause) => {
    await reports(async () => {
      const start = () => supervisor.start({ name: "top", init: () => result } as supervisor.SupervisorModule, 0);
      expect((await failure(start)).message).toContain(cause);
    });
  },
);

describe("a mistake in a child specification or in options of a supervisor is named with its likely cause:", () => {
  const task = () => gen_server.start_link({ init: () => [OK, 0] } as object, 0 as never);
  const starting = (child: object, options: object = {}) =>
    failure(() => supervisor.start([{ id: "db", task, ...child }], options));
  test.each<[string, object, object, string]>([
    [
      "start",
      { task: undefined, start: task },
      {},
      "needs a task, the function that starts it; OTP's start is called task here",
    ],
    [
      "intensity",
      {},
      { intensity: 1 },
      'supervisor: there is no option "intensity"; the options are strategy, max_restarts, max_seconds, auto_shutdown, name and signals; OTP\'s intensity is called max_restarts here',
    ],
    ["period", {}, { period: 1 }, "OTP's period is called max_seconds here"],
    ["a misspelt strategy", {}, { strategy: "oneForAll" }, 'got "oneForAll" (did you mean one_for_all?)'],
    ["a strategy that is not called", {}, { strategy: supervisor.OneForAll }, "; it is a function: is a call missing?"],
    ["a misspelt restart", { restart: "permanant" }, {}, 'got "permanant" (did you mean permanent?)'],
    ["a restart that is not called", { restart: supervisor.Transient }, {}, "; it is a function: is a call missing?"],
    ["a misspelt type", { type: "superviser" }, {}, "(did you mean supervisor?)"],
    ["a misspelt shutdown", { shutdown: "brutal_kil" }, {}, "(did you mean brutal_kill?)"],
    ["a name that is none", {}, { name: 7 }, "Cannot start a supervisor as 7: a name is a string or an atom"],
  ])("%s", async (_what, child, options, words) => {
    expect((await starting(child, options)).message).toContain(words);
  });

  test("a task that returns a pid with OK", async () => {
    await reports(async () => {
      expect((await starting({ task: async () => [OK, await task()] })).message).toMatch(
        /must return a pid, \[pid, info\] or IGNORE; the pid is returned alone, without OK$/,
      );
    });
  });
});

test("a promise in place of a pid is named", async () => {
  const starting = supervisor.start([]);
  for (const act of [
    () => gen_server.call(starting as never, 1 as never),
    () => gen_server.cast(starting as never, 1 as never),
    () => supervisor.stop(starting as never),
    () => erlang.send(starting as never, 1),
    () => erlang.exit(starting as never, KILL),
  ])
    expect((await failure(act)).message).toMatch(/\[Promise\].*; it is a promise: await it first$/);
  await supervisor.stop(await starting);
});

test("a table of clauses lists its messages in its error", async () => {
  const module = {
    init: () => [OK, 0],
    handle_call: gen_server.calls<{ next(): number; reset(): number }, number>({
      next: (_r, _f, n) => [REPLY, n, n],
      reset: (_r, _f, n) => [REPLY, n, n],
    }),
  };
  await reports(async () => {
    const pid = (await start(module)) as Pid;
    const error = await failure(() => gen_server.call(pid, [atom.ensure("nxt")]));
    expect(error.message).toContain(
      "Cannot handle [ nxt ]: no clause of handle_call takes it; the clauses are next and reset",
    );
    erlang.exit(pid, KILL);
    const other = (await start(module)) as Pid;
    expect((await failure(() => gen_server.call(other, ["next"]))).message).toContain(
      '"next" is a string, and a tag is an atom',
    );
  });
});

test("a crash's frames are the program's, not this package's", async () => {
  const said = await reports(async () => {
    const pid = (await start({
      init: () => [OK, 0],
      handle_cast: () => {
        throw new Error("here");
      },
    })) as Pid;
    const end = death(pid);
    gen_server.cast(pid, 1);
    await end;
  });
  const frames = (said[0]?.text ?? "").split("\n").filter((line) => /^\s+at /u.test(line));
  expect(frames[0]).toContain("words.test.ts");
  expect(frames.join("\n")).not.toMatch(/runtime\/(?:src|dist)\/|node:internal/u);
});

test("the reasons of Exit and OtpError stay OTP's terms", async () => {
  await reports(async () => {
    const pid = (await start({ init: () => [OK, 0], handle_call: () => "x" })) as Pid;
    const exit = await failure(() => gen_server.call(pid, 1));
    expect(exit).toBeInstanceOf(Exit);
    expect(exit.reason).toStrictEqual([
      [BAD_RETURN_VALUE, "x"],
      [atoms.GEN_SERVER, atoms.CALL, [pid, 1]],
    ]);
    expect(await failure(() => start({ init: () => 5 }))).toBeInstanceOf(OtpError);
  });
});

describe("a call that fails inside another server keeps its words:", () => {
  const words = 'Call to "later" with request 1 failed: no process has this name (noproc). Is the server started';

  test("in the start of a supervisor, and in both reports", async () => {
    const init = async () => [OK, await gen_server.call("later", 1)];
    let error: (Error & { reason?: unknown }) | undefined;
    const said = await reports(async () => {
      error = await failure(() =>
        supervisor.start([{ id: "early", task: () => gen_server.start_link({ init } as object, 0 as never) }]),
      );
    });
    expect(error?.message).toContain(`child "early" failed to start: ${words}`);
    expect(said.map(({ text }) => text.includes(words))).toStrictEqual([true, true]);
    // The term is OTP's.
    expect(said[0]?.details["reason"]).toStrictEqual([atoms.NOPROC, [atoms.GEN_SERVER, atoms.CALL, ["later", 1]]]);
  });

  test("at the caller of the server, and at the end of a long chain of servers in limited length", async () => {
    const calling = (to: string) => ({
      init: () => [OK, 0],
      handle_call: async () => [REPLY, await gen_server.call(to, 1), 0],
    });
    await reports(async () => {
      for (let n = 0; n < 40; n++) await start(calling(n === 0 ? "later" : `chain ${n - 1}`), { name: `chain ${n}` });
      const error = await failure(() => gen_server.call("chain 39", 1));
      expect(error.message).toContain('Call to "chain 38" with request 1 failed: the server ended before it replied');
      expect(error.message.length).toBeLessThan(3_000);
      const short = await start(calling("later"), { name: "short" });
      expect((await failure(() => gen_server.call(short as Pid, 1))).message).toContain(words);
    });
  });
});
