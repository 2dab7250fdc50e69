/** Processes: monitors, aliases, names, timers, the mailbox and atoms. */
import { KILL, Atom, atom, erlang, atoms } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import {
  deceased,
  fmt,
  gone,
  idle,
  log,
  mailbox,
  recv,
  settle,
  sleep,
  spawn,
  step,
  tell,
  trapper,
  watch,
} from "../harness/oracle.ts";
import { a, t } from "../harness/term.ts";

const { FLUSH, PROCESS } = atoms;

const monitor = (p: Pid) => erlang.monitor(PROCESS, p);

export async function pr_monitor_down(): Promise<void> {
  const ends: [string, unknown][] = [
    ["a", t`boom`],
    ["b", t`normal`],
    ["c", t`{shutdown,1}`],
  ];
  for (const [called, reason] of ends) {
    const p = idle(called);
    const ref = monitor(p);
    erlang.send(p, t`{exit,${reason}}`);
    const message = (await recv()) as unknown[];
    log(`ref matches ${message[1] === ref}`);
  }
  const d = idle("d");
  monitor(d);
  erlang.exit(d, KILL);
  await recv();
  const w = idle("w");
  const v = idle("v");
  await tell(w, () => monitor(v));
  erlang.send(w, t`{exit,boom}`);
  await settle();
  await step("alive v", () => erlang.is_process_alive(v));
  await mailbox();
}

export async function pr_demonitor(): Promise<void> {
  const pa = idle("a");
  const ra = monitor(pa);
  await step("demonitor a", () => erlang.demonitor(ra));
  erlang.send(pa, t`{exit,boom}`);
  await mailbox();
  const pb = idle("b");
  const rb = monitor(pb);
  erlang.send(pb, t`{exit,boom}`);
  await settle();
  await step("demonitor b", () => erlang.demonitor(rb));
  await mailbox();
  const c = idle("c");
  const r1 = monitor(c);
  monitor(c);
  erlang.send(c, t`{exit,boom}`);
  await settle();
  erlang.send(erlang.self(), t`other`);
  await step("demonitor c flush", () => erlang.demonitor(r1, [FLUSH]));
  await mailbox();
  const d = idle("d");
  const rd = monitor(d);
  await step("demonitor d flush", () => erlang.demonitor(rd, [FLUSH]));
  erlang.send(d, t`{exit,boom}`);
  await mailbox();
}

export async function pr_alias(): Promise<void> {
  const alias = erlang.alias();
  erlang.send(alias, t`m1`);
  await recv();
  await step("unalias", () => erlang.unalias(alias));
  erlang.send(alias, t`m2`);
  await step("unalias", () => erlang.unalias(alias));
  await mailbox();
  const p = idle("p");
  const r = erlang.monitor(PROCESS, p, { alias: "demonitor" });
  erlang.send(r, t`m3`);
  await recv();
  await step("demonitor", () => erlang.demonitor(r, [FLUSH]));
  erlang.send(r, t`m4`);
  erlang.send(p, t`{exit,boom}`);
  await mailbox();
  const q = idle("q");
  const r2 = erlang.monitor(PROCESS, q, { alias: "demonitor" });
  erlang.send(q, t`{exit,boom}`);
  await recv();
  erlang.send(r2, t`m5`);
  await mailbox();
}

export async function pr_register_basic(): Promise<void> {
  const whereis = (reg: string) => step(`whereis ${reg}`, () => erlang.whereis(reg));
  await whereis("n1");
  const pa = await trapper("a");
  await step("register n1 a", () => erlang.register("n1", pa));
  await whereis("n1");
  await step("in registered", () => erlang.registered().includes(a("n1")));
  erlang.send("n1", t`hello`);
  await settle();
  await step("unregister n1", () => erlang.unregister("n1"));
  await whereis("n1");
  await step("alive a", () => erlang.is_process_alive(pa));
  const pb = idle("b");
  await step("register n1 b", () => erlang.register("n1", pb));
  await whereis("n1");
  await step("register n2 self", () => erlang.register("n2", erlang.self()));
  await whereis("n2");
}

export async function pr_register_errors(): Promise<void> {
  const pa = idle("a");
  const pb = idle("b");
  const dead = await deceased("dead");
  const register = (label: string, reg: string, p: Pid) => step(label, () => erlang.register(reg, p));
  await register("register n1 a", "n1", pa);
  await register("register n1 b", "n1", pb);
  await register("register n1 a", "n1", pa);
  await register("register n2 a", "n2", pa);
  await register("register n3 dead", "n3", dead);
  await register("register undefined b", "undefined", pb);
  await step("unregister n9", () => erlang.unregister("n9"));
  await step("send n9", () => erlang.send("n9", t`x`));
  await step("whereis n1", () => erlang.whereis("n1"));
  await step("whereis n2", () => erlang.whereis("n2"));
}

export async function pr_selective_receive(): Promise<void> {
  for (const message of [t`{1,a}`, t`{2,b}`, t`{3,c}`, t`{2,b2}`]) erlang.send(erlang.self(), message);
  const take = async (...firsts: number[]) => {
    const message = await erlang.receive((m) => Array.isArray(m) && firsts.includes(m[0]));
    log(`took ${fmt(message)}`);
  };
  await take(3);
  await take(2);
  await take(2, 1);
  await mailbox();
  const p = spawn("p", async () => {
    const message = await erlang.receive((m) => Array.isArray(m) && m[0] === a("late"));
    log(`took ${fmt(message)}`);
    await mailbox();
  });
  const w = watch(p);
  erlang.send(p, t`{early,1}`);
  erlang.send(p, t`{early,2}`);
  await settle();
  erlang.send(p, t`{late,3}`);
  await gone(w);
}

export async function pr_timers(): Promise<void> {
  const self = erlang.self();
  erlang.send_after(60, self, t`one`);
  erlang.send_after(20, self, t`two`);
  await sleep(120);
  await mailbox();
  const r = erlang.start_timer(20, self, t`tm`);
  await recv();
  await step("cancel fired", () => erlang.cancel_timer(r));
  const r2 = erlang.send_after(100, self, t`never`);
  await step("cancel pending is integer", () => {
    const left = erlang.cancel_timer(r2);
    return Number.isInteger(left) && (left as number) >= 1 && (left as number) <= 100;
  });
  await step("cancel again", () => erlang.cancel_timer(r2));
  await sleep(150);
  await mailbox();
  const dead = await deceased("dead");
  erlang.send_after(30, "nosuch", t`x`);
  erlang.send_after(30, dead, t`x`);
  await sleep(80);
  await mailbox();
  erlang.send_after(100, "n1", t`by_name`);
  erlang.register("n1", self);
  await recv();
}

export async function pr_atoms(): Promise<void> {
  const text = ["brand_", "new_", "xyz"].join("");
  await step("existing T", () => atom.existing(text));
  await step("existing T", () => atom.existing(text));
  await step("create T", () => atom.ensure(text));
  await step("existing T", () => atom.existing(text));
  await step("same", () => atom.ensure(text) === atom.existing(text));
  await step("255 ok", () => atom.ensure("a".repeat(255)) instanceof Atom);
  await step("256", () => atom.ensure("a".repeat(256)));
  await step("empty", () => atom.ensure(""));
}
