/**
 * Which process the running code belongs to.
 *
 * While the scheduler runs a process it says so here. After an `await` V8 says it: a promise made by a process's code
 * carries the process, and whatever continues after that promise runs as it again. The hooks below see promises only, so
 * what an event emitter or a timer of Node calls belongs to no process. (AsyncLocalStorage would do more and costs two and
 * a half times as much on Node 20; `docs/scheduler.md` has the figures.)
 */
import { promiseHooks } from "node:v8";
import { keep } from "../term/shape.ts";
import type { Process } from "./process.ts";

const OWNER = Symbol("otpts.process");
type Owned = Promise<unknown> & { [OWNER]?: Process };

keep(Object.assign(Promise.resolve(), { [OWNER]: undefined }));

/** The process whose code runs right now; undefined outside of all. */
export let current: Process | undefined;

let watching = false;

/** Says who runs from now on. */
export function enter(process: Process | undefined): void {
  current = process;
}

/** Starts following promises: from the first process on. */
export function follow(): void {
  if (watching) return;
  watching = true;
  promiseHooks.createHook({
    init(promise: Owned) {
      if (current !== undefined) promise[OWNER] = current;
    },
    before(promise: Owned) {
      current = promise[OWNER];
    },
    after() {
      current = undefined;
    },
  });
}

/** The process in whose code this promise was made. */
export function ownerOf(promise: Promise<unknown>): Process | undefined {
  return (promise as Owned)[OWNER];
}
