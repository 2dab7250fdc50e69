/** Events for traces other than messages, which come from a tap. Without a trace, each place reads one variable. */
import type { Process } from "./process.ts";

/** Events of a process, in OTP's terms; `reply` and `failure` are those of a call. */
export type Happening =
  | { readonly what: "link" | "unlink" | "getting_linked" | "getting_unlinked" | "spawn"; readonly pid: unknown }
  | { readonly what: "register" | "unregister"; readonly name: unknown }
  | { readonly what: "exit"; readonly reason: unknown };

/** A finished call. */
export interface Call {
  readonly callee: Process;
  readonly caller: Process | undefined;
  /** The callee as the caller named it; undefined if there was no call but only a wait for a death. */
  readonly server: unknown;
  readonly payload: unknown;
  readonly handlers: { readonly system: boolean };
}

/** Called with all events. Must not throw. */
export interface Tracer {
  happened(process: Process, happening: Happening): void;
  replied(call: Call, value: unknown): void;
  failed(call: Call, reason: unknown): void;
}

/** Set while there is a trace. */
export let tracer: Tracer | undefined;

export function setTracer(next: Tracer | undefined): void {
  tracer = next;
}
