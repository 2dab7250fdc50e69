/** A module of a library that is made of processes: it exports results of the runtime's functions. */
import {
  atom,
  erlang,
  gen_server,
  logger,
  NOREPLY,
  OK,
  proc_lib,
  REPLY,
  supervisor,
  sys,
  telemetry,
} from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { gen_event } from "@otpts/runtime/gen_event";
import { gen_statem, KEEP_STATE_AND_DATA, NEXT_STATE, STATE_FUNCTIONS } from "@otpts/runtime/gen_statem";
import { observer } from "@otpts/runtime/observer";
import { otel } from "@otpts/runtime/otel";
import { pg } from "@otpts/runtime/pg";
import { registry } from "@otpts/runtime/registry";
import { task, task_supervisor } from "@otpts/runtime/task";
import { testing } from "@otpts/runtime/testing";
import { trace } from "@otpts/runtime/trace";

interface Calls {
  pop(): string | undefined;
}
interface Casts {
  push(item: string): void;
}
export const PUSH = atom.ensure("push");

export const stack = {
  init: (items: readonly string[]) => [OK, items] as const,
  handle_call: gen_server.calls<Calls, readonly string[]>({
    pop: (_request, _from, [top, ...rest]) => [REPLY, top, rest],
  }),
  handle_cast: gen_server.casts<Casts, readonly string[]>({
    push: ([, item], items) => [NOREPLY, [item, ...items]],
  }),
};
export const plain = {
  init: (count: number) => [OK, count] as const,
  handle_call: (_request: "next", _from: gen_server.From, count: number) => [REPLY, count, count + 1] as const,
};
export const pid = await gen_server.start(stack, []);
export const plainPid = await gen_server.start(plain, 0, { name: "plain" });
export const linked = () => gen_server.start_link(stack, []);
export const monitored = () => gen_server.start_monitor(stack, []);
export const client = {
  push: (item: string) => gen_server.cast(pid, [PUSH, item]),
  pop: () => gen_server.call(pid, [atom.ensure("pop")]),
};
export const sent = () => gen_server.send_request(pid, [atom.ensure("pop")]);
export const collection = gen_server.reqids_new();
export const collected = () => gen_server.receive_response(collection, 1_000, true);
export const state = () => sys.get_state(pid);
export const spec = supervisor.child_spec({ id: "stack", task: linked });
export const options = supervisor.options({ strategy: supervisor.OneForOne() });
export const top = supervisor.start([spec], options);
export const children = async () => supervisor.which_children(await top);
export const counted = async () => supervisor.count_children(await top);
export const kept = async () => supervisor.get_childspec(await top, "stack");
export const found = erlang.whereis("stack");
export const names = erlang.registered();
export const find = erlang.whereis;
export const stopTimer = erlang.cancel_timer;
export const information = erlang.process_info(pid);
export const spawned = erlang.spawn_monitor;
export const started = proc_lib.start_link;
export const handler = logger.set_handler(logger.default_handler);
export const attached = telemetry.attach;
export const light = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0],
  off: gen_statem.events<{ calls: { flip(): number } }, "off" | "on", number>({
    call: { flip: (_request, from, flips) => [NEXT_STATE, "on", flips + 1, [REPLY, from, flips]] },
  }),
  on: () => KEEP_STATE_AND_DATA,
});
export const machine = gen_statem.start_link(light, undefined);
export const flipped = async () => gen_statem.call(await machine, [atom.ensure("flip")]);
export const manager = gen_event.start({ name: "events" });
export const working = task.async(async () => 7);
export const worked = async () => task.await(working);
export const tasks = task_supervisor.start;
export const groups = pg.get_members("group");
export const listing = registry.start({ name: "names", keys: "unique" });
export const seen = observer.overview();
export const alone = observer.unsupervised();
export const watched = trace.process;
export const instrumented = () => otel.instrument();
export const kit = testing.setup;
export const running = application.start;
