/** supervisor_SUITE: restarts, strategies, escalation and restarts that keep failing. */
import { KILL, OK, Pid, SHUTDOWN, STOP, TRAP_EXIT, erlang, gen_server, supervisor } from "@otpts/runtime";
import { fmt, kids, mailbox, okChild, pid, recv, settle, sleep, step } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";

/** An init that fails in the given rounds only. */
function failing(in_: (round: number) => boolean, ms?: number): () => unknown {
  let round = 0;
  return () => {
    round += 1;
    if (!in_(round)) return [OK, a("s0")];
    const stop = [STOP, a("bad")];
    return ms === undefined ? stop : sleep(ms).then(() => stop);
  };
}

/** An init that succeeds only the first time. */
const once = (ms?: number) => failing((round) => round > 1, ms);
/** An init that fails only the second time. */
const second = () => failing((round) => round === 2);

const count = (sup: Pid) => step("count", async () => list(await supervisor.count_children(sup)));

async function cast(called: string, message: unknown): Promise<void> {
  gen_server.cast(pid(called), message);
  await settle();
}

async function kill(called: string): Promise<void> {
  erlang.exit(pid(called), KILL);
  await settle();
}

const one = (restart: unknown) => tsup.start("sup", { intensity: 5 }, [w("w1", { restart })]);
const restart1 = (s: Pid) => step("restart", () => okChild(supervisor.restart_child(s, a("w1"))));

export async function svx_permanent_normal(): Promise<void> {
  const s = await one(t`permanent`);
  await cast("w1.1", t`{stop,normal}`);
  await kids(s);
  await count(s);
}

export async function svx_transient_normal(): Promise<void> {
  const s = await one(t`transient`);
  await cast("w1.1", t`{stop,normal}`);
  await kids(s);
  await count(s);
  await restart1(s);
}

export async function svx_temporary_normal(): Promise<void> {
  const s = await one(t`temporary`);
  await cast("w1.1", t`{stop,normal}`);
  await kids(s);
  await count(s);
  await restart1(s);
}

export async function svx_permanent_shutdown(): Promise<void> {
  const s = await one(t`permanent`);
  await cast("w1.1", t`{stop,shutdown}`);
  await kids(s);
  await cast("w1.2", t`{stop,{shutdown,x}}`);
  await kids(s);
}

export async function svx_transient_shutdown(): Promise<void> {
  const s = await one(t`transient`);
  await cast("w1.1", t`{stop,shutdown}`);
  await kids(s);
  await restart1(s);
  await cast("w1.2", t`{stop,{shutdown,x}}`);
  await kids(s);
}

export async function svx_temporary_shutdown(): Promise<void> {
  const temporary = { restart: t`temporary` };
  const s = await tsup.start("sup", { intensity: 5 }, [w("w1", temporary), w("w2", temporary)]);
  await cast("w1.1", t`{stop,shutdown}`);
  await kids(s);
  await cast("w2.1", t`{stop,{shutdown,x}}`);
  await kids(s);
}

async function abnormal(restart: unknown): Promise<void> {
  const s = await one(restart);
  await cast("w1.1", t`{exit,abnormal}`);
  await kids(s);
  await count(s);
}

export const svx_permanent_abnormal = () => abnormal(t`permanent`);
export const svx_transient_abnormal = () => abnormal(t`transient`);
export const svx_temporary_abnormal = () => abnormal(t`temporary`);

export async function svx_multiple_restarts(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { intensity: 1, period: 1 }, [w("w1", { quiet: true })]);
  for (const called of ["w1.1", "w1.2", "w1.3"]) {
    gen_server.cast(pid(called), t`{exit,boom}`);
    await sleep(2100);
  }
  await kids(s);
  await step("alive", () => erlang.is_process_alive(s));
}

export async function svx_one_for_one(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1"), w("w2")]);
  await kill("w1.1");
  await kids(s);
  erlang.exit(pid("w2.1"), KILL);
  await recv();
  await mailbox();
}

