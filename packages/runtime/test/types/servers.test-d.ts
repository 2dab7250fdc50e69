/** Checked by `tsc -b` alone: the pid of a start carries what the module's callbacks say they take. */
import {
  Atom,
  IGNORE,
  NOREPLY,
  OK,
  REPLY,
  STOP,
  atom,
  gen_server,
  type Pid,
  type Received,
  type Ref,
} from "@otpts/runtime";
import { expectTypeOf } from "vitest";

interface CounterCalls {
  next(): number;
  add(by: number): bigint;
}
interface CounterCasts {
  reset(to?: number): void;
}
interface CounterProtocol {
  readonly calls: CounterCalls;
  readonly casts: CounterCasts;
}

const NEXT = atom.ensure("next");
const ADD = atom.ensure("add");
const RESET = atom.ensure("reset");

const counter = {
  init: (start: number) => [OK, start] as const,
  handle_call(request: Received<CounterCalls>, _from: gen_server.From, n: number) {
    switch (request[0]) {
      case NEXT:
        return [REPLY, n, n + 1] as const;
      case ADD:
        expectTypeOf(request[1]).toEqualTypeOf<number>();
        return [REPLY, BigInt(n + request[1]), n + request[1]] as const;
      default:
        return [STOP, request, n] as const;
    }
  },
  handle_cast(message: Received<CounterCasts>, n: number) {
    return [NOREPLY, message[0] === RESET ? (message[1] ?? 0) : n] as const;
  },
};
export async function server() {
  const pid = await gen_server.start(counter, 0);
  expectTypeOf(pid).toEqualTypeOf<Pid<{ readonly calls: CounterCalls } & { readonly casts: CounterCasts }>>();
  expectTypeOf(pid).toExtend<Pid<CounterProtocol>>();
  expectTypeOf(await gen_server.call(pid, [NEXT])).toEqualTypeOf<number>();
  expectTypeOf(await gen_server.call(pid, [ADD, 1])).toEqualTypeOf<bigint>();
  gen_server.cast(pid, [RESET]);
  // @ts-expect-error
  void gen_server.call(pid, [ADD]);
  // @ts-expect-error
  gen_server.cast(pid, [NEXT]);
  // @ts-expect-error arg
  void gen_server.start(counter, "0");
  const [mon, ref] = await gen_server.start_monitor(counter, 0);
  expectTypeOf(ref).toEqualTypeOf<Ref>();
  expectTypeOf(await gen_server.call(mon, [NEXT])).toEqualTypeOf<number>();
}
const tabled = {
  init: (start: number) => [OK, start] as const,
  handle_call: gen_server.calls<CounterCalls, number>({
    next: (_request, _from, n) => [REPLY, n, n + 1],
    async add([tag, by], from, n) {
      expectTypeOf(tag).toEqualTypeOf<Atom<"add">>();
      expectTypeOf(from).toEqualTypeOf<gen_server.From>();
      return [REPLY, BigInt(n + by), n + by];
    },
  }),
  handle_cast: gen_server.casts<CounterCasts, number>({ reset: ([, to], _n) => [NOREPLY, to ?? 0] }),
};
export async function table() {
  const pid = await gen_server.start(tabled, 0);
  expectTypeOf(await gen_server.call(pid, [NEXT])).toEqualTypeOf<number>();
  expectTypeOf(await gen_server.call(pid, [ADD, 1])).toEqualTypeOf<bigint>();
  gen_server.cast(pid, [RESET, 5]);
  // @ts-expect-error
  void gen_server.call(pid, [ADD, "1"]);
  // @ts-expect-error missing clause
  gen_server.calls<CounterCalls, number>({ next: (_r, _f, n) => [REPLY, n, n] });
  gen_server.calls<CounterCalls, number>({
    // @ts-expect-error reply of next is number
    next: (_r, _f, n) => [REPLY, "no", n],
    add: (_r, _f, n) => [REPLY, 1n, n],
  });
  gen_server.calls<CounterCalls, number>({
    next: (_r, _f, n) => [REPLY, n, n],
    add: (_r, _f, n) => [REPLY, 1n, n],
    // @ts-expect-error no such call
    multiply: (_r: unknown, _f: unknown, n: number) => [REPLY, n, n],
  });
}
const plain = {
  init: (_arg: undefined) => (Math.random() > 2 ? IGNORE : ([OK, 1] as const)),
  handle_call: (request: "next", _from: gen_server.From, n: number) => [REPLY, request, n] as const,
};
export async function untyped() {
  const pid = await gen_server.start(plain, undefined);
  expectTypeOf(pid).toEqualTypeOf<Pid | typeof IGNORE>();
  const annotated: gen_server.Module<number, number> = counter;
  void gen_server.start(annotated, 0);
}

declare const debugging: boolean;
export const optional = {
  init: () => [OK, 0] as const,
  handle_cast: undefined,
  handle_info: debugging ? (_message: unknown, n: number) => [NOREPLY, n] as const : undefined,
  terminate: undefined,
} satisfies gen_server.Module<number>;
