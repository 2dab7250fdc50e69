/** gen_server: how a server ends. */
import { NORMAL, erlang, gen_server } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { down, fmt, idle, log, mailbox, pid, settle, sleep, step, tell, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";

export async function gs_bad_return(): Promise<void> {
  const terminate = (_reason: unknown, state: unknown) => log(`state ${fmt(state)}`);
  const rounds: [string, string, unknown][] = [
    ["s1", "cast", t`{return,garbage}`],
    ["s2", "info", t`{return,{reply,r,s}}`],
    ["s3", "call", t`{return,{ok,s}}`],
    ["s4", "cast", t`{return,{noreply,s,soon}}`],
  ];
  for (const [called, how, message] of rounds) {
    const p = await probe.start(called, { terminate });
    const w = watch(p);
    if (how === "cast") gen_server.cast(p, message);
    else if (how === "info") erlang.send(p, message);
    else await step("call s3", () => gen_server.call(p, message));
    await down(w);
  }
}

export async function gs_nonparent_exit(): Promise<void> {
  const s1 = await probe.start_link("srv1", { trap: true });
  const linkedIdle = async (called: string, server: Pid) => {
    const q = idle(called);
    await tell(q, () => erlang.link(server));
    return q;
  };
  const q1 = await linkedIdle("q1", s1);
  const q2 = await linkedIdle("q2", s1);
  const q3 = await linkedIdle("q3", s1);
  erlang.send(q1, t`{exit,boom}`);
  await settle();
  erlang.send(q2, t`return`);
  await settle();
  await tell(q3, () => erlang.exit(s1, a("hello")));
  await settle();
  await step("call srv1 ping", () => gen_server.call(s1, t`ping`));
  const s2 = await probe.start("srv2");
  const w = watch(s2);
  const q4 = await linkedIdle("q4", s2);
  erlang.send(q4, t`{exit,boom}`);
  await down(w);
}

export async function gs_parent_exit(): Promise<void> {
  const parentOf = async (parent: string, server: string, trap: boolean) => {
    const p = idle(parent);
    await tell(p, () => probe.start_link(server, { trap }));
    return p;
  };
  const p1 = await parentOf("parent1", "srv1", true);
  const s1 = pid("srv1");
  const w1 = watch(s1);
  gen_server.cast(s1, t`{sleep,300}`);
  await tell(p1, () => gen_server.cast(s1, t`before`));
  erlang.send(p1, t`{exit,boom}`);
  await settle();
  gen_server.cast(s1, t`'after'`);
  await down(w1);
  const p2 = await parentOf("parent2", "srv2", false);
  const w2 = watch(pid("srv2"));
  erlang.send(p2, t`{exit,boom}`);
  await down(w2);
  const p3 = await parentOf("parent3", "srv3", true);
  const w3 = watch(pid("srv3"));
  erlang.send(p3, t`{exit,shutdown}`);
  await down(w3);
}

export async function gs_stop_api(): Promise<void> {
  const s1 = await probe.start("a");
  gen_server.cast(s1, t`m1`);
  await step("stop a", () => gen_server.stop(s1));
  await step("alive a", () => erlang.is_process_alive(s1));
  await step("stop a", () => gen_server.stop(s1));
  await step("stop nosuch", () => gen_server.stop(t`nosuch`));
  const s2 = await probe.start("b");
  const w = watch(s2);
  await step("stop b because", () => gen_server.stop(s2, t`because`, Infinity));
  await down(w);
  const s3 = await probe.start("c", { terminate: () => erlang.exit(a("other")) });
  await step("stop c", () => gen_server.stop(s3));
  const s4 = await probe.start("d", { terminate: () => sleep(300) });
  await step("stop d 50", () => gen_server.stop(s4, NORMAL, 50));
  await sleep(500);
  await step("alive d", () => erlang.is_process_alive(s4));
}

export async function gs_stop_with_reply(): Promise<void> {
  const terminate = async () => {
    await sleep(60);
    log("terminate done");
  };
  const s1 = await probe.start("srv", { terminate });
  const w1 = watch(s1);
  await step("call {stop,normal,bye}", () => gen_server.call(s1, t`{stop,normal,bye}`));
  await down(w1);
  const s2 = await probe.start("srv2");
  const w2 = watch(s2);
  await step("call {stop,oops,bye}", () => gen_server.call(s2, t`{stop,oops,bye}`));
  await down(w2);
  await mailbox();
}

export async function gs_terminate_when(): Promise<void> {
  const go = async (called: string, trap: boolean, act: (p: Pid) => unknown) => {
    const p = await probe.start(called, { trap });
    const w = watch(p);
    await act(p);
    await down(w);
  };
  const cast = (message: unknown) => (p: Pid) => gen_server.cast(p, message);
  const signal = (reason: unknown) => (p: Pid) => erlang.exit(p, reason);
  await go("s1", false, cast(t`{stop,done}`));
  await go("s2", false, cast(t`{error,boom}`));
  await go("s3", false, cast(t`{exit,boom}`));
  await go("s4", false, signal(t`boom`));
  await go("s5", false, signal(t`shutdown`));
  await go("s6", true, signal(t`kill`));
  await go("s7", false, async (p) => {
    erlang.exit(p, NORMAL);
    await settle();
    gen_server.cast(p, t`{stop,later}`);
  });
}

export async function gs_throw_return(): Promise<void> {
  const s = await probe.start("srv");
  const w = watch(s);
  await step("call {throw,{reply,thrown,s1}}", () => gen_server.call(s, t`{throw,{reply,thrown,s1}}`));
  await step("call state", () => gen_server.call(s, t`state`));
  gen_server.cast(s, t`{throw,{noreply,s2}}`);
  await step("call state", () => gen_server.call(s, t`state`));
  await step("call {throw,oops}", () => gen_server.call(s, t`{throw,oops}`));
  await down(w);
}