export async function svx_one_for_one_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await tsup.start("sup", { intensity: 4 }, [w("w1", { init: once() }), w("w2")]);
  gen_server.cast(pid("w1.1"), t`{exit,boom}`);
  await recv();
}

export async function svx_one_for_all(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { strategy: t`one_for_all` }, [w("w1"), w("w2")]);
  await kill("w1.1");
  await kids(s);
  erlang.exit(pid("w2.2"), KILL);
  await recv();
  await mailbox();
}

export async function svx_one_for_all_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const workers = [w("w1"), w("w2", { init: once() }), w("w3")];
  await tsup.start("sup", { strategy: t`one_for_all`, intensity: 3 }, workers);
  gen_server.cast(pid("w1.1"), t`{exit,boom}`);
  await recv();
}

export async function svx_one_for_all_other_child_fails_restart(): Promise<void> {
  const workers = [w("w1"), w("w2"), w("w3", { init: second() })];
  const s = await tsup.start("sup", { strategy: t`one_for_all`, intensity: 3 }, workers);
  gen_server.cast(pid("w1.1"), t`{exit,boom}`);
  await sleep(200);
  await kids(s);
}

export async function svx_rest_for_one(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { strategy: t`rest_for_one` }, [w("w1"), w("w2"), w("w3")]);
  await kill("w2.1");
  await kids(s);
  erlang.exit(pid("w3.2"), KILL);
  await recv();
  await mailbox();
}

export async function svx_rest_for_one_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const workers = [w("w1"), w("w2"), w("w3", { init: once() })];
  await tsup.start("sup", { strategy: t`rest_for_one`, intensity: 3 }, workers);
  gen_server.cast(pid("w2.1"), t`{exit,boom}`);
  await recv();
}

export async function svx_rest_for_one_other_child_fails_restart(): Promise<void> {
  const workers = [w("w1"), w("w2"), w("w3", { init: second() }), w("w4")];
  const s = await tsup.start("sup", { strategy: t`rest_for_one`, intensity: 3 }, workers);
  gen_server.cast(pid("w1.1"), t`{exit,boom}`);
  await sleep(200);
  await kids(s);
}

export async function svx_order_of_children(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const workers = ["w1", "w2", "w3", "w4", "w5"].map((id) => w(id));
  const s = await tsup.start("sup", { strategy: t`rest_for_one`, intensity: 3 }, workers);
  await kill("w3.1");
  await kids(s);
  erlang.exit(s, SHUTDOWN);
  await recv();
}

// ------------------------------------------------------------ simple_one_for_one

async function simple(flags: object, task: (...args: never) => unknown, args: unknown[] = []): Promise<Pid> {
  return tsup.start("sup", { strategy: t`simple_one_for_one`, ...flags }, [{ id: a("c"), task, args }]);
}

export async function svx_simple_one_for_one(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await simple({}, (_base: unknown, called: string) => probe.child(called, { trap: true }), [a("base")]);
  await supervisor.start_child(s, ["a"]);
  await supervisor.start_child(s, ["b"]);
  await kill("a.1");
  await step("which_children", async () => (await supervisor.which_children(s)).length);
  await step("alive b", () => erlang.is_process_alive(pid("b.1")));
  erlang.exit(pid("a.2"), KILL);
  await recv();
}

export async function svx_simple_one_for_one_extra(): Promise<void> {
  const task = async (called: string) => [await probe.child(called, { trap: true }), t`{info,${a(called)}}`];
  const s = await simple({ intensity: 3 }, task);
  for (const called of ["a", "b"]) {
    await step(`start ${called}`, () => okChild(supervisor.start_child(s, [called])));
  }
  await kill("a.1");
  await count(s);
  await step("alive a.2", () => erlang.is_process_alive(pid("a.2")));
}

export async function svx_simple_one_for_one_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const task = (called: string, init: () => unknown) => probe.child(called, { trap: true, init });
  const s = await simple({ intensity: 4 }, task);
  await supervisor.start_child(s, ["a", once()]);
  await supervisor.start_child(s, ["b", () => [OK, a("s0")]]);
  gen_server.cast(pid("a.1"), t`{exit,boom}`);
  await recv();
}

