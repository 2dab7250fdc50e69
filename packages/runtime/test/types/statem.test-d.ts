/** Checked by `tsc -b` alone: states, events and replies of a gen_statem, and what must not compile. */
import { type Atom, NOREPLY, OK, atom, erlang, type Pid } from "@otpts/runtime";
import {
  CALL,
  CAST,
  HANDLE_EVENT_FUNCTION,
  IGNORE,
  INTERNAL,
  KEEP_STATE,
  KEEP_STATE_AND_DATA,
  NEXT_EVENT,
  NEXT_STATE,
  POSTPONE,
  REPLY,
  STATE_FUNCTIONS,
  STATE_TIMEOUT,
  STOP_AND_REPLY,
  TIMEOUT,
  CANCEL,
  gen_statem,
} from "@otpts/runtime/gen_statem";
import { expectTypeOf } from "vitest";

const PUSH = atom.ensure("push");
const CODE = atom.ensure("code");
const BUTTON = atom.ensure("button");

type State = "locked" | "open";
interface Data {
  readonly code: string;
  readonly typed: string;
}
interface DoorCalls {
  push(): "opens" | "is locked";
  code(): string;
}
interface DoorCasts {
  button(digit: number): void;
}
interface Door {
  calls: DoorCalls;
  casts: DoorCasts;
}

// A module whose states are inferred from its functions.
const light = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: (start: number) => [OK, "off", { count: start }],
  off(type, content, data) {
    expectTypeOf(type).toEqualTypeOf<gen_statem.EventType>();
    expectTypeOf(content).toBeUnknown();
    expectTypeOf(data).toEqualTypeOf<{ count: number }>();
    return [NEXT_STATE, "on", { count: data.count + 1 }, [[STATE_TIMEOUT, 1000, "off"], POSTPONE]];
  },
  on: (_type, _content, data) =>
    data.count > 3
      ? KEEP_STATE_AND_DATA
      : [
          KEEP_STATE,
          data,
          [
            [NEXT_EVENT, INTERNAL, "x"],
            [STATE_TIMEOUT, CANCEL],
          ],
        ],
});

export async function inferred() {
  const pid = await gen_statem.start(light, 1);
  expectTypeOf(pid).toEqualTypeOf<Pid>();
  // @ts-expect-error init takes a number
  await gen_statem.start(light, "1");
}

export const unknown_state = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0],
  // @ts-expect-error there is no state "om"
  off: (_type, _content, data) => [NEXT_STATE, "om", data],
  on: () => KEEP_STATE_AND_DATA,
});

export const unknown_first_state = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  // @ts-expect-error there is no state "of"
  init: () => [OK, "of", 0],
  off: () => KEEP_STATE_AND_DATA,
});

export const wrong_data = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0],
  // @ts-expect-error the data is a number
  off: () => [KEEP_STATE, "text"],
});

export const wrong_action = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0],
  // @ts-expect-error a time-out needs a content
  off: () => [KEEP_STATE_AND_DATA, [[STATE_TIMEOUT, 10]]],
});

// A plain module is checked where it is started.
const plain = {
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0] as const,
  off: (_type: gen_statem.EventType, _content: unknown, n: number) => [NEXT_STATE, "om", n] as const,
  on: () => KEEP_STATE_AND_DATA,
};

const handled = {
  callback_mode: () => HANDLE_EVENT_FUNCTION,
  init: (_arg: undefined) => [OK, "idle", 0] as const,
  handle_event(_type: gen_statem.EventType, _content: unknown, state: "idle" | "busy", n: number) {
    return state === "idle" ? ([NEXT_STATE, "busy", n] as const) : ([NEXT_STATE, "gone", n] as const);
  },
};

export async function checked() {
  // @ts-expect-error there is no state "om"
  await gen_statem.start(plain, undefined);
  // @ts-expect-error there is no state "gone"
  await gen_statem.start(handled, undefined);
}

