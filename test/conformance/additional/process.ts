/** Contract points of processes that the given scenarios leave open. */
import { DOWN, EXIT, ErlangError, Exit, KILL, TIMEOUT, TRAP_EXIT, Thrown, erlang, atoms } from "@otpts/runtime";
import type { Pid, Ref } from "@otpts/runtime";
import {
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

const { INFO, FLUSH, PROCESS } = atoms;

const monitor = (p: Pid) => erlang.monitor(PROCESS, p);

export async function prx_link_and_monitor(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const p = idle("a");
  erlang.register("n1", p);
  erlang.monitor(PROCESS, "n1");
  monitor(p);
  erlang.link(p);
  erlang.send(p, t`{exit,boom}`);
  await recv();
  await step("whereis n1", () => erlang.whereis("n1"));
  const two = [await erlang.receive(), await erlang.receive()];
  for (const text of two.map(fmt).toSorted()) log(text);
  const q = idle("b");
  const refs = [monitor(q), monitor(q), monitor(q)];
  erlang.send(q, t`return`);
  await step("monitors", async () => {
    const order: number[] = [];
    while (order.length < refs.length) {
      const [, ref] = (await erlang.receive()) as [unknown, Ref];
      order.push(refs.indexOf(ref));
    }
    return list(order);
  });
}

export async function prx_monitor_name(): Promise<void> {
  const pa = idle("a");
  const pb = idle("b");
  erlang.register("n1", pa);
  erlang.monitor(PROCESS, "n1");
  erlang.unregister("n1");
  erlang.register("n1", pb);
  erlang.send(pb, t`{exit,bye}`);
  await mailbox();
  erlang.send(pa, t`{exit,boom}`);
  await mailbox();
  erlang.monitor(PROCESS, "nosuch");
  await mailbox();
  const pc = idle("c");
  erlang.register("n2", pc);
  erlang.monitor(PROCESS, t`{n2,${erlang.node()}}`);
  erlang.exit(pc, KILL);
  await mailbox();
}

export async function prx_monitor_self(): Promise<void> {
  await step("link self", () => erlang.link(erlang.self()));
  await step("unlink self", () => erlang.unlink(erlang.self()));
  const p = idle("p");
  const w = watch(p);
  await tell(p, () => monitor(erlang.self()));
  erlang.send(p, t`{exit,boom}`);
  await down(w);
  await mailbox();
  const r = monitor(erlang.self());
  await step("demonitor info", () => erlang.demonitor(r, [INFO]));
  const alias = erlang.monitor(PROCESS, erlang.self(), { alias: "demonitor" });
  erlang.send(alias, t`hello`);
  await mailbox();
  await step("unalias", () => erlang.unalias(alias));
}

export async function prx_exit_self(): Promise<void> {
  const rounds: [string, boolean, unknown][] = [
    ["a", false, t`normal`],
    ["b", false, t`boom`],
    ["c", false, t`kill`],
    ["d", true, t`normal`],
    ["e", true, t`boom`],
    ["f", true, t`kill`],
  ];
  for (const [called, trap, reason] of rounds) {
    const p = trap ? await trapper(called) : idle(called);
    const w = watch(p);
    order(p, () => {
      erlang.exit(erlang.self(), reason);
      log("still here");
    });
    if (trap && reason !== KILL) {
      await settle();
      erlang.send(p, t`return`);
    }
    await down(w);
  }
}

export async function prx_exit_kill_by_self(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const pa = idle("a");
  const pb = idle("b");
  await tell(pb, () => erlang.link(pa));
  const w = watch(pb);
  erlang.link(pa);
  erlang.send(pa, t`{exit,kill}`);
  await recv();
  await down(w);
}

export async function prx_link_twice(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const main = erlang.self();
  const pa = idle("a");
  erlang.link(pa);
  erlang.link(pa);
  await tell(pa, () => erlang.link(main));
  erlang.send(pa, t`{exit,boom}`);
  await mailbox();
  const pb = idle("b");
  erlang.link(pb);
  erlang.link(pb);
  erlang.unlink(pb);
  erlang.send(pb, t`{exit,boom}`);
  await mailbox();
}

export async function prx_trap_later(): Promise<void> {
  const p = idle("a");
  const w = watch(p);
  await tell(p, () => erlang.process_flag(TRAP_EXIT, true));
  erlang.exit(p, a("one"));
  await tell(p, () => erlang.process_flag(TRAP_EXIT, false));
  await settle();
  await step("alive a", () => erlang.is_process_alive(p));
  await tell(p, mailbox);
  erlang.exit(p, a("two"));
  await down(w);
}

export async function prx_catch_inside(): Promise<void> {
  const p = spawn("p", async () => {
    const raises = [() => erlang.exit(a("boom")), () => erlang.error(a("boom")), () => erlang.throw(a("boom"))];
    for (const raise of raises) {
      try {
        raise();
      } catch (error) {
        if (error instanceof Exit) log(`caught exit ${fmt(error.reason)}`);
        else if (error instanceof ErlangError) log(`caught error ${fmt(error.reason)}`);
        else if (error instanceof Thrown) log(`caught throw ${fmt(error.value)}`);
      }
    }
    try {
      await erlang.receive((m) => m === a("never"));
    } catch {
      log("caught");
    } finally {
      log("after");
    }
  });
  const w = watch(p);
  await settle();
  erlang.exit(p, a("bang"));
  await down(w);
}

async function count(wanted: string): Promise<number> {
  let n = 0;
  while ((await erlang.receive((m) => m === a(wanted), { after: 0 })) !== TIMEOUT) n += 1;
  return n;
}

export async function prx_receive_after(): Promise<void> {
  const self = erlang.self();
  for (const ms of [30, 60, 90, 1_000]) erlang.send_after(ms, self, t`noise`);
  const wanted = await erlang.receive((m) => m === a("wanted"), { after: 120 });
  log(wanted === TIMEOUT ? "timed out" : "wanted");
  log(`noise ${await count("noise")}`);
  await sleep(1_000);
  log(`noise ${await count("noise")}`);
  erlang.send(self, t`other`);
  erlang.send(self, t`here`);
  const look = async (what: string) => {
    const found = await erlang.receive((m) => m === a(what), { after: 0 });
    log(found === TIMEOUT ? "not there" : what);
  };
  await look("here");
  await look("gone");
  await mailbox();
}

export async function prx_monitor_alias_modes(): Promise<void> {
  const modes = [
    ["a", "explicit_unalias"],
    ["b", "demonitor"],
    ["c", "reply_demonitor"],
  ] as const;
  for (const [called, mode] of modes) {
    const p = idle(called);
    const r = erlang.monitor(PROCESS, p, { alias: mode });
    erlang.send(r, t`m1`);
    erlang.send(r, t`m2`);
    await mailbox();
    erlang.send(p, t`{exit,boom}`);
    await mailbox();
    erlang.send(r, t`m3`);
    await mailbox();
    await step("unalias", () => erlang.unalias(r));
    const q = idle(`${called}2`);
    const r2 = erlang.monitor(PROCESS, q, { alias: mode });
    await step("demonitor", () => erlang.demonitor(r2));
    erlang.send(r2, t`m4`);
    await mailbox();
  }
}

export async function prx_demonitor_info(): Promise<void> {
  const p = idle("a");
  const r1 = monitor(p);
  const demonitor = (label: string, ref: Ref, options: Parameters<typeof erlang.demonitor>[1]) =>
    step(label, () => erlang.demonitor(ref, options));
  await demonitor("info", r1, [INFO]);
  await demonitor("info again", r1, [INFO]);
  const r2 = monitor(p);
  const r3 = monitor(p);
  const r4 = monitor(p);
  await demonitor("flush info active", r4, [FLUSH, INFO]);
  erlang.send(p, t`{exit,boom}`);
  await settle();
  await demonitor("info fired", r2, [INFO]);
  await demonitor("flush info", r3, [FLUSH, INFO]);
  await mailbox();
  await demonitor("unknown", erlang.make_ref(), []);
  await demonitor("unknown info", erlang.make_ref(), [INFO]);
}

export async function prx_timer_details(): Promise<void> {
  const self = erlang.self();
  const r = erlang.send_after(1000, self, t`x`);
  const left = (ms: number | false) => Number.isInteger(ms) && (ms as number) >= 1 && (ms as number) <= 1000;
  await step("read", () => left(erlang.read_timer(r)));
  await step("cancel", () => left(erlang.cancel_timer(r)));
  await step("read again", () => erlang.read_timer(r));
  await step("unknown", () => erlang.cancel_timer(erlang.make_ref()));
  erlang.send_after(0, self, t`now`);
  await recv();
  await step("negative", () => erlang.send_after(-1, self, t`x`));
  const p = idle("p");
  erlang.register("n1", p);
  erlang.send_after(50, "n1", t`x`);
  erlang.send(p, t`return`);
  await sleep(100);
  await mailbox();
}

export async function prx_send_forms(): Promise<void> {
  const p = await trapper("t");
  erlang.register("n1", p);
  const send = (label: string, to: Parameters<typeof erlang.send>[0]) =>
    step(label, async () => {
      const result = erlang.send(to, t`hello`);
      await settle();
      return result;
    });
  await send("pid", p);
  await send("name", "n1");
  await send("{name,node}", t`{n1,${erlang.node()}}`);
  await send("{nosuch,node}", t`{nosuch,${erlang.node()}}`);
  await send("nosuch", "nosuch");
}

export async function prx_exit_order(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const main = erlang.self();
  const ordered = (called: string) =>
    spawn(called, async () => {
      await erlang.receive((m) => m === a("go"));
      erlang.send(main, t`a`);
      erlang.exit(main, a("sig"));
      erlang.send(main, t`b`);
      erlang.exit(a("boom"));
    });
  const p = ordered("p");
  erlang.link(p);
  erlang.send(p, t`go`);
  await mailbox();
  const q = ordered("q");
  monitor(q);
  erlang.send(q, t`go`);
  await mailbox();
}

export async function prx_unlink_flush(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  for (let n = 0; n < 20; n += 1) {
    const p = erlang.spawn_link(() => erlang.exit(a("boom")));
    erlang.unlink(p);
    await erlang.receive((m) => Array.isArray(m) && m[0] === EXIT && m[1] === p, { after: 0 });
  }
  await mailbox();
}

export async function prx_process_info(): Promise<void> {
  const p = idle("t");
  erlang.register("n1", p);
  erlang.link(p);
  await tell(p, () => erlang.put(a("k"), a("v")));
  const u = idle("u");
  await tell(p, () => monitor(u));
  erlang.send(p, t`stray`);
  await settle();
  type Item = Parameters<typeof erlang.process_info>[1];
  // The value alone is the result here; Erlang's {Item,Value} for the trace.
  const info = (who: Pid, item: string) =>
    step(item, () => {
      const value: unknown = erlang.process_info(who, item as Item);
      return [a(item), Array.isArray(value) ? list(value) : value];
    });
  await info(p, "registered_name");
  await info(p, "links");
  await step("monitors", () => {
    const monitored = erlang.process_info(p, "monitors" as Item) as unknown as readonly unknown[];
    return [a("monitors"), list(monitored.map((item) => [PROCESS, item]))];
  });
  await info(u, "monitored_by");
  await info(p, "messages");
  await info(p, "message_queue_len");
  await info(p, "trap_exit");
  // No name is the empty list in Erlang, undefined here.
  await step("registered_name of u", () => erlang.process_info(u, "registered_name" as Item) ?? list([]));
  erlang.send(u, t`return`);
  await settle();
  await step("dead", () => erlang.process_info(u, "links" as Item));
  await step("bad", () => erlang.process_info(p, "nonsense" as Item));
}

export async function prx_register_dies(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const rounds = async (hook: (p: Pid) => unknown) => {
    const results = new Map<string, unknown>();
    for (let n = 0; n < 20; n += 1) {
      const p = erlang.spawn(() => erlang.receive((m) => m === a("never")));
      erlang.register("n1", p);
      hook(p);
      erlang.exit(p, KILL);
      await erlang.receive((m) => Array.isArray(m) && ((m[0] === EXIT && m[1] === p) || (m[0] === DOWN && m[3] === p)));
      const result = [erlang.whereis("n1"), erlang.register("n1", erlang.self()), erlang.unregister("n1")];
      results.set(fmt(result), result);
    }
    return list([...results.values()]);
  };
  await step("link", () => rounds((p) => erlang.link(p)));
  await step("monitor", () => rounds((p) => monitor(p)));
}