// ------------------------------------------------------------ trees

export async function svx_tree(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const quiet = (id: string) => w(id, { quiet: true });
  const inner = (id: string, called: string, ids: string[]) => ({
    id: a(id),
    type: t`supervisor`,
    task: () => tsup.start(called, {}, ids.map(quiet)),
  });
  const flags = { strategy: t`one_for_all`, intensity: 3 };
  const top = await tsup.start("top", flags, [inner("in1", "s1", ["a", "b"]), inner("in2", "s2", ["c", "d"])]);
  await supervisor.start_child(pid("s1"), quiet("e"));
  await supervisor.start_child(pid("s2"), quiet("f"));
  await kill("a.1");
  await kids(pid("s1"), "s1");
  await kids(pid("s2"), "s2");
  await kill("s1");
  await kids(pid("s1"), "s1");
  await kids(pid("s2"), "s2");
  erlang.exit(top, SHUTDOWN);
  await recv();
}

export async function svx_simple_global_supervisor(): Promise<void> {
  const worker = w("w1", { quiet: true, reg: "reg_w" });
  await tsup.start("top", { intensity: 10 }, [
    {
      id: a("in"),
      type: t`supervisor`,
      task: () => tsup.startRegistered("reg_sup", "mid", { intensity: 10 }, [worker]),
    },
  ]);
  const holder = (reg: string) => erlang.whereis(reg) as Pid;
  const round = async (label: string, reg: string, end: (p: Pid) => unknown) => {
    const old = holder(reg);
    await end(old);
    await settle();
    await step(label, () => [
      holder(reg) !== old,
      erlang.is_process_alive(holder("reg_w")),
      erlang.is_process_alive(holder("reg_sup")),
    ]);
  };
  await round("kill worker", "reg_w", (p) => erlang.exit(p, KILL));
  await round("stop worker", "reg_w", (p) => gen_server.stop(p));
  await round("kill supervisor", "reg_sup", (p) => erlang.exit(p, KILL));
  await round("stop supervisor", "reg_sup", (p) => gen_server.stop(p));
}

// ------------------------------------------------------------ children that are not restarted

export async function svx_do_not_save_child_specs_for_temporary_children(): Promise<void> {
  const rounds: [string, string][] = [
    ["one_for_one", "a"],
    ["one_for_all", "b"],
    ["rest_for_one", "c"],
  ];
  for (const [strategy, x] of rounds) {
    const quiet = (n: number, restart: unknown) => w(`${x}${n}`, { quiet: true, restart });
    const s = await tsup.start("sup", { strategy: a(strategy), intensity: 5 }, [
      quiet(1, t`temporary`),
      quiet(2, t`temporary`),
      quiet(3, t`temporary`),
      quiet(4, t`transient`),
      quiet(5, t`permanent`),
    ]);
    await cast(`${x}1.1`, t`{stop,normal}`);
    await kill(`${x}2.1`);
    await supervisor.terminate_child(s, a(`${x}3`));
    await cast(`${x}4.1`, t`{stop,normal}`);
    await supervisor.terminate_child(s, a(`${x}5`));
    await kids(s);
  }
}

export async function svx_temporary_bystander(): Promise<void> {
  const rounds: [string, [string, string, string]][] = [
    ["one_for_all", ["a", "b", "c"]],
    ["rest_for_one", ["d", "e", "f"]],
  ];
  for (const [strategy, [x, y, z]] of rounds) {
    const workers = [w(x), w(y, { restart: t`temporary` }), w(z)];
    const s = await tsup.start("sup", { strategy: a(strategy), intensity: 3 }, workers);
    await kill(`${x}.1`);
    await kids(s);
    await step("alive", () => erlang.is_process_alive(s));
  }
  const workers = [w("g"), w("h", { restart: t`temporary` })];
  const s = await tsup.start("sup", { strategy: t`one_for_all`, intensity: 3 }, workers);
  await kill("h.1");
  await kids(s);
}

// ------------------------------------------------------------ restarts that keep failing

const endless = { intensity: 1_000_000, period: 1 };

