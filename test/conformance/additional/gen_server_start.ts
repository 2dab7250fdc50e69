/** gen_server_SUITE: start, stop and the reasons of an end. */
import { IGNORE, KILL, NORMAL, OK, OtpError, STOP, TRAP_EXIT, erlang, gen_server } from "@otpts/runtime";
import { down, fmt, mailbox, ok, pid, recv, settle, sleep, spawn, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import type { ProbeOptions } from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";

export async function gsx_start(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const life = async (called: string, start: () => Promise<unknown>) => {
    await step(`start ${called}`, () => ok(start()));
    await step(`call ${called}`, () => gen_server.call(pid(called), t`ping`));
    await step(`stop ${called}`, () => gen_server.stop(pid(called), t`stopped`, Infinity));
    await mailbox();
  };
  await life("a", () => probe.start("a"));
  await life("b", () => probe.start_link("b"));
  await life("c", () => probe.start_monitor("c"));
  const monitored = async (called: string, options: ProbeOptions) => {
    await step(`start_monitor ${called}`, () => ok(probe.start_monitor(called, options)));
    await mailbox();
  };
  await monitored("d", { init: () => IGNORE });
  await monitored("e", { init: () => [STOP, a("bad")] });
  await monitored("f", { init: () => erlang.error(a("boom")) });
  await monitored("g", { init: () => sleep(300).then(() => [OK, a("s0")]), opts: { timeout: 30 } });
  await step("start_link h", () => ok(probe.start_link("h", { reg: "taken" })));
  await step("start_monitor i", () => ok(probe.start_monitor("i", { reg: "taken" })));
  await mailbox();
  const linked = async (called: string, init: () => unknown) => {
    await step(`start_link ${called}`, () => ok(probe.start_link(called, { init })));
    await mailbox();
  };
  await linked("j", () => erlang.error(a("boom")));
  await linked("k", () => erlang.exit(a("bang")));
  await linked("l", () => erlang.throw(t`{ok,thrown}`));
  await linked("m", () => erlang.throw(t`ball`));
  await linked("n", () => a("garbage"));
}

export async function gsx_stop1(): Promise<void> {
  const p = await probe.start("a");
  await step("stop", () => gen_server.stop(p));
  await step("alive", () => erlang.is_process_alive(p));
  await step("stop again", () => gen_server.stop(p));
}

export async function gsx_stop2(): Promise<void> {
  const reasons: [string, unknown][] = [
    ["a", t`other`],
    ["b", t`shutdown`],
    ["c", t`{shutdown,x}`],
  ];
  for (const [called, reason] of reasons) {
    const p = await probe.start(called);
    const w = watch(p);
    await step("stop", () => gen_server.stop(p, reason, Infinity));
    await step("alive", () => erlang.is_process_alive(p));
    await down(w);
  }
}

/** The result of an action; `raised` if it raises anything. */
async function orRaised(action: () => unknown): Promise<unknown> {
  try {
    return await action();
  } catch {
    return a("raised");
  }
}

export async function gsx_stop3(): Promise<void> {
  const p = await probe.start("a");
  for (const timeout of [t`soon`, -1]) {
    await step(`stop ${fmt(timeout)}`, () => orRaised(() => gen_server.stop(p, NORMAL, timeout)));
    await step("alive", () => erlang.is_process_alive(p));
  }
  await step("call", () => gen_server.call(p, t`ping`));
}

export async function gsx_stop4(): Promise<void> {
  await probe.start("a", { reg: "to_stop" });
  await step("stop", () => gen_server.stop(t`to_stop`));
  await step("whereis", () => erlang.whereis("to_stop"));
  await step("stop again", () => gen_server.stop(t`to_stop`));
}

export async function gsx_stop5(): Promise<void> {
  await probe.start("a", { reg: "to_stop" });
  const server = t`{to_stop,${erlang.node()}}`;
  await step("call", () => gen_server.call(server, t`ping`));
  await step("cast", async () => {
    const result = gen_server.cast(server, t`hello`);
    await settle();
    return result;
  });
  await step("stop", () => gen_server.stop(server));
  await step("stop again", () => gen_server.stop(server));
  await step("call again", () => gen_server.call(server, t`ping`));
  await step("cast again", () => gen_server.cast(server, t`hello`));
}

export async function gsx_crash(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const requests: [string, unknown][] = [
    ["a", t`{exit,shutdown}`],
    ["b", t`{exit,{shutdown,r}}`],
    ["c", t`{stop,shutdown}`],
    ["d", t`{stop,{shutdown,r}}`],
    ["e", t`{exit,crashed}`],
    ["f", t`{error,crashed}`],
  ];
  for (const [called, request] of requests) {
    const p = await probe.start_link(called);
    await step("call", () => gen_server.call(p, request));
    await mailbox();
  }
}

export async function gsx_terminate_crash_format(): Promise<void> {
  const go = async (called: string, terminate: () => unknown, request: unknown) => {
    const p = await probe.start(called, { quiet: true, terminate });
    const w = watch(p);
    await step(`call ${called}`, () => gen_server.call(p, request));
    await down(w);
  };
  const ways: [string, () => unknown][] = [
    ["a", () => erlang.exit(a("other"))],
    ["b", () => erlang.error(a("boom"))],
    ["c", () => erlang.throw(a("ball"))],
    ["d", () => a("anything")],
  ];
  for (const [called, terminate] of ways) await go(called, terminate, t`{stop,normal}`);
  for (const [called, terminate] of ways) await go(`${called}2`, terminate, t`{stop,done,bye}`);
}

export async function gsx_otp_7669(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const go = async (start: typeof probe.start, init: () => unknown) => {
    const results = new Map<string, unknown>();
    for (let n = 0; n < 100; n += 1) {
      const result = await start("a", { reg: "n1", quiet: true, init }).catch((error: unknown) => {
        if (error instanceof OtpError) return [a("error"), error.reason];
        throw error;
      });
      const entry = [result, erlang.whereis("n1")];
      results.set(fmt(entry), entry);
    }
    return list([...results.values()]);
  };
  await step("ignore", () => go(probe.start_link, () => IGNORE));
  await step("stop", () => go(probe.start_link, () => [STOP, a("bad")]));
  await step("start ignore", () => go(probe.start, () => IGNORE));
  await step("start stop", () => go(probe.start, () => [STOP, a("bad")]));
}

export async function gsx_hibernate(): Promise<void> {
  const p = await probe.start("a", { init: () => t`{ok,s0,hibernate}` });
  await settle();
  await step("call state", () => gen_server.call(p, t`state`));
  await step("call reply", () => gen_server.call(p, t`{return,{reply,r,s1,hibernate}}`));
  await settle();
  gen_server.cast(p, t`{return,{noreply,s2,hibernate}}`);
  await settle();
  erlang.send(p, t`{return,{noreply,s3,hibernate}}`);
  await settle();
  await step("call state", () => gen_server.call(p, t`state`));
  await step("stop", () => gen_server.stop(p));
}

export async function gsx_start_monitor_parent(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const [pa] = await probe.start_monitor("a", { trap: true });
  erlang.exit(pa, a("boom"));
  await recv();
  const pb = await probe.start("b", { trap: true });
  erlang.exit(pb, a("boom"));
  await settle();
  await step("alive b", () => erlang.is_process_alive(pb));
  const pc = await probe.start_link("c", { trap: true });
  erlang.exit(pc, NORMAL);
  await recv();
}

export async function gsx_start_link_dies(): Promise<void> {
  const starting = async (label: string, init: () => unknown) => {
    const starter = spawn("starter", async () => {
      await step(`start_link ${label}`, () => ok(probe.start_link(label, { init })));
      await settle();
    });
    await down(watch(starter));
  };
  await starting("a", () => t`{stop,normal}`);
  await starting("b", () => IGNORE);
  await starting("c", async () => {
    erlang.exit(erlang.self(), KILL);
    await sleep(100);
  });
}
