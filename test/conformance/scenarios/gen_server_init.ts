/** gen_server: start, init and names. */
import { IGNORE, OK, STOP, TRAP_EXIT, erlang, gen_server } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { down, log, mailbox, ok, pid, recv, settle, sleep, spawn, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";

export async function gs_init_ok(): Promise<void> {
  const main = erlang.self();
  const init = async () => {
    log("init begins");
    await sleep(50);
    log("init ends");
    log(`runs in main: ${erlang.self() === main}`);
    return [OK, a("s0")];
  };
  await step("start_link srv", () => ok(probe.start_link("srv", { init })));
  await step("linked srv", () => linked(pid("srv")));
  await step("start other", () => ok(probe.start("other")));
  await step("linked other", () => linked(pid("other")));
  await step("call srv ping", () => gen_server.call(pid("srv"), t`ping`));
}

function linked(other: Pid): boolean {
  return erlang.process_info(erlang.self(), "links")?.includes(other) === true;
}

export async function gs_init_ignore(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const options = { reg: "reg_name", init: () => IGNORE };
  await step("start_link a", () => ok(probe.start_link("a", options)));
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await recv();
  await step("start b", () => ok(probe.start("b", options)));
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await mailbox();
}

export async function gs_init_stop(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const init = () => [STOP, a("bad")];
  await step("start a", () => ok(probe.start("a", { reg: "reg_name", init })));
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await mailbox();
  await step("start_link b", () => ok(probe.start_link("b", { init })));
  await recv();
  const h = spawn("h", async () => {
    await erlang.receive((m) => m === a("go"));
    await probe.start_link("c", { init }).catch(() => OK);
    await erlang.receive((m) => m === a("never"));
  });
  const w = watch(h);
  erlang.send(h, t`go`);
  await down(w);
}

export async function gs_name_clash(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const init = () => {
    log(`self is reg_name: ${erlang.whereis("reg_name") === erlang.self()}`);
    return [OK, a("s0")];
  };
  await step("start_link first", () => ok(probe.start_link("first", { reg: "reg_name", init })));
  await step("start_link second", () => ok(probe.start_link("second", { reg: "reg_name" })));
  await step("start third", () => ok(probe.start("third", { reg: "reg_name" })));
  await mailbox();
  await step("call reg_name ping", () => gen_server.call("reg_name", t`ping`));
  await step("stop reg_name", () => gen_server.stop("reg_name"));
  await recv();
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await step("start_link fourth", () => ok(probe.start_link("fourth", { reg: "reg_name" })));
}

export async function gs_start_timeout(): Promise<void> {
  const init = async () => {
    await sleep(400);
    log("init finished");
    return [OK, a("s0")];
  };
  await step("start srv", () => ok(probe.start("srv", { reg: "reg_name", init, opts: { timeout: 60 } })));
  await settle();
  await step("alive srv", () => erlang.is_process_alive(pid("srv")));
  await step("whereis reg_name", () => erlang.whereis("reg_name"));
  await sleep(500);
  await mailbox();
}