export async function svx_count_restarting_children(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", endless, [w("w1", { quiet: true, init: once(5) }), w("w2", { quiet: true })]);
  await count(s);
  erlang.exit(pid("w1.1"), KILL);
  await sleep(50);
  await count(s);
  await kids(s);
  erlang.exit(s, SHUTDOWN);
  await recv();
}

export async function svx_hanging_restart_loop(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const start = (x: string, y: string) =>
    tsup.start("sup", endless, [w(x, { quiet: true, init: once(2) }), w(y, { quiet: true })]);
  const s = await start("w1", "w2");
  const w1 = a("w1");
  await kill("w1.1");
  await kids(s);
  await step("start w1", () => okChild(supervisor.start_child(s, w("w1"))));
  await step("restart w1", () => okChild(supervisor.restart_child(s, w1)));
  await step("delete w1", () => supervisor.delete_child(s, w1));
  await step("spec w1", () => supervisor.get_childspec(s, w1).then(() => OK));
  await step("terminate w1", () => supervisor.terminate_child(s, w1));
  await kids(s);
  await settle();
  await step("restart w1", () => okChild(supervisor.restart_child(s, w1)));
  await step("delete w1", () => supervisor.delete_child(s, w1));
  await step("alive w2", () => erlang.is_process_alive(pid("w2.1")));
  const other = await start("v1", "v2");
  await kill("v1.1");
  erlang.exit(other, SHUTDOWN);
  await recv();
}

export async function svx_hanging_restart_loop_rest_for_one(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { ...endless, strategy: t`rest_for_one` }, [
    w("w1", { quiet: true }),
    w("w2", { quiet: true, init: once(2) }),
    w("w3", { quiet: true }),
  ]);
  const restart = (id: string) => step(`restart ${id}`, () => okChild(supervisor.restart_child(s, a(id))));
  await kill("w2.1");
  await kids(s);
  await step("start w2", () => okChild(supervisor.start_child(s, w("w2"))));
  await restart("w2");
  await restart("w3");
  await step("terminate w2", () => supervisor.terminate_child(s, a("w2")));
  await kids(s);
  await restart("w3");
  await kids(s);
  erlang.exit(s, SHUTDOWN);
  await recv();
}

export async function svx_hanging_restart_loop_simple(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await simple(endless, (called: string, init: () => unknown) =>
    probe.child(called, { trap: true, quiet: true, init }),
  );
  const fine = () => [OK, a("s0")];
  await supervisor.start_child(s, ["a", once(2)]);
  await supervisor.start_child(s, ["b", fine]);
  const children = () =>
    step("which_children", async () => {
      const entries = (await supervisor.which_children(s)).map(([id, p]) => [id, p instanceof Pid ? a("pid") : p]);
      return list(entries.toSorted((x, y) => (fmt(x) < fmt(y) ? -1 : 1)));
    });
  const pa = pid("a.1");
  await kill("a.1");
  await children();
  await count(s);
  await step("terminate old pid", () => supervisor.terminate_child(s, pa));
  await children();
  await step("start c", () => okChild(supervisor.start_child(s, ["c", fine])));
  erlang.exit(s, SHUTDOWN);
  await recv();
}

export async function svx_terminated_bystander(): Promise<void> {
  for (const strategy of ["one_for_one", "rest_for_one", "one_for_all"]) {
    const [w1, w2, w3] = [1, 2, 3].map((n) => `${strategy}${n}`) as [string, string, string];
    const s = await tsup.start("sup", { strategy: a(strategy), intensity: 5 }, [w(w1), w(w2), w(w3)]);
    const crash = async (who: Pid) => {
      gen_server.cast(who, t`{exit,boom}`);
      await settle();
    };
    await supervisor.terminate_child(s, a(w2));
    await crash(pid(`${w1}.1`));
    await kids(s);
    await supervisor.terminate_child(s, a(w3));
    await supervisor.terminate_child(s, a(w1));
    await kids(s);
    await crash((await supervisor.restart_child(s, a(w3))) as Pid);
    await kids(s);
  }
}
