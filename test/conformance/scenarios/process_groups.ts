/** Process groups. */
import { erlang, KILL, OK, sys } from "@otpts/runtime";
import type { Pid, Ref } from "@otpts/runtime";
import { pg } from "@otpts/runtime/pg";
import { deceased, fmt, idle, log, mailbox, settle, spawn, step } from "../harness/oracle.ts";
import { a, list, t } from "../harness/term.ts";

const sc = a("sc");
const g1 = a("g1");
const g2 = a("g2");

const sorted = (pids: Iterable<unknown>) => list([...pids].toSorted((x, y) => (fmt(x) < fmt(y) ? -1 : 1)));
const members = (group: unknown) => sorted(pg.get_members(sc, group));
const groups = () => sorted(pg.which_groups(sc));
const scope = async (): Promise<Pid> => pg.start_link(sc);

export async function pg_basic(): Promise<void> {
  await step("start scope", async () => (await scope(), OK));
  const [pa, pb, pc] = ["a", "b", "c"].map(idle) as [Pid, Pid, Pid];
  await step("get_members", () => members(g1));
  await step("which_groups", groups);
  await step("join a", () => pg.join(sc, g1, pa));
  await step("join b c", () => pg.join(sc, g1, [pb, pc]));
  await step("join other", () => pg.join(sc, t`{g,2}`, pa));
  await step("get_members", () => members(g1));
  await step("get_local_members", () => sorted(pg.get_local_members(sc, g1)));
  await step("members of other", () => members(t`{g,2}`));
  await step("which_groups", groups);
  await step("leave a", () => pg.leave(sc, g1, pa));
  await step("get_members", () => members(g1));
  await step("leave a", () => pg.leave(sc, g1, pa));
  await step("leave a b", () => pg.leave(sc, g1, [pa, pb]));
  await step("get_members", () => members(g1));
  await step("leave nobody", () => pg.leave(sc, a("nogroup"), pa));
  await step("leave c", () => pg.leave(sc, g1, pc));
  await step("which_groups", groups);
  await step("get_members", () => members(g1));
}

export async function pg_death(): Promise<void> {
  const it = await scope();
  const [pa, pb] = [idle("a"), idle("b")];
  await pg.join(sc, g1, pa);
  await pg.join(sc, g1, pa);
  await pg.join(sc, g2, pa);
  await pg.join(sc, g1, pb);
  await step("get_members", () => members(g1));
  erlang.send(pa, t`{exit,boom}`);
  await settle();
  await step("get_members", () => members(g1));
  await step("which_groups", groups);
  erlang.exit(pb, KILL);
  await settle();
  await step("get_members", () => members(g1));
  await step("which_groups", groups);
  const dead = await deceased("dead");
  await step("join dead", () => pg.join(sc, g1, dead));
  await settle();
  await step("get_members", () => members(g1));
  await step("alive scope", () => erlang.is_process_alive(it) && erlang.whereis(sc) === it);
  const [pc, pd] = [idle("c"), idle("d")];
  const g3 = a("g3");
  await pg.join(sc, g3, [pc, pd, pc]);
  await step("members of g3", () => members(g3));
  erlang.send(pc, a("return"));
  await settle();
  await step("members of g3", () => members(g3));
}

export async function pg_monitor(): Promise<void> {
  await scope();
  const [pa, pb, pc] = ["a", "b", "c"].map(idle) as [Pid, Pid, Pid];
  await pg.join(sc, g1, pa);
  let ref: Ref | undefined;
  const shown = ([one, pids]: readonly [Ref, readonly Pid[]]) => ((ref ??= one), [one, list([...pids])]);
  const join = (group: unknown, pids: readonly Pid[]) => pg.join(sc, group, list([...pids]));
  const leave = (group: unknown, pids: readonly Pid[]) => pg.leave(sc, group, list([...pids]));
  await step("monitor", async () => shown(await pg.monitor(sc, g1)));
  await join(g1, [pb]);
  await join(g1, [pc, pb]);
  await join(g2, [pa]);
  await mailbox();
  await leave(g1, [pa]);
  await leave(g1, [pa]);
  await leave(g1, [pb, pc]);
  await mailbox();
  erlang.send(pb, t`{exit,boom}`);
  await mailbox();
  await join(g1, [pa]);
  await settle();
  await step("demonitor", () => pg.demonitor(sc, ref as Ref));
  await mailbox();
  await join(g1, [pc]);
  await mailbox();
  await step("demonitor", () => pg.demonitor(sc, ref as Ref));
  await step("monitor none", async () => shown(await pg.monitor(sc, a("nogroup"))));
}

export async function pg_multi(): Promise<void> {
  const it = await scope();
  const [pa, pb] = [idle("a"), idle("b")];
  await step("join a", () => pg.join(sc, g1, pa));
  await step("join a", () => pg.join(sc, g1, pa));
  await step("join a a b", () => pg.join(sc, g1, [pa, pa, pb]));
  await step("get_members", () => members(g1));
  await step("leave a", () => pg.leave(sc, g1, pa));
  await step("get_members", () => members(g1));
  await step("leave a a", () => pg.leave(sc, g1, [pa, pa]));
  await step("get_members", () => members(g1));
  await step("leave a a a", () => pg.leave(sc, g1, [pa, pa, pa]));
  await step("get_members", () => members(g1));
  await step("leave a", () => pg.leave(sc, g1, pa));
  await step("which_groups", groups);
  await step("suspend", () => sys.suspend(it));
  await step("get_members", () => members(g1));
  spawn("j", async () => {
    await pg.join(sc, g1, erlang.self());
    log("joined");
    await erlang.receive(() => false);
  });
  await settle();
  await step("get_members", () => members(g1));
  log("resuming");
  await step("resume", async () => {
    const done = await sys.resume(it);
    await settle();
    return done;
  });
  await step("get_members", () => members(g1));
}
