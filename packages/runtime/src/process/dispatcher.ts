import type { Process } from "./process.ts";

/**
 * How processes get their turns. The default runs them in microtasks (`scheduler.ts`); `@otpts/runtime/nact` hosts each in
 * a nact actor. A dispatcher decides *when* `process.turn()` is called, never what it does.
 */
export interface Dispatcher {
  /** Whether a process that is scheduled has run when the microtasks that are due have run. */
  readonly prompt: boolean;
  /** A process was born: give it whatever it needs to be scheduled later. Its `seat` is the dispatcher's to use. */
  admit(process: Process): void;
  /** The process has something to do: call `process.turn()` soon, not now. Called at most once until that call. */
  schedule(process: Process): void;
  /** The process is dead: release what `admit` took. */
  dismiss(process: Process): void;
}
