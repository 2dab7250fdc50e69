/** gen_server_SUITE: callbacks that are missing. */
import { NOREPLY, OK, REPLY, STOP, TRAP_EXIT, erlang, gen_server } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { down, mailbox, name, ok, recv, settle, step, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- a callback that the types ask for is missing on purpose
type Any = any;

/** A callback module with init alone. */
const initOnly: Any = {
  init: () => {
    name(erlang.self(), "srv");
    return [OK, a("s0")];
  },
};

/** erlang/lib/bare.erl: the mandatory callbacks alone. */
const bare: Any = {
  init: (called: string) => {
    name(erlang.self(), called);
    return [OK, a("s0")];
  },
  handle_call: (request: Any, _from: unknown, state: unknown) =>
    Array.isArray(request) ? [STOP, request[1], a("stopping"), state] : [REPLY, [a("echo"), request], state],
  handle_cast: (message: unknown, state: unknown) =>
    message === a("go_on") ? t`{noreply,${state},{continue,more}}` : [NOREPLY, state],
};

const start = (module: Any, argument: unknown) => gen_server.start(module, argument) as Promise<Pid>;

export async function gsx_undef_handle_call(): Promise<void> {
  const p = await start(initOnly, undefined);
  const w = watch(p);
  await step("call", () => gen_server.call(p, t`ping`));
  await down(w);
}

export async function gsx_undef_handle_cast(): Promise<void> {
  const p = await start(initOnly, undefined);
  const w = watch(p);
  gen_server.cast(p, t`x`);
  await down(w);
}

export async function gsx_undef_handle_info(): Promise<void> {
  const p = await start(bare, "srv");
  erlang.send(p, t`hello`);
  await settle();
  await step("call", () => gen_server.call(p, t`ping`));
  await step("alive", () => erlang.is_process_alive(p));
}

export async function gsx_undef_handle_continue(): Promise<void> {
  const p = await start(bare, "srv");
  const w = watch(p);
  gen_server.cast(p, t`go_on`);
  await down(w);
}

export async function gsx_undef_init(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const nothing: Any = {};
  await step("start", () => ok(gen_server.start(nothing, undefined)));
  await mailbox();
  await step("start_link", () => ok(gen_server.start_link(nothing, undefined)));
  await recv();
  await mailbox();
}

export async function gsx_undef_terminate1(): Promise<void> {
  const p = await start(bare, "srv");
  const w = watch(p);
  await step("stop", () => gen_server.stop(p));
  await down(w);
}

export async function gsx_undef_terminate2(): Promise<void> {
  const p = await start(bare, "srv");
  const w = watch(p);
  await step("stop", () => gen_server.stop(p, t`{error,test}`, Infinity));
  await down(w);
  const q = await start(bare, "srv2");
  const w2 = watch(q);
  await step("call", () => gen_server.call(q, t`{stop,over}`));
  await down(w2);
}

export async function gsx_undef_in_terminate(): Promise<void> {
  const p = await probe.start("a", { terminate: () => erlang.error(a("undef")) });
  const w = watch(p);
  await step("stop", () => gen_server.stop(p));
  await down(w);
}

export async function gsx_undef_in_handle_info(): Promise<void> {
  const p = await probe.start("a", { info: () => erlang.error(a("undef")) });
  const w = watch(p);
  erlang.send(p, t`hello`);
  await down(w);
}
