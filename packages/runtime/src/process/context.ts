/**
 * Which process the running code belongs to, and in which asynchronous context it runs.
 *
 * While the scheduler runs a process, it records that here. After an `await` the engine provides it, by the best
 * mechanism it has:
 *
 * - *Hooks* (V8 where `AsyncLocalStorage` is made of async hooks: Node before 24). A promise made by a process's code carries
 *   the process, and whatever continues after that promise runs as it again.
 * - *Frames* (all others). The engine itself passes an asynchronous context from each await to the code that follows; a
 *   process has one, made when it first runs and entered for each of its turns. Code outside processes pays nothing.
 *
 * Callbacks of timers and emitters belong to no process: hooks see only promises, and with frames the runtime checks
 * what kind of code is running. That check can come late: an asynchronous callback that awaits before it uses the
 * runtime goes on as the process. So a frame is *over* when the asynchronous callback that ran in it has ended; code
 * that goes on in the frame after that was left behind, and does not die with the process.
 *
 * The context of a process is *neutral*: an `AsyncLocalStorage` has no value in it unless the process itself sets one.
 * Frames have this property already. With hooks, each process gets its own resource once the program uses
 * `AsyncLocalStorage`.
 */
import { AsyncLocalStorage, AsyncResource, executionAsyncId, executionAsyncResource } from "node:async_hooks";
import { types } from "node:util";
import v8 from "node:v8";
import { keep } from "../term/shape.ts";
import type { Frame, Process } from "./process.ts";

const OWNER = Symbol("otpts.process");
type Owned = Promise<unknown> & { [OWNER]?: Process };

keep(Object.assign(Promise.resolve(), { [OWNER]: undefined }));

/** The process that the scheduler is running; with hooks, also the one whose promise is being continued. */
let running: Process | undefined;
let tracking: "nothing" | "promises" | "frames" = "nothing";
let framed = false;

/** A process's turn must run in its own context: use `entranceTo`. */
export let isolating = false;

/** The process that the calling code belongs to; undefined outside processes. */
export function acting(): Process | undefined {
  return running !== undefined || !framed ? running : found();
}

/** Sets the running process. Returns the previous one, to be restored. */
export function enter(process: Process | undefined): Process | undefined {
  const before = running;
  running = process;
  return before;
}

/** Makes the rest of this promise reaction code of the process. */
export function become(process: Process): void {
  if (!framed) running = process;
  else if (frames.getStore()?.process !== process) frames.enterWith(frameOf(process));
}

/** Starts tracking which process runs, at the first process. */
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

/** The process whose code made an unhandled rejected promise. To be called while the engine reports the rejection. */
export function ownerOf(promise: Promise<unknown>): Process | undefined {
  return framed ? frames.getStore()?.process : (promise as Owned)[OWNER];
}

// With hooks: the properties of its promises show whether the program uses AsyncLocalStorage (or tracks promises by
// other means).
const ids = Object.getOwnPropertySymbols(new AsyncResource("otpts.probe"));
const ASYNC_ID: unique symbol = (ids.find((each) => each.description === "async_id_symbol") ??
  Symbol("none")) as typeof ASYNC_ID;
const FRAME = ids.find((each) => each.description === "context_frame");

/**
 * Whether the program has used async hooks: `AsyncLocalStorage` before Node 24 does, `node:domain`, and libraries with contexts of
 * their own (cls-hooked). Then a promise may bring the context that it was made in to the code that follows it.
 */
export let watched = false;

/** Checks a newly made promise: do processes need their own contexts from now on, and may there be a domain to leave? */
export function notice(promise: Promise<unknown>): void {
  if (watched || (promise as Promise<unknown> & { [ASYNC_ID]?: unknown })[ASYNC_ID] === undefined) return;
  watched = true;
  isolating = true;
}

/** The same check with a promise made for it. */
export function noticeNow(): void {
  if (!watched) notice(Promise.resolve());
}

type Resource = AsyncResource & { [key: symbol]: unknown };

const program = process as { domain?: unknown };

/**
 * Leaves the domain of the code that wakes processes, if it has one (`node:domain`; the prompt of Node before 26 does):
 * a domain gets the errors of the code in it. Returns it, for `backTo`. Only if `watched`: looking for one takes a tenth of
 * the time of a call.
 */
export function leaveDomain(): unknown {
  const { domain } = program;
  if (domain !== undefined && domain !== null) program.domain = undefined;
  return domain;
}

