/** Processes: spawn, exit, links and exit signals. */
import { KILL, NORMAL, TRAP_EXIT, erlang } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import {
  deceased,
  down,
  fmt,
  idle,
  log,
  mailbox,
  order,
  recv,
  settle,
  sleep,
  spawn,
  step,
  tell,
  trapper,
  watch,
} from "../harness/oracle.ts";
import { a, list, t } from "../harness/term.ts";

/** The distinct terms, as a sorted list. */
function distinct(terms: readonly unknown[]): string {
  return fmt(list([...new Set(terms)].toSorted((x, y) => (fmt(x) < fmt(y) ? -1 : 1))));
}

export async function pr_exit_reasons(): Promise<void> {
  const p = spawn("a", async () => {
    await erlang.receive((m) => m === a("go"));
    return 42;
  });
  await step("alive a", () => erlang.is_process_alive(p));
  const w = watch(p);
  erlang.send(p, t`go`);
  await down(w);
  await step("alive a", () => erlang.is_process_alive(p));
  const ends: [string, unknown][] = [
    ["b", t`{exit,boom}`],
    ["c", t`{error,boom}`],
    ["d", t`{throw,boom}`],
    ["e", t`{exit,normal}`],
    ["f", t`{exit,{shutdown,1}}`],
  ];
  for (const [called, end] of ends) {
    const q = idle(called);
    const wq = watch(q);
    erlang.send(q, end);
    await down(wq);
  }
}

export async function pr_spawn_link_atomic(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const boom = () => erlang.exit(a("boom"));
  const byLink: unknown[] = [];
  for (let n = 0; n < 20; n += 1) {
    const p = erlang.spawn_link(boom);
    const exit = (await erlang.receive((m) => Array.isArray(m) && m[1] === p)) as unknown[];
    byLink.push(exit[2]);
  }
  log(`spawn_link reasons ${distinct(byLink)}`);
  const byMonitor: unknown[] = [];
  for (let n = 0; n < 20; n += 1) {
    const [, ref] = erlang.spawn_monitor(boom);
    const message = (await erlang.receive((m) => Array.isArray(m) && m[1] === ref)) as unknown[];
    byMonitor.push(message[4]);
  }
  log(`spawn_monitor reasons ${distinct(byMonitor)}`);
  const p = idle("p");
  const w = watch(p);
  order(p, async () => {
    erlang.spawn_link(boom);
    await erlang.receive((m) => m === a("never"));
  });
  await down(w);
}

export async function pr_link_dead(): Promise<void> {
  const dead = await deceased("dead");
  await step("link dead", () => erlang.link(dead));
  erlang.process_flag(TRAP_EXIT, true);
  await step("link dead", () => erlang.link(dead));
  await recv();
  const p = idle("p");
  const w = watch(p);
  order(p, () => erlang.link(dead));
  await down(w);
}

export async function pr_link_propagation(): Promise<void> {
  const pair = async (x: string, y: string): Promise<[Pid, Pid]> => {
    const px = idle(x);
    const py = idle(y);
    await tell(px, () => erlang.link(py));
    return [px, py];
  };
  const ends: [string, string, unknown][] = [
    ["a", "b", t`boom`],
    ["c", "d", t`shutdown`],
    ["e", "f", t`{shutdown,1}`],
  ];
  for (const [x, y, reason] of ends) {
    const [px, py] = await pair(x, y);
    const w = watch(px);
    erlang.send(py, t`{exit,${reason}}`);
    await down(w);
  }
  const [g, h] = await pair("g", "h");
  const w = watch(h);
  erlang.send(g, t`{exit,boom}`);
  await down(w);
  const [i, j] = await pair("i", "j");
  erlang.send(j, t`{exit,normal}`);
  await settle();
  await step("alive i", () => erlang.is_process_alive(i));
}

export async function pr_unlink(): Promise<void> {
  const pa = idle("a");
  const pb = idle("b");
  await tell(pa, () => erlang.link(pb));
  await tell(pb, () => erlang.unlink(pa));
  erlang.send(pb, t`{exit,boom}`);
  await settle();
  await step("alive a", () => erlang.is_process_alive(pa));
  await step("unlink a", () => erlang.unlink(pa));
  erlang.process_flag(TRAP_EXIT, true);
  const c = idle("c");
  erlang.link(c);
  erlang.send(c, t`{exit,boom}`);
  await settle();
  await step("unlink c", () => erlang.unlink(c));
  await mailbox();
  const d = idle("d");
  erlang.link(d);
  erlang.unlink(d);
  erlang.send(d, t`{exit,boom}`);
  await mailbox();
}

