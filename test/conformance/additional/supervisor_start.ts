/** supervisor_SUITE: start, specifications, flags and the child API. */
import {
  IGNORE,
  KILL,
  OK,
  OtpError,
  SHUTDOWN,
  STOP,
  TRAP_EXIT,
  Exit,
  erlang,
  gen_server,
  supervisor,
} from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import {
  down,
  drain,
  idle,
  kids,
  log,
  mailbox,
  ok,
  okChild,
  pid,
  recv,
  settle,
  step,
  tell,
  watch,
} from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";

const ignore = () => IGNORE;
const simple = { strategy: t`simple_one_for_one` };

const count = (sup: Pid) => step("count", async () => list(await supervisor.count_children(sup)));
// oxlint-disable-next-line typescript/no-explicit-any -- scenarios also give specifications that are invalid
const startChild = (label: string, sup: Pid, spec: any) =>
  step(label, () => okChild(supervisor.start_child(sup, spec)));

/** Start function of dynamic children: the atom ignore, or the name of a probe. */
const dynamic = (called: unknown) => (called === IGNORE ? IGNORE : probe.start_link(called as string, { trap: true }));

export async function svx_sup_start_normal(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await step("start", () => ok(tsup.start("sup", {}, [])));
  const s = pid("sup");
  await kids(s);
  await count(s);
  erlang.exit(s, SHUTDOWN);
  await recv();
  await mailbox();
}

export async function svx_sup_stop_api(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1"), w("w2")]);
  await step("stop", () => gen_server.stop(s));
  await recv();
  const parent = idle("parent");
  await tell(parent, () => tsup.start("s2", {}, [w("v1")]));
  const watched = watch(pid("s2"));
  erlang.send(parent, t`return`);
  await down(watched);
}

export async function svx_sup_start_ignore_init(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await step("start", () => ok(tsup.raw(IGNORE)));
  await recv();
  await mailbox();
}

export async function svx_sup_start_ignore_child(): Promise<void> {
  const s = await tsup.start("sup", {}, []);
  await startChild("start i1", s, w("i1", { init: ignore }));
  await startChild("start w2", s, w("w2"));
  await kids(s);
  await count(s);
}

export async function svx_sup_start_ignore_temporary_child(): Promise<void> {
  const s = await tsup.start("sup", {}, [w("i1", { restart: t`temporary`, init: ignore }), w("w2")]);
  await kids(s);
  await count(s);
}

export async function svx_sup_start_ignore_temporary_child_start_child(): Promise<void> {
  const s = await tsup.start("sup", {}, []);
  await startChild("start i1", s, w("i1", { restart: t`temporary`, init: ignore }));
  await startChild("start w2", s, w("w2"));
  await kids(s);
  await count(s);
}

async function simpleWithIgnore(restart: unknown): Promise<Pid> {
  const s = await tsup.start("sup", simple, [{ id: a("c"), restart, task: dynamic, args: [] }]);
  await startChild("start ignore", s, [IGNORE]);
  await startChild("start w", s, ["w"]);
  await kids(s);
  await count(s);
  return s;
}

export async function svx_sup_start_ignore_temporary_child_start_child_simple(): Promise<void> {
  await simpleWithIgnore(t`temporary`);
}

export async function svx_sup_start_ignore_permanent_child_start_child_simple(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await simpleWithIgnore(t`permanent`);
  erlang.exit(s, SHUTDOWN);
  await recv();
}

export async function svx_sup_start_error_return(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await step("start", () => ok(tsup.raw(a("invalid"))));
  await recv();
  await mailbox();
}

export async function svx_sup_start_fail(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const ways: [string, () => unknown][] = [
    ["error", () => erlang.error(a("boom"))],
    ["exit", () => erlang.exit(a("bang"))],
    ["throw", () => erlang.throw(a("ball"))],
  ];
  for (const [label, init] of ways) {
    await step(label, () => ok(tsup.raw(init)));
    await recv();
  }
}

const refused = () => Promise.reject(new OtpError(a("refused")));

export async function svx_sup_start_child_returns_error(): Promise<void> {
  const s = await tsup.start("sup", {}, []);
  const ways: [string, () => unknown][] = [
    ["error", refused],
    ["garbage", () => a("garbage")],
    ["exit", () => erlang.exit(a("bang"))],
    ["throw", () => erlang.throw(a("ball"))],
  ];
  for (const [label, task] of ways) await startChild(label, s, { id: a("c"), task, args: [] });
  await kids(s);
  await step("alive", () => erlang.is_process_alive(s));
}

export async function svx_sup_start_restart_child_returns_error(): Promise<void> {
  let starts = 0;
  const task = () => {
    starts += 1;
    if (starts === 2) return refused();
    if (starts === 3) erlang.error(a("boom"));
    return probe.child("w1", { trap: true });
  };
  const s = await tsup.start("sup", {}, [{ id: a("w1"), task, args: [] }]);
  await supervisor.terminate_child(s, a("w1"));
  const restart = () => step("restart", () => okChild(supervisor.restart_child(s, a("w1"))));
  await restart();
  await restart();
  await kids(s);
  await restart();
}

