/** What looks at calls, casts and their handlers while it is set: `@otpts/runtime/otel`. */
import type { ServerRef } from "../term/protocol.ts";
import type { Process } from "../process/process.ts";

/** A process as an observer sees it. */
export interface Observed extends Process {
  readonly module: object;
  readonly behaviour: string;
}

export interface Observer {
  /** A call. Returns what `go` returns. */
  call(server: ServerRef, request: unknown, go: () => Promise<unknown>): Promise<unknown>;
  cast(server: ServerRef, message: unknown, go: () => void): void;
  /** A callback. Returns what `go` returns: a result or its promise; passes on what it throws. */
  handle(process: Observed, callback: string, message: unknown, go: () => unknown): unknown;
}

export let observer: Observer | undefined;

/** Sets it; returns the one before. */
export function observe(next: Observer | undefined): Observer | undefined {
  const before = observer;
  observer = next;
  return before;
}
