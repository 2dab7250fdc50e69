/** supervisor: start, specifications and the child API. */
import { IGNORE, OK, OtpError, STOP, TRAP_EXIT, erlang, supervisor } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { drain, fmt, kids, log, mailbox, ok, okChild, pid, recv, settle, sleep, step } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";

export async function sv_start_order(): Promise<void> {
  const worker = (id: string) =>
    w(id, {
      init: async () => {
        await sleep(30);
        log("init done");
        return [OK, a("s0")];
      },
    });
  await step("start sup", () => ok(tsup.start("sup", {}, [worker("zz"), worker("aa"), worker("mm")])));
  const s = pid("sup");
  await step("ids", async () => list((await supervisor.which_children(s)).map(([id]) => id)));
  await step("which_children aa", async () => {
    const found = (await supervisor.which_children(s)).find(([id]) => id === a("aa"));
    return found?.slice(0, 3);
  });
}

export async function sv_init_child_fails(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await step("start sup", () =>
    ok(tsup.start("sup", {}, [w("w1"), w("w2"), w("w3", { init: () => [STOP, a("bad")] }), w("w4")])),
  );
  await recv();
  await mailbox();
  await step("start sup2", () => ok(tsup.start("sup2", {}, [w("v1", { init: () => erlang.error(a("boom")) })])));
  await recv();
  erlang.register("taken", erlang.self());
  await step("start sup3", () => ok(tsup.start("sup3", {}, [w("u1", { reg: "taken" })])));
  await recv();
}

export async function sv_init_returns(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const go = async (label: string, result: unknown) => {
    await step(label, () => ok(tsup.raw(result)));
    await settle();
    await drain();
  };
  const flags = (given: unknown) => [OK, [given, list([])]];
  await go("ignore", IGNORE);
  await go("garbage", a("garbage"));
  await go("strategy", flags({ strategy: a("none_for_one") }));
  await go("intensity", flags({ intensity: -1 }));
  await go("period", flags({ period: 0 }));
  await go("auto", flags({ auto_shutdown: a("sometimes") }));
  await go("flags", flags(a("oops")));
  await go("tuple flags", flags(t`{one_for_one,2}`));
  await step("unknown flag", async () => ((await ok(tsup.raw(flags({ silly: true })))) as unknown[])[0]);
}

export async function sv_bad_specs(): Promise<void> {
  const base = { id: a("c1"), task: () => OK, args: [] };
  const { id: _id, ...withoutId } = base;
  const { task: _task, ...withoutTask } = base;
  // oxlint-disable-next-line typescript/no-explicit-any -- the specifications are invalid on purpose
  const check = (label: string, specs: any[], auto?: any) =>
    step(label, () => supervisor.check_childspecs(list(specs), auto));
  await check("missing id", [withoutId]);
  await check("missing start", [withoutTask]);
  await check("start", [{ ...base, task: a("mfa") }]);
  await check("restart", [{ ...base, restart: a("sometimes") }]);
  await check("shutdown", [{ ...base, shutdown: -1 }]);
  await check("type", [{ ...base, type: a("robot") }]);
  await check("modules", [{ ...base, modules: a("x") }]);
  await check("significant", [{ ...base, significant: a("perhaps") }]);
  await check("not a spec", [a("c1")]);
  await check("unknown key", [{ ...base, colour: a("red") }]);
  await check("duplicate", [base, base]);
  const any = a("any_significant");
  await check("significant permanent any", [{ ...base, significant: true, restart: a("permanent") }], any);
  await check("significant transient never", [{ ...base, significant: true, restart: a("transient") }], a("never"));
  await check("significant transient any", [{ ...base, significant: true, restart: a("transient") }], any);
  erlang.process_flag(TRAP_EXIT, true);
  await step("start", () => ok(tsup.start("sup0", {}, [w("w1"), { ...base, restart: a("sometimes") }])));
  const s = await tsup.start("sup", {}, []);
  await step("start_child", () => okChild(supervisor.start_child(s, { ...base, shutdown: -1 })));
}

export async function sv_start_child(): Promise<void> {
  const s = await tsup.start("sup", { intensity: 0 }, []);
  const start = (label: string, spec: ReturnType<typeof w>) =>
    step(label, () => okChild(supervisor.start_child(s, spec)));
  await start("start w1", w("w1"));
  await start("start w1 again", w("w1"));
  await step("terminate w1", () => supervisor.terminate_child(s, a("w1")));
  await start("start w1 again", w("w1"));
  await start("start w2", w("w2", { init: () => [STOP, a("bad")] }));
  const task = (id: string, body: () => unknown) => ({ id: a(id), task: body, args: [] });
  await start(
    "start w3",
    task("w3", () => erlang.error(a("boom"))),
  );
  await start(
    "start w4",
    task("w4", () => a("nonsense")),
  );
  await start(
    "start w5",
    task("w5", () => Promise.reject(new OtpError(a("refused")))),
  );
  await start(
    "start w6",
    task("w6", async () => [await probe.child("w6"), a("extra_info")]),
  );
  await kids(s);
  const spec = (id: string) =>
    step(`spec ${id}`, async () => {
      const found = await supervisor.get_childspec(s, a(id));
      return [found.id, found.restart, found.shutdown, found.type];
    });
  await spec("w6");
  await spec("w9");
}

