/** Checked by `tsc -b` alone: the functions of an application, and what must not compile. */
import { type Pid, supervisor } from "@otpts/runtime";
import { application } from "@otpts/runtime/application";
import { expectTypeOf } from "vitest";

declare const tree: Pid;

export const inferred = application.define({
  name: "inferred",
  start: async () => [tree, { port: 80 }] as const,
  drain(state, { signal, timeout }) {
    expectTypeOf(state).toEqualTypeOf<{ readonly port: 80 }>();
    expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
    expectTypeOf(timeout).toBeNumber();
  },
  prep_stop: (state) => state,
  stop: (state) => void state.port,
});

export const explicit = application.define({
  name: "explicit",
  description: undefined,
  vsn: undefined,
  applications: [inferred],
  start: () => supervisor.start_link([]),
  ready: undefined,
  live: undefined,
  drain: undefined,
  prep_stop: undefined,
  stop: undefined,
});

export const wrong = application.define({
  name: "wrong",
  // @ts-expect-error a start gives a pid, or a pid and a state
  start: () => 7,
});
