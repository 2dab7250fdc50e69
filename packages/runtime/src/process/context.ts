/**
 * Which process the running code belongs to, and in which asynchronous context it runs.
 *
 * While the scheduler runs a process it says so here. After an `await` the engine says it, by what it offers best:
 *
 * - *Hooks* (V8 where `AsyncLocalStorage` is made of async hooks: Node before 24). A promise made by a process's code carries
 *   the process, and whatever continues after that promise runs as it again.
 * - *Frames* (all others). The engine itself hands an asynchronous context from each await to what follows it; a process has
 *   one, made when it first runs and entered for each of its turns. Code outside all processes pays nothing.
 *
 * Callbacks of timers and emitters belong to no process: hooks see promises only, and with frames it is asked what runs. That
 * question can come late: an asynchronous callback that awaits before it asks goes on as the process. So a frame is *over*
 * with the asynchronous callback that ran in it; what goes on in it after that was left behind, and does not die with the process.
 *
 * The context of a process is *neutral*: it has no value of an `AsyncLocalStorage` but what the process itself sets. With
 * frames that comes by itself. With hooks a process has a resource of its own from the moment on that the program uses
 * `AsyncLocalStorage` at all.
 */
import { AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource } from "node:async_hooks";
import v8 from "node:v8";
import { keep } from "../term/shape.ts";
import type { Frame, Process } from "./process.ts";

const OWNER = Symbol("otpts.process");
type Owned = Promise<unknown> & { [OWNER]?: Process };

keep(Object.assign(Promise.resolve(), { [OWNER]: undefined }));

/** The process that the scheduler runs; with hooks, also the one whose promise is continued. */
let running: Process | undefined;
let tracking: "nothing" | "promises" | "frames" = "nothing";
let framed = false;

/** A process's turn must be run in a context of its own: use `entranceTo`. */
export let isolating = false;

/** The process whose code asks; undefined outside of all. */
export function acting(): Process | undefined {
  return running !== undefined || !framed ? running : found();
}

/** Says who runs from now on. Returns who ran before, to put back. */
export function enter(process: Process | undefined): Process | undefined {
  const before = running;
  running = process;
  return before;
}

/** The rest of this promise's reaction is code of the process. */
export function become(process: Process): void {
  if (!framed) running = process;
  else if (frames.getStore()?.process !== process) frames.enterWith(frameOf(process));
}

/** Starts following who runs: from the first process on. */
export function follow(): void {
  if (tracking !== "nothing") return;
  tracking = hooked() ? "promises" : "frames";
  if (tracking === "frames") {
    framed = true;
    isolating = true;
    return;
  }
  v8.promiseHooks.createHook({
    init(promise: Owned) {
      if (running !== undefined) promise[OWNER] = running;
    },
    before(promise: Owned) {
      running = promise[OWNER];
    },
    after() {
      running = undefined;
    },
  });
}

/** The process in whose code an unhandled promise was rejected. Asked while the engine tells of it. */
export function ownerOf(promise: Promise<unknown>): Process | undefined {
  return framed ? frames.getStore()?.process : (promise as Owned)[OWNER];
}

// With hooks: whether the program uses AsyncLocalStorage (or follows promises by other means) shows in what its promises carry.
const ids = Object.getOwnPropertySymbols(new AsyncResource("otpts.probe"));
const ASYNC_ID: unique symbol = (ids.find((each) => each.description === "async_id_symbol") ?? Symbol("none")) as never;
const FRAME = ids.find((each) => each.description === "context_frame");

/** Looks at a promise that was just made: must processes have contexts of their own from now on? */
export function notice(promise: Promise<unknown>): void {
  if (!isolating && (promise as Promise<unknown> & { [ASYNC_ID]?: unknown })[ASYNC_ID] !== undefined) isolating = true;
}

/** Looks at a promise made for it. */
export function noticeNow(): void {
  if (!isolating) notice(Promise.resolve());
}

type Resource = AsyncResource & { [key: symbol]: unknown };

// This module may be loaded in the middle of somebody's request: its context is taken off again where the engine shows it.
const neutral = stripped(new AsyncResource("otpts.neutral"));
const frames = new AsyncLocalStorage<Frame | undefined>();

/**
 * The context of a process, up to the end of the asynchronous callback that ran in it.
 *
 * Where the engine lets it, it is *bare*: the engine's context itself, which is a map from each `AsyncLocalStorage` to its value, here
 * of one entry. The engine's own way to such a context, a map and an `AsyncResource` for each process, takes 150 ns on Node 24 and 570 ns
 * on Node 26, and 320 bytes; this takes 20 ns and 40 bytes.
 */
class ProcessFrame implements Frame {
  readonly process: Process;
  over = false;
  /** Where it is not bare: what runs in it. */
  readonly resource: AsyncResource | undefined;

