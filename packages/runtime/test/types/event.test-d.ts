/** Checked by `tsc -b` alone: handlers of a gen_event, and what must not compile. */
import { OK, type Pid } from "@otpts/runtime";
import { REMOVE_HANDLER, gen_event } from "@otpts/runtime/gen_event";
import { expectTypeOf } from "vitest";

declare const manager: Pid;

const counting = {
  init: (start: number) => [OK, start] as const,
  handle_event: (event: "up" | "stop", n: number) => (event === "up" ? ([OK, n + 1] as const) : REMOVE_HANDLER),
  handle_call: (_request: unknown, n: number) => [OK, n, n] as const,
} satisfies gen_event.HandlerModule<number, number>;

export async function handlers() {
  await gen_event.add_handler(manager, counting, 1);
  await gen_event.add_handler(manager, [counting, "second"], 1);
  // @ts-expect-error init takes a number
  await gen_event.add_handler(manager, counting, "1");
  // @ts-expect-error init takes a number
  await gen_event.add_sup_handler(manager, [counting, "second"], "1");
  // @ts-expect-error a handler has handle_event
  await gen_event.add_handler(manager, { init: () => [OK, 0] as const }, undefined);
  // @ts-expect-error a handler is a module, or [module, id]
  await gen_event.delete_handler(manager, "counting", undefined);
  await gen_event.swap_handler(manager, [counting, "out"], [[counting, 2], 0]);
}

const asked = {
  ...counting,
  handle_call: async (request: "most" | "reset", n: number) =>
    request === "most" ? ([OK, n, n] as const) : ([REMOVE_HANDLER, "gone"] as const),
};

export async function replies() {
  expectTypeOf(await gen_event.call(manager, asked, "most")).toEqualTypeOf<number | "gone">();
  expectTypeOf(await gen_event.call(manager, [asked, 7], "reset", 100)).toEqualTypeOf<number | "gone">();
  // @ts-expect-error there is no such request
  await gen_event.call(manager, asked, "least");
  // A handler that says nothing of it, or whose types are wide, is asked anything and replies anything.
  const { handle_call: _, ...silent } = counting;
  expectTypeOf(await gen_event.call(manager, silent, 1)).toBeUnknown();
  const handler: gen_event.HandlerRef = silent;
  expectTypeOf(await gen_event.call(manager, handler, 1)).toBeUnknown();
}

declare const debugging: boolean;
export const optional = {
  ...counting,
  handle_info: undefined,
  terminate: debugging ? (_argument: unknown, n: number) => n : undefined,
} satisfies gen_event.HandlerModule<number, number>;

export async function optionals() {
  await gen_event.add_handler(manager, optional, 1);
}

export const wrong_result = {
  init: () => [OK, 0] as const,
  // @ts-expect-error the state alone is not a result
  handle_event: (_event: unknown, n: number) => n + 1,
} satisfies gen_event.HandlerModule<number>;
