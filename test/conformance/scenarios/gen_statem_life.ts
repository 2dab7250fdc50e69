/** gen_statem: start, stop, failures, supervision and `sys`. */
import { ErlangError, KILL, SHUTDOWN, TRAP_EXIT, erlang, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { gen_statem } from "@otpts/runtime/gen_statem";
import {
  deceased,
  down,
  fmt,
  idle,
  kids,
  log,
  mailbox,
  name,
  ok,
  pid,
  recv,
  settle,
  sleep,
  spawn,
  step,
  tell,
  watch,
} from "../harness/oracle.ts";
import { served } from "../harness/probe.ts";
import * as sprobe from "../harness/sprobe.ts";
import { DEFAULT } from "../harness/sprobe.ts";
import { a, list, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term
type Any = any;

const ENTER_MODE = t`[handle_event_function,state_enter]`;

export async function sm_bad_returns(): Promise<void> {
  const go = async (called: string, result: unknown): Promise<void> => {
    const p = await sprobe.start(called);
    const w = watch(p);
    gen_statem.cast(p, t`{return,${result}}`);
    await down(w);
  };
  await go("m1", t`garbage`);
  await go("m2", t`{next_state,b}`);
  await go("m3", t`{keep_state,d1,[garbage]}`);
  await go("m4", t`{next_state,b,d1,[{next_event,nosuch,x}]}`);
  await go("m5", t`{keep_state,d1,{reply,notfrom,x}}`);
  await go("m6", t`{stop_and_reply,r,[{reply,notfrom,x}]}`);
  await go("m7", t`{stop_and_reply,r,[postpone]}`);
  await go("m8", t`{noreply,d1}`);
  const p = await sprobe.start("sf", { mode: t`state_functions` });
  const w = watch(p);
  gen_statem.cast(p, t`{return,{next_state,{b,1},d1}}`);
  await settle();
  log("no complaint");
  gen_statem.cast(p, t`x`);
  await down(w);
}

export async function sm_call_errors(): Promise<void> {
  const call = (label: string, to: Any, request: unknown, timeout?: Any) =>
    step(label, () => gen_statem.call(to as Pid, request, timeout));
  await call("call nosuch", t`nosuch`, t`ping`);
  await call("call dead", await deceased("dead"), t`ping`);
  const s = await sprobe.start("sm");
  await call("call {sleep,200} timeout 50", s, t`{sleep,200}`, 50);
  await call("call ping", s, t`ping`);
  await mailbox();
  await call("clean", s, t`{sleep,200}`, t`{clean_timeout,50}`);
  await call("call ping", s, t`ping`);
  await call("dirty", s, t`ping`, t`{dirty_timeout,2000}`);
  await mailbox();
  await call("call {exit,boom}", s, t`{exit,boom}`);
  const s2 = await sprobe.start("s2");
  await call("call {stop,normal}", s2, t`{stop,normal}`);
  await call("call ping", s2, t`ping`);
  const s3 = await sprobe.start("s3", {
    event: async (_type, content, _state, _data, from) => {
      if (from === undefined || content !== a("self")) return DEFAULT;
      const inside = await gen_statem
        .call(erlang.self(), t`ping`, 100)
        .catch((error: Any) => t`{exit,${error.reason}}`);
      log(`inside ${fmt(inside)}`);
      return t`{keep_state_and_data,[{reply,${from},done}]}`;
    },
  });
  await call("call self", s3, t`self`);
}

export async function sm_enter_at_start(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const firsts: readonly [string, () => Any][] = [
    ["m1", () => t`{stop,bad}`],
    ["m2", () => erlang.error(a("boom"))],
    ["m3", () => t`stop`],
    ["m4", () => t`{keep_state,d1}`],
    ["m5", () => erlang.throw(t`{stop,thrown}`)],
  ];
  for (const [called, first] of firsts) {
    await step(called, async () => {
      const result = await ok(
        sprobe.start_link(called, { mode: ENTER_MODE, event: (type) => (type === "enter" ? first() : DEFAULT) }),
      );
      await settle();
      return result;
    });
    await mailbox();
  }
  await step("call state", () => gen_statem.call(pid("m4"), t`state`));
}

export async function sm_enter_restrictions(): Promise<void> {
  const results: readonly [string, unknown][] = [
    ["m1", t`{next_state,b,d1}`],
    ["m2", t`{next_state,c,d1}`],
    ["m3", t`{keep_state,d1,[postpone]}`],
    ["m4", t`{keep_state,d1,{next_event,internal,x}}`],
    ["m5", t`garbage`],
    ["m6", t`{keep_state,d1,[garbage]}`],
  ];
  for (const [called, result] of results) {
    const p = await sprobe.start(called, {
      mode: t`[state_functions,state_enter]`,
      event: (type, _content, state) => (type === "enter" && state === a("b") ? result : DEFAULT),
    });
    await settle();
    const w = watch(p);
    gen_statem.cast(p, t`{next,b}`);
    await settle();
    await step("alive", () => erlang.is_process_alive(p));
    if (erlang.is_process_alive(p)) {
      await step("call state", () => gen_statem.call(p, t`state`));
      await gen_statem.stop(p);
    }
    await down(w);
  }
}

export async function sm_init_returns(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const start = (label: string, called: string, result: unknown) =>
    step(label, () => ok(sprobe.start_link(called, { reg: "reg_name", init: () => result })));
  await start("ok", "m1", t`{ok,{st,1},[data]}`);
  await step("call state", () => gen_statem.call(pid("m1"), t`state`));
  await step("stop", () => gen_statem.stop(pid("m1")));
  await mailbox();
  for (const [called, result] of [
    ["m2", t`ignore`],
    ["m3", t`{stop,bad}`],
    ["m4", t`{stop,normal}`],
    ["m5", t`{ok,a}`],
    ["m6", t`garbage`],
  ]) {
    await start(called, called, result);
    await step("whereis reg_name", () => erlang.whereis("reg_name"));
    await mailbox();
  }
  await step("start m7", () => ok(sprobe.start("m7", { init: () => t`{stop,bad}` })));
  await mailbox();
}

export async function sm_init_actions(): Promise<void> {
  const go = (called: string, init: () => Any) => sprobe.start(called, { init });
  await go("m1", () => {
    erlang.send(erlang.self(), t`early`);
    return t`{ok,a,d0,[{next_event,internal,i1},{next_event,cast,i2},{state_timeout,60,st}]}`;
  });
  await settle();
  await sleep(150);
  log("m1 done");
  await go("m2", () => t`{ok,a,d0,{timeout,60,et}}`);
  await sleep(250);
  log("m2 done");
  await go("m3", () => t`{ok,a,d0,60}`);
  await sleep(250);
  log("m3 done");
  const m4 = await go(
    "m4",
    () => t`{ok,a,d0,[{next_event,internal,{next,b}},{state_timeout,60,st},{{timeout,n},60,gt}]}`,
  );
  await sleep(250);
  await step("call state", () => gen_statem.call(m4, t`state`));
}

export async function sm_name(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const init = () => {
    log(`self is reg_name: ${erlang.whereis("reg_name") === erlang.self()}`);
    return t`{ok,a,d0}`;
  };
  await step("start_link first", () => ok(sprobe.start_link("first", { reg: "reg_name", init })));
  await step("start_link second", () => ok(sprobe.start_link("second", { reg: "reg_name" })));
  await step("start third", () => ok(sprobe.start("third", { reg: "reg_name" })));
  await mailbox();
  gen_statem.cast("reg_name", t`x`);
  await step("call reg_name ping", () => gen_statem.call("reg_name", t`ping`));
  await step("call {reg_name,NODE} ping", () => gen_statem.call(["reg_name", erlang.node()], t`ping`));
  await step("stop reg_name", () => gen_statem.stop("reg_name"));
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await mailbox();
  await step("start_monitor", () => ok(sprobe.start_monitor("fourth", { reg: "reg_name" })));
  erlang.exit(pid("fourth"), KILL);
  await recv();
}

export async function sm_stop_api(): Promise<void> {
  const stop = (label: string, to: Any) => step(`stop ${label}`, () => gen_statem.stop(to as Pid));
  const first = await sprobe.start("a");
  gen_statem.cast(first, t`{in,b,p1}`);
  gen_statem.cast(first, t`m1`);
  await stop("a", first);
  await step("alive a", () => erlang.is_process_alive(first));
  await stop("a", first);
  await stop("nosuch", "nosuch");
  const b = await sprobe.start("b");
  const w = watch(b);
  await step("stop b because", () => gen_statem.stop(b, t`because`, Infinity));
  await down(w);
  await stop("c", await sprobe.start("c", { terminate: () => erlang.exit(a("other")) }));
  await stop("d", await sprobe.start("d", { terminate: () => erlang.error(a("boom")) }));
  const e = await sprobe.start("e", { terminate: () => sleep(300) });
  await step("stop e 50", () => gen_statem.stop(e, t`normal`, 50));
  await sleep(500);
  await step("alive e", () => erlang.is_process_alive(e));
  const f = await sprobe.start("f", {
    event: (type, content) =>
      type === "cast" && content === a("again")
        ? t`{keep_state_and_data,[{next_event,internal,i1},{state_timeout,0,st}]}`
        : DEFAULT,
  });
  gen_statem.cast(f, t`{sleep,50}`);
  gen_statem.cast(f, t`again`);
  await stop("f", f);
}

export async function sm_stop_results(): Promise<void> {
  for (const [called, result] of [
    ["m1", t`stop`],
    ["m2", t`{stop,r2}`],
    ["m3", t`{stop,r3,d3}`],
    ["m4", t`{stop,normal}`],
    ["m5", t`{stop,shutdown,d5}`],
    ["m6", t`{stop,{shutdown,x}}`],
  ]) {
    const p = await sprobe.start(called);
    const w = watch(p);
    gen_statem.cast(p, t`{return,${result}}`);
    await down(w);
  }
  const results: readonly [string, (from: Any, first: Any) => Any][] = [
    ["m7", (from) => t`{stop_and_reply,normal,{reply,${from},answer}}`],
    ["m8", (from, first) => t`{stop_and_reply,r8,[{reply,${from},answer},{reply,${first},other}]}`],
    ["m9", (from) => t`{stop_and_reply,r9,[{reply,${from},answer}],d9}`],
  ];
  for (const [called, result] of results) {
    let first: Any;
    const p = await sprobe.start(called, {
      event: (_type, content, _state, _data, from) => {
        if (from === undefined) return DEFAULT;
        if (content === a("go")) return result(from, first);
        if (content !== a("first")) return DEFAULT;
        first = from;
        return t`keep_state_and_data`;
      },
      terminate: async () => {
        await sleep(300);
        log("terminated");
      },
    });
    const w = watch(p);
    spawn(`first_${called}`, async () => {
      const line = await gen_statem.call(p, t`first`).then(
        (answer) => `got ${fmt(answer)}`,
        (error: Any) => `exit ${fmt(error.reason)}`,
      );
      await sleep(150);
      log(line);
    });
    await settle();
    await step("call go", async () => {
      const answer = await gen_statem.call(p, t`go`);
      await sleep(50);
      return answer;
    });
    await down(w);
    await sleep(300);
  }
}

export async function sm_terminate_when(): Promise<void> {
  const go = async (called: string, trap: boolean, action: (p: Pid) => unknown): Promise<void> => {
    const p = await sprobe.start(called, { trap });
    gen_statem.cast(p, t`{next,b,[{state_timeout,500,never}]}`);
    gen_statem.cast(p, t`{set,d1}`);
    await settle();
    const w = watch(p);
    await action(p);
    await down(w);
  };
  const cast = (message: unknown) => (p: Pid) => gen_statem.cast(p, message);
  const signal = (reason: unknown) => (p: Pid) => erlang.exit(p, reason);
  await go("m1", false, cast(t`{error,boom}`));
  await go("m2", false, cast(t`{exit,boom}`));
  await go("m3", true, cast(t`{exit,normal}`));
  await go("m4", false, signal(t`boom`));
  await go("m5", false, signal(SHUTDOWN));
  await go("m6", true, signal(KILL));
  await go("m7", false, async (p) => {
    erlang.exit(p, t`normal`);
    await settle();
    gen_statem.cast(p, t`{stop,later}`);
  });
  await go("m8", false, cast(t`{exit,{shutdown,x}}`));
}

export async function sm_exit_signals(): Promise<void> {
  const s = await sprobe.start("sm", { trap: true });
  const linked = async (called: string): Promise<Pid> => {
    const other = idle(called);
    await tell(other, () => erlang.link(s));
    return other;
  };
  erlang.send(await linked("o1"), t`{exit,boom}`);
  await settle();
  erlang.send(await linked("o2"), t`return`);
  await settle();
  erlang.exit(s, t`direct`);
  await settle();
  gen_statem.cast(s, t`{in,b,{stop,later}}`);
  const o3 = await linked("o3");
  await gen_statem.stop(s, t`because`, Infinity);
  await settle();
  await step("alive o3", () => erlang.is_process_alive(o3));
  const child = async (parent: string, called: string, trap: boolean): Promise<Pid> => {
    const starter = idle(parent);
    await tell(starter, () => sprobe.start_link(called, { trap }));
    return starter;
  };
  const p1 = await child("parent1", "m1", true);
  const m1 = pid("m1");
  const w1 = watch(m1);
  gen_statem.cast(m1, t`{in,b,x}`);
  gen_statem.cast(m1, t`{sleep,150}`);
  await tell(p1, () => gen_statem.cast(m1, t`before`));
  erlang.send(p1, t`{exit,boom}`);
  await settle();
  gen_statem.cast(m1, t`after`);
  await down(w1);
  const p2 = await child("parent2", "m2", false);
  const w2 = watch(pid("m2"));
  erlang.send(p2, t`{exit,boom}`);
  await down(w2);
  const p3 = await child("parent3", "m3", true);
  const w3 = watch(pid("m3"));
  erlang.send(p3, t`return`);
  await down(w3);
}

export async function sm_supervised(): Promise<void> {
  const machine = (id: string, options: sprobe.SprobeOptions): Any => ({
    id: a(id),
    task: sprobe.child,
    args: [id, { trap: true, mode: ENTER_MODE, ...options }],
  });
  const sup = await tsup.start("sup", { intensity: 5 }, [machine("w1", { reg: "reg_name" })]);
  await settle();
  gen_statem.cast("reg_name", t`{in,b,lost}`);
  gen_statem.cast("reg_name", t`{next,c,[{state_timeout,150,lost},{{timeout,n},150,lost}]}`);
  spawn("c1", async () => {
    try {
      await gen_statem.call(t`reg_name`, t`{in,d,ping}`);
    } catch (error) {
      await sleep(150);
      log(`exit ${fmt((error as Any).reason)}`);
    }
  });
  await settle();
  gen_statem.cast("reg_name", t`{error,boom}`);
  await sleep(300);
  await step("call state", () => gen_statem.call("reg_name", t`state`));
  const s2 = await tsup.start("s2", { intensity: 2, period: 5 }, [
    machine("w2", {
      event: (type, _content, state) => {
        if (type !== "enter" || state !== a("a")) return DEFAULT;
        return fmt(erlang.self()) === "<w2.2>" ? erlang.error(a("bad_start")) : DEFAULT;
      },
    }),
  ]);
  await settle();
  gen_statem.cast(pid("w2.1"), t`{exit,once}`);
  await sleep(200);
  await kids(s2);
  const w1 = watch(erlang.whereis("reg_name") as Pid);
  const ws = watch(sup);
  erlang.unlink(sup);
  erlang.exit(sup, SHUTDOWN);
  await down(ws);
  await down(w1);
}

export async function sm_sys_state(): Promise<void> {
  const s = await sprobe.start("sm", { mode: ENTER_MODE });
  await settle();
  const get = () => step("get_state", () => sys.get_state(s));
  await get();
  gen_statem.cast(s, t`{in,b,p1}`);
  gen_statem.cast(s, t`{keep,[{state_timeout,200,st}]}`);
  await step("replace_state", () =>
    sys.replace_state(s, (pair) => {
      log(`replacing ${fmt(pair)}`);
      return t`{b,d1}`;
    }),
  );
  await get();
  await sleep(300);
  log("slept");
  gen_statem.cast(s, t`x`);
  gen_statem.cast(s, t`{next,b}`);
  await settle();
  log("same");
  gen_statem.cast(s, t`{next,c}`);
  await settle();
  await get();
  await step("bad fun", async () => {
    try {
      return await sys.replace_state(s, () => erlang.exit(a("oops")));
    } catch (error) {
      const kind = error instanceof ErlangError ? "error" : "exit";
      return [a(kind), (error as Any).reason[0]];
    }
  });
  await get();
  await step("call state", () => gen_statem.call(s, t`state`));
}

export async function sm_format_status(): Promise<void> {
  const pairs = (given: readonly unknown[]) => fmt(list([...given]));
  const module: Any = served({
    callback_mode: () => t`handle_event_function`,
    init() {
      name(erlang.self(), "sm");
      return t`{ok,a,{secret,1}}`;
    },
    handle_event(type: Any, content: Any, state: Any, data: Any): Any {
      const kind = sprobe.typeText(type);
      if (kind === "call" && content === a("state"))
        return t`{keep_state_and_data,[{reply,${type[1]},{${state},${data}}}]}`;
      log(`event ${kind} ${fmt(content)} ${fmt(state)}`);
      const verb = Array.isArray(content) ? content[0] : undefined;
      if (verb === a("in") && state === a("a")) return t`{keep_state_and_data,[postpone]}`;
      if (verb === a("set")) return t`{keep_state_and_data,${content[1]}}`;
      if (verb === a("crash")) return erlang.error(content[1]);
      return t`keep_state_and_data`;
    },
    terminate(reason: unknown): void {
      log(`terminate ${fmt(reason)}`);
    },
    format_status(status: Any): Any {
      if (status.data === a("bad")) return erlang.error(a("oops"));
      log(
        `format_status ${fmt(
          list(
            Object.keys(status)
              .toSorted()
              .map((key) => a(key)),
          ),
        )}`,
      );
      log(`format ${fmt(status.state)} ${fmt(status.data)}`);
      log(`postponed ${pairs(status.postponed)}`);
      log(`timeouts ${pairs(status.timeouts)}`);
      return { ...status, data: a("hidden") };
    },
  });
  const s = (await gen_statem.start(module, undefined)) as Pid;
  gen_statem.cast(s, t`{in,b,p1}`);
  gen_statem.cast(s, t`{set,[{state_timeout,300,st}]}`);
  await step("shown", async () => {
    const [, , , items] = await sys.get_status(s);
    return [items.state, (items as Any).data];
  });
  await step("get_state", () => sys.get_state(s));
  await sys.replace_state(s, ([state]: Any) => [state, a("bad")]);
  await step("alive", async () => {
    await sys.get_status(s);
    return erlang.is_process_alive(s);
  });
  await sys.replace_state(s, ([state]: Any) => [state, t`{secret,2}`]);
  const w = watch(s);
  gen_statem.cast(s, t`{crash,boom}`);
  await down(w);
  log("end");
}