export async function svx_sup_start_child_returns_error_simple(): Promise<void> {
  const ways: Readonly<Record<string, () => unknown>> = {
    error: refused,
    garbage: () => a("garbage"),
    raise: () => erlang.error(a("boom")),
    exit: () => erlang.exit(a("bang")),
  };
  const s = await tsup.start("sup", simple, [{ id: a("c"), task: (way: string) => ways[way]!(), args: [] }]);
  for (const way of Object.keys(ways)) await startChild(way, s, [way]);
  await kids(s);
  await count(s);
}

/** The specification of a child as {Id,Restart,Shutdown,Type}, with Significant if asked for. */
async function specOf(sup: Pid, what: unknown, significant: boolean): Promise<unknown> {
  const spec = await supervisor.get_childspec(sup, what as Pid);
  const shown = [spec.id, spec.restart, spec.shutdown, spec.type];
  return significant ? [...shown, spec.significant] : shown;
}

export async function svx_sup_start_map(): Promise<void> {
  const s = await tsup.start("sup", {}, [
    w("w1"),
    w("w2", { type: t`supervisor` }),
    w("w3", { restart: t`transient`, shutdown: t`brutal_kill` }),
    w("w4", { restart: t`temporary`, shutdown: t`infinity`, significant: false }),
  ]);
  for (const id of ["w1", "w2", "w3", "w4"]) await step(`spec ${id}`, () => specOf(s, a(id), true));
  await step("spec by pid", () => specOf(s, pid("w1.1"), true));
}

export async function svx_sup_start_map_simple(): Promise<void> {
  const spec = { id: a("c"), restart: t`transient`, shutdown: 100, task: dynamic, args: [] };
  const s = await tsup.start("sup", simple, [spec]);
  await supervisor.start_child(s, ["a"]);
  await step("by pid", () => specOf(s, pid("a"), false));
  await step("by id", () => specOf(s, a("c"), false));
  await step("by main", () => specOf(s, erlang.self(), false));
}

async function dropAll(): Promise<void> {
  await settle();
  await drain();
}

/** `ok` in place of `{ok,Pid}`. */
async function started(result: Promise<unknown>): Promise<unknown> {
  await result;
  return OK;
}

export async function svx_sup_start_map_faulty_specs(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const base = { id: a("c1"), task: probe.child, args: ["c1"] };
  const { id: _id, ...withoutId } = base;
  const { task: _task, ...withoutTask } = base;
  const faulty: [string, unknown][] = [
    ["missing id", withoutId],
    ["missing start", withoutTask],
    ["no map", a("c1")],
    ["unknown key", { ...base, colour: a("red") }],
    ["duplicate", { ...base, id: a("w1") }],
  ];
  for (const [label, spec] of faulty) {
    await step(label, () => started(tsup.start("sup", {}, [w("w1"), spec])));
    await dropAll();
  }
}

export async function svx_child_adm(): Promise<void> {
  const s = await tsup.startRegistered("my_sup", "sup", {}, [w("w1")]);
  // oxlint-disable-next-line typescript/no-explicit-any -- a pid stands in place of an id on purpose
  const all = async (sup: any, id: any) => {
    await step("restart", () => okChild(supervisor.restart_child(sup, id)));
    await step("delete", () => supervisor.delete_child(sup, id));
    await step("terminate", () => supervisor.terminate_child(sup, id));
    await step("get_childspec", () => started(supervisor.get_childspec(sup, id)));
  };
  const my = t`my_sup`;
  const w1 = a("w1");
  log("by pid");
  // A pid is an argument of terminate_child of its own here as there: that of a child that has an id is not found.
  await all(my, pid("w1.1"));
  log("running");
  await all(my, w1);
  log("stopped");
  await startChild("start again", my, w("w1"));
  await step("terminate", () => supervisor.terminate_child(my, w1));
  await step("delete", () => supervisor.delete_child(my, w1));
  log("unknown");
  await all(my, w1);
  await kids(s);
  await count(my);
  log("missing");
  const nosuch = t`nosuch`;
  await all(nosuch, w1);
  await step("which_children", () => supervisor.which_children(nosuch));
  await count(nosuch);
  await step("start", async () => {
    try {
      return await supervisor.start_child(nosuch, w("w1"));
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      const [reason, [, , [name]]] = error.reason as [unknown, [unknown, unknown, unknown[]]];
      return [reason, name];
    }
  });
  erlang.unlink(s);
  erlang.exit(s, KILL);
  await settle();
  await step("dead", () => supervisor.which_children(s));
}

