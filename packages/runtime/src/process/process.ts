/**
 * A process: an identity, a mailbox, links and monitors, and code that gets a turn when there is something to do.
 * Subclasses supply that code: a function (`body.ts`) or a behaviour's loop.
 *
 * There may be many idle processes, so fields that few of them need are in `Extra`, made when first needed.
 */
import type { AsyncResource } from "node:async_hooks";
import type { Atom } from "../term/atom.ts";
import type { Name } from "../term/name.ts";
import { hostOf, Pid } from "../term/pid.ts";
import type { Ref } from "../term/ref.ts";
import type { Deadline } from "./deadline.ts";
import { type Entry, Envelope, type Mailbox, type Waiter } from "./mailbox.ts";
import type { Awaited, Waiting } from "./waiting.ts";
import { stamped } from "./stamp.ts";
import { show, tapped } from "./tap.ts";
import { settleLayout } from "../term/shape.ts";

/**
 * How processes get their turns. The default runs them in microtasks (`scheduler.ts`); `@otpts/runtime/nact` hosts each in
 * a nact actor. A dispatcher decides *when* `process.turn()` is called, never what it does.
 */
export interface Dispatcher {
  /** Whether a scheduled process has run once the pending microtasks have run. */
  readonly prompt: boolean;
  /** A process was started: prepares it for being scheduled. Its `seat` belongs to the dispatcher. */
  admit(process: Process): void;
  /** The process has something to do: calls `process.turn()` soon, not now. Called at most once until that call. */
  schedule(process: Process): void;
  /** The process is dead: releases what `admit` allocated. */
  dismiss(process: Process): void;
}

/** The asynchronous context of a process, up to the end of the asynchronous callback that ran in it: see `context.ts`. */
export interface Frame {
  readonly process: Process;
  /** The resource that its code runs in, if the frame has its own. */
  readonly resource: AsyncResource | undefined;
  over: boolean;
}

/** A monitor that `watcher` holds on `target`, undefined once the monitor has ended: see `monitor.ts`. */
export interface Monitor extends Ref {
  readonly watcher: Process;
  /** The target as the watcher named it: a pid, or `[name, node]`. */
  readonly item: unknown;
  target: Process | undefined;
}

/** The asynchronous callback of a process, one at a time. */
export interface Work {
  /** The callback that is running; undefined for none. */
  readonly running: string | undefined;
  /** When it began: `stamp.ts`. */
  readonly since: number;
}

/** The fields that few processes need. */
export class Extra {
  dictionary: Map<unknown, unknown> | undefined = undefined;
  controller: AbortController | undefined = undefined;
  /** Monitors this process holds on others. */
  monitors: Set<Monitor> | undefined = undefined;
  /** Monitors that other processes hold on this one. */
  watchers: Set<Monitor> | undefined = undefined;
  /** Active aliases of this process. */
  aliases: Set<Ref> | undefined = undefined;
  /** Timers that send to this process. */
  timers: Set<Deadline> | undefined = undefined;
  /** The ancestors of a process started by this one. */
  ancestry: readonly (Pid | Atom)[] | undefined = undefined;
  /** The dispatcher's own data. */
  seat: unknown = undefined;
  /** Debug options of `sys`, if there are any. */
  debug: unknown = undefined;
  /** The process that this one waits for otherwise than by a call: `awaited.ts`. */
  awaited: Awaited | undefined = undefined;
  /** The count of handled messages at the last reading: `rate.ts`. */
  sample: unknown = undefined;
}

settleLayout(Extra);

/** A parent's entry in a process's list of ancestors: its name, if it has one, or its pid. */
export type Ancestry = readonly (Pid | Atom)[];

const ALIVE = 1;
const PROMPT = 2;
const TRAPPING = 4;
const READY = 8;
const LISTENING = 16;
/** The first of the bits for a subclass's own use. */
export const OWN = 32;

/*
 * The fields are ordered by use: those needed for a message are adjacent, at the end, followed by the subclass's
 * fields. Among a hundred thousand processes each cache line that a message touches is a cache miss.
 */
