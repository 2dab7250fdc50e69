/** gen_event: swaps, and handlers that cannot be installed. */
import { OK, TRAP_EXIT, erlang, sys } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { gen_event } from "@otpts/runtime/gen_event";
import * as evh from "../harness/evh.ts";
import { down, mailbox, step, watch } from "../harness/oracle.ts";
import { a, list, t } from "../harness/term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios write any term
type Any = any;

const which = (m: Pid) => step("which", async () => list([...(await gen_event.which_handlers(m))]));
const swapping = (id: string, out: string, by: string, options: evh.HandlerOptions = {}) =>
  t`{to,${a(id)},{swap,${a(out)},${a(by)},${options}}}`;

export async function evx_swap(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const m = await evh.start("m");
  for (const called of ["h1", "h2", "h3"]) await evh.add(m, called);
  await step("inside", () => gen_event.sync_notify(m, swapping("h2", "out", "n2")));
  await which(m);
  await step("in a call", () => gen_event.call(m, evh.handler("h3"), t`{swap,reply,out3,n3,${{}}}`));
  await which(m);
  const swap = (label: string, from: string, to: string, options: evh.HandlerOptions = {}, sup = false) =>
    step(label, () =>
      (sup ? gen_event.swap_sup_handler : gen_event.swap_handler)(
        m,
        [evh.handler(from), a("args1")],
        [evh.handler(to), [a(to), options]],
      ),
    );
  await swap("swap h1", "h1", "n1");
  await which(m);
  await swap("swap nobody", "nobody", "n4");
  await which(m);
  await swap("swap and fail", "n4", "n5", { init: () => t`{error,no}` });
  await which(m);
  await swap("swap and crash", "n3", "n6", { init: () => erlang.exit(a("bang")) });
  await which(m);
  const failing = { init: () => a("garbage") };
  await step("inside and fail", () => gen_event.sync_notify(m, swapping("n2", "out", "n7", failing)));
  await which(m);
  await step("add_sup", () => evh.add_sup(m, "s1"));
  await step("swap s1", () => gen_event.sync_notify(m, swapping("s1", "out", "s2")));
  await mailbox();
  await swap("swap s2", "s2", "s3");
  await mailbox();
  await swap("swap_sup n1", "n1", "s4", {}, true);
  await mailbox();
  await step("crash s3", () => gen_event.sync_notify(m, t`{to,s3,{exit,over}}`));
  await mailbox();
  await step("delete s4", () => gen_event.delete_handler(m, evh.handler("s4"), a("bye")));
  await mailbox();
  await step("inside and fail", async () => {
    await evh.add_sup(m, "s5");
    return gen_event.sync_notify(m, swapping("s5", "out", "s6", failing));
  });
  await mailbox();
  await which(m);
}

export async function evx_add(): Promise<void> {
  const m = await evh.start("m");
  const add = (called: string, init: (state: readonly unknown[]) => Any) =>
    step(`add ${called}`, () => evh.add(m, called, { init }));
  await add("h1", () => erlang.exit(a("boom")));
  await add("h2", () => erlang.error(a("boom")));
  await add("h3", () => erlang.throw(a("ball")));
  await add("h4", () => a("garbage"));
  await add("h5", () => t`{error,no}`);
  await add("h6", (state) => erlang.throw([OK, state]));
  await add("h7", (state) => t`{ok,${state},hibernate}`);
  await which(m);
  await step("get_state", async () =>
    list(((await sys.get_state(m)) as Any[]).map(([module, id, state]) => [module, id, state[2]])),
  );
  await step("replace_state", async () => {
    const replaced = await sys.replace_state(m, (([module, id, [own, options]]: Any) =>
      id === a("h6") ? [module, id, [own, options, a("new")]] : erlang.exit(a("no"))) as (one: unknown) => unknown);
    return list((replaced as Any[]).map(([, , state]) => state[2]));
  });
  await step("state h6", () => gen_event.call(m, evh.handler("h6"), t`state`));
  await step("state h7", () => gen_event.call(m, evh.handler("h7"), t`state`));
  await step("call sleep", () => gen_event.call(m, evh.handler("h7"), t`{sleep,10}`, Infinity));
  const w = watch(m);
  await step("kill a bystander", () => gen_event.sync_notify(m, t`{to,nobody,x}`));
  await step("stop", () => gen_event.stop(m, t`over`, 1000));
  await down(w);
}

export async function evx_swap_hibernate(): Promise<void> {
  erlang.process_flag(TRAP_EXIT, true);
  const m = await evh.start("m");
  const options: evh.HandlerOptions = { init: (state) => t`{ok,${state},hibernate}` };
  const swap = (by: string) => t`{swap,out,${a(by)},${options}}`;
  await step("add", () => evh.add(m, "h1", options));
  await which(m);
  await step("swap", () =>
    gen_event.swap_handler(m, [evh.handler("h1"), a("out")], [evh.handler("h2"), [a("h2"), options]]),
  );
  await which(m);
  await step("in an event", () => gen_event.sync_notify(m, t`{to,h2,${swap("h3")}}`));
  await which(m);
  await step("add_sup", () => evh.add_sup(m, "h4", options));
  await step("in a call", () => gen_event.call(m, evh.handler("h4"), t`{swap,reply,out,h5,${options}}`));
  await which(m);
  await mailbox();
}
