/** gen_server_SUITE: what sys shows and does. */
import { Exit, erlang, gen_server, sys } from "@otpts/runtime";
import { deceased, down, idle, log, mailbox, pid, settle, sleep, spawn, step, tell, watch } from "../harness/oracle.ts";
import * as probe from "../harness/probe.ts";
import { a, list, t } from "../harness/term.ts";

export async function gsx_get_state(): Promise<void> {
  const p = await probe.start("a", { reg: "n1" });
  await step("get_state", () => sys.get_state(p));
  await step("get_state n1", () => sys.get_state(t`n1`, 1000));
  await step("suspend", () => sys.suspend(p));
  await step("get_state", () => sys.get_state(p));
  spawn("c", () =>
    step("call", async () => {
      const reply = await gen_server.call(p, t`ping`);
      await sleep(20);
      return reply;
    }),
  );
  await settle();
  await step("call suspended", () => gen_server.call(p, t`ping`, 30));
  await step("suspend again", () => sys.suspend(p));
  log("resuming");
  await step("resume", async () => {
    const result = await sys.resume(p);
    await settle();
    return result;
  });
  await step("resume again", () => sys.resume(p));
  await step("get_state nosuch", () => sys.get_state(t`nosuch`));
  const dead = await deceased("dead");
  await step("get_state dead", () => sys.get_state(dead));
  await step("suspend dead", () => sys.suspend(dead));
  gen_server.cast(p, t`{sleep,200}`);
  await step("get_state timeout", () => sys.get_state(p, 30));
  await sleep(250);
  await mailbox();
}

export async function gsx_replace_state(): Promise<void> {
  const p = await probe.start("a");
  const replace = (label: string, fun: (state: unknown) => unknown) => step(label, () => sys.replace_state(p, fun));
  const get = () => step("get_state", () => sys.get_state(p));
  await replace("replace", () => a("s1"));
  await get();
  await replace("fail error", () => erlang.error(a("boom")));
  await get();
  await replace("fail exit", () => erlang.exit(a("bang")));
  await get();
  await replace("fail throw", () => erlang.throw(a("ball")));
  await get();
  await sys.suspend(p);
  await replace("replace", (state) => t`{s,${state}}`);
  await sys.resume(p);
  await step("call state", () => gen_server.call(p, t`state`));
  await step("replace nosuch", async () => {
    try {
      return await sys.replace_state(t`nosuch`, (state) => state);
    } catch (error) {
      if (!(error instanceof Exit)) throw error;
      return [a("exit"), (error.reason as unknown[])[0]];
    }
  });
}

export async function gsx_sys_terminate(): Promise<void> {
  const pa = await probe.start("a");
  const wa = watch(pa);
  await step("terminate", () => sys.terminate(pa, t`because`));
  await down(wa);
  const pb = await probe.start("b");
  const wb = watch(pb);
  const status = () =>
    step("status", async () => {
      const [tag, who, [, module], items] = await sys.get_status(pb);
      return [tag, who, module, items.sys_state, items.parent, list([...items.log])];
    });
  await status();
  await sys.suspend(pb);
  await status();
  await step("terminate", () => sys.terminate(pb, t`because`));
  await down(wb);
  const parent = idle("parent");
  await tell(parent, () => probe.start_link("c", { trap: true }));
  const pc = pid("c");
  const wc = watch(pc);
  await sys.suspend(pc);
  gen_server.cast(pc, t`queued`);
  erlang.send(parent, t`{exit,boom}`);
  await down(wc);
  await step("terminate dead", () => sys.terminate(pc, t`because`));
}