export abstract class Process implements Mailbox {
  readonly pid: Pid;
  /** Most processes have one link, which is kept without a set. */
  links: Pid | Set<Pid> | undefined = undefined;
  /** This process's requests that wait for a reply: a list linked by `Waiting.nextOut`. */
  outgoing: Waiting | undefined = undefined;
  extra: Extra | undefined = undefined;
  /** Registered name as given; `nameOf` in `registry.ts` returns it as an atom. */
  name: Name | undefined = undefined;
  readonly ancestors: Ancestry;
  nextAlive: Process | undefined = undefined;
  previousAlive: Process | undefined = undefined;
  /** Its exit reason. */
  reason: unknown = undefined;
  /** When it was made: `stamp.ts`. */
  readonly started: number = stamped();
  /** Its asynchronous callback, if there has been one. */
  work: Work | undefined = undefined;
  /** Reductions so far, without those of the current turn. */
  reductions = 0;
  /** Requests to this process that wait for a reply: a list linked by `Waiting.nextIn`. */
  incoming: Waiting | undefined = undefined;
  readonly dispatcher: Dispatcher;
  /** The asynchronous context of its code, if it needs one. */
  frame: Frame | undefined = undefined;
  nextReady: Process | undefined = undefined;
  /** The receive that it is waiting in. */
  waiter: Waiter | undefined = undefined;
  head: Entry | undefined = undefined;
  tail: Entry | undefined = undefined;
  /** How many entries were taken out of the mailbox so far. */
  taken = 0;
  /** Its flags, one bit each: there may be a million processes. */
  protected flags = ALIVE;

  constructor(dispatcher: Dispatcher, ancestors: Ancestry) {
    this.pid = new Pid(this);
    this.dispatcher = dispatcher;
    this.ancestors = ancestors;
  }

  /**
   * Runs until there is nothing to do, its slice is over or the budget is used up. Called only by the dispatcher; never
   * throws.
   */
  abstract turn(): void;

  /** Releases whatever the subclass waits for. Called once, when it is dead. */
  abstract release(reason: unknown): void;

  /** The function or module it was started with, for reports and `process_info`. */
  abstract get initialCall(): string;

  /** Takes an ordinary message. */
  accept(message: unknown): void {
    this.enqueue(new Envelope(message));
  }

  /** Puts an entry at the end of the mailbox and wakes the process if it is waiting. */
  enqueue(entry: Entry): void {
    if (tapped) show(this, entry);
    if (this.tail === undefined) this.head = entry;
    else this.tail.next = entry;
    this.tail = entry;
    if (this.ready || (!this.listening && this.waiter === undefined)) return;
    this.ready = true;
    this.dispatcher.schedule(this);
  }

  /** Takes out the entry after `before` (or the first, for undefined). There must be one. */
  take(before: Entry | undefined): Entry {
    const entry = (before === undefined ? this.head : before.next) as Entry;
    const { next } = entry;
    if (before === undefined) this.head = next;
    else before.next = next;
    this.taken++;
    if (next === undefined) this.tail = before;
    // Code that keeps the entry (a request is a reference too) must not retain all later ones.
    else entry.next = undefined;
    return entry;
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

  /** Marks it as dead. */
  expire(): void {
    this.flags &= ~(ALIVE | LISTENING);
  }

  /**
   * Whether it usually replies to a request in the turn that it gets for it, so that callers need not prepare to wait.
   */
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

  /** Whether it is in the dispatcher's queue. */
  get ready(): boolean {
    return (this.flags & READY) !== 0;
  }

  set ready(on: boolean) {
    this.flags = on ? this.flags | READY : this.flags & ~READY;
  }

  /** Whether its loop takes any message (a behaviour between two callbacks). */
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

/** The process of a pid, or undefined if it is dead. */
export function processOf(pid: Pid): Process | undefined {
  return hostOf(pid) as Process | undefined;
}