export async function sv_terminate_restart_delete(): Promise<void> {
  const s = await tsup.start("sup", { intensity: 0 }, [w("w1"), w("w2", { restart: t`temporary` })]);
  const restart = (id: string) => step(`restart ${id}`, () => okChild(supervisor.restart_child(s, a(id))));
  const remove = (id: string) => step(`delete ${id}`, () => supervisor.delete_child(s, a(id)));
  const terminate = (id: string) => step(`terminate ${id}`, () => supervisor.terminate_child(s, a(id)));
  await restart("w1");
  await remove("w1");
  await terminate("w1");
  await terminate("w1");
  await kids(s);
  await restart("w1");
  await terminate("w1");
  await remove("w1");
  await remove("w1");
  await restart("w1");
  await terminate("w1");
  await terminate("w2");
  await restart("w2");
  await kids(s);
  await step("count", async () => list(await supervisor.count_children(s)));
  let inits = 0;
  const init = () => {
    inits += 1;
    return inits === 2 ? [STOP, a("bad")] : [OK, a("s0")];
  };
  await supervisor.start_child(s, w("w3", { init }));
  await terminate("w3");
  await restart("w3");
  await kids(s);
  await restart("w3");
}

export async function sv_ignore_children(): Promise<void> {
  const ignored = (id: string, restart: string) => w(id, { restart: a(restart), init: () => IGNORE });
  const s = await tsup.start("sup", {}, [ignored("i1", "permanent"), w("w2"), ignored("i3", "temporary")]);
  await kids(s);
  await step("start i4", () => okChild(supervisor.start_child(s, ignored("i4", "transient"))));
  await step("start i5", () => okChild(supervisor.start_child(s, ignored("i5", "temporary"))));
  await kids(s);
  await step("start i4 again", () => okChild(supervisor.start_child(s, ignored("i4", "transient"))));
  await step("restart i1", () => okChild(supervisor.restart_child(s, a("i1"))));
  await step("terminate i1", () => supervisor.terminate_child(s, a("i1")));
  await step("delete i1", () => supervisor.delete_child(s, a("i1")));
  await kids(s);
  await step("count", async () => list(await supervisor.count_children(s)));
}

async function startWorker(_base: unknown, called: string, how: unknown): Promise<unknown> {
  if (how === a("fail")) throw new OtpError(a("refused"));
  if (how === a("ignore")) return IGNORE;
  const started = await probe.start_link(called, { trap: true });
  return how === a("extra") ? [started, a("info")] : started;
}

export async function sv_simple_basic(): Promise<void> {
  const spec = { id: a("w"), task: startWorker, args: [a("base")] };
  const flags = { strategy: t`simple_one_for_one` };
  await step("start sup", async () => ((await ok(tsup.start("sup", flags, [spec]))) as unknown[])[0]);
  const s = pid("sup");
  const count = () => step("count", async () => list(await supervisor.count_children(s)));
  const children = () =>
    step("which_children", async () => {
      const entries = (await supervisor.which_children(s)).map(([id, child, type]) => [id, child, type]);
      return list(entries.toSorted(([, x], [, y]) => (fmt(x) < fmt(y) ? -1 : 1)));
    });
  await children();
  await count();
  const start = (called: string, how: string) =>
    step(`start ${called}`, () => okChild(supervisor.start_child(s, [called, a(how)])));
  await start("a", "ok");
  await start("b", "extra");
  await start("c", "fail");
  await start("d", "ignore");
  await children();
  await count();
  const terminate = (label: string, what: unknown) => step(label, () => supervisor.terminate_child(s, what as Pid));
  await terminate("terminate by id", a("w"));
  await terminate("terminate a", pid("a"));
  await terminate("terminate a again", pid("a"));
  await terminate("terminate main", erlang.self());
  await step("restart", () => okChild(supervisor.restart_child(s, a("w"))));
  await step("delete", () => supervisor.delete_child(s, a("w")));
  await children();
  erlang.process_flag(TRAP_EXIT, true);
  const bad = async (label: string, called: string, specs: unknown[]) =>
    step(label, async () => {
      try {
        return await ok(tsup.start(called, flags, specs));
      } catch (error) {
        const reason = error instanceof OtpError ? error.reason : undefined;
        if (Array.isArray(reason) && reason[0] === a("bad_start_spec")) throw new OtpError(reason[0]);
        throw error;
      }
    });
  await bad("no spec", "sup2", []);
  await bad("two specs", "sup3", [spec, spec]);
}
