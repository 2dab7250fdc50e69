/** Checked by `tsc -b` alone: what must compile, and, after `@ts-expect-error`, what must not. */
import { type Atom, OK, atom, gen_server, type Pid, type Received } from "@otpts/runtime";
import { expectTypeOf } from "vitest";

interface StackCalls {
  push(item: number): typeof OK;
  pop(): number | undefined;
  peek(depth: number, fallback?: string): number | string;
}
interface StackCasts {
  clear(): void;
}
interface StackProtocol {
  calls: StackCalls;
  casts: StackCasts;
}

declare module "@otpts/runtime" {
  interface Registered {
    typed_stack: StackProtocol;
  }
}

const PUSH = atom.ensure("push");
const POP = atom.ensure("pop");
const PEEK = atom.ensure("peek");
const CLEAR = atom.ensure("clear");
const STACK = atom.ensure("typed_stack");
declare const stack: Pid<StackProtocol>;
declare const anyone: Pid;

export async function replies() {
  expectTypeOf(await gen_server.call("typed_stack", [PUSH, 1])).toEqualTypeOf<typeof OK>();
  expectTypeOf(await gen_server.call(STACK, [POP])).toEqualTypeOf<number | undefined>();
  expectTypeOf(await gen_server.call(stack, [PEEK, 0, "none"])).toEqualTypeOf<number | string>();
  expectTypeOf(await gen_server.call(stack, [PEEK, 0])).toEqualTypeOf<number | string>();
  const either = Math.random() > 2 ? ([PUSH, 1] as const) : ([POP] as const);
  expectTypeOf(await gen_server.call("typed_stack", either)).toEqualTypeOf<typeof OK | number | undefined>();
  expectTypeOf(await gen_server.call("nobody_declared_this", [PUSH, 1])).toBeUnknown();
  expectTypeOf(await gen_server.call(anyone, "whatever")).toBeUnknown();
  // @ts-expect-error push takes a number
  void gen_server.call("typed_stack", [PUSH]);
  // @ts-expect-error push takes one
  void gen_server.call("typed_stack", [PUSH, 1, 2]);
  // @ts-expect-error a string
  void gen_server.call(STACK, [PUSH, "1"]);
  // @ts-expect-error a string is no atom
  void gen_server.call(stack, ["push", 1]);
  // @ts-expect-error cast as a call
  void gen_server.call("typed_stack", [CLEAR]);
  // @ts-expect-error call as a cast
  gen_server.cast("typed_stack", [POP]);
  gen_server.cast("typed_stack", [CLEAR]);
}
export function narrow(message: Received<StackCalls>): unknown {
  switch (message[0]) {
    case PUSH:
      expectTypeOf(message[1]).toEqualTypeOf<number>();
      return message;
    case POP:
      expectTypeOf(message).toEqualTypeOf<readonly [tag: Atom<"pop">]>();
      return message;
    // @ts-expect-error foreign
    case CLEAR:
      return message;
    default:
      return message;
  }
}
