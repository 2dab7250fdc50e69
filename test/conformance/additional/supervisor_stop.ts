/** supervisor_SUITE: shutdown, and automatic shutdown. */
import { EXIT, KILL, SHUTDOWN, TRAP_EXIT, erlang, gen_server, supervisor } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import {
  down,
  fmt,
  idle,
  kids,
  log,
  mailbox,
  okChild,
  order,
  pid,
  recv,
  settle,
  sleep,
  step,
  watch,
} from "../harness/oracle.ts";
import type { Watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";

const slow = (ms: number) => () => sleep(ms);

/** Takes the 'EXIT' of that process from the mailbox and writes it. */
async function exitOf(who: Pid): Promise<void> {
  const message = await erlang.receive((m) => Array.isArray(m) && m[0] === EXIT && m[1] === who);
  log(`got ${fmt(message)}`);
}

const alive = (s: Pid) => step("alive", () => erlang.is_process_alive(s));

export async function svx_sup_stop_infinity(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const inner = {
    id: a("in"),
    type: t`supervisor`,
    shutdown: t`infinity`,
    task: () => tsup.start("in", {}, [w("v1", { terminate: slow(100) })]),
  };
  const s = await tsup.start("sup", {}, [w("w1", { shutdown: t`infinity`, terminate: slow(150) }), inner]);
  const w1 = watch(pid("w1.1"));
  const w2 = watch(pid("in"));
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  await down(w2);
  await down(w1);
}

export async function svx_sup_stop_timeout(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1", { shutdown: 500 }), w("w2", { shutdown: 50, terminate: slow(300) })]);
  const w1 = watch(pid("w1.1"));
  const w2 = watch(pid("w2.1"));
  await step("terminate w2", () => supervisor.terminate_child(s, a("w2")));
  await down(w2);
  await kids(s);
  await step("restart w2", () => okChild(supervisor.restart_child(s, a("w2"))));
  const w3 = watch(pid("w2.2"));
  erlang.exit(s, SHUTDOWN);
  await down(w3);
  await down(w1);
}

/** Starts dynamic children of those names, shuts their supervisor down, and writes how all of them ended. */
async function simpleShutdown(
  shutdown: unknown,
  children: readonly (readonly [string, () => unknown])[],
): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const task = (called: string, terminate: () => unknown) =>
    probe.start_link(called, { trap: true, quiet: true, terminate });
  const flags = { strategy: t`simple_one_for_one` };
  const s = await tsup.start("sup", flags, [{ id: a("c"), shutdown, task, args: [] }]);
  const watches: Watch[] = [];
  for (const child of children) {
    await supervisor.start_child(s, [...child]);
    watches.push(watch(pid(child[0])));
  }
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  for (const watched of watches) await down(watched);
}

export async function svx_sup_stop_timeout_dynamic(): Promise<void> {
  await simpleShutdown(150, [
    ["a", slow(0)],
    ["b", slow(1000)],
    ["c", slow(1000)],
    ["d", slow(50)],
  ]);
}

export async function svx_sup_stop_brutal_kill_dynamic(): Promise<void> {
  const children = Array.from({ length: 10 }, (_, n) => [`c${n + 1}`, slow(0)] as const);
  await simpleShutdown(t`brutal_kill`, children);
}

export async function svx_sup_stop_non_shutdown_exit_dynamic(): Promise<void> {
  await simpleShutdown(1000, [
    ["a", () => erlang.exit(a("boom"))],
    ["b", () => erlang.exit(a("normal"))],
    ["c", () => a("ok")],
  ]);
}

export async function svx_simple_one_for_one_shutdown(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  let begun = 0;
  let together = 0;
  const terminate = async () => {
    begun += 1;
    await sleep(300);
    if (begun === 5) together += 1;
  };
  const task = (called: string) => probe.start_link(called, { trap: true, quiet: true, terminate });
  const flags = { strategy: t`simple_one_for_one` };
  const s = await tsup.start("sup", flags, [{ id: a("c"), shutdown: 5000, task, args: [] }]);
  const watches: Watch[] = [];
  for (const called of ["a", "b", "c", "d", "e"]) {
    await supervisor.start_child(s, [called]);
    watches.push(watch(pid(called)));
  }
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  log(`in parallel ${together}`);
  for (const watched of watches) await down(watched);
}

export async function svx_sup_stop_brutal_kill(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1"), w("w2", { shutdown: t`brutal_kill` })]);
  const w1 = watch(pid("w1.1"));
  const w2 = watch(pid("w2.1"));
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  await down(w2);
  await down(w1);
}

export async function svx_sup_stop_race(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const ending = (id: string, terminate: () => unknown) => w(id, { quiet: true, terminate });
  const s = await tsup.start("sup", {}, [
    ending("w1", () => erlang.exit(a("boom"))),
    ending("w2", () => erlang.exit(a("normal"))),
    ending("w3", () => erlang.error(a("oops"))),
    ending("w4", () => a("ok")),
  ]);
  const watches = ["w1.1", "w2.1", "w3.1", "w4.1"].map((called) => watch(pid(called)));
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  for (const watched of watches) await down(watched);
}

