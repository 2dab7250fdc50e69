/**
 * A process: an identity, a mailbox, links and monitors, and code that gets a turn when there is something to do. What that
 * code is, the subclasses say: a function (`body.ts`) or a behaviour's loop.
 *
 * Idle processes are many, so what few of them need sits in `Extra`, made when first needed.
 */
import type { AsyncResource } from "node:async_hooks";
import type { Atom } from "../term/atom.ts";
import type { Name } from "../term/name.ts";
import { hostOf, Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import type { Deadline } from "./deadline.ts";
import { type Entry, Envelope, type Mailbox, put, type Waiter } from "./mailbox.ts";
import type { Waiting } from "./waiting.ts";
import { stamped } from "./stamp.ts";
import { show, tapped } from "./tap.ts";
import { settleLayout } from "../term/shape.ts";

/**
 * How processes get their turns. The default runs them in microtasks (`scheduler.ts`); `@otpts/runtime/nact` hosts each in
 * a nact actor. A dispatcher decides *when* `process.turn()` is called, never what it does.
 */
export interface Dispatcher {
  /** Whether a process that is scheduled has run when the microtasks that are due have run. */
  readonly prompt: boolean;
  /** A process was started: give it whatever it needs to be scheduled later. Its `seat` is the dispatcher's to use. */
  admit(process: Process): void;
  /** The process has something to do: call `process.turn()` soon, not now. Called at most once until that call. */
  schedule(process: Process): void;
  /** The process is dead: release what `admit` took. */
  dismiss(process: Process): void;
}

/** The asynchronous context of a process, up to the end of the asynchronous callback that ran in it: see `context.ts`. */
export interface Frame {
  readonly process: Process;
  /** What its code runs in, where that is the frame's own. */
  readonly resource: AsyncResource | undefined;
  over: boolean;
}

/** A monitor that `watcher` holds on `target`, undefined once the monitor has ended: see `monitor.ts`. */
export interface Monitor extends Ref {
  readonly watcher: Process;
  /** The target as it was asked for: a pid, or `[name, node]`. */
  readonly item: unknown;
  target: Process | undefined;
}

/** What few processes need. */
export class Extra {
  dictionary: Map<unknown, unknown> | undefined = undefined;
  controller: AbortController | undefined = undefined;
  /** Monitors this process holds on others. */
  monitors: Set<Monitor> | undefined = undefined;
  /** Monitors others hold on this process. */
  watchers: Set<Monitor> | undefined = undefined;
  /** Active aliases of this process. */
  aliases: Set<Ref> | undefined = undefined;
  /** Timers that send to this process. */
  timers: Set<Deadline> | undefined = undefined;
  /** What the ancestors of a process started by this one are. */
  ancestry: readonly (Pid | Atom)[] | undefined = undefined;
  /** The dispatcher's own data. */
  seat: unknown = undefined;
  /** Debug options of `sys`, where it has any. */
  debug: unknown = undefined;
  /** What it had handled when it was looked at last: `rate.ts`. */
  sample: unknown = undefined;
}

settleLayout(() => new Extra());

/** A parent's entry in a process's list of ancestors: its name, if it has one, or its pid. */
export type Ancestry = readonly (Pid | Atom)[];

const ALIVE = 1;
const PROMPT = 2;
const TRAPPING = 4;
const READY = 8;
const LISTENING = 16;
/** The first of the bits that a subclass has for itself. */
export const OWN = 32;

/*
 * The order of the fields is that of their use: what a message needs stands together, at the end, where the subclass's fields
 * follow. Among a hundred thousand processes each line of memory that a message touches is a miss in the processor's caches.
 */
export abstract class Process implements Mailbox {
  readonly pid: Pid;
  /** One link is the rule, so one is kept without a set. */
  links: Pid | Set<Pid> | undefined = undefined;
  /** Requests by this process that wait for an answer: a list through `Waiting.nextOut`. */
  outgoing: Waiting | undefined = undefined;
  extra: Extra | undefined = undefined;
  /** Registered name, as it was given; `nameOf` in `registry.ts` tells it. */
  name: Name | undefined = undefined;
  readonly ancestors: Ancestry;
  nextAlive: Process | undefined = undefined;
  previousAlive: Process | undefined = undefined;
  /** What it died of. */
  reason: unknown = undefined;
  /** When it was made: `stamp.ts`. */
  readonly started: number = stamped();
  /** The asynchronous callback that runs, and since when. */
  busy: string | undefined = undefined;
  since = 0;
  /** Reductions so far, those of the turn under way left out. */
  reductions = 0;
  /** Requests to this process that wait for an answer: a list through `Waiting.nextIn`. */
  incoming: Waiting | undefined = undefined;
  readonly dispatcher: Dispatcher;
  /** The asynchronous context its code runs in, where it needs one of its own. */
  frame: Frame | undefined = undefined;
  nextReady: Process | undefined = undefined;
  /** The receive it waits in. */
  waiter: Waiter | undefined = undefined;
  head: Entry | undefined = undefined;
  tail: Entry | undefined = undefined;
  taken = 0;
  /** What is true of it, a bit each: there may be a million processes. */
  protected flags = ALIVE;

  constructor(dispatcher: Dispatcher, ancestors: Ancestry) {
    this.pid = new Pid(this);
    this.dispatcher = dispatcher;
    this.ancestors = ancestors;
  }

  /** Runs until there is nothing to do, its slice is over or the budget is used up. Called by the dispatcher alone; never throws. */
  abstract turn(): void;

  /** Lets go of what a subclass waits for. Called once, when it is dead. */
  abstract release(reason: unknown): void;

  /** What it was started with, for reports and `process_info`. */
  abstract get initialCall(): string;

  /** Takes an ordinary message. */
  accept(message: unknown): void {
    this.enqueue(new Envelope(message));
  }

  /** Puts an entry at the end of the mailbox and sees to it that somebody looks. */
  enqueue(entry: Entry): void {
    if (tapped) show(this, entry);
    put(this, entry);
    if (!this.ready && (this.listening || this.waiter !== undefined)) this.wake();
  }

  /** Asks for a turn. */
  wake(): void {
    if (this.ready || !this.alive) return;
    this.ready = true;
    this.dispatcher.schedule(this);
  }

  get alive(): boolean {
    return (this.flags & ALIVE) !== 0;
  }

  /** It is dead from now on. */
  expire(): void {
    this.flags &= ~(ALIVE | LISTENING);
  }

  /** Whether what it is asked is mostly answered in the turn it gets for it: then nobody prepares for waiting. */
  get prompt(): boolean {
    return (this.flags & PROMPT) !== 0;
  }

  set prompt(on: boolean) {
    this.flags = on ? this.flags | PROMPT : this.flags & ~PROMPT;
  }

  get trapping(): boolean {
    return (this.flags & TRAPPING) !== 0;
  }

  set trapping(on: boolean) {
    this.flags = on ? this.flags | TRAPPING : this.flags & ~TRAPPING;
  }

  /** It waits in the dispatcher's queue. */
  get ready(): boolean {
    return (this.flags & READY) !== 0;
  }

  set ready(on: boolean) {
    this.flags = on ? this.flags | READY : this.flags & ~READY;
  }

  /** Its loop takes any message (a behaviour between two callbacks). */
  get listening(): boolean {
    return (this.flags & LISTENING) !== 0;
  }

  set listening(on: boolean) {
    this.flags = on ? this.flags | LISTENING : this.flags & ~LISTENING;
  }

  get more(): Extra {
    return (this.extra ??= new Extra());
  }
}

/** The process under a pid, or undefined if it is dead. */
export function processOf(pid: Pid): Process | undefined {
  return hostOf(pid) as Process | undefined;
}
