/** gen_statem: events, transitions, postponing and time-outs. */
import { OK, erlang, gen_server, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { gen_statem } from "@otpts/runtime/gen_statem";
import { deceased, down, fmt, log, mailbox, settle, sleep, spawn, step, watch } from "../harness/oracle.ts";
import * as sprobe from "../harness/sprobe.ts";
import { DEFAULT } from "../harness/sprobe.ts";
import { a, list, t } from "../harness/term.ts";

const casting =
  (machine: Pid) =>
  (...events: readonly unknown[]): void => {
    for (const event of events) gen_statem.cast(machine, event);
  };

const call = (machine: Pid, label: string, request: unknown = t`state`) =>
  step(label, () => gen_statem.call(machine, request));

/** A call whose answer is written after the machine's further work. */
const settled = (machine: Pid, label: string, request: unknown) =>
  step(label, async () => {
    const answer = await gen_statem.call(machine, request);
    await settle();
    return answer;
  });

async function after(ms: number, text: string): Promise<void> {
  await sleep(ms);
  log(text);
}

export async function sm_modes(): Promise<void> {
  const f = await sprobe.start("f", { mode: t`state_functions` });
  gen_statem.cast(f, t`x`);
  erlang.send(f, t`hi`);
  casting(f)(t`{next,b}`, t`x`);
  await call(f, "call state");
  const h = await sprobe.start("h", { mode: t`[handle_event_function]`, state: t`{idle,0}` });
  gen_statem.cast(h, t`x`);
  erlang.send(h, t`hi`);
  casting(h)(t`{next,[busy,1]}`, t`x`);
  await call(h, "call state");
  const w = watch(f);
  gen_statem.cast(f, t`{next,nowhere}`);
  await settle();
  log("in nowhere");
  gen_statem.cast(f, t`x`);
  await down(w);
}

export async function sm_event_types(): Promise<void> {
  const s = await sprobe.start("sm");
  gen_statem.cast(s, t`c1`);
  erlang.send(s, t`{timeout,t1,m1}`);
  gen_statem.cast(s, t`{keep,[{next_event,internal,i1}]}`);
  erlang.send(s, t`{cast,c2}`);
  await call(s, "call ping", t`ping`);
  for (const action of [t`{timeout,40,t1}`, t`{state_timeout,40,t2}`, t`{{timeout,name},40,t3}`]) {
    gen_statem.cast(s, t`{keep,${list([action])}}`);
    await sleep(150);
  }
  await step("gen_server cast", async () => {
    const result = gen_server.cast(s, t`c3`);
    await settle();
    return result;
  });
  await step("gen_server call", () => gen_server.call(s, t`ping`));
  const dead = await deceased("dead");
  await step("cast dead", () => gen_statem.cast(dead, t`x`));
  await step("cast nosuch", () => gen_statem.cast(t`nosuch`, t`x`));
}

export async function sm_next_state(): Promise<void> {
  const s = await sprobe.start("sm", { mode: t`state_functions` });
  const results = [
    t`{next_state,b,d1}`,
    t`{next_state,b,d2}`,
    t`{next_state,c,d3,[]}`,
    t`{keep_state,d4}`,
    t`{keep_state,d5,{next_event,internal,i1}}`,
    t`keep_state_and_data`,
    t`{keep_state_and_data,[{next_event,internal,i2}]}`,
    t`{next_state,a,d6,{next_event,cast,i3}}`,
  ];
  for (const result of results) {
    gen_statem.cast(s, t`{return,${result}}`);
    await call(s, "call state");
  }
}

export async function sm_next_event(): Promise<void> {
  const s = await sprobe.start("sm", {
    mode: t`state_functions`,
    event: (type, content) => {
      switch (`${type} ${fmt(content)}`) {
        case "cast tree":
          return t`{keep_state_and_data,[{next_event,internal,n1},{next_event,internal,n2}]}`;
        case "internal n1":
          return t`{keep_state_and_data,[{next_event,internal,n11},{next_event,cast,n12}]}`;
        case "internal n11":
          return t`{next_state,b,d1,{next_event,info,n111}}`;
        default:
          return DEFAULT;
      }
    },
  });
  casting(s)(t`{sleep,50}`, t`tree`, t`queued1`);
  erlang.send(s, t`queued2`);
  await call(s, "call state");
  gen_statem.cast(
    s,
    t`{keep,[{next_event,internal,i1},{next_event,cast,i2},{next_event,info,i3},{next_event,timeout,i4},{next_event,state_timeout,i5},{next_event,{timeout,n},i6}]}`,
  );
  await settle();
  log("types done");
  const s2 = await sprobe.start("s2", {
    event: (_type, content, _state, _data, from) =>
      from !== undefined && Array.isArray(content) && content[0] === a("twice")
        ? t`{keep_state_and_data,[{next_event,{call,${from}},${content[1]}},{next_event,internal,behind}]}`
        : DEFAULT,
  });
  await settled(s2, "call {twice,ping}", t`{twice,ping}`);
  await settled(s2, "call {twice,{twice,state}}", t`{twice,{twice,state}}`);
}

export async function sm_postpone(): Promise<void> {
  const s = await sprobe.start("sm", { mode: t`state_functions` });
  gen_statem.cast(s, t`{in,b,p1}`);
  erlang.send(s, t`{in,c,p2}`);
  casting(s)(t`{in,b,p3}`, t`{sleep,60}`, t`{next,b}`, t`after1`, t`{next,c}`, t`after2`);
  await call(s, "call state");
  gen_statem.cast(s, t`{next,a}`);
  await step("call {in,d,ping}", () => {
    spawn("helper", async () => {
      await sleep(60);
      gen_statem.cast(s, t`{next,d}`);
    });
    return gen_statem.call(s, t`{in,d,ping}`);
  });
  for (const actions of [t`[{postpone,true}]`, t`[postpone,{postpone,false}]`, t`[{postpone,false},postpone]`]) {
    casting(s)(t`{next,a}`, t`{keep,${actions}}`);
    await settle();
    log("leave a");
    casting(s)(t`{next,b}`, t`{next,c}`);
    await settle();
  }
}

export async function sm_postpone_order(): Promise<void> {
  const go = async (called: string, events: readonly unknown[]): Promise<Pid> => {
    const s = await sprobe.start(called);
    casting(s)(...events);
    await call(s, "call state");
    return s;
  };
  const s = await go(
    "sm",
    t`[{in,c,p1},{in,b,p2},{in,d,p3},{in,b,p4},{next,b},{in,c,p5},{next,c},{in,d,p6},{next,d},end1]`,
  );
  await gen_statem.stop(s);
  await go("s2", t`[{in,b,{next,c}},{in,b,x1},{in,c,x2},{in,b,x3},{next,b},n1,{next,b},n2]`);
}

export async function sm_postpone_same(): Promise<void> {
  for (const [called, mode] of [
    ["sf", t`[state_functions,state_enter]`],
    ["he", t`handle_event_function`],
  ]) {
    const s = await sprobe.start(called, { mode });
    await settle();
    casting(s)(t`{in,b,p1}`, t`{set,d1}`, t`{next,a}`);
    await settle();
    log("same");
    gen_statem.cast(s, t`{return,{repeat_state,d2}}`);
    await settle();
    log("repeated");
    gen_statem.cast(s, t`{return,repeat_state_and_data}`);
    await settle();
    log("repeated and data");
    gen_statem.cast(s, t`{next,b}`);
    await settle();
  }
  const tu = await sprobe.start("tu", { state: t`{a,1}` });
  casting(tu)(t`{in,{b,1},p1}`, t`{next,{a,1}}`);
  await settle();
  log("same");
  gen_statem.cast(tu, t`{next,{a,2}}`);
  await settle();
  log("other");
  gen_statem.cast(tu, t`{next,{b,1}}`);
  await settle();
}

export async function sm_event_timeout(): Promise<void> {
  const s = await sprobe.start("sm");
  const cast = casting(s);
  cast(t`{keep,[{timeout,60,t1}]}`);
  await after(200, "fired");
  cast(t`{keep,[60]}`);
  await after(200, "short form");
  cast(t`{keep,80}`);
  await after(200, "without list");
  cast(t`{keep,[{timeout,100,t2}]}`, t`x`);
  await after(200, "cast cancels");
  cast(t`{keep,[{timeout,100,t2}]}`);
  erlang.send(s, t`x`);
  await after(200, "message cancels");
  cast(t`{keep,[{timeout,100,t2}]}`);
  await call(s, "call ping", t`ping`);
  await after(200, "call cancels");
  cast(t`{keep,[{timeout,100,t3},{next_event,internal,i1}]}`);
  await after(200, "inserted event cancels");
  cast(t`{keep,[{timeout,120,t4},{state_timeout,50,s4}]}`);
  await after(250, "time-out cancels");
  cast(t`{next,b,[{timeout,60,t5}]}`);
  await sleep(200);
  cast(t`{keep,[{timeout,infinity,t6}]}`);
  await sleep(100);
  await call(s, "call state");
}

export async function sm_state_timeout(): Promise<void> {
  const s = await sprobe.start("sm");
  const cast = casting(s);
  const keep = (ms: unknown, content: unknown) => cast(t`{keep,[{state_timeout,${ms},${content}}]}`);
  keep(100, t`t1`);
  cast(t`x`, t`{set,d1}`, t`{next,a}`);
  await after(250, "kept");
  keep(100, t`t2`);
  cast(t`{next,b}`);
  await after(200, "cancelled by change");
  keep(100, t`t3`);
  cast(t`{next,c,[{state_timeout,60,t4}]}`);
  await after(250, "replaced by change");
  keep(150, t`t5`);
  await sleep(100);
  keep(150, t`t6`);
  await after(100, "not yet");
  await after(150, "restarted");
  keep(100, t`t7`);
  keep(t`infinity`, t`t8`);
  await after(200, "infinity cancels");
  keep(100, t`t9`);
  cast(t`{return,repeat_state_and_data}`);
  await after(250, "repeated");
  keep(60, t`{next,a}`);
  await sleep(200);
  await call(s, "call state");
}

export async function sm_generic_timeout(): Promise<void> {
  const s = await sprobe.start("sm");
  const cast = casting(s);
  cast(t`{keep,[{{timeout,x},200,tx},{{timeout,{y,1}},100,ty}]}`, t`ev`, t`{next,b}`, t`{next,c}`);
  await after(350, "two");
  cast(t`{keep,[{{timeout,x},100,t1}]}`, t`{keep,[{{timeout,x},250,t2}]}`);
  await after(170, "not yet");
  await after(200, "restarted");
  cast(t`{keep,[{{timeout,x},60,t3},{{timeout,y},140,t4}]}`, t`{next,a,[{{timeout,x},infinity,none}]}`);
  await after(250, "x cancelled");
  cast(t`{keep,[{{timeout,x},80,{next,b}}]}`, t`{in,b,p1}`);
  await sleep(200);
  await call(s, "call state");
}

export async function sm_timeout_cancel(): Promise<void> {
  const s = await sprobe.start("sm");
  const cast = casting(s);
  cast(
    t`{keep,[{state_timeout,80,s1},{{timeout,n},80,n1}]}`,
    t`{keep,[{state_timeout,cancel},{{timeout,n},cancel},{{timeout,other},cancel},{timeout,cancel}]}`,
  );
  await after(200, "cancelled");
  cast(t`{keep,[{state_timeout,200,s2},{{timeout,n},300,n2}]}`);
  await sleep(60);
  cast(t`{keep,[{state_timeout,update,s3},{{timeout,n},update,n3}]}`);
  await after(60, "not yet");
  await after(300, "updated");
  cast(
    t`{sleep,50}`,
    t`{keep,[{state_timeout,update,s4}]}`,
    t`queued1`,
    t`{keep,[{{timeout,n},update,n4}]}`,
    t`queued2`,
  );
  await after(150, "update of none");
  cast(
    t`{keep,[{timeout,60,t1},{timeout,update,t2},{state_timeout,60,s5},{state_timeout,cancel},{{timeout,n},120,n5},{{timeout,n},update,n6}]}`,
  );
  await sleep(250);
  await call(s, "call state");
}

export async function sm_timeout_zero(): Promise<void> {
  const s = await sprobe.start("sm");
  const go = async (events: readonly unknown[], text: string): Promise<void> => {
    casting(s)(t`{sleep,50}`, ...events);
    await after(150, text);
  };
  await go(t`[{keep,[{state_timeout,0,s1}]},queued1]`, "state time-out");
  await go(
    t`[{keep,[{{timeout,n},0,n1},{state_timeout,0,s2},{next_event,internal,i1},{{timeout,m},0,m1}]},queued2]`,
    "several",
  );
  await go(t`[{keep,[{timeout,0,t1}]},queued3]`, "event time-out");
  await go(t`[{keep,[{timeout,0,t2},{next_event,internal,i2}]},queued4]`, "event time-out cancelled");
  await go(t`[{in,b,p1},{next,b,[{state_timeout,0,s3}]},queued5]`, "postponed");
  await call(s, "call state");
}

export async function sm_enter(): Promise<void> {
  const s = await sprobe.start("sm", { mode: t`[state_functions,state_enter]` });
  await settle();
  const results = t`[{next_state,b,d1},{next_state,b,d2},{keep_state,d3},{repeat_state,d4},repeat_state_and_data,{repeat_state_and_data,[{next_event,internal,i1}]},{repeat_state,d5,{next_event,internal,i2}},{next_state,a,d6,[{next_event,internal,i3}]}]`;
  for (const result of results) {
    gen_statem.cast(s, t`{return,${result}}`);
    await call(s, "call state");
  }
  const no = await sprobe.start("no", { mode: t`state_functions` });
  casting(no)(t`{return,{repeat_state,d1}}`, t`{return,repeat_state_and_data}`);
  await call(no, "call state");
  const he = await sprobe.start("he", { mode: t`[state_enter,handle_event_function]`, state: t`{s,0}` });
  await settle();
  casting(he)(t`{next,{s,1}}`, t`{next,{s,1}}`, t`{next,{s,0}}`);
  await call(he, "call state");
}

export async function sm_enter_actions(): Promise<void> {
  const s = await sprobe.start("sm", {
    mode: t`[handle_event_function,state_enter]`,
    data: t`none`,
    event: (type, content, state, data, from) => {
      if (from !== undefined && Array.isArray(content) && content[0] === a("go"))
        return t`{next_state,${content[1]},${from},[{next_event,internal,inserted},{state_timeout,150,transition}]}`;
      if (type === "enter" && state === a("b"))
        return t`{keep_state,entered,[{reply,${data},{hello,b}},{state_timeout,250,enter}]}`;
      if (type === "enter" && state === a("c")) return t`{next_state,c,entered,{reply,${data},{hello,c}}}`;
      return DEFAULT;
    },
  });
  await settle();
  gen_statem.cast(s, t`{in,b,postponed}`);
  await settled(s, "call {go,b}", t`{go,b}`);
  await sleep(300);
  await settled(s, "call state", t`state`);
  await settled(s, "call {go,c}", t`{go,c}`);
  await sleep(200);
  await settled(s, "call state", t`state`);
}

export async function sm_reply(): Promise<void> {
  const replies = (froms: readonly unknown[]) =>
    list(froms.map((from, index) => t`{reply,${from},{done,${index + 1}}}`));
  const s = await sprobe.start("sm", {
    data: list([]),
    event: async (type, content, _state, data, from) => {
      if (from !== undefined && content === a("single")) return t`{keep_state_and_data,{reply,${from},one}}`;
      if (from !== undefined && content === a("early")) {
        gen_statem.reply(from, t`early`);
        await sleep(120);
        log("slept");
        return t`keep_state_and_data`;
      }
      if (from !== undefined && Array.isArray(content) && content[0] === a("wait"))
        return t`{keep_state,${list([...data, from])}}`;
      if (type === "cast" && content === a("all")) return t`{next_state,b,[],${replies(data)}}`;
      if (type === "cast" && content === a("late")) {
        gen_statem.reply(replies(data) as never);
        return t`{keep_state,[]}`;
      }
      return DEFAULT;
    },
  });
  await call(s, "call single", t`single`);
  await call(s, "call early", t`early`);
  await sleep(200);
  const clients = async (names: readonly string[], message: unknown): Promise<void> => {
    const main = erlang.self();
    const all: Pid[] = [];
    for (const [index, called] of names.entries()) {
      all.push(
        spawn(called, async () => {
          const answer = await gen_statem.call(s, t`{wait,${index + 1}}`);
          await erlang.receive((m) => m === a("go"));
          log(`reply ${fmt(answer)}`);
          erlang.send(main, OK);
        }),
      );
      await settle();
    }
    gen_statem.cast(s, message);
    await settle();
    for (const client of all) {
      erlang.send(client, t`go`);
      await erlang.receive((m) => m === OK);
    }
  };
  await clients(["c1", "c2", "c3"], t`all`);
  await call(s, "call state");
  await clients(["d1", "d2"], t`late`);
  const main = erlang.self();
  await step("reply from outside", async () => {
    spawn("o", async () => erlang.send(main, t`{answer,${await gen_statem.call(s, t`{wait,1}`)}}`));
    await settle();
    const [, [from]] = (await sys.get_state(s)) as [unknown, [never]];
    gen_statem.reply(from, t`outside`);
    const [, answer] = (await erlang.receive((m) => Array.isArray(m) && m[0] === a("answer"))) as [unknown, unknown];
    return answer;
  });
}

export async function sm_send_request(): Promise<void> {
  const s = await sprobe.start("sm", { quiet: true });
  const receive = (label: string, id: gen_statem.RequestId, ms: number) =>
    step(label, () => gen_statem.receive_response(id, ms));
  const r1 = gen_statem.send_request(s, t`{in,b,ping}`);
  await receive("receive R2", gen_statem.send_request(s, t`state`), 2000);
  await step("wait R1", () => gen_statem.wait_response(r1, 50));
  gen_statem.cast(s, t`{next,b}`);
  await step("wait R1", () => gen_statem.wait_response(r1, 2000));
  await receive("receive R3", gen_statem.send_request(s, t`{sleep,150}`), 30);
  await sleep(200);
  await mailbox();
  const r4 = gen_statem.send_request(s, t`ping`);
  await settle();
  erlang.send(erlang.self(), t`other`);
  for (let n = 0; n < 2; n++) await step("check", async () => gen_statem.check_response(await erlang.receive(), r4));
  await receive("receive R5", gen_statem.send_request(t`nosuch`, t`ping`), 2000);
  await receive("receive R6", gen_statem.send_request(s, t`{exit,boom}`), 2000);
  await receive("receive R7", gen_statem.send_request(s, t`ping`), 2000);
}

export async function sm_hibernate(): Promise<void> {
  const s = await sprobe.start("sm", { opts: { hibernate_after: 40 } });
  const cast = casting(s);
  cast(t`{in,b,p1}`, t`{keep,[hibernate,{state_timeout,150,st},{{timeout,n},250,gt}]}`);
  await after(350, "slept");
  cast(t`{next,b,[{hibernate,true}]}`);
  await settle();
  cast(t`{keep,{hibernate,false}}`);
  await call(s, "call {keep,[hibernate]}", t`{keep,[hibernate]}`);
  await call(s, "call state");
}
