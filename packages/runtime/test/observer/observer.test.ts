import { KILL, NOREPLY, OK, Pid, REPLY, STOP, TIMEOUT, erlang, gen_server, supervisor, sys } from "@otpts/runtime";
import { observer } from "@otpts/runtime/observer";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const kit = testing.setup({ beforeEach, afterEach });

/** A server that counts, waits for as long as it is told, and fails when asked to. */
const counter = {
  name: "Counter",
  init: (n: number) => [OK, n] as const,
  handle_call: (request: unknown, _from: gen_server.From, n: number) => {
    if (request === "late") return new Promise<never>(() => {});
    if (request === "never") return [NOREPLY, n] as const;
    return [REPLY, n, n + 1] as const;
  },
  handle_cast: (message: unknown, n: number) =>
    message === "fail" ? ([STOP, "failed", n] as const) : ([NOREPLY, n] as const),
  handle_info: (_message: unknown, n: number) => [NOREPLY, n] as const,
};

const child = (id: string, more: Partial<Pick<supervisor.ChildSpec, "restart" | "backoff">> = {}) =>
  supervisor.child_spec({ id, task: () => gen_server.start_link(counter, 0, { name: id }), ...more });

const started = (children: readonly supervisor.ChildSpec[], options?: supervisor.SupervisorOptions) =>
  kit.start_supervised({ id: "top", type: "supervisor", task: () => supervisor.start_link(children, options) });

const childOf = (top: Pid, id: string) => supervisor.tree(top)?.children?.find((each) => each.id === id);

