/** gen_server: calls, replies and requests. */
import { KILL, erlang, gen_server, atoms } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { deceased, down, fmt, log, mailbox, recv, settle, sleep, spawn, step, watch, pid } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { DEFAULT } from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";

const { GEN_CALL, GEN_CAST } = atoms;

export async function gs_call_basic(): Promise<void> {
  const s = await probe.start_link("srv", { state: 1 });
  await step("call state", () => gen_server.call(s, t`state`));
  await step("call {set,2}", () => gen_server.call(s, t`{set,2}`));
  await step("cast {set,3}", async () => {
    const result = gen_server.cast(s, t`{set,3}`);
    await settle();
    return result;
  });
  await step("call state", () => gen_server.call(s, t`state`));
  await step("call {return,{reply,ok,4,hibernate}}", () => gen_server.call(s, t`{return,{reply,ok,4,hibernate}}`));
  await step("call state", () => gen_server.call(s, t`state`));
}

export async function gs_call_crash_matrix(): Promise<void> {
  const requests: [string, unknown][] = [
    ["s1", t`{exit,boom}`],
    ["s2", t`{error,boom}`],
    ["s3", t`{stop,boom}`],
    ["s4", t`{stop,normal}`],
    ["s5", t`{stop,shutdown}`],
    ["s6", t`{stop,{shutdown,x}}`],
    ["s7", t`{return,garbage}`],
  ];
  for (const [called, request] of requests) {
    const p = await probe.start(called);
    await step(`call ${called} ${fmt(request)}`, () => gen_server.call(p, request));
  }
  await step("call s1 ping", () => gen_server.call(pid("s1"), t`ping`));
}

export async function gs_call_noproc(): Promise<void> {
  const dead = await deceased("dead");
  await step("call dead ping", () => gen_server.call(dead, t`ping`));
  await step("call dead ping 100", () => gen_server.call(dead, t`ping`, 100));
  await step("call nosuch ping", () => gen_server.call(t`nosuch`, t`ping`));
  await step("call nosuch ping infinity", () => gen_server.call(t`nosuch`, t`ping`, Infinity));
  await mailbox();
}

export async function gs_call_timeout(): Promise<void> {
  const s = await probe.start("srv");
  await step("call {sleep,200} timeout 50", () => gen_server.call(s, t`{sleep,200}`, 50));
  await step("call ping", () => gen_server.call(s, t`ping`));
  await mailbox();
  await step("alive srv", () => erlang.is_process_alive(s));
  await step("call {sleep,50} timeout infinity", () => gen_server.call(s, t`{sleep,50}`, Infinity));
}

export async function gs_call_uncaught(): Promise<void> {
  const go = async (called: string, body: () => unknown) => {
    const p = spawn(called, async () => {
      await erlang.receive((m) => m === a("go"));
      await body();
    });
    const w = watch(p);
    erlang.send(p, t`go`);
    await down(w);
  };
  await go("c1", () => gen_server.call(t`nosuch`, t`ping`));
  const s = await probe.start("srv", { quiet: true });
  await go("c2", () => gen_server.call(s, t`{sleep,300}`, 30));
  await go("c3", async () => {
    try {
      await gen_server.call(t`nosuch`, t`ping`);
    } catch (error) {
      log(`caught ${(error as Error).name.toLowerCase()}`);
    }
  });
}

