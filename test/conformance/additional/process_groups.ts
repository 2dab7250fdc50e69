/** pg: orders, and requests unknown to a scope. */
import { KILL, erlang, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { pg } from "@otpts/runtime/pg";
import { down, idle, mailbox, name, settle, step, watch } from "../harness/oracle.ts";
import { a, list } from "../harness/term.ts";

const sc = a("sc");
const [g1, g2, g3] = [a("g1"), a("g2"), a("g3")];

export async function pgx_order(): Promise<void> {
  const s = await pg.start(sc);
  name(s, "scope");
  const [pa, pb, pc] = ["a", "b", "c"].map(idle) as [Pid, Pid, Pid];
  const shown = (pids: readonly Pid[]) => list([...pids]);
  const members = () => step("get_members", () => shown(pg.get_members(sc, g1)));
  const join = (group: unknown, pids: Pid | readonly Pid[]) =>
    pg.join(sc, group, Array.isArray(pids) ? list([...pids]) : (pids as Pid));
  await join(g1, pa);
  await join(g1, pb);
  await join(g1, [pc, pa]);
  await members();
  await pg.leave(sc, g1, pa);
  await members();
  await join(g1, pa);
  await pg.leave(sc, g1, [pa, pc]);
  await members();
  await join(g1, [pa, pa, pc]);
  await members();
  await join(g2, [pa, pc]);
  await join(g1, [pc, pa]);
  await join(g3, pa);
  await pg.leave(sc, g1, [pa]);
  await step("monitor", async () => shown((await pg.monitor(sc, g1))[1]));
  await pg.monitor_scope(sc);
  erlang.exit(pa, KILL);
  await mailbox();
  await members();
  await step("suspend", () => sys.suspend(s));
  erlang.exit(pc, KILL);
  await settle();
  await members();
  await step("resume", async () => {
    const done = await sys.resume(s);
    await settle();
    return done;
  });
  await mailbox();
  await members();
  await step("groups of no scope", () => list(pg.which_groups(a("nobody"))));
  await step("members of no scope", () => shown(pg.get_members(a("nobody"), g1)));
  const w = watch(s);
  erlang.send(s, a("hello"));
  await settle();
  await step("alive", () => erlang.is_process_alive(s));
  await step("groups", () => list(pg.which_groups(sc)));
  await down(w);
}
