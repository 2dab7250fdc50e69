import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { atoms, Atom, erlang, gen_server, OK, NOREPLY, OtpError, REPLY, supervisor } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { testing } from "@otpts/runtime/testing";

const kit = testing.setup({ beforeEach, afterEach });
const { ALREADY_STARTED } = atoms;

const said: string[] = [];
beforeEach(() => void (said.length = 0));
afterEach(async () => {
  for (const [name] of application.which_applications()) await application.stop(name);
});

const server = { init: () => [OK, 0] as const, handle_call: () => [NOREPLY, 0] as const };

function app(name: string, applications: application.Application[] = [], more: Partial<application.Application> = {}) {
  return application.define({
    name,
    applications,
    start: async () => {
      said.push(`start ${name}`);
      const tree = await supervisor.start_link([
        supervisor.child_spec({ id: "worker", task: () => gen_server.start_link(server, undefined, { name }) }),
      ]);
      return [tree, `state of ${name}`] as const;
    },
    prep_stop: (state) => {
      said.push(`prep_stop ${name}`);
      return `prepared ${String(state)}`;
    },
    stop: (state) => void said.push(`stop ${name}: ${String(state)}`),
    ...more,
  });
}

const reason = async (promise: Promise<unknown>) =>
  plain(
    (
      (await promise.then(
        () => undefined,
        (error: unknown) => error,
      )) as OtpError
    ).reason,
  );

function plain(term: unknown): unknown {
  if (term instanceof Atom) return term.name;
  return Array.isArray(term) ? term.map(plain) : term;
}

describe("start and stop as in OTP", () => {
  test("an application does not start before those it needs", async () => {
    const a = app("a");
    const b = app("b", [a]);
    expect(await reason(application.start(b))).toStrictEqual(["not_started", "a"]);
    expect(await reason(application.stop(b))).toStrictEqual(["not_started", "b"]);
    expect(await application.ensure_all_started(b)).toStrictEqual(["a", "b"]);
    expect(await application.ensure_all_started(b)).toStrictEqual([]);
    expect(await reason(application.start(a))).toStrictEqual(["already_started", "a"]);
    expect(await application.ensure_started(a)).toBe(OK);
    expect(application.which_applications().map(([name]) => name)).toStrictEqual(["b", "a"]);
    await application.stop("a");
    expect(application.which_applications().map(([name]) => name)).toStrictEqual(["b"]);
    expect(said).toStrictEqual(["start a", "start b", "prep_stop a", "stop a: prepared state of a"]);
    expect(erlang.whereis("a")).toBeUndefined();
    expect(application.get_application(erlang.whereis("b"))).toBe("b");
  });

  test.each([
    ["an invalid term", () => "nonsense", ["bad_return", [["c", "start", ["normal"]], "nonsense"]]],
    [
      "an exit",
      () => erlang.exit("bye"),
      [
        "bad_return",
        [
          ["c", "start", ["normal"]],
          ["EXIT", "bye"],
        ],
      ],
    ],
    ["an error that OTP returns", () => Promise.reject(new OtpError("oops")), ["oops", ["c", "start", ["normal"]]]],
  ])("%s as the result of a start fails it and leaves nothing", async (_what, start, expected) => {
    const c = { name: "c", start: start as never };
    expect(await reason(application.start(c))).toStrictEqual(expected);
    const d = app("d", [c]);
    expect(await reason(application.ensure_all_started(d))).toStrictEqual(["c", expected]);
    expect(application.which_applications()).toStrictEqual([]);
    await kit.no_process_left();
  });

  test("applications started for one that fails are stopped", async () => {
    const a = app("a");
    const bad = app("bad", [a], { start: () => Promise.reject(new Error("no disk")) });
    await expect(application.ensure_all_started(bad)).rejects.toThrow('Cannot start application "bad": Error: no disk');
    expect(said).toStrictEqual(["start a", "prep_stop a", "stop a: prepared state of a"]);
    await kit.no_process_left();
  });

  test("two simultaneous starts start an application once", async () => {
    const a = app("a");
    const both = await Promise.allSettled([application.start(a), application.start(a)]);
    expect(both.map(({ status }) => status)).toStrictEqual(["fulfilled", "rejected"]);
    expect(OtpError.is((both[1] as PromiseRejectedResult).reason, ALREADY_STARTED)).toBe(true);
    expect(said).toStrictEqual(["start a"]);
  });

  test("a start that takes too long is abandoned, and all its processes are killed", async () => {
    const clock = kit.simulated_clock();
    let release: (pid: unknown) => void = () => undefined;
    const slow = app("slow", [], {
      start: () =>
        supervisor.start_link([
          supervisor.child_spec({ id: 1, task: () => gen_server.start_link(server, undefined, { name: "first" }) }),
          supervisor.child_spec({ id: 2, task: () => new Promise((resolve) => (release = resolve)) }),
        ]),
    });
    const failed = reason(application.start(slow, "temporary", 2_000));
    await clock.advance(1_999);
    expect(erlang.whereis("first")).toBeDefined();
    await clock.advance(1);
    expect(await failed).toStrictEqual(["timeout", ["slow", "start", ["normal"]]]);
    release(undefined);
    await kit.no_process_left();
  });

  test("a stop that takes too long is abandoned, and the application's processes are killed", async () => {
    const clock = kit.simulated_clock();
    const stuck = app("stuck", [], { prep_stop: () => new Promise(() => {}) as never });
    await application.start(stuck);
    const stopped = application.stop(stuck, 3_000);
    await clock.advance(3_000);
    await stopped;
    await kit.expect_report(
      'Application "stuck" did not stop within 3000 ms: its prep_stop function has not finished; its 2 processes are killed',
    );
    await kit.no_process_left();
  });

  test("an application that ends is reported, and its leftovers are removed", async () => {
    const a = app("a");
    await application.start(a);
    for (let times = 0; times < 2; times++) {
      const before = erlang.whereis("a");
      erlang.exit(before as never, "boom");
      if (times === 0) await testing.eventually(() => erlang.whereis("a") !== before && erlang.whereis("a"));
    }
    await kit.expect_report('Application "a" ended with reason shutdown');
    expect(application.which_applications()).toStrictEqual([]);
    expect(said).toStrictEqual(["start a", "stop a: state of a"]);
    kit.allow_reports();
  });

  test.each([
    [{ name: "x", drain: 1 }, "drain must be a function, got 1"],
    [{ name: "x", strat: 1 }, 'there is no option "strat" (did you mean start?)'],
    [{ name: 7 }, "a name is a string or an atom"],
    [{ name: "x", applications: "y" }, 'applications must be an array of applications, got "y"'],
    [undefined, "it must be an object with name"],
  ])("%j is refused", async (given, text) => {
    await expect(application.start(given as never)).rejects.toThrow(text);
  });

  test("applications that depend on each other are refused", async () => {
    const a: { name: string; applications?: unknown[] } = { name: "a" };
    const b = { name: "b", applications: [a] };
    a.applications = [b];
    await expect(application.ensure_all_started(a as never)).rejects.toThrow("a → b → a");
  });
});

