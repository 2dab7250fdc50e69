/** gen_server_SUITE: casts, plain messages, idle time-outs and continuations. */
import { NOREPLY, OK, STOP, TRAP_EXIT, erlang, gen_server } from "@otpts/runtime";
import { down, recv, settle, sleep, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { DEFAULT } from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";

export async function gsx_cast(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const p = await probe.start_link("a");
  gen_server.cast(p, t`hello`);
  gen_server.cast(p, t`{return,{noreply,s1,30}}`);
  await sleep(100);
  gen_server.cast(p, t`{return,{noreply,s2,hibernate}}`);
  await step("call state", () => gen_server.call(p, t`state`));
  gen_server.cast(p, t`{stop,shutdown}`);
  await recv();
  await step("cast", () => gen_server.cast(p, t`hello`));
}

export async function gsx_info(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const p = await probe.start_link("a");
  erlang.send(p, t`hello`);
  erlang.send(p, t`{return,{noreply,s1,30}}`);
  await sleep(100);
  await step("call state", () => gen_server.call(p, t`state`));
  erlang.send(p, t`{stop,shutdown}`);
  await recv();
}

export async function gsx_idle_zero(): Promise<void> {
  const p = await probe.start("a", { init: () => [OK, a("s0"), 0] });
  await settle();
  gen_server.cast(p, t`{sleep,60}`);
  gen_server.cast(p, t`{return,{noreply,s1,0}}`);
  gen_server.cast(p, t`queued`);
  await sleep(150);
  await step("call", async () => {
    const reply = await gen_server.call(p, t`{return,{reply,r,s2,0}}`);
    await sleep(30);
    return reply;
  });
  await step("bad", () => gen_server.call(p, t`{return,{reply,r,s2,-1}}`));
}

export async function gsx_abcast(): Promise<void> {
  await probe.start("a", { reg: "n1" });
  const settled = async (result: unknown) => {
    await settle();
    return result;
  };
  await step("abcast", () => settled(gen_server.abcast("n1", t`hello`)));
  await step("abcast nodes", () => settled(gen_server.abcast(t`n1`, t`hello`)));
  await step("abcast nosuch", () => gen_server.abcast("nosuch", t`hello`));
}

export async function gsx_continue(): Promise<void> {
  const p = await probe.start("a", {
    init: () => {
      erlang.send(erlang.self(), t`first`);
      return t`{ok,s0,{continue,c0}}`;
    },
    call: (request, from) =>
      Array.isArray(request) && request[0] === a("late") ? t`{noreply,${from},{continue,${request[1]}}}` : DEFAULT,
    continue: (argument, state) => {
      if (argument === a("reply")) {
        gen_server.reply(state, t`late_reply`);
        return t`{noreply,s1}`;
      }
      if (!Array.isArray(argument)) return [NOREPLY, state];
      return argument[0] === a("next") ? t`{noreply,${state},{continue,${argument[1]}}}` : [STOP, argument[1], state];
    },
  });
  const w = watch(p);
  await settle();
  const queue = async (send: () => unknown) => {
    gen_server.cast(p, t`{sleep,30}`);
    send();
    gen_server.cast(p, t`queued`);
    await sleep(100);
  };
  await queue(() => gen_server.cast(p, t`{return,{noreply,s1,{continue,from_cast}}}`));
  await queue(() => erlang.send(p, t`{return,{noreply,s1,{continue,{next,from_info}}}}`));
  await step("call reply", async () => {
    const reply = await gen_server.call(p, t`{return,{reply,r,s1,{continue,from_call}}}`);
    await sleep(20);
    return reply;
  });
  await step("call late", () => gen_server.call(p, t`{late,reply}`));
  gen_server.cast(p, t`{return,{noreply,s1,{continue,{stop,finished}}}}`);
  gen_server.cast(p, t`never`);
  await down(w);
}
