/** gen_server_SUITE: calls and requests. */
import { KILL, erlang, gen_server } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { deceased, fmt, down, log, mailbox, settle, sleep, spawn, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { DEFAULT } from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";

export async function gsx_call(): Promise<void> {
  const s = await probe.start("srv", {
    call: (request, from, state) => {
      if (!Array.isArray(request)) return DEFAULT;
      if (request[0] === a("delayed")) return t`{noreply,${from},${request[1]}}`;
      if (request[0] === a("next")) return t`{reply,next,${state},${request[1]}}`;
      return DEFAULT;
    },
    info: (message, state) => {
      if (message !== a("timeout") || !Array.isArray(state)) return DEFAULT;
      gen_server.reply(state as never, t`delayed`);
      return t`{noreply,s1}`;
    },
  });
  const call = (request: unknown) => step(`call ${fmt(request)}`, () => gen_server.call(s, request));
  await call(t`ping`);
  await call(t`{delayed,30}`);
  await call(t`{next,50}`);
  await sleep(150);
  await call(t`{next,50}`);
  await call(t`ping`);
  await sleep(150);
  await step("call {delayed,300} timeout 30", () => gen_server.call(s, t`{delayed,300}`, 30));
  await mailbox();
  await call(t`{return,nonsense}`);
}

export async function gsx_call_killed(): Promise<void> {
  const pa = await probe.start("a", { quiet: true });
  const client = async (called: string, server: Pid, request: unknown, ms: number) => {
    spawn(called, () =>
      step(`call ${fmt(request)}`, async () => {
        try {
          return await gen_server.call(server, request);
        } finally {
          await sleep(ms);
        }
      }),
    );
    await sleep(20);
  };
  await client("c1", pa, t`{sleep,500}`, 0);
  await settle();
  erlang.exit(pa, KILL);
  await settle();
  const pb = await probe.start("b");
  await client("c2", pb, t`{sleep,150}`, 0);
  await client("c3", pb, t`{stop,boom}`, 20);
  await client("c4", pb, t`ping`, 40);
  await client("c5", pb, t`ping`, 60);
  await sleep(400);
}

export async function gsx_call_args(): Promise<void> {
  const p = await probe.start("a", { reg: "n1" });
  const orRaised = async (action: () => Promise<unknown>) => {
    try {
      return await action();
    } catch {
      return a("raised");
    }
  };
  await step("call soon", () => orRaised(() => gen_server.call(p, t`ping`, t`soon`)));
  await step("call -1", () => orRaised(() => gen_server.call(p, t`ping`, -1)));
  // The server may begin before or after the time is over: the line is written when it has begun.
  await step("call 0", () => gen_server.call(p, t`{sleep,30}`, 0).finally(settle));
  await sleep(60);
  await step("call n1", () => gen_server.call(t`n1`, t`ping`));
  await mailbox();
}

export async function gsx_calling_self(): Promise<void> {
  const self = erlang.self();
  await step("call self", () => gen_server.call(self, t`ping`));
  await step("call self infinity", () => gen_server.call(self, t`ping`, Infinity));
  erlang.register("me", self);
  await step("call me", () => gen_server.call(t`me`, t`ping`));
  await step("stop self", () => gen_server.stop(self));
  const p = await probe.start("a", {
    call: (request) => (request === a("inner") ? gen_server.call(erlang.self(), t`ping`) : DEFAULT),
  });
  await step("call inner", () => gen_server.call(p, t`inner`));
  await mailbox();
}

type RequestId = gen_server.RequestId;

export async function gsx_send_request(): Promise<void> {
  const pa = await probe.start("a", { reg: "n1", quiet: true });
  const wait = (label: string, id: RequestId) => step(label, () => gen_server.wait_response(id, 1000));
  await wait("by pid", gen_server.send_request(pa, t`ping`));
  await wait("by name", gen_server.send_request(t`n1`, t`state`));
  await wait("by {name,node}", gen_server.send_request(t`{n1,${erlang.node()}}`, t`state`));
  const r1 = gen_server.send_request(pa, t`{sleep,500}`);
  await step("too early", () => gen_server.wait_response(r1, 10));
  await step("zero", () => gen_server.wait_response(r1, 0));
  await wait("late", r1);
  await step("again", () => gen_server.wait_response(r1, 50));
  const dead = await deceased("dead");
  await wait("dead", gen_server.send_request(dead, t`ping`));
  await wait("missing", gen_server.send_request(t`nosuch`, t`ping`));
  await wait("missing {name,node}", gen_server.send_request(t`{nosuch,${erlang.node()}}`, t`ping`));
  const r2 = gen_server.send_request(pa, t`state`);
  await step("check strange", () => gen_server.check_response(t`{some,message}`, r2));
  await step("check reply", async () => gen_server.check_response(await erlang.receive(), r2));
  await wait("crash", gen_server.send_request(pa, t`{error,boom}`));
  const pb = await probe.start("b", { quiet: true });
  const r4 = gen_server.send_request(pb, t`{exit,bang}`);
  await step("check down", async () => gen_server.check_response(await erlang.receive(), r4));
  await mailbox();
}

type Collection = gen_server.RequestIdCollection;

/** Writes the result of a function on collections, and returns the remaining collection. */
function answered(collection: Collection, answer: unknown): Collection {
  if (!Array.isArray(answer)) {
    log(fmt(answer));
    return collection;
  }
  const [response, label, left] = answer as [unknown, unknown, Collection];
  log(`${fmt(response)} ${fmt(label)} left ${gen_server.reqids_size(left)}`);
  return left;
}

export async function gsx_send_request_receive_reqid_collection(): Promise<void> {
  const pa = await probe.start("a", { quiet: true });
  const pb = await probe.start("b", { quiet: true });
  const pc = await probe.start("c", { quiet: true });
  const c0 = gen_server.reqids_new();
  await step("empty size", () => gen_server.reqids_size(c0));
  await step("empty receive", () => gen_server.receive_response(c0, 100, true));
  const c1 = gen_server.send_request(pa, t`{sleep,120}`, t`l1`, c0);
  const c2 = gen_server.send_request(pb, t`{sleep,40}`, t`l2`, c1);
  const c3 = gen_server.reqids_add(gen_server.send_request(pc, t`{sleep,80}`), t`l3`, c2);
  await step("size", () => gen_server.reqids_size(c3));
  await step("labels", () => {
    const labels = gen_server.reqids_to_list(c3).map(([, label]) => label);
    return list(labels.toSorted((x, y) => (fmt(x) < fmt(y) ? -1 : 1)));
  });
  const next = async (collection: Collection, remove: boolean) =>
    answered(collection, await gen_server.receive_response(collection, 1000, remove));
  const c4 = await next(c3, true);
  const c5 = await next(c4, false);
  const c6 = await next(c5, true);
  await next(c6, true);
  const dead = await deceased("dead");
  const e1 = gen_server.send_request(dead, t`ping`, t`dead`, gen_server.reqids_new());
  const e2 = gen_server.send_request(pa, t`{sleep,200}`, t`slow`, e1);
  const e3 = await next(e2, true);
  await step("deadline", () => gen_server.receive_response(e3, 30, true));
  await sleep(250);
  await mailbox();
}

export async function gsx_send_request_wait_reqid_collection(): Promise<void> {
  const pa = await probe.start("a", { quiet: true });
  const pb = await probe.start("b", { quiet: true });
  const c1 = gen_server.send_request(pa, t`{sleep,100}`, t`l1`, gen_server.reqids_new());
  const c2 = gen_server.send_request(pb, t`{error,boom}`, t`l2`, c1);
  const next = async (collection: Collection, ms: number) =>
    answered(collection, await gen_server.wait_response(collection, ms, true));
  const c3 = await next(c2, 50);
  const c4 = await next(c3, 10);
  const c5 = await next(c4, 1000);
  await next(c5, 0);
  await next(c5, Infinity);
  await mailbox();
}

export async function gsx_send_request_check_reqid_collection(): Promise<void> {
  const pa = await probe.start("a", { quiet: true });
  const pb = await probe.start("b", { quiet: true });
  const c1 = gen_server.send_request(pa, t`{sleep,100}`, t`l1`, gen_server.reqids_new());
  const c2 = gen_server.send_request(pb, t`{exit,bang}`, t`l2`, c1);
  const next = (message: unknown, collection: Collection) =>
    answered(collection, gen_server.check_response(message, collection, true));
  const c3 = next(t`strange`, c2);
  const c4 = next(await erlang.receive(), c3);
  const c5 = next(await erlang.receive(), c4);
  next(t`strange`, c5);
  await mailbox();
}

export async function gsx_multicall(): Promise<void> {
  const p = await probe.start("a", { reg: "n1" });
  const shown = async (answer: Promise<[readonly unknown[], readonly unknown[]]>) => {
    const [replies, bad] = await answer;
    return [list([...replies]), list([...bad])];
  };
  await step("multi_call", () => shown(gen_server.multi_call(t`n1`, t`ping`)));
  await step("multi_call nodes", () => shown(gen_server.multi_call(t`n1`, t`ping`, 1000)));
  await step("multi_call nosuch", () => shown(gen_server.multi_call(t`nosuch`, t`ping`)));
  const w = watch(p);
  await step("multi_call stop", () => shown(gen_server.multi_call(t`n1`, t`{stop,normal,stopped}`)));
  await down(w);
  await step("multi_call again", () => shown(gen_server.multi_call(t`n1`, t`ping`)));
  await mailbox();
}