export async function svx_child_adm_simple(): Promise<void> {
  const s = await tsup.start("sup", simple, [{ id: a("c"), task: dynamic, args: [] }]);
  const children = () => step("which_children", async () => list(await supervisor.which_children(s)));
  // oxlint-disable-next-line typescript/no-explicit-any -- ids and pids alike
  type Any = any;
  const restart = (label: string, id: Any) => step(label, () => okChild(supervisor.restart_child(s, id)));
  const remove = (label: string, id: Any) => step(label, () => supervisor.delete_child(s, id));
  const terminate = (label: string, id: Any) => step(label, () => supervisor.terminate_child(s, id));
  await children();
  await count(s);
  await startChild("start a", s, ["a"]);
  await startChild("start b", s, ["b"]);
  await count(s);
  await restart("restart id", a("c"));
  await restart("restart pid", pid("a"));
  await remove("delete id", a("c"));
  await remove("delete pid", pid("a"));
  await terminate("terminate id", a("c"));
  await terminate("terminate a", pid("a"));
  await terminate("terminate a", pid("a"));
  await count(s);
  await terminate("terminate b", pid("b"));
  await children();
}

export async function svx_extra_return(): Promise<void> {
  const spec = { id: a("w1"), task: async () => [await probe.child("w1", { trap: true }), a("extra")], args: [] };
  const s = await tsup.start("sup", { intensity: 5 }, [spec]);
  await kids(s);
  gen_server.cast(pid("w1.1"), t`{exit,boom}`);
  await settle();
  await kids(s);
  const terminate = () => step("terminate", () => supervisor.terminate_child(s, a("w1")));
  await terminate();
  await step("restart", () => okChild(supervisor.restart_child(s, a("w1"))));
  await terminate();
  await step("delete", () => supervisor.delete_child(s, a("w1")));
  await startChild("start", s, spec);
  await kids(s);
}

export async function svx_child_specs_map(): Promise<void> {
  const base = { id: a("c1"), task: () => OK, args: [] };
  for (const restart of ["permanent", "transient", "temporary"]) {
    for (const significant of [true, false]) {
      for (const auto of ["never", "any_significant", "all_significant"]) {
        const spec = { ...base, restart: a(restart), significant };
        await step(`${restart} ${significant} ${auto}`, () => supervisor.check_childspecs([spec], a(auto) as never));
      }
    }
  }
  const changes: [string, object][] = [
    ["shutdown 0", { shutdown: 0 }],
    ["shutdown infinity", { shutdown: t`infinity` }],
    ["shutdown brutal_kill", { shutdown: t`brutal_kill` }],
    ["shutdown soon", { shutdown: t`soon` }],
    ["type supervisor", { type: t`supervisor` }],
    ["modules dynamic", { modules: t`dynamic` }],
    ["modules [m]", { modules: t`[m]` }],
    ["modules [1]", { modules: t`[1]` }],
  ];
  for (const [label, change] of changes) {
    await step(label, () => supervisor.check_childspecs([{ ...base, ...change }]));
  }
  await step("bad auto", () => supervisor.check_childspecs([base], t`sometimes`));
  await step("no list", () => supervisor.check_childspecs(t`c1`));
  await step("empty", () => supervisor.check_childspecs([]));
}

export async function svx_sup_flags(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const all = {
    strategy: t`rest_for_one`,
    intensity: 3,
    period: 1,
    auto_shutdown: t`all_significant`,
  };
  const given: [string, unknown][] = [
    ["strategy", { strategy: t`none_for_one` }],
    ["intensity -1", { intensity: -1 }],
    ["intensity once", { intensity: t`once` }],
    ["period 0", { period: 0 }],
    ["period -1", { period: -1 }],
    ["period never", { period: t`never` }],
    ["auto_shutdown", { auto_shutdown: t`sometimes` }],
    ["intensity 0", { intensity: 0 }],
    ["all", all],
    ["unknown", { colour: t`red` }],
  ];
  for (const [label, flags] of given) {
    await step(label, () => started(tsup.raw([OK, [flags, list([])]])));
    await dropAll();
  }
}

export async function svx_faulty_application_shutdown(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const inner = {
    id: a("in"),
    type: t`supervisor`,
    task: () => tsup.start("mid", {}, [w("w1", { init: () => [STOP, a("bad")] })]),
  };
  await step("start", () => ok(tsup.start("sup", {}, [inner])));
  await recv();
  await mailbox();
}

export async function svx_child_unlink(): Promise<void> {
  const unlinking = {
    cast: (message: unknown, state: unknown) => {
      if (!Array.isArray(message) || message[0] !== a("unlink")) return probe.DEFAULT;
      erlang.unlink(message[1] as Pid);
      return t`{noreply,${state}}`;
    },
  };
  const s = await tsup.start("sup", {}, [w("w1", unlinking), w("w2", unlinking)]);
  for (const called of ["w1.1", "w2.1"]) gen_server.cast(pid(called), t`{unlink,${s}}`);
  await settle();
  const watched = watch(pid("w1.1"));
  await step("terminate w1", () => supervisor.terminate_child(s, a("w1")));
  await down(watched);
  gen_server.cast(pid("w2.1"), t`{stop,normal}`);
  await settle();
  await kids(s);
  await step("terminate w2", () => supervisor.terminate_child(s, a("w2")));
  await kids(s);
}
