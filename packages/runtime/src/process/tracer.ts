/** What a trace is told beside the messages, which it taps. While nobody traces, each place looks at one variable. */
import type { Process } from "./process.ts";

/** What happens to a process, in OTP's words; `reply` and `failure` are those of a call. */
export type Happening =
  | { readonly what: "link" | "unlink" | "getting_linked" | "getting_unlinked" | "spawn"; readonly pid: unknown }
  | { readonly what: "register" | "unregister"; readonly name: unknown }
  | { readonly what: "exit"; readonly reason: unknown };

/** A call, when it is over. */
export interface Call {
  readonly callee: Process;
  readonly caller: Process | undefined;
  /** The callee as the caller named it; undefined where nobody called, and only a death is waited for. */
  readonly server: unknown;
  readonly payload: unknown;
  readonly handlers: { readonly system: boolean };
}

/** Is told all of it. Must not throw. */
export interface Tracer {
  happened(process: Process, happening: Happening): void;
  replied(call: Call, value: unknown): void;
  failed(call: Call, reason: unknown): void;
}

/** Set while somebody traces. */
export let tracer: Tracer | undefined;

export function setTracer(next: Tracer | undefined): void {
  tracer = next;
}
