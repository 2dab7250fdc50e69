/** supervisor: shutdown, automatic shutdown and ignored messages. */
import { EXIT, KILL, SHUTDOWN, TRAP_EXIT, erlang, gen_server, supervisor } from "@otpts/runtime";
import { down, fmt, idle, kids, log, mailbox, pid, recv, settle, sleep, step, tell, watch } from "../harness/oracle.ts";
import { a, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";
import type { Pid } from "@otpts/runtime";

/** Takes the 'EXIT' of that process from the mailbox and writes it. */
async function exitOf(who: Pid): Promise<void> {
  const message = await erlang.receive((m) => Array.isArray(m) && m[0] === EXIT && m[1] === who);
  log(`got ${fmt(message)}`);
}

export async function sv_shutdown_order(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const terminate = async () => {
    await sleep(40);
    log("terminated");
  };
  const s = await tsup.start("sup", {}, [w("w1", { terminate }), w("w2", { terminate })]);
  await supervisor.start_child(s, w("w0", { terminate }));
  erlang.exit(s, SHUTDOWN);
  await recv();
  await mailbox();
}

export async function sv_shutdown_kinds(): Promise<void> {
  const s = await tsup.start("sup", {}, [
    w("w1", { shutdown: t`brutal_kill` }),
    w("w2", { trap: false, shutdown: 5000 }),
    w("w3", { shutdown: 5000 }),
  ]);
  const watches = ["w1", "w2", "w3"].map((id) => [id, watch(pid(`${id}.1`))] as const);
  for (const [id, watched] of watches) {
    await step(`terminate ${id}`, () => supervisor.terminate_child(s, a(id)));
    await down(watched);
  }
}

export async function sv_shutdown_timeout(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const worker = (id: string, shutdown: number, ms: number) =>
    w(id, {
      shutdown,
      terminate: async () => {
        await sleep(ms);
        log("cleaned up");
      },
    });
  const s = await tsup.start("sup", {}, [worker("w1", 300, 50), worker("w2", 100, 1000)]);
  const w1 = watch(pid("w1.1"));
  const w2 = watch(pid("w2.1"));
  erlang.exit(s, SHUTDOWN);
  await exitOf(s);
  await down(w2);
  await down(w1);
  await sleep(1000);
}

export async function sv_kill_supervisor(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", {}, [w("w1"), w("w2", { trap: false })]);
  const w1 = watch(pid("w1.1"));
  const w2 = watch(pid("w2.1"));
  erlang.exit(s, KILL);
  await settle();
  await exitOf(s);
  await down(w1);
  await down(w2);
}

export async function sv_stray_messages(): Promise<void> {
  const s = await tsup.startRegistered("my_sup", "sup", { intensity: 0 }, [w("w1")]);
  erlang.send("my_sup", t`hello`);
  const p = idle("p");
  const q = idle("q");
  await tell(p, () => erlang.link(s));
  erlang.send(p, t`{exit,boom}`);
  await tell(q, () => erlang.exit(s, a("bang")));
  await settle();
  await step("alive sup", () => erlang.is_process_alive(s));
  await kids(s);
}

export async function sv_auto_any(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { intensity: 5, auto_shutdown: t`any_significant` }, [
    w("w1"),
    w("w2", { restart: t`transient`, significant: true }),
    w("w3", { restart: t`transient` }),
    w("w4", { restart: t`temporary`, significant: true }),
  ]);
  gen_server.cast(pid("w3.1"), t`{stop,normal}`);
  await settle();
  gen_server.cast(pid("w2.1"), t`{exit,boom}`);
  await settle();
  await step("terminate w4", () => supervisor.terminate_child(s, a("w4")));
  await kids(s);
  await step("alive sup", () => erlang.is_process_alive(s));
  gen_server.cast(pid("w2.2"), t`{stop,normal}`);
  await recv();
}

export async function sv_auto_escalation(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const any = { auto_shutdown: t`any_significant` };
  const significant = { restart: t`transient`, significant: true };
  const s = await tsup.start("sup", { ...any, strategy: t`one_for_all`, intensity: 5 }, [
    w("w1", significant),
    w("w2", { restart: t`transient` }),
  ]);
  gen_server.cast(pid("w2.1"), t`{exit,boom}`);
  await settle();
  await kids(s);
  const inner = {
    ...significant,
    id: a("in"),
    type: t`supervisor`,
    task: () => tsup.start("mid", any, [w("c", significant)]),
  };
  await tsup.start("top", any, [inner, w("d")]);
  gen_server.cast(pid("c.1"), t`{stop,normal}`);
  await recv();
  await step("alive mid", () => erlang.is_process_alive(pid("mid")));
  await step("alive sup", () => erlang.is_process_alive(s));
}