export async function gs_deferred_reply(): Promise<void> {
  const s = await probe.start("srv", {
    state: new Map(),
    call: (request, from, state) => {
      if (!Array.isArray(request) || request[0] !== a("hold")) return DEFAULT;
      return t`{noreply,${new Map([...state, [request[1], from]])}}`;
    },
    cast: ([, tag, reply], state) => {
      const result = gen_server.reply(state.get(tag), reply);
      log(`reply ${fmt(tag)} ${fmt(result)}`);
      return t`{noreply,${state}}`;
    },
  });
  const client = async (called: string, tag: string): Promise<Pid> => {
    const p = spawn(called, () =>
      step(`call {hold,${tag}}`, async () => {
        const reply = await gen_server.call(s, t`{hold,${a(tag)}}`);
        await sleep(20);
        return reply;
      }),
    );
    await settle();
    return p;
  };
  await client("c1", "a");
  await client("c2", "b");
  const c3 = await client("c3", "c");
  await step("call ping", () => gen_server.call(s, t`ping`));
  erlang.exit(c3, KILL);
  await settle();
  for (const message of [t`{release,b,rb}`, t`{release,c,rc}`, t`{release,a,ra}`]) {
    gen_server.cast(s, message);
    await settle();
  }
  await step("call ping", () => gen_server.call(s, t`ping`));
}

export async function gs_send_request(): Promise<void> {
  const s = await probe.start("srv", { quiet: true });
  const r1 = gen_server.send_request(s, t`ping`);
  const r2 = gen_server.send_request(s, t`{sleep,150}`);
  const r3 = gen_server.send_request(s, t`state`);
  await step("receive R3", () => gen_server.receive_response(r3, 2000));
  await step("receive R1", () => gen_server.receive_response(r1, 2000));
  await step("receive R2", () => gen_server.receive_response(r2, 2000));
  const r4 = gen_server.send_request(s, t`{sleep,150}`);
  await step("wait R4 30", () => gen_server.wait_response(r4, 30));
  await step("wait R4 2000", () => gen_server.wait_response(r4, 2000));
  const r5 = gen_server.send_request(s, t`{sleep,150}`);
  await step("receive R5 30", () => gen_server.receive_response(r5, 30));
  await sleep(200);
  await mailbox();
  const r6 = gen_server.send_request(t`nosuch`, t`ping`);
  await step("receive R6", () => gen_server.receive_response(r6, 2000));
  const r7 = gen_server.send_request(s, t`{exit,boom}`);
  await step("receive R7", () => gen_server.receive_response(r7, 2000));
}

export async function gs_serial_callbacks(): Promise<void> {
  const work = async (n: number) => {
    log(`begin ${n}`);
    await sleep(60);
    log(`end ${n}`);
  };
  const s = await probe.start("srv", {
    quiet: true,
    call: async ([, n], _from, state) => {
      await work(n);
      return t`{reply,${n},${state}}`;
    },
    cast: async ([, n], state) => {
      await work(n);
      return t`{noreply,${state}}`;
    },
    info: async ([, n], state) => {
      await work(n);
      return t`{noreply,${state}}`;
    },
  });
  const main = erlang.self();
  const client = (called: string, n: number) =>
    spawn(called, async () => erlang.send(main, t`{r,${await gen_server.call(s, t`{work,${n}}`)}}`));
  client("c1", 1);
  await sleep(20);
  gen_server.cast(s, t`{work,2}`);
  erlang.send(s, t`{work,3}`);
  client("c2", 4);
  const replies: number[] = [];
  while (replies.length < 2) {
    const [, n] = (await erlang.receive((m) => Array.isArray(m) && m[0] === a("r"))) as [unknown, number];
    replies.push(n);
  }
  log(`replies ${fmt(list(replies.toSorted((x, y) => x - y)))}`);
}

export async function gs_wire_protocol(): Promise<void> {
  const raw = spawn("raw", async () => {
    for (let n = 0; n < 2; n += 1) {
      const message = (await erlang.receive()) as [unknown, unknown, unknown];
      log(`got ${fmt(message)}`);
      if (message[0] === GEN_CALL) gen_server.reply(message[1] as never, t`pong`);
    }
  });
  await step("cast raw hello", async () => {
    const result = gen_server.cast(raw, t`hello`);
    await settle();
    return result;
  });
  await step("call raw ping", () => gen_server.call(raw, t`ping`));
  const s = await probe.start("srv");
  erlang.send(s, [GEN_CALL, [erlang.self(), t`my_tag`], t`ping`]);
  await recv();
  erlang.send(s, [GEN_CAST, t`hi`]);
  await settle();
}