export async function svx_sup_queued_requests(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { intensity: 0 }, [w("w1", { terminate: slow(100) }), w("w2")]);
  gen_server.cast(pid("w2.1"), t`{exit,boom}`);
  await sleep(30);
  await step("which_children", () => supervisor.which_children(s));
  await recv();
}

// ------------------------------------------------------------ automatic shutdown

const quiet = (id: string, restart: unknown, significant?: boolean) =>
  w(id, { quiet: true, restart, ...(significant === undefined ? {} : { significant }) });

/** Ends the first incarnation of a worker: a cast to it, or the signal kill. */
function end(id: string, how: unknown): void {
  const p = pid(`${id}.1`);
  if (how === KILL) erlang.exit(p, KILL);
  else gen_server.cast(p, how);
}

export async function svx_nonsignificant_temporary(): Promise<void> {
  for (const [auto, n] of [
    ["any_significant", 1],
    ["all_significant", 2],
  ] as const) {
    const s = await tsup.start(
      "sup",
      { auto_shutdown: a(auto) },
      ["a", "b", "c"].map((id) => quiet(id, t`temporary`)),
    );
    gen_server.cast(pid(`a.${n}`), t`{stop,normal}`);
    gen_server.cast(pid(`b.${n}`), t`{stop,shutdown}`);
    gen_server.cast(pid(`c.${n}`), t`{exit,boom}`);
    await settle();
    await kids(s);
    await alive(s);
  }
}

export async function svx_nonsignificant_transient(): Promise<void> {
  const rounds: [string, [string, string, string]][] = [
    ["any_significant", ["a", "b", "c"]],
    ["all_significant", ["d", "e", "f"]],
  ];
  for (const [auto, ids] of rounds) {
    const workers = ids.map((id) => quiet(id, t`transient`));
    const s = await tsup.start("sup", { auto_shutdown: a(auto), intensity: 3 }, workers);
    end(ids[0], t`{stop,normal}`);
    end(ids[1], t`{stop,shutdown}`);
    end(ids[2], t`{exit,boom}`);
    await settle();
    await kids(s);
    await alive(s);
  }
}

const significantPair =
  (restart: unknown) =>
  (auto: string, [x, y, z]: readonly [string, string, string]) =>
    tsup.start("sup", { auto_shutdown: a(auto), intensity: 3 }, [
      quiet(x, restart, true),
      quiet(y, restart, true),
      quiet(z, t`permanent`),
    ]);

export async function svx_significant_temporary(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const start = significantPair(t`temporary`);
  const ways: [unknown, [string, string, string]][] = [
    [t`{stop,normal}`, ["a", "b", "c"]],
    [t`{stop,shutdown}`, ["d", "e", "f"]],
    [t`{exit,boom}`, ["g", "h", "i"]],
    [KILL, ["j", "k", "l"]],
  ];
  for (const [how, ids] of ways) {
    await start("any_significant", ids);
    end(ids[0], how);
    await recv();
  }
  const s1 = await start("all_significant", ["m", "n", "o"]);
  end("m", t`{stop,normal}`);
  await settle();
  await alive(s1);
  await supervisor.terminate_child(s1, a("n"));
  await alive(s1);
  await kids(s1);
  const s2 = await start("all_significant", ["p", "q", "r"]);
  end("p", t`{exit,boom}`);
  await settle();
  await alive(s2);
  end("q", KILL);
  await recv();
  const s3 = await start("any_significant", ["s", "t", "u"]);
  await supervisor.terminate_child(s3, a("s"));
  await alive(s3);
  end("t", t`{stop,normal}`);
  await recv();
}

export async function svx_significant_transient(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const start = significantPair(t`transient`);
  const orderly: [unknown, [string, string, string]][] = [
    [t`{stop,normal}`, ["a", "b", "c"]],
    [t`{stop,shutdown}`, ["d", "e", "f"]],
    [t`{stop,{shutdown,x}}`, ["g", "h", "i"]],
  ];
  for (const [how, ids] of orderly) {
    await start("any_significant", ids);
    end(ids[0], how);
    await recv();
  }
  const failing: [unknown, [string, string, string]][] = [
    [t`{exit,boom}`, ["j", "k", "l"]],
    [KILL, ["m", "n", "o"]],
  ];
  for (const [how, ids] of failing) {
    const s = await start("any_significant", ids);
    end(ids[0], how);
    await settle();
    await kids(s);
    await alive(s);
  }
  const s2 = await start("all_significant", ["p", "q", "r"]);
  end("p", t`{stop,normal}`);
  await settle();
  await alive(s2);
  end("q", t`{stop,shutdown}`);
  await recv();
  const s3 = await start("all_significant", ["s", "t", "u"]);
  end("s", t`{stop,normal}`);
  await settle();
  await step("restart s", () => okChild(supervisor.restart_child(s3, a("s"))));
  end("t", t`{stop,normal}`);
  await settle();
  await alive(s3);
  gen_server.cast(pid("s.2"), t`{stop,normal}`);
  await recv();
}

