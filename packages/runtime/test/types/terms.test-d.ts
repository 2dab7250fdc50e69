/** Checked by `tsc -b` alone: atoms, time-outs, specifications, requests under way. */
import {
  Atom,
  Exit,
  INFINITY,
  OK,
  OtpError,
  TIMEOUT,
  atom,
  atoms,
  erlang,
  gen_server,
  supervisor,
  type Pid,
  type Ref,
} from "@otpts/runtime";
import { expectTypeOf } from "vitest";

interface QueueCalls {
  take(n: number): string[];
}
declare const queue: Pid<{ calls: QueueCalls }>;
const TAKE = atom.ensure("take");

export function interned(text: string) {
  expectTypeOf(TAKE).toEqualTypeOf<Atom<"take">>();
  expectTypeOf(TAKE.name).toEqualTypeOf<"take">();
  expectTypeOf(atom.ensure(text)).toEqualTypeOf<Atom<string>>();
  expectTypeOf(OK).toExtend<Atom>();
  // @ts-expect-error one atom is not another
  const wrong: Atom<"give"> = TAKE;
  // @ts-expect-error an object that looks like an atom is none
  const fake: Atom<"take"> = { name: "take", toString: () => "take", toJSON: () => "take" };
  // @ts-expect-error atoms are made by ensure alone
  void new Atom("take");
  return [wrong, fake];
}

export async function requests() {
  const id = gen_server.send_request(queue, [TAKE, 2]);
  const response = await gen_server.wait_response(id, 100);
  if (!(response instanceof Atom)) expectTypeOf(response[1]).toEqualTypeOf<string[]>();
  expectTypeOf(response).toEqualTypeOf<readonly [Atom<"reply">, string[]] | typeof TIMEOUT>();
  // @ts-expect-error take takes a number
  gen_server.send_request(queue, [TAKE, "2"]);
  expectTypeOf(await gen_server.call(["somebody", erlang.node()], [TAKE, 1])).toBeUnknown();
  void gen_server.call(queue, [TAKE, 1], INFINITY);
  // @ts-expect-error a time-out is a number or infinity
  void gen_server.call(queue, [TAKE, 1], "soon");
}

export async function processes() {
  expectTypeOf(erlang.spawn(() => {})).toEqualTypeOf<Pid>();
  expectTypeOf(erlang.spawn_monitor(async () => {})).toEqualTypeOf<[Pid, Ref]>();
  expectTypeOf(await erlang.receive()).toBeUnknown();
  expectTypeOf(
    await erlang.receive((message): message is string => typeof message === "string"),
  ).toEqualTypeOf<string>();
  const wanted = (message: unknown): message is string => typeof message === "string";
  expectTypeOf(await erlang.receive(wanted, { after: 10 })).toEqualTypeOf<string | typeof TIMEOUT>();
  expectTypeOf(await erlang.receive<number>(undefined, { after: 10 })).toEqualTypeOf<number | typeof TIMEOUT>();
  expectTypeOf(await erlang.receive(wanted, { after: INFINITY })).toEqualTypeOf<string>();
  expectTypeOf(await erlang.receive(wanted, {})).toEqualTypeOf<string>();
  expectTypeOf(await erlang.receive(wanted, { after: undefined })).toEqualTypeOf<string>();
  // @ts-expect-error it may be TIMEOUT
  const text: string = await erlang.receive(wanted, { after: 10 });
  void text;
  expectTypeOf(erlang.process_info(queue, "message_queue_len")).toEqualTypeOf<number | undefined>();
  // @ts-expect-error there is no such item
  erlang.process_info(queue, "heap_size");
  // @ts-expect-error exit signals go to pids
  erlang.exit("name", "reason");
}

export function failures(error: unknown) {
  if (Exit.is(error, TIMEOUT)) expectTypeOf(error).toEqualTypeOf<Exit>();
  if (OtpError.is(error, atoms.ALREADY_STARTED)) expectTypeOf(error).toEqualTypeOf<OtpError>();
  else expectTypeOf(error).toBeUnknown();
}

/** Everything that may be left out may be given as undefined. */
export function left_out(task: () => Promise<Pid>) {
  const none = undefined;
  supervisor.child_spec({
    id: "a",
    task,
    args: none,
    restart: none,
    shutdown: none,
    type: none,
    significant: none,
    modules: none,
  });
  supervisor.options({
    name: none,
    signals: none,
    strategy: none,
    max_restarts: none,
    max_seconds: none,
    auto_shutdown: none,
  });
  const module = { init: () => [OK, 0] as const };
  void gen_server.start(module, none, { name: none, timeout: none, hibernate_after: none, spawn_opt: none });
  void gen_server.call(queue, [TAKE, 1], none);
  erlang.send_after(1, queue, 1, { ref: none });
  erlang.monitor("process", queue, { alias: none });
  void supervisor.check_childspecs([], none);
}

export function specifications() {
  const task = () => gen_server.start_link({ init: () => [OK, 0] as const }, undefined);
  supervisor.child_spec({ id: "a", task, restart: supervisor.Transient(), shutdown: "brutal_kill" });
  supervisor.child_spec({ id: "a", task: (_a: number, _b: string) => task(), args: [1, "b"] });
  // @ts-expect-error no such restart type
  supervisor.child_spec({ id: "a", task, restart: "always" });
  // @ts-expect-error no task
  supervisor.child_spec({ id: "a" });
  // @ts-expect-error no such strategy
  supervisor.options({ strategy: "all" });
}