describe("supervisor.tree", () => {
  test("shows the running processes with their modules and counters", async () => {
    const top = await started([child("a"), child("b", { restart: "temporary" })], {
      strategy: "rest_for_one",
      name: "t",
    });
    for (let i = 0; i < 3; i++) await gen_server.call("a", "next");
    const tree = supervisor.tree(top);
    expect(tree).toMatchObject({
      id: undefined,
      pid: top,
      name: "t",
      type: "supervisor",
      strategy: "rest_for_one",
      child_restarts: 0,
      children_count: 2,
      children: [
        {
          id: "a",
          name: "a",
          pid: erlang.whereis("a"),
          module: "gen_server Counter",
          type: "worker",
          restart: "permanent",
          status: "waiting",
          restarts: 0,
          message_queue_len: 0,
          messages_handled: 3,
        },
        { id: "b", restart: "temporary", messages_handled: 0 },
      ],
    });
    const [a] = tree?.children ?? [];
    expect(a?.reductions).toBeGreaterThanOrEqual(4);
    expect(Math.abs(Date.parse(a?.since as string) - Date.now())).toBeLessThan(60_000);
    // Plain data: it survives being sent anywhere.
    expect(JSON.parse(JSON.stringify(tree))).toMatchObject({ name: "t", children: [{ id: "a" }, { id: "b" }] });
  });

  test("remembers restarts and their reasons, also of children restarted with a failed one", async () => {
    kit.allow_reports();
    const top = await started([child("a"), child("b"), child("c")], { strategy: "rest_for_one", max_restarts: 10 });
    gen_server.cast("b", "fail");
    await testing.eventually(() => childOf(top, "c")?.restarts === 1 && childOf(top, "c")?.pid);
    erlang.exit(erlang.whereis("b") as Pid, KILL);
    await testing.eventually(() => childOf(top, "c")?.restarts === 2 && childOf(top, "c")?.pid);
    expect(childOf(top, "a")).toMatchObject({ restarts: 0 });
    expect(childOf(top, "a")).not.toHaveProperty("last_restart");
    expect(childOf(top, "b")).toMatchObject({ restarts: 2, last_restart: { reason: "killed" }, messages_handled: 0 });
    expect(childOf(top, "c")).toMatchObject({
      restarts: 2,
      last_restart: { reason: 'restarted together with "b"', at: expect.stringMatching(/^\d{4}-.*Z$/) as string },
    });
    expect(supervisor.tree(top)).toMatchObject({ child_restarts: 4 });
    expect(erlang.process_info(erlang.whereis("b") as Pid, "restarts")).toBe(2);
    // `top` itself is a child, of the kit's supervisor.
    expect(erlang.process_info(top, "restarts")).toBe(0);
  });

  test("shows children that start, wait for their restart, or do not run", async () => {
    kit.allow_reports();
    let go!: () => void;
    const open = new Promise<void>((resolve) => (go = resolve));
    const slow = { init: async () => (await open, [OK, 0] as const) };
    const top = await started(
      [child("waits", { backoff: { initial: 20_000 } }), child("gone", { restart: "transient" })],
      { max_restarts: 10 },
    );
    gen_server.cast("waits", "fail");
    await supervisor.terminate_child(top, "gone");
    const late = supervisor.start_child(
      top,
      supervisor.child_spec({ id: "slow", task: () => gen_server.start_link(slow, 0) }),
    );
    await testing.eventually(() =>
      observer.processes().some(({ status, module }) => status === "starting" && module === "gen_server"),
    );
    expect(childOf(top, "waits")).toMatchObject({ status: "restarting", pid: undefined, restarts: 0 });
    expect(childOf(top, "gone")).toMatchObject({ status: "stopped", since: undefined });
    go();
    await late;
    expect(childOf(top, "slow")).toMatchObject({ status: "waiting" });
  });

  test("shows a part of a large tree", async () => {
    const pool = supervisor.child_spec({
      id: "pool",
      type: "supervisor",
      task: () =>
        supervisor.start_link(
          [supervisor.child_spec({ id: "worker", task: () => gen_server.start_link(counter, 0) })],
          {
            strategy: "simple_one_for_one",
            name: "pool",
          },
        ),
    });
    const top = await started([pool]);
    for (let i = 0; i < 30; i++) await supervisor.start_child("pool", []);
    expect(supervisor.tree(top, { depth: 0 })).not.toHaveProperty("children");
    const [shallow] = supervisor.tree(top, { depth: 1 })?.children ?? [];
    expect(shallow).toMatchObject({ name: "pool", children_count: 30 });
    expect(shallow).not.toHaveProperty("children");
    const all = supervisor.tree("pool")?.children?.map(({ pid }) => pid);
    expect(all).toHaveLength(30);
    expect(
      supervisor.tree("pool", { first_child: 10, max_children: 5 })?.children?.map(({ pid }) => pid),
    ).toStrictEqual(all?.slice(10, 15));
    expect(() => supervisor.tree(top, { depth: -1 })).toThrow(/depth must be a number ≥ 0, got -1/);
    expect(() => supervisor.tree(top, { deep: 1 } as never)).toThrow(/deep/);
  });

  test("is undefined for a dead process and for a process that is not a supervisor", async () => {
    const top = await started([child("a")]);
    expect(supervisor.tree("a")).toBeUndefined();
    expect(supervisor.tree("nobody")).toBeUndefined();
    await kit.stop_supervised("top");
    expect(supervisor.tree(top)).toBeUndefined();
  });
});

