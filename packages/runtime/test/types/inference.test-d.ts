/** Checked by `tsc -b` alone: what a start infers of a callback module, and what it refuses. */
import {
  CONTINUE,
  IGNORE,
  NOREPLY,
  NORMAL,
  OK,
  REPLY,
  STOP,
  TIMEOUT,
  gen_server,
  type Pid,
  type Received,
} from "@otpts/runtime";
import { expectTypeOf } from "vitest";

const { start } = gen_server;

interface Calls {
  next(): number;
}

export async function taken() {
  const good = {
    init: (n: number) => [OK, n] as const,
    handle_call: (_r: "x", _f: gen_server.From, n: number) => [REPLY, n, n + 1] as const,
  };
  void start(good, 0);
  // inline
  void start(
    {
      init: (n: number) => [OK, n],
      handle_call: (_r, _f, n) => [REPLY, n.toFixed(), n + 1],
      handle_cast: (_m, n) => [NOREPLY, n],
      handle_info: async (_m, n) => [STOP, "x", n],
    },
    0,
  );
  void start(
    { init: () => [OK, { a: 1 }], handle_call: (r: Received<{ next(): number }>, _f, s) => [REPLY, s.a, s] },
    undefined,
  );
  void start(
    {
      init: () => [OK, 0, [CONTINUE, 1]],
      handle_continue: (_t, s) => [NOREPLY, s, 50],
      handle_info: (m, s) => (m === TIMEOUT ? [STOP, NORMAL, s] : [NOREPLY, s]),
    },
    undefined,
  );
  void start({ init: () => (Math.random() > 1 ? IGNORE : [OK, 1]) }, undefined);
  void start({} as object, 0 as never);
  void start({}, 0);
  const annotated: gen_server.Module<number, number> = good;
  void start(annotated, 0);
  const careful = {
    init: (path: string) => [OK, { path, lines: 0 }, [CONTINUE, "load"]] as const,
    handle_continue: async (_term: unknown, state: { path: string; lines: number }) =>
      [NOREPLY, { ...state, lines: 3 }, 50] as const,
    handle_info: (message: unknown, state: object) =>
      message === TIMEOUT ? ([STOP, NORMAL, state] as const) : ([NOREPLY, state] as const),
  };
  void start(careful, "x");
  type St = { s: "a" } | { s: "b"; x: number };
  const union = {
    init: () => [OK, { s: "a" }] as const,
    handle_call: (_r: unknown, _f: gen_server.From, st: St) => [REPLY, st.s, { s: "b", x: 1 }] as const,
  };
  void start(union, undefined);
  class Cls {
    init(n: number) {
      return [OK, n] as const;
    }
    handle_call(_r: unknown, _f: gen_server.From, n: number) {
      return [REPLY, n, n] as const;
    }
    helper() {
      return 1;
    }
  }
  void start(new Cls(), 0);
  void start(
    {
      ...good,
      increment() {
        return 1;
      },
      name: "x",
    },
    0,
  );
  void start({ ...good, handle_info: undefined, terminate: undefined }, 0);
  // A module that stands alone, without `as const`: the compiler knows no more of it than that it is an array with an atom.
  const loose = { init: (n: number) => [OK, n], handle_call: async () => [REPLY, 1, 2] };
  void start(loose, 0);
  const growing = {
    init: () => [OK, { items: [] as string[] }] as const,
    handle_cast: (item: string, state: { items: string[] }) => [NOREPLY, { items: [...state.items, item] }] as const,
  };
  void start(growing, undefined);
}

export async function inferred() {
  void start(
    {
      init: (n: number) => [OK, n],
      handle_call: (request, from, n) => {
        expectTypeOf(request).toBeUnknown();
        expectTypeOf(from).toEqualTypeOf<gen_server.From>();
        expectTypeOf(n).toEqualTypeOf<number>();
        return [REPLY, n, n + 1];
      },
      handle_cast: async (_message, n) => {
        expectTypeOf(n).toEqualTypeOf<number>();
        return [NOREPLY, n];
      },
      terminate: (_reason, n) => expectTypeOf(n).toEqualTypeOf<number>(),
    },
    0,
  );
  const pid = await start(
    { init: () => [OK, 1], handle_call: (_r: Received<Calls>, _f, n) => [REPLY, n, n] },
    undefined,
  );
  expectTypeOf(pid).toEqualTypeOf<Pid<{ readonly calls: Calls }>>();
  void gen_server.start_link({ init: () => [OK, 1], handle_info: (_m, n) => [NOREPLY, n.valueOf()] }, undefined);
  void gen_server.start_monitor({ init: () => [OK, 1], handle_info: (_m, n) => [NOREPLY, n.valueOf()] }, undefined);
}

export function refused() {
  const good = { init: (n: number) => [OK, n] as const };
  // @ts-expect-error one letter is missing
  void start({ init: () => [OK, 1], handle_cal: (_r: unknown, _f: unknown, n: number) => [REPLY, n, n] }, undefined);
  // @ts-expect-error no underscore
  void start({ init: () => [OK, 1], handleCall: (_r: unknown, _f: unknown, n: number) => [REPLY, n, n] }, undefined);
  // @ts-expect-error an object is no result
  void start({ init: () => [OK, 1], handle_call: () => ({ reply: 1 }) }, undefined);
  const of_texts = (_r: unknown, _f: gen_server.From, s: string) => [REPLY, s, s] as const;
  // @ts-expect-error the state is a number
  void start({ init: () => [OK, 1], handle_call: of_texts }, undefined);
  // @ts-expect-error a string is no tag
  void start({ init: () => ["ok", 1] }, undefined);
  // @ts-expect-error the state alone
  void start({ init: () => 5 }, undefined);
  // @ts-expect-error no result
  void start({ init: () => [OK, 1], handle_cast: () => {} }, undefined);
  // @ts-expect-error a cast has no reply
  void start({ init: () => [OK, 1], handle_cast: (_m, n) => [REPLY, n, n] }, undefined);
  // @ts-expect-error the state becomes a text
  void start({ init: () => [OK, 1], handle_call: (_m, _f, n) => [REPLY, n, "text"] }, undefined);
  // @ts-expect-error no init
  void start({ handle_call: (_m: unknown, _f: gen_server.From, n: number) => [REPLY, n, n] }, undefined);
  // @ts-expect-error the argument is a number
  void start(good, "0");
  const bad2 = { init: (n: number) => [OK, n] as const, handle_call: () => ({ reply: 1 }) };
  // @ts-expect-error an object is no result
  void start(bad2, 0);
  const bad3 = {
    init: (n: number) => [OK, n] as const,
    handle_call: (_r: unknown, _f: gen_server.From, s: { a: number }) => [REPLY, 1, s] as const,
  };
  // @ts-expect-error the state is a number
  void start(bad3, 0);
  // @ts-expect-error two letters are swapped
  void start({ init: () => [OK, 1], hanlde_info: (_m: unknown, n: number) => [NOREPLY, n] }, undefined);
  // @ts-expect-error a time-out is a number
  void start({ init: () => [OK, 1, "5000"] }, undefined);
  // @ts-expect-error the new state is missing
  void start({ init: () => [OK, 1], handle_call: () => [REPLY, 1] }, undefined);
  // @ts-expect-error there is no such option
  void start(good, 0, { nmae: "x" });
}
