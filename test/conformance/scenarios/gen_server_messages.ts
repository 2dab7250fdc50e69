/** gen_server: casts, plain messages, idle time-outs and continuations. */
import { OK, STOP, erlang, gen_server } from "@otpts/runtime";
import { deceased, down, fmt, log, sleep, spawn, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { DEFAULT } from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";

export async function gs_cast_order(): Promise<void> {
  const dead = await deceased("dead");
  await step("cast dead x", () => gen_server.cast(dead, t`x`));
  await step("cast nosuch x", () => gen_server.cast(t`nosuch`, t`x`));
  const s = await probe.start("srv");
  gen_server.cast(s, t`one`);
  erlang.send(s, t`two`);
  gen_server.cast(s, t`three`);
  await step("call ping", () => gen_server.call(s, t`ping`));
  const journal = await probe.start("log", {
    quiet: true,
    state: list([]),
    cast: (entry, state) => t`{noreply,${list([...state, entry])}}`,
  });
  const main = erlang.self();
  const clients = ["c1", "c2"];
  for (const client of clients) {
    spawn(client, () => {
      for (let n = 1; n <= 5; n += 1) gen_server.cast(journal, t`{${a(client)},${n}}`);
      erlang.send(main, t`done`);
    });
  }
  for (const _ of clients) await erlang.receive((m) => m === a("done"));
  for (const client of clients) {
    await step(`seen from ${client}`, async () => {
      const entries = (await gen_server.call(journal, t`state`)) as [unknown, number][];
      return list(entries.filter(([who]) => who === a(client)).map(([, n]) => n));
    });
  }
}

export async function gs_idle_timeout(): Promise<void> {
  const s = await probe.start("srv", { init: () => [OK, a("s0"), 100] });
  await sleep(350);
  log("waited 1");
  await step("call", () => gen_server.call(s, t`{return,{reply,ok,s1,100}}`));
  gen_server.cast(s, t`hello`);
  await sleep(350);
  log("waited 2");
  gen_server.cast(s, t`{return,{noreply,s2,100}}`);
  await sleep(350);
  log("waited 3");
  await step("call state", () => gen_server.call(s, t`state`));
}

export async function gs_continue_chain(): Promise<void> {
  const s = await probe.start("srv", {
    quiet: true,
    continue: async (argument, state) => {
      if (argument === a("z")) return [STOP, a("finished"), state];
      if (argument === a("a")) await sleep(120);
      log(`doing ${fmt(argument)}`);
      return argument === a("a") ? t`{noreply,${state},{continue,b}}` : t`{noreply,${state}}`;
    },
    cast: (message) => {
      log(`cast ${fmt(message)}`);
      return DEFAULT;
    },
    terminate: (reason) => log(`terminate ${fmt(reason)}`),
  });
  const w = watch(s);
  await step("call", () => gen_server.call(s, t`{return,{reply,r,s1,{continue,a}}}`));
  gen_server.cast(s, t`queued`);
  await sleep(300);
  log("phase 2");
  gen_server.cast(s, t`{return,{noreply,s2,{continue,z}}}`);
  gen_server.cast(s, t`never`);
  await down(w);
}