describe("the state of a process", () => {
  test("shows its present activity", async () => {
    const top = await started([child("a"), child("b")]);
    const status = (id: string) => childOf(top, id)?.status;
    const call = gen_server.call("a", "late", Infinity).catch(() => undefined);
    await testing.eventually(() => status("a") === "running");
    expect(erlang.process_info(erlang.whereis("a") as Pid, "current_callback")).toStrictEqual({
      callback: "handle_call",
      running_for: expect.any(Number) as number,
    });
    await sys.suspend("b");
    expect(status("b")).toBe("suspended");
    await sys.resume("b");
    expect(status("b")).toBe("waiting");
    expect(erlang.process_info(erlang.whereis("b") as Pid, "current_callback")).toBeUndefined();
    erlang.exit(erlang.whereis("a") as Pid, KILL);
    kit.allow_reports();
    await call;
  });

  test("counts the messages handled by receive, callbacks and time-outs", async () => {
    const received = erlang.spawn(async function reader() {
      for (;;) await erlang.receive((message) => message === "yes", { after: 3_600_000 });
    });
    for (const message of ["yes", "no", "yes"]) erlang.send(received, message);
    await testing.eventually(() => erlang.process_info(received, "messages_handled") === 2);
    expect(erlang.process_info(received, "message_queue_len")).toBe(1);
    erlang.exit(received, KILL);
    const timed = {
      init: (self: string) => [OK, self, 0] as const,
      handle_info: (message: unknown, self: string) =>
        message === TIMEOUT ? ([NOREPLY, self] as const) : ([NOREPLY, self] as const),
    };
    const pid = await kit.start_supervised(() => gen_server.start_link(timed, "x"));
    await testing.eventually(() => (erlang.process_info(pid, "reductions") ?? 0) >= 2);
    // A time-out is a step, and no message.
    expect(erlang.process_info(pid, "messages_handled")).toBe(0);
  });

  test("estimates the memory of a mailbox with any contents", async () => {
    const pid = erlang.spawn(async function idle() {
      await erlang.receive((message) => message === "end");
    });
    const memory = () => erlang.process_info(pid, "message_queue_memory") as number;
    expect(memory()).toBe(0);
    erlang.send(pid, { text: "x".repeat(10_000) });
    expect(memory()).toBeGreaterThan(10_000);
    const before = memory();
    const self: unknown[] = [];
    self.push(self);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const hostile of [
      self,
      proxy,
      {
        get trap() {
          throw new Error("looked");
        },
      },
    ])
      erlang.send(pid, hostile);
    expect(memory()).toBeGreaterThan(before);
    for (let i = 0; i < 20_000; i++) erlang.send(pid, ["a", "b"]);
    expect(memory()).toBeGreaterThan(20_000 * 50);
    erlang.exit(pid, KILL);
  });

  test("has the rate between two observations", async () => {
    const clock = kit.simulated_clock();
    const pid = await kit.start_supervised(() => gen_server.start_link(counter, 0));
    const rate = () => observer.details(pid)?.message_rate;
    rate();
    await clock.advance(1_000);
    rate();
    for (let i = 0; i < 40; i++) await gen_server.call(pid, "next");
    await clock.advance(2_000);
    expect(rate()).toBe(20);
    await clock.advance(500);
    // Too soon after the last reading for a new rate.
    expect(rate()).toBe(20);
    await clock.advance(500);
    expect(rate()).toBe(0);
    clock.restore();
  });
});