/** Returns to the domain that `leaveDomain` left. */
export function backTo(domain: unknown): void {
  if (domain !== undefined && domain !== null) program.domain = domain;
}

// This module may be loaded in the middle of a request, whose context is removed if the engine exposes it.
const neutral = stripped(resource("otpts.neutral"));
const frames = new AsyncLocalStorage<Frame | undefined>();

/**
 * The context of a process, up to the end of the asynchronous callback that ran in it.
 *
 * If the engine allows it, the frame is *bare*: it takes the place of the engine's context, which is a map from each
 * `AsyncLocalStorage` to its value, here with one entry. The engine's own way to such a context, a map and an
 * `AsyncResource` for each process, takes 150 ns on Node 24 and 570 ns on Node 26, and 320 bytes; this takes 20 ns and
 * 40 bytes.
 */
class ProcessFrame implements Frame {
  readonly process: Process;
  over = false;
  /** If it is not bare: the resource to run code in. */
  readonly resource: AsyncResource | undefined;

  constructor(process: Process) {
    this.process = process;
    this.resource = bare ? undefined : resourceIn(this);
  }

  // The operations that the engine needs of a context: get a value, get all values (for the context of `run` and
  // `enterWith`, which has one more), and remove one.
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

// The resource through which bare frames are entered: it holds the current one.
const entrance = stripped(resource("otpts.process")) as Resource;
const bare = takesBare();
keep(neutral.runInAsyncScope(() => Reflect.construct(ProcessFrame, []) as object));

function resourceIn(frame: Frame): AsyncResource {
  if (framed) frames.enterWith(frame);
  return resource("otpts.process");
}

// A resource would bring the domain that it is made in to all code that runs in it.
function resource(type: string): AsyncResource {
  noticeNow();
  const domain = watched ? leaveDomain() : undefined;
  const made = new AsyncResource(type);
  backTo(domain);
  return made;
}

// Whether the engine accepts our object as a context, found by trying every operation.
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

/** The resource that the process's code runs in: call its `runInAsyncScope` at once. Only if `isolating`. */
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

/** Ends the frame of a process's asynchronous callback: the next turn gets a new one. */
export function leave(process: Process): void {
  if (!framed || process.frame === undefined) return;
  process.frame.over = true;
  process.frame = undefined;
}

/**
 * Whether the calling code is the current work of `process`, and not something it left behind, such as the handler of
 * an HTTP server that it started.
 */
export function isDoing(process: Process): boolean {
  if (!framed || running === process) return true;
  return frames.getStore()?.over === false && !process.listening;
}

/** Runs a function outside all processes and contexts. */
export function outside(fun: () => void): void {
  const before = enter(undefined);
  try {
    if (isolating) neutral.runInAsyncScope(fun);
    else fun();
  } finally {
    enter(before);
  }
}

/**
 * Rejects on behalf of a process (or of code outside processes): if the rejection is not handled, it counts as that
 * process's.
 */
export function onBehalfOf(process: Process | undefined, fun: () => void): void {
  if (!framed) fun();
  else if (process === undefined) neutral.runInAsyncScope(fun);
  else entranceTo(process).runInAsyncScope(fun);
}

function found(): Process | undefined {
  const frame = frames.getStore();
  if (frame === undefined) return undefined;
  if (inReaction()) return frame.over && !frame.process.alive ? undefined : frame.process;
  // A callback of a timer or an emitter that a process left behind: it belongs to no process, and neither does the code
  // after its awaits.
  frames.enterWith(undefined);
  return undefined;
}

// Promise reactions have no id, or, if promises are tracked with async hooks, their promise as resource.
function inReaction(): boolean {
  return executionAsyncId() === 0 || types.isPromise(executionAsyncResource());
}

// Whether V8's promise hooks are available and AsyncLocalStorage is implemented by async hooks.
function hooked(): boolean {
  const { bun, deno } = process.versions as { bun?: string; deno?: string };
  if (bun !== undefined || deno !== undefined || typeof v8.promiseHooks?.createHook !== "function") return false;
  if (FRAME === undefined) return true;
  const trial = new AsyncLocalStorage<boolean>();
  const resource = neutral.runInAsyncScope(() => trial.run(true, () => new AsyncResource("otpts.trial"))) as Resource;
  trial.disable();
  return resource[FRAME] === undefined;
}