describe("a program", () => {
  const held: gen_server.From[] = [];
  const slow = {
    init: () => [OK, 0] as const,
    handle_call: (_request: unknown, from: gen_server.From) => {
      held.push(from);
      return [NOREPLY, 0] as const;
    },
  };
  const holding = (name: string) => () =>
    supervisor.start_link([
      supervisor.child_spec({ id: 1, task: () => gen_server.start_link(slow, undefined, { name }) }),
    ]);
  beforeEach(() => void (held.length = 0));

  test("two applications of one name are not mistaken for a circle of dependencies", async () => {
    await expect(application.run(app("x", [app("x")]), { signals: false })).rejects.toThrow(
      "two applications have this name",
    );
  });

  test("a call made in the same turn as the stop is answered, from outside and from another process", async () => {
    const slow = {
      ...server,
      handle_call: async (_request: unknown, _from: unknown, n: 0) => {
        await new Promise(setImmediate);
        return [REPLY, "answer", n] as const;
      },
    };
    const start = () =>
      supervisor.start_link([
        supervisor.child_spec({ id: "s", task: () => gen_server.start_link(slow, undefined, { name: "slow" }) }),
      ]);
    const program = await application.run(app("busy", [], { start }), { signals: false });
    const calls = [gen_server.call("slow", 1), testing.inside(() => gen_server.call("slow", 2))];
    await program.stop();
    expect(await Promise.all(calls)).toStrictEqual(["answer", "answer"]);
  });

  test("a tree that is not linked is reported, and still stopped in order", async () => {
    const ended: unknown[] = [];
    const last = { ...server, terminate: (reason: unknown) => void ended.push(reason) };
    const start = () =>
      supervisor.start([supervisor.child_spec({ id: "w", task: () => gen_server.start_link(last, undefined) })]);
    const unlinked = app("unlinked", [], { start });
    await application.start(unlinked);
    const report = await kit.expect_report("child_not_linked");
    expect(report.text).toContain("Write start: () => supervisor.start_link(…), not start");
    await application.stop(unlinked);
    // The worker does not trap exits: its terminate is not called, and it is not killed either.
    expect(kit.reports.map(({ event }) => event)).not.toContain("application_timeout");
    expect(ended).toStrictEqual([]);
  });

  test("is ready when all its applications are, and not ready while it drains; calls in progress are answered", async () => {
    let ready = false;
    const a = app("a", [], { ready: () => ready });
    const b = app("b", [a], { start: holding("calm"), drain: () => void said.push("drain b") });
    const running = application.run(b, { signals: false });
    const unready = await testing.eventually(async () => {
      const health = await application.readiness();
      return health.applications.length === 2 && health.phase === "starting" ? health : undefined;
    });
    expect(unready.ok).toBe(false);
    expect(unready.applications[0]).toMatchObject({ name: "a", ok: false, reason: "ready answered false" });
    ready = true;
    const program = await running;
    expect(await application.readiness()).toMatchObject({ ok: true, phase: "ready" });

    const answer = gen_server.call("calm", "work");
    await testing.eventually(() => held.length === 1);
    const stopped = program.stop();
    await testing.eventually(() => said.includes("drain b"));
    expect(await application.readiness()).toMatchObject({ ok: false, phase: "draining" });
    expect(await application.liveness()).toMatchObject({ ok: true });
    expect(erlang.whereis("calm")).toBeDefined();
    gen_server.reply(held[0] as gen_server.From, "done");
    expect(await answer).toBe("done");
    await stopped;
    expect(program.phase).toBe("stopped");
    await kit.no_process_left();
  });

  test("that does not drain in time reports the callers that still wait, and stops all the same", async () => {
    const clock = kit.simulated_clock();
    const a = app("a", [], { start: holding("calm") });
    const program = await application.run(a, { signals: false, timeouts: { drain: 7_000 } });
    const call = gen_server.call("calm", "work", Infinity).catch((error: unknown) => error);
    await testing.eventually(() => held.length === 1);
    const stopped = program.stop();
    await clock.advance(7_000);
    await stopped;
    expect(String(await call)).toContain("shutdown");
    const report = await kit.expect_report("did not drain within 7000 ms");
    expect(report.text).toMatch(/calls are in flight to "calm" <.*> \(1\)/u);
    await kit.no_process_left();
  });

  test("drains and stops in reverse order", async () => {
    const steps = (name: string, needs: application.Application[] = []) =>
      app(name, needs, { drain: () => void said.push(`drain ${name}`) });
    const a = steps("a");
    const b = steps("b", [a]);
    const c = steps("c", [a, b]);
    const program = await application.run(c, { signals: false });
    said.length = 0;
    await program.stop();
    expect(said.map((line) => line.split(":")[0])).toStrictEqual([
      "drain c",
      "drain b",
      "drain a",
      "prep_stop c",
      "stop c",
      "prep_stop b",
      "stop b",
      "prep_stop a",
      "stop a",
    ]);
  });

  test("a drain that hangs or fails delays no other", async () => {
    const clock = kit.simulated_clock();
    const signals: AbortSignal[] = [];
    const a = app("a", [], { drain: () => Promise.reject(new Error("no socket")) });
    const b = app("b", [a], {
      drain: (_state, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const program = await application.run(b, { signals: false, timeouts: { drain: 5_000 } });
    const stopped = program.stop();
    await clock.advance(5_000);
    await stopped;
    expect(signals[0]?.aborted).toBe(true);
    await kit.expect_report('"b" did not drain within 5000 ms: its drain function has not finished');
    await kit.expect_report('"a": drain failed: Error: no socket');
  });

  test("that does not become ready in time fails, names the cause, and leaves nothing", async () => {
    const clock = kit.simulated_clock();
    const a = app("a", [], { ready: () => "warming up" });
    const failed = application.run(a, { signals: false, timeouts: { ready: 1_000 } }).catch((error: unknown) => error);
    for (let n = 0; n < 25; n++) await clock.advance(50);
    expect(String(await failed)).toContain('is not ready within 1000 ms: "a": ready answered "warming up"');
    await kit.no_process_left();
  });
});

describe("probes", () => {
  const ask = async (path: string, init?: RequestInit, options?: application.ProbeOptions) => {
    const response = await application.probes(options)(new Request(`http://here${path}`, init));
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : (JSON.parse(text) as unknown) };
  };

  test("answer 200 if all is well, and 503 with the reason otherwise", async () => {
    let well: unknown = true;
    const program = await application.run(app("a", [], { ready: () => well, live: () => well }), { signals: false });
    expect(await ask("/readyz")).toMatchObject({ status: 200, body: { ok: true, phase: "ready" } });
    expect(await ask("/livez")).toMatchObject({ status: 200, body: { ok: true } });
    well = Promise.reject(new Error("no connection"));
    (well as Promise<unknown>).catch(() => undefined);
    const expected = { ok: false, applications: [{ name: "a", reason: "ready failed: no connection" }] };
    expect(await ask("/readyz")).toMatchObject({ status: 503, body: expected });
    expect(await ask("/livez")).toMatchObject({ status: 503 });
    expect(await ask("/readyz", {}, { details: false })).toStrictEqual({
      status: 503,
      body: { ok: false, phase: "ready" },
    });
    expect(await ask("/other")).toMatchObject({ status: 404 });
    expect(await ask("/readyz", { method: "POST" })).toMatchObject({ status: 405 });
    expect(await ask("/readyz", { method: "HEAD" })).toStrictEqual({ status: 503, body: undefined });
    await program.stop();
    expect((await ask("/readyz")).status).toBe(503);
  });

  test("a check that does not answer counts as a failure after its time", async () => {
    const clock = kit.simulated_clock();
    await application.start(app("a", [], { ready: () => new Promise(() => {}) }));
    const asked = application.readiness(200);
    await clock.advance(200);
    expect((await asked).applications[0]).toMatchObject({ ok: false, reason: "ready did not answer within 200 ms" });
  });
});