export async function svx_significant_simple(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const task = (called: string) => probe.start_link(called, { trap: true, quiet: true });
  const start = async (auto: string, names: readonly string[]) => {
    const flags = { strategy: t`simple_one_for_one`, auto_shutdown: a(auto), intensity: 3 };
    const spec = { id: a("c"), restart: t`transient`, significant: true, task, args: [] };
    const s = await tsup.start("sup", flags, [spec]);
    for (const called of names) await supervisor.start_child(s, [called]);
    return s;
  };
  await start("any_significant", ["a", "b"]);
  gen_server.cast(pid("a"), t`{stop,normal}`);
  await recv();
  const s = await start("all_significant", ["c", "d"]);
  gen_server.cast(pid("c"), t`{stop,normal}`);
  await settle();
  await alive(s);
  gen_server.cast(pid("d"), t`{stop,normal}`);
  await recv();
}

export async function svx_significant_bystander(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const rounds: [string, string, [string, string, string]][] = [
    ["one_for_all", "any_significant", ["a", "b", "c"]],
    ["rest_for_one", "any_significant", ["d", "e", "f"]],
    ["one_for_all", "all_significant", ["g", "h", "i"]],
    ["rest_for_one", "all_significant", ["j", "k", "l"]],
  ];
  for (const [strategy, auto, [x, y, z]] of rounds) {
    const s = await tsup.start("sup", { strategy: a(strategy), auto_shutdown: a(auto), intensity: 3 }, [
      quiet(x, t`permanent`),
      quiet(y, t`transient`, true),
      quiet(z, t`temporary`, true),
    ]);
    end(x, KILL);
    await settle();
    await kids(s);
    await alive(s);
  }
  await mailbox();
}

export async function svx_significant_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const any = { auto_shutdown: t`any_significant` };
  const inner = (significant: boolean, id: string) => ({
    id: a("in"),
    type: t`supervisor`,
    restart: t`transient`,
    significant,
    task: () => tsup.start("mid", any, [quiet(id, t`transient`, true)]),
  });
  await tsup.start("top", any, [inner(true, "a"), quiet("b", t`permanent`)]);
  gen_server.cast(pid("a.1"), t`{stop,normal}`);
  await recv();
  const top = await tsup.start("top", any, [inner(false, "c"), quiet("d", t`permanent`)]);
  gen_server.cast(pid("c.1"), t`{stop,normal}`);
  await settle();
  await kids(top);
  await alive(top);
  await mailbox();
}

export async function svx_auto_all_significant(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  await tsup.start("sup", { auto_shutdown: t`all_significant`, intensity: 5 }, [
    w("w1"),
    w("w2", { restart: t`transient`, significant: true }),
    w("w3", { restart: t`temporary`, significant: true }),
    w("w4"),
  ]);
  gen_server.cast(pid("w2.1"), t`{stop,normal}`);
  await settle();
  log("one left");
  gen_server.cast(pid("w3.1"), t`{exit,boom}`);
  await recv();
}

export async function svx_nested_shutdown(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const inner = (id: string, shutdown: unknown) => ({
    id: a(id),
    type: t`supervisor`,
    shutdown,
    task: () => tsup.start(id, {}, [w(`${id}_w`, { terminate: slow(60) })]),
  });
  const s = await tsup.start("sup", {}, [w("w1"), inner("a", t`infinity`), inner("b", t`brutal_kill`), inner("c", 20)]);
  for (const id of ["a", "b", "c"]) {
    const watched = watch(pid(`${id}_w.1`));
    await step(`terminate ${id}`, async () => {
      const done = await supervisor.terminate_child(s, a(id));
      await settle();
      return done;
    });
    await down(watched);
  }
  await kids(s);
  await step("restart a", () => okChild(supervisor.restart_child(s, a("a"))));
  erlang.exit(s, SHUTDOWN);
  await mailbox();
  await settle();
  await mailbox();
}

export async function svx_requests_while_ending(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1", { terminate: slow(100) })]);
  erlang.exit(s, SHUTDOWN);
  await sleep(20);
  await step("which_children", () => supervisor.which_children(s));
  await mailbox();
  const p = idle("p");
  const init = () => sleep(120).then(() => t`{ok,s}`);
  order(p, () => tsup.start("s2", {}, [w("x1"), w("x2", { init }), w("x3")]));
  await sleep(50);
  const w2 = watch(pid("s2"));
  const w1 = watch(pid("x1.1"));
  erlang.exit(p, a("gone"));
  await down(w2);
  await down(w1);
  await settle();
  await mailbox();
}
