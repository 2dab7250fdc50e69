/** Names in registries supplied by the program: `{via,Module,Name}`. */
import { erlang, gen_server, IGNORE, KILL, STOP, supervisor, TRAP_EXIT } from "@otpts/runtime";
import type { Pid, Via } from "@otpts/runtime";
import { kids, mailbox, ok, okChild, pid, recv, settle, step } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, t } from "../harness/term.ts";
import { startRegistered, w } from "../harness/tsup.ts";
import { vreg } from "../harness/vreg.ts";

const named = (registry: ReturnType<typeof vreg>, name: unknown): Via => ({ via: [registry, name] });
const response = async (id: unknown): Promise<unknown> => gen_server.receive_response(id as never, 2000);

export async function rg_via_basic(): Promise<void> {
  const registry = vreg();
  const key = t`{n,1}`;
  const reg = named(registry, key);
  const call = () => step("call", () => gen_server.call(reg, t`ping`));
  const whereis = () => step("whereis_name", () => registry.whereis_name(key));
  await step("start a", () => ok(probe.start("a", { reg })));
  await call();
  await step("cast", async () => {
    const done = gen_server.cast(reg, t`x`);
    await settle();
    return done;
  });
  const request = gen_server.send_request(reg, t`state`);
  await step("receive R", () => response(request));
  await step("whereis n", () => erlang.whereis("n"));
  await whereis();
  erlang.process_flag(TRAP_EXIT, true);
  await step("start_link b", () => ok(probe.start_link("b", { reg })));
  await step("start c", () => ok(probe.start("c", { reg })));
  await mailbox();
  await step("stop", () => gen_server.stop(reg));
  await whereis();
  await step("start_link d", () => ok(probe.start_link("d", { reg })));
  await call();
  erlang.exit(pid("d"), KILL);
  await recv();
  await whereis();
  await step("start e", () => ok(probe.start("e", { reg, init: () => [STOP, a("bad")] })));
  await whereis();
  await step("start f", () => ok(probe.start("f", { reg, init: () => IGNORE })));
  await whereis();
}

export async function rg_via_errors(): Promise<void> {
  const registry = vreg();
  const n1 = a("n1");
  const reg = named(registry, n1);
  const call = () => step("call", () => gen_server.call(reg, t`ping`));
  await call();
  await step("cast", () => gen_server.cast(reg, t`x`));
  await step("stop", () => gen_server.stop(reg));
  const request = gen_server.send_request(reg, t`ping`);
  await step("receive R", () => response(request));
  await step("call timeout", () => gen_server.call(reg, t`ping`, 100));
  await probe.start("a", { reg });
  await step("call crash", () => gen_server.call(reg, t`{exit,boom}`));
  await call();
  const b = await probe.start("b", { reg });
  await call();
  await step("slow", () => gen_server.call(reg, t`{sleep,200}`, 50));
  registry.unregister_name(n1);
  await call();
  await step("call pid", () => gen_server.call(b, t`ping`));
  registry.register_name(n1, b);
  await call();
  await step("bad module", async () => {
    try {
      return await gen_server.call({ via: [{ name: "no_such_module" } as never, n1] }, t`ping`);
    } catch (error) {
      const [[reason]] = (error as { reason: [[unknown]] }).reason;
      return [a((error as Error).name.toLowerCase()), reason];
    }
  });
}

export async function rg_via_protocol(): Promise<void> {
  const registry = vreg(true);
  const reg = named(registry, a("n1"));
  await step("start a", () => ok(probe.start("a", { reg })));
  await step("call", () => gen_server.call(reg, t`ping`));
  await step("cast", async () => {
    const done = gen_server.cast(reg, t`x`);
    await settle();
    return done;
  });
  const request = gen_server.send_request(reg, t`ping`);
  await step("receive R", () => response(request));
  await step("start b", () => ok(probe.start("b", { reg })));
  await step("stop", () => gen_server.stop(reg));
  const other = named(registry, a("n2"));
  const inits: [string, () => unknown][] = [
    ["c", () => [STOP, a("bad")]],
    ["d", () => IGNORE],
    ["e", () => erlang.exit(a("crash"))],
  ];
  for (const [called, init] of inits) {
    await step(`start ${called}`, () => ok(probe.start(called, { reg: other, init })));
  }
  await step("call gone", () => gen_server.call(reg, t`ping`));
  await step("cast gone", () => gen_server.cast(reg, t`x`));
}

export async function rg_via_supervisor(): Promise<void> {
  const registry = vreg();
  const via = (name: string) => named(registry, a(name));
  const sup = via("the_sup");
  const worker = (id: string, name = id) => w(id, { reg: via(name) });
  await startRegistered(sup, "sup", t`${{ strategy: a("one_for_one"), intensity: 5 }}`, [worker("w1"), worker("w2")]);
  const call = (name: string) => step(`call ${name}`, () => gen_server.call(via(name), t`ping`));
  await call("w1");
  gen_server.cast(via("w1"), t`{exit,boom}`);
  await settle();
  await call("w1");
  await kids(sup);
  const third = worker("w3", "w2");
  await step("start_child", () => okChild(supervisor.start_child(sup, third)));
  await step("terminate w2", () => supervisor.terminate_child(sup, a("w2")));
  await call("w2");
  await step("start_child", () => okChild(supervisor.start_child(sup, third)));
  await step("restart w2", () => okChild(supervisor.restart_child(sup, a("w2"))));
  erlang.exit(registry.whereis_name(a("w1")) as Pid, KILL);
  await settle();
  await call("w1");
  await step("whereis_name", () => registry.whereis_name(a("w1")));
}
