/** gen_event: managers and their handlers. */
import { KILL, OK, OtpError, TRAP_EXIT, erlang, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { gen_event } from "@otpts/runtime/gen_event";
import { down, drain, fmt, idle, log, mailbox, name, pid, recv, settle, step, tell, watch } from "../harness/oracle.ts";
import * as evh from "../harness/evh.ts";
import { a, list, t } from "../harness/term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term
type Any = any;

const which = (manager: Any) => step("which", async () => list([...(await gen_event.which_handlers(manager))]));
const sync = (manager: Any, label: string, event: unknown) => step(label, () => gen_event.sync_notify(manager, event));
const call = (manager: Any, called: string, request: unknown) =>
  step(`call ${called} ${fmt(request)}`, () =>
    gen_event.call(manager, called === "evh" ? evh.evh() : evh.handler(called), request),
  );
const remove = (manager: Any, called: string, args: unknown) =>
  step(`delete ${called}`, () => gen_event.delete_handler(manager, evh.handler(called), args));

export async function ev_basic(): Promise<void> {
  const m = await evh.start("m");
  await which(m);
  await step("notify none", async () => {
    const result = gen_event.notify(m, t`e0`);
    await settle();
    return result;
  });
  for (const called of ["h1", "h2"]) await step(`add ${called}`, () => evh.add(m, called));
  await which(m);
  await sys.suspend(m);
  await step("notify", () => gen_event.notify(m, t`{sleep,50}`));
  await sys.resume(m);
  await sync(m, "sync_notify", t`e1`);
  erlang.send(m, t`hi`);
  await settle();
  await sync(m, "to h1", t`{to,h1,{set,s1}}`);
  for (const called of ["h1", "h2"])
    await step(`state ${called}`, () => gen_event.call(m, evh.handler(called), t`state`));
  await step("notify nosuch", () => gen_event.notify(t`nosuch`, t`e`));
  await sync(t`nosuch`, "sync_notify nosuch", t`e`);
  await step("stop", () => gen_event.stop(m));
  await step("notify", () => gen_event.notify(m, t`e2`));
  await which(m);
}

export async function ev_call(): Promise<void> {
  const m = await evh.start("m");
  for (const called of ["h1", "h2", "h3", "h4"]) await evh.add(m, called);
  await call(m, "h1", t`ping`);
  await call(m, "h9", t`ping`);
  await call(m, "evh", t`ping`);
  await call(m, "h1", t`{set,x}`);
  await call(m, "h1", t`state`);
  await call(m, "h2", t`state`);
  await call(m, "h2", t`{error,boom}`);
  await call(m, "h3", t`{return,garbage}`);
  await call(m, "h4", t`{throw,thrown}`);
  await which(m);
  await step("alive m", () => erlang.is_process_alive(m));
  await call(m, "h1", t`{remove,bye}`);
  await which(m);
  await evh.add(m, "h5");
  await step("slow", () => gen_event.call(m, evh.handler("h5"), t`{sleep,200}`, 50));
  await call(m, "h5", t`ping`);
  await mailbox();
  await step("stop", () => gen_event.stop(m));
  await call(m, "h5", t`ping`);
  await step("nosuch", () => gen_event.call(t`nosuch`, evh.handler("h5"), t`ping`));
}

export async function ev_crash(): Promise<void> {
  const m = await evh.start("m");
  for (const called of ["h1", "h2", "h3"]) await evh.add(m, called);
  await sync(m, "crash h2", t`{to,h2,{error,boom}}`);
  await which(m);
  await sync(m, "event", t`e1`);
  await sync(m, "exit h1", t`{to,h1,{exit,bye}}`);
  await sync(m, "bad h3", t`{to,h3,{return,garbage}}`);
  await which(m);
  await step("alive m", () => erlang.is_process_alive(m));
  await evh.add(m, "h4");
  await evh.add(m, "h5", { terminate: () => erlang.exit(a("worse")) });
  await sync(m, "throw h4", t`{to,h4,{throw,remove_handler}}`);
  await step("info h5", async () => {
    erlang.send(m, t`{to,h5,{error,oops}}`);
    await settle();
    return OK;
  });
  await which(m);
}

export async function ev_manager(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const m = await gen_event.start_link({ name: "ev" });
  name(m, "m");
  await step("start_link", () => OK);
  await step("again", async () => {
    try {
      return await gen_event.start({ name: "ev" });
    } catch (error) {
      const [tag, who] = (error as OtpError).reason as [unknown, unknown];
      throw new OtpError([tag, who === m]);
    }
  });
  await evh.add("ev", "h1");
  await sync("ev", "notify", t`e1`);
  const o = idle("o");
  await tell(o, () => erlang.link(m));
  erlang.send(o, t`{exit,boom}`);
  await settle();
  await which("ev");
  await step("stop because", () => gen_event.stop("ev", t`because`, Infinity));
  await mailbox();
  await step("whereis ev", () => erlang.whereis("ev"));
  const parent = idle("parent");
  await tell(parent, async () => {
    const p = await gen_event.start_link();
    name(p, "p");
    await evh.add(p, "h2");
  });
  const p = pid("p");
  await evh.add(p, "h3");
  const w = watch(p);
  erlang.send(parent, t`{exit,boom}`);
  await down(w);
  const [q] = await gen_event.start_monitor();
  name(q, "q");
  await step("start_monitor", () => OK);
  await evh.add(q, "h4");
  erlang.exit(q, KILL);
  await recv();
}

export async function ev_remove(): Promise<void> {
  const m = await evh.start("m");
  await evh.add(m, "h1");
  await evh.add(m, "h2");
  await evh.add(m, "h3", { terminate: () => erlang.error(a("boom")) });
  await sync(m, "remove h2", t`{to,h2,remove}`);
  await which(m);
  await remove(m, "h1", t`because`);
  await remove(m, "h1", t`because`);
  await which(m);
  await remove(m, "h3", t`because`);
  await which(m);
  await step("alive m", () => erlang.is_process_alive(m));
  await step("add h4", () => evh.add(m, "h4"));
  await step("add h4", () => evh.add(m, "h4"));
  await which(m);
  await sync(m, "notify", t`e1`);
  await remove(m, "h4", t`x`);
  await which(m);
  await evh.add(m, "h5");
  await step("stop", () => gen_event.stop(m));
  await step("alive m", () => erlang.is_process_alive(m));
}

export async function ev_sup_handler(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const m = await evh.start("m");
  const add = (called: string) => step(`add_sup ${called}`, () => evh.add_sup(m, called));
  for (const called of ["h1", "h2", "h3", "h4"]) await add(called);
  await sync(m, "remove h1", t`{to,h1,remove}`);
  await mailbox();
  await remove(m, "h2", t`why`);
  await mailbox();
  await sync(m, "crash h3", t`{to,h3,{error,boom}}`);
  await mailbox();
  await sync(m, "bad h4", t`{to,h4,{return,garbage}}`);
  await mailbox();
  const owner = async (called: string, id: string): Promise<Pid> => {
    const process = idle(called);
    await tell(process, () => evh.add_sup(m, id));
    return process;
  };
  const o1 = await owner("o1", "h5");
  const o2 = await owner("o2", "h6");
  erlang.send(o1, t`{exit,boom}`);
  await settle();
  erlang.send(o2, t`return`);
  await settle();
  await which(m);
  await step("alive m", () => erlang.is_process_alive(m));
  await add("h7");
  await step("stop", () => gen_event.stop(m));
  await settle();
  const texts = ((await drain()) as unknown[]).map((message) => fmt(message)).toSorted();
  log(`mailbox ${texts.join(" ")}`);
}