export async function pr_trap_exit(): Promise<void> {
  await step("trap on", () => erlang.process_flag(TRAP_EXIT, true));
  await step("trap on", () => erlang.process_flag(TRAP_EXIT, true));
  const ends: [string, unknown][] = [
    ["a", t`{exit,boom}`],
    ["b", t`{exit,normal}`],
    ["c", t`{exit,shutdown}`],
    ["d", t`{error,boom}`],
  ];
  for (const [called, end] of ends) {
    const p = idle(called);
    erlang.link(p);
    erlang.send(p, end);
    await recv();
  }
  await step("trap off", () => erlang.process_flag(TRAP_EXIT, false));
  const e = idle("e");
  erlang.link(e);
  erlang.send(e, t`{exit,normal}`);
  await mailbox();
}

export async function pr_exit2_signals(): Promise<void> {
  const pa = idle("a");
  const w = watch(pa);
  await step("exit a boom", () => erlang.exit(pa, a("boom")));
  await down(w);
  const pb = idle("b");
  await step("exit b normal", () => erlang.exit(pb, NORMAL));
  await settle();
  await step("alive b", () => erlang.is_process_alive(pb));
  const pt = await trapper("t");
  const settled = async (reason: unknown) => {
    const result = erlang.exit(pt, reason);
    await settle();
    return result;
  };
  await step("exit t boom", () => settled(a("boom")));
  await step("exit t normal", () => settled(NORMAL));
  await step("alive t", () => erlang.is_process_alive(pt));
  await step("exit a again", () => erlang.exit(pa, a("boom")));
}

export async function pr_exit2_kill(): Promise<void> {
  const pa = await trapper("a");
  const wa = watch(pa);
  const pt = await trapper("t");
  await tell(pt, () => erlang.link(pa));
  const n = idle("n");
  const wn = watch(n);
  await tell(n, () => erlang.link(pa));
  await step("exit a kill", async () => {
    const result = erlang.exit(pa, KILL);
    await settle();
    return result;
  });
  await down(wa);
  await down(wn);
  await step("alive t", () => erlang.is_process_alive(pt));
}

export async function pr_alive_sync(): Promise<void> {
  for (const reason of [t`kill`, t`boom`, t`normal`]) {
    const answers: boolean[] = [];
    for (let n = 0; n < 50; n += 1) {
      const p = erlang.spawn(() => erlang.receive((m) => m === a("never")));
      erlang.exit(p, reason);
      answers.push(erlang.is_process_alive(p));
    }
    log(`after ${fmt(reason)} ${distinct(answers)}`);
  }
  const pt = await trapper("t");
  await step("alive t", async () => {
    erlang.exit(pt, a("boom"));
    const alive = erlang.is_process_alive(pt);
    await settle();
    return alive;
  });
}

export async function pr_signal_order(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const main = erlang.self();
  const pa = spawn("a", async () => {
    await erlang.receive((m) => m === a("go"));
    erlang.send(main, t`m1`);
    erlang.send(main, t`m2`);
    erlang.exit(a("boom"));
  });
  erlang.link(pa);
  erlang.send(pa, t`go`);
  await sleep(100);
  await mailbox();
  const pb = spawn("b", async () => {
    await erlang.receive((m) => m === a("go"));
    erlang.send(main, t`m3`);
    erlang.exit(a("bye"));
  });
  watch(pb);
  erlang.send(pb, t`go`);
  await mailbox();
  const pt = await trapper("t");
  erlang.send(pt, t`x1`);
  erlang.exit(pt, a("sig"));
  erlang.send(pt, t`x2`);
  await settle();
}

export async function pr_send_dead(): Promise<void> {
  const dead = await deceased("dead");
  await step("send dead hello", () => erlang.send(dead, t`hello`));
  await step("send self hello", () => erlang.send(erlang.self(), t`hello`));
  await mailbox();
  const pt = await trapper("t");
  erlang.send(pt, t`unknown_thing`);
  await settle();
  await step("alive t", () => erlang.is_process_alive(pt));
}
