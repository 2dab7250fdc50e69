/** The observer of calls, casts and their handlers, while one is set: `@otpts/runtime/otel`. */
import type { ServerRef } from "../term/protocol.ts";
import type { Process } from "../process/process.ts";

/** A process as an observer sees it. */
export interface Observed extends Process {
  readonly module: object;
  readonly behaviour: string;
}

export interface Observer {
  /** Observes a call. Returns the result of `go`. */
  call(server: ServerRef, request: unknown, go: () => Promise<unknown>): Promise<unknown>;
  cast(server: ServerRef, message: unknown, go: () => void): void;
  /** Observes a callback. Returns the result of `go` or its promise, and rethrows its errors. */
  handle(process: Observed, callback: string, message: unknown, go: () => unknown): unknown;
}

export let observer: Observer | undefined;

/** Sets the observer and returns the previous one. */
export function observe(next: Observer | undefined): Observer | undefined {
  const before = observer;
  observer = next;
  return before;
}