describe("observer", () => {
  test("shows which process waits for which, and for how long", async () => {
    const clock = kit.simulated_clock();
    const slow = await kit.start_supervised(() => gen_server.start_link(counter, 0, { name: "slow" }));
    const probe = kit.probe();
    const waits = () => observer.waits().filter(({ server }) => server === slow);
    void probe.run(() => gen_server.call("slow", "late", Infinity)).catch(() => undefined);
    await testing.eventually(() => waits().length === 1);
    const outside = gen_server.call("slow", "next", Infinity).catch(() => undefined);
    await testing.eventually(() => waits().length === 2);
    await clock.advance(700);
    expect(waits()).toStrictEqual([
      { caller: probe.pid, server: slow, request: "late", waiting_for: 700 },
      { caller: undefined, server: slow, request: "next", waiting_for: 700 },
    ]);
    expect(erlang.process_info(probe.pid, "waits_for")).toMatchObject([{ server: slow, request: "late" }]);
    expect(erlang.process_info(slow, "waits_for")).toStrictEqual([]);
    expect(erlang.process_info(slow, "waited_for_by")).toHaveLength(2);
    expect(erlang.process_info(slow, "current_callback")).toStrictEqual({ callback: "handle_call", running_for: 700 });
    expect(observer.top("running", 1).map(({ pid }) => pid)).toStrictEqual([slow]);
    erlang.exit(slow, KILL);
    kit.allow_reports();
    await outside;
    clock.restore();
  });

  test("sorts by the largest number, and omits zeros", async () => {
    await started([child("a"), child("b"), child("c")]);
    for (let i = 0; i < 5; i++) await gen_server.call("b", "next");
    await gen_server.call("a", "next");
    const names = (by: observer.Criterion, count?: number) =>
      observer.top(by, count).flatMap(({ name }) => (name !== undefined && "abc".includes(name) ? [name] : []));
    expect(names("messages", 100)).toStrictEqual(["b", "a"]);
    await sys.suspend("c");
    gen_server.cast("c", "x");
    expect(names("queue")).toStrictEqual(["c"]);
    await sys.resume("c");
    expect(observer.top("reductions", 1)).toHaveLength(1);
    expect(() => observer.top("size" as never)).toThrow(RangeError);
    expect(() => observer.top("toString" as never)).toThrow(/the criteria are queue, rate/);
  });

  test("searches by name, module, id or status, and describes only matches", async () => {
    kit.allow_reports();
    const top = await started([child("alpha"), child("beta"), child("gamma")], { max_restarts: 10 });
    const names = (wanted: observer.Wanted) => observer.find(wanted).processes.map(({ name }) => name);
    expect(names({ search: "ALPH" })).toStrictEqual(["alpha"]);
    expect(observer.find({ search: "Counter", count: 2 })).toMatchObject({ matching: 3, processes: [{}, {}] });
    await sys.suspend("beta");
    expect(names({ search: "suspended" })).toStrictEqual(["beta"]);
    await sys.resume("beta");
    await gen_server.call("gamma", "next");
    expect(names({ search: "gamma", by: "messages" })).toStrictEqual(["gamma"]);
    expect(names({ search: String(top) })).toHaveLength(1);
    expect(observer.find({ search: "no such thing" })).toStrictEqual({ matching: 0, processes: [] });

    // The last restart comes first.
    for (const name of ["alpha", "gamma"]) {
      erlang.exit(erlang.whereis(name) as Pid, KILL);
      await testing.eventually(() => childOf(top, name)?.restarts === 1 && childOf(top, name)?.pid);
    }
    const last = observer.restarted().filter(({ supervisor: of }) => of === top);
    expect(last.map(({ child_id }) => String(child_id)).sort()).toStrictEqual(["alpha", "gamma"]);
    expect(last[0]).toMatchObject({ restarts: 1, reason: "killed", pid: expect.any(Pid) as Pid });
    expect((last[0]?.at ?? "") >= (last[1]?.at ?? "")).toBe(true);
    expect(observer.restarted(1)).toHaveLength(1);
    expect(observer.overview().restarted_within_an_hour).toBeGreaterThanOrEqual(2);
  });

  test("lists processes outside all trees separately", async () => {
    const top = await started([child("a")]);
    const alone = erlang.spawn(async function lonely() {
      await erlang.receive();
    });
    const apart = await gen_server.start(counter, 0);
    expect(observer.unsupervised().map(({ pid }) => pid)).toEqual(expect.arrayContaining([alone, apart]));
    expect(observer.unsupervised().map(({ pid }) => pid)).not.toContain(erlang.whereis("a"));
    expect(observer.details("a")).toMatchObject({ supervisor: top, child_id: "a", info: { links: [top] } });
    expect(observer.details(alone)).not.toHaveProperty("supervisor");
    const { processes, supervisors, unsupervised } = observer.overview();
    expect(processes).toBe(observer.processes().length);
    expect(supervisors).toBeGreaterThanOrEqual(2);
    expect(unsupervised).toBe(observer.unsupervised().length);
    erlang.exit(alone, KILL);
    erlang.exit(apart, KILL);
    expect(observer.details(alone)).toBeUndefined();
  });

  test("counts the reductions of all processes", async () => {
    const pid = await kit.start_supervised(() => gen_server.start_link(counter, 0));
    const before = observer.overview().reductions;
    const own = () => erlang.process_info(pid, "reductions") as number;
    const first = own();
    for (let i = 0; i < 1_000; i++) await gen_server.call(pid, "next");
    expect(own() - first).toBeGreaterThanOrEqual(1_000);
    expect(observer.overview().reductions - before).toBeGreaterThanOrEqual(own() - first);
  });
});