// What is no module of any kind.
export async function incomplete() {
  const mode = { callback_mode: () => STATE_FUNCTIONS };
  const first = { init: () => [OK, "off", 0] as const };
  const off = () => KEEP_STATE_AND_DATA;
  // @ts-expect-error there is no callback_mode
  await gen_statem.start({ ...first, off }, undefined);
  // @ts-expect-error there is no init
  await gen_statem.start({ ...mode, off }, undefined);
  // @ts-expect-error the result is none
  await gen_statem.start({ ...mode, ...first, off: () => ({ next: "off" }) }, undefined);
  // @ts-expect-error a result is missing
  await gen_statem.start_link({ ...mode, ...first, off: async () => {} }, undefined);
  // @ts-expect-error this is a result of gen_server
  await gen_statem.start_monitor({ ...mode, ...first, off: () => [NOREPLY, 0] as const }, undefined);
  // @ts-expect-error the data is missing
  await gen_statem.start({ ...mode, ...first, off: () => [NEXT_STATE, "off"] as const }, undefined);
  // @ts-expect-error init has no data
  await gen_statem.start({ ...mode, init: () => [OK, "off"] as const, off }, undefined);
  // @ts-expect-error handle_event returns what is no result
  await gen_statem.start({ ...first, callback_mode: () => HANDLE_EVENT_FUNCTION, handle_event: () => "ok" }, undefined);

  // What may be right: types that the compiler has widened, or knows nothing of.
  const dynamic: object = {};
  await gen_statem.start(dynamic, undefined);
  await gen_statem.start(
    { ...mode, init: () => [OK, "off", 0], off: () => [KEEP_STATE_AND_DATA, POSTPONE] },
    undefined,
  );
  const loose: unknown = KEEP_STATE_AND_DATA;
  await gen_statem.start({ ...mode, ...first, off: () => loose, on: (): Atom => KEEP_STATE_AND_DATA }, undefined);
  await gen_statem.start({ ...mode, ...first, off: (): never => erlang.exit("over") }, undefined);
}

// A callback that there may not be.
declare const debugging: boolean;
export const optional = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "off", 0],
  off: gen_statem.events<Door, "off", number>({
    enter: undefined,
    info: undefined,
    otherwise: () => KEEP_STATE_AND_DATA,
  }),
  terminate: debugging ? (reason, state, data) => [reason, state, data] : undefined,
});

// Clauses: each call is answered with its own type of reply.
const door = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: (code: string) => [OK, "locked", { code, typed: "" }],
  locked: gen_statem.events<Door, State, Data>({
    call: {
      push: (_request, from) => [KEEP_STATE_AND_DATA, [[REPLY, from, "is locked"]]],
      code: (request, from, data) => {
        expectTypeOf(request).toEqualTypeOf<readonly [tag: Atom<"code">]>();
        return [KEEP_STATE_AND_DATA, [REPLY, from, data.code]];
      },
    },
    cast: {
      button: ([, digit], data) => {
        expectTypeOf(digit).toEqualTypeOf<number>();
        return [NEXT_STATE, "open", { ...data, typed: data.typed + String(digit) }];
      },
    },
    enter: (old, _data) => {
      expectTypeOf(old).toEqualTypeOf<State>();
      return KEEP_STATE_AND_DATA;
    },
  }),
  open: gen_statem.events<Door, State, Data>({
    call: { push: (_request, from) => [STOP_AND_REPLY, "done", [[REPLY, from, "opens"]]] },
    state_timeout: (_content, data) => [NEXT_STATE, "locked", data, [[[TIMEOUT, "n"], 5, "x"]]],
  }),
});

export const wrong_reply = gen_statem.events<Door, State, Data>({
  call: {
    // @ts-expect-error push is answered with other words
    push: (_request, from) => [KEEP_STATE_AND_DATA, [[REPLY, from, "perhaps"]]],
  },
});

export const wrong_target = gen_statem.events<Door, State, Data>({
  // @ts-expect-error there is no state "ajar"
  cast: { button: (_message, data) => [NEXT_STATE, "ajar", data] },
});

export const unknown_call = gen_statem.events<Door, State, Data>({
  call: {
    // @ts-expect-error there is no such call
    knock: () => KEEP_STATE_AND_DATA,
  },
});

export async function replies() {
  const pid = await gen_statem.start(door, "1234");
  expectTypeOf(await gen_statem.call(pid, [PUSH])).toEqualTypeOf<"opens" | "is locked">();
  expectTypeOf(await gen_statem.call(pid, [CODE], 100)).toEqualTypeOf<string>();
  gen_statem.cast(pid, [BUTTON, 1]);
  // @ts-expect-error a digit is a number
  gen_statem.cast(pid, [BUTTON, "1"]);
  // @ts-expect-error a cast as a call
  await gen_statem.call(pid, [BUTTON, 1]);
  // @ts-expect-error a time-out is a number of ms
  await gen_statem.call(pid, [PUSH], "soon");
}

export async function ignored() {
  const module = { ...light, init: (go: boolean) => (go ? ([OK, "off", { count: 0 }] as const) : IGNORE) };
  expectTypeOf(await gen_statem.start(module, true)).toEqualTypeOf<Pid | typeof IGNORE>();
}

export function answers(from: gen_statem.CallFrom<number>) {
  gen_statem.reply(from, 1);
  // @ts-expect-error a number is wanted
  gen_statem.reply(from, "1");
  gen_statem.reply([[REPLY, from, 1]]);
}

export function types(type: gen_statem.EventType) {
  if (Array.isArray(type) && type[0] === CALL) return type[1];
  return type === CAST;
}
