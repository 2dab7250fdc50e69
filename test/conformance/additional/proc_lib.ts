/** proc_lib's start handshake. */
import { OK, TRAP_EXIT, erlang, proc_lib } from "@otpts/runtime";
import { mailbox, name, sleep, step } from "../harness/oracle.ts";
import { a } from "../harness/term.ts";

/** A body whose process is called p in the trace. */
function body(fun: () => unknown): () => unknown {
  return () => {
    name(erlang.self(), "p");
    return fun();
  };
}

export async function plx_start(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const go = async (label: string, fun: () => unknown, ms: number) => {
    await step(label, () => proc_lib.start_link(body(fun), ms));
    await mailbox();
  };
  await go("ack ok", () => proc_lib.init_ack([OK, erlang.self()]), 1000);
  const hello = () => {
    proc_lib.init_ack(a("hello"));
    erlang.exit(a("later"));
  };
  const bad = () => erlang.exit(a("bad"));
  await go("ack hello", hello, 1000);
  await go("exit", bad, 1000);
  await go("error", () => erlang.error(a("boom")), 1000);
  await go("throw", () => erlang.throw(a("ball")), 1000);
  await go("return", () => OK, 1000);
  await go("timeout", () => sleep(300), 30);
  await step("start", () => proc_lib.start(body(bad), 1000));
  await mailbox();
  await step("start_monitor", () => proc_lib.start_monitor(body(hello), 1000));
  await mailbox();
}
