/** supervisor: restarts, strategies, intensity and nesting. */
import { KILL, OK, STOP, TRAP_EXIT, erlang, gen_server, supervisor } from "@otpts/runtime";
import { fmt, kids, log, mailbox, pid, recv, settle, sleep, step } from "../harness/oracle.ts";
import { a, list, t } from "../harness/term.ts";
import * as tsup from "../harness/tsup.ts";
import { w } from "../harness/tsup.ts";

/** Casts a command to the process of that name and settles. */
async function cast(called: string, message: unknown): Promise<void> {
  gen_server.cast(pid(called), message);
  await settle();
}

/** An init that fails in the given rounds only. */
function failingIn(rounds: readonly number[]): () => unknown {
  let round = 0;
  return () => {
    round += 1;
    return rounds.includes(round) ? [STOP, a("not_yet")] : [OK, a("s0")];
  };
}

export async function sv_one_for_one(): Promise<void> {
  const s = await tsup.start("sup", { intensity: 5 }, [w("w1"), w("w2"), w("w3")]);
  await cast("w1.1", t`{set,changed}`);
  await cast("w2.1", t`{set,changed}`);
  await kids(s);
  await cast("w2.1", t`{exit,boom}`);
  await kids(s);
  for (const called of ["w1.1", "w2.2", "w3.1"]) {
    await step(`state ${called}`, () => gen_server.call(pid(called), t`state`));
  }
}

const ENDS: [string, unknown][] = [
  ["a", t`normal`],
  ["b", t`shutdown`],
  ["c", t`{shutdown,x}`],
  ["d", t`boom`],
  ["e", t`killed`],
];

async function ends(restart: unknown): Promise<void> {
  for (const [id, reason] of ENDS) {
    const s = await tsup.start("sup", { intensity: 5 }, [w(id, { restart, quiet: true })]);
    const p = pid(`${id}.1`);
    if (reason === a("killed")) erlang.exit(p, KILL);
    else gen_server.cast(p, t`{stop,${reason}}`);
    await settle();
    await kids(s, `${id} ${fmt(reason)}`);
    await step(`${id} count`, async () => list(await supervisor.count_children(s)));
  }
}

export async function sv_restart_permanent(): Promise<void> {
  await ends(t`permanent`);
}

export async function sv_restart_transient(): Promise<void> {
  await ends(t`transient`);
}

export async function sv_one_for_all(): Promise<void> {
  const flags = { strategy: t`one_for_all`, intensity: 1, period: 10 };
  const s = await tsup.start("sup", flags, [w("w1"), w("w2"), w("w3"), w("w4", { restart: t`transient` })]);
  await cast("w4.1", t`{stop,normal}`);
  await kids(s);
  await cast("w2.1", t`{exit,boom}`);
  await kids(s);
}

export async function sv_rest_for_one(): Promise<void> {
  const flags = { strategy: t`rest_for_one`, intensity: 2, period: 10 };
  const s = await tsup.start("sup", flags, [w("w1"), w("w2"), w("w3"), w("w4")]);
  await cast("w2.1", t`{exit,boom}`);
  await kids(s);
  await cast("w4.2", t`{exit,boom}`);
  await kids(s);
}

export async function sv_rest_refail(): Promise<void> {
  const flags = { strategy: t`rest_for_one`, intensity: 5 };
  const s = await tsup.start("sup", flags, [w("w1"), w("w2"), w("w3", { init: failingIn([2]) }), w("w4")]);
  gen_server.cast(pid("w2.1"), t`{exit,boom}`);
  await sleep(200);
  await kids(s);
}

export async function sv_restart_keeps_failing(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  let attempts = 0;
  const init = () => {
    attempts += 1;
    log(`attempt ${attempts}`);
    return attempts === 1 || attempts === 3 ? [OK, a("s0")] : [STOP, a("not_yet")];
  };
  const s = await tsup.start("sup", { intensity: 4, period: 10 }, [w("w1"), w("w2", { init })]);
  await cast("w2.1", t`{exit,boom}`);
  await kids(s);
  gen_server.cast(pid("w2.3"), t`{exit,boom}`);
  await recv();
}

export async function sv_intensity_exceeded(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { intensity: 2, period: 10 }, [w("w1"), w("w2"), w("w3")]);
  await cast("w2.1", t`{exit,boom}`);
  await cast("w3.1", t`{exit,boom}`);
  await kids(s);
  gen_server.cast(pid("w2.2"), t`{exit,boom}`);
  await recv();
  await step("alive sup", () => erlang.is_process_alive(s));
  await mailbox();
}

export async function sv_intensity_window(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const s = await tsup.start("sup", { intensity: 1, period: 1 }, [w("w1", { quiet: true })]);
  for (const called of ["w1.1", "w1.2", "w1.3"]) {
    gen_server.cast(pid(called), t`{exit,boom}`);
    await sleep(2200);
  }
  await kids(s);
  await cast("w1.4", t`{exit,boom}`);
  gen_server.cast(pid("w1.5"), t`{exit,boom}`);
  await recv();
}

export async function sv_nested_escalation(): Promise<void> {
  const flags = { intensity: 1, period: 10 };
  const inner = {
    id: a("in"),
    type: t`supervisor`,
    task: () => tsup.start("mid", flags, [w("w1"), w("w2")]),
  };
  const top = await tsup.start("top", flags, [w("w0"), inner]);
  await supervisor.start_child(pid("mid"), w("w3"));
  await cast("w1.1", t`{exit,boom}`);
  await cast("w1.2", t`{exit,boom}`);
  await kids(top, "top");
  await kids(pid("mid"), "mid");
  await cast("w1.3", t`{exit,boom}`);
  await kids(pid("mid"), "mid");
}