  constructor(process: Process) {
    this.process = process;
    this.resource = bare ? undefined : resourceIn(this);
  }

  // What the engine asks of a context: a value, all values (for the context of `run` and `enterWith`, which has one more), and to
  // forget one.
  has(storage: unknown): boolean {
    return storage === frames;
  }

  get(storage: unknown): Frame | undefined {
    return storage === frames ? this : undefined;
  }

  [Symbol.iterator](): Iterator<[AsyncLocalStorage<Frame | undefined>, Frame]> {
    return [[frames, this] as [typeof frames, Frame]].values();
  }

  disable(): void {}
}

// The resource that bare frames are entered by: it has the one that is entered.
const entrance = stripped(new AsyncResource("otpts.process")) as Resource;
const bare = takesBare();
keep(neutral.runInAsyncScope(newFrame, undefined, undefined as never));

function resourceIn(frame: Frame): AsyncResource {
  if (framed) frames.enterWith(frame);
  return new AsyncResource("otpts.process");
}

// Whether the engine takes an object of ours for a context: it is tried out with all that is done with one.
function takesBare(): boolean {
  if (FRAME === undefined) return false;
  const other = new AsyncLocalStorage<number>();
  const trial = Object.assign(Object.create(ProcessFrame.prototype) as ProcessFrame, {
    process: undefined,
    over: false,
  });
  entrance[FRAME] = trial;
  try {
    return entrance.runInAsyncScope(() => {
      const there = frames.getStore() === trial && other.getStore() === undefined;
      const taken = (new AsyncResource("otpts.trial") as Resource)[FRAME] === trial;
      const beside = other.run(1, () => frames.getStore() === trial && other.getStore() === 1);
      other.disable();
      return there && beside && taken && frames.getStore() === trial;
    });
  } catch {
    return false;
  } finally {
    entrance[FRAME] = undefined;
  }
}

function stripped(resource: AsyncResource): AsyncResource {
  const shown = resource as Resource;
  if (FRAME !== undefined) shown[FRAME] = undefined;
  for (const each of Object.getOwnPropertySymbols(shown)) if (each.description === "kResourceStore") delete shown[each];
  return resource;
}

/** What the process's code runs in: call its `runInAsyncScope` at once. Only where `isolating`. */
export function entranceTo(process: Process): AsyncResource {
  const frame = frameOf(process);
  if (frame.resource !== undefined) return frame.resource;
  entrance[FRAME as symbol] = frame;
  return entrance;
}

function frameOf(process: Process): Frame {
  return (process.frame ??= bare ? new ProcessFrame(process) : neutral.runInAsyncScope(newFrame, undefined, process));
}

function newFrame(process: Process): Frame {
  return new ProcessFrame(process);
}

/** The asynchronous callback of a process has ended: its next turn has a frame of its own. */
export function leave(process: Process): void {
  if (!framed || process.frame === undefined) return;
  process.frame.over = true;
  process.frame = undefined;
}

/**
 * Whether the asking code is what `process` does now, and not something that it has left behind, such as the handler of an HTTP
 * server that it started.
 */
export function isDoing(process: Process): boolean {
  if (!framed || running === process) return true;
  return frames.getStore()?.over === false && !process.listening;
}

/** Runs what is nobody's code: in no process and no context. */
export function outside(fun: () => void): void {
  const before = enter(undefined);
  try {
    if (isolating) neutral.runInAsyncScope(fun);
    else fun();
  } finally {
    enter(before);
  }
}

/** Rejects on behalf of a process (or of code outside all): if nobody handles it, the rejection is that one's. */
export function onBehalfOf(process: Process | undefined, fun: () => void): void {
  if (!framed) fun();
  else if (process === undefined) neutral.runInAsyncScope(fun);
  else entranceTo(process).runInAsyncScope(fun);
}

function found(): Process | undefined {
  const frame = frames.getStore();
  if (frame === undefined) return undefined;
  if (inReaction()) return frame.over && !frame.process.alive ? undefined : frame.process;
  // A callback of a timer or an emitter that a process left: nobody's, and so is what follows its awaits.
  frames.enterWith(undefined);
  return undefined;
}

// Reactions of promises have no id, or, where somebody follows promises with async hooks, their promise as resource.
function inReaction(): boolean {
  return executionAsyncId() === 0 || executionAsyncResource() instanceof Promise;
}

// Whether V8's promise hooks are there and AsyncLocalStorage is made of async hooks.
function hooked(): boolean {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  if (bun !== undefined || deno !== undefined || typeof v8.promiseHooks?.createHook !== "function") return false;
  if (FRAME === undefined) return true;
  const trial = new AsyncLocalStorage<boolean>();
  const resource = neutral.runInAsyncScope(() => trial.run(true, () => new AsyncResource("otpts.trial"))) as Resource;
  trial.disable();
  return resource[FRAME] === undefined;
}
