/**
 * A state machine's time-outs: one for events, one for the state, any number with names. A time-out that fires is a
 * message at the end of the mailbox. A time-out of zero needs no timer: it is due as soon as no event is left.
 */
import { Ref } from "../term/ref.ts";
import { TermMap } from "../term/term_map.ts";
import type { Process } from "../process/process.ts";
import { cancel, wait } from "../process/timer.ts";
import { now } from "../process/clock.ts";
import { Deadline } from "../process/deadline.ts";
import { type Asked } from "./action.ts";
import { STATE_TIMEOUT, TIMEOUT } from "./atoms.ts";

/** A running time-out. It is also the reference in its message, which shows whether it is still running. */
export class Timer extends Ref {
  readonly id = ++Ref.made;
  readonly kind: unknown;
  content: unknown;
  deadline: Deadline | undefined = undefined;
  /** The number of the list of actions that set it last. */
  round: number;

  constructor(kind: unknown, content: unknown, round: number) {
    super();
    this.kind = kind;
    this.content = content;
    this.round = round;
  }
}

/** This many processed entries are removed together. */
const MANY = 1000;

export class Timeouts {
  readonly #machine: Process;
  #event: Timer | undefined = undefined;
  #state: Timer | undefined = undefined;
  #named: TermMap<Timer> | undefined = undefined;
  /** Time-outs of zero, in the order in which they are due. */
  #zeros: Timer[] = [];
  /** The index of the first entry that is not processed. */
  #first = 0;
  /** The number of entries that still run. */
  #due = 0;
  #round = 0;

  constructor(machine: Process) {
    this.#machine = machine;
  }

  /**
   * Carries out the time-outs of one list of actions. As in OTP, the list is processed from its end: of each kind the
   * last one counts, and of two with the same time the later one in the list fires first; time-outs of zero are due in
   * the order of the list.
   */
  start(list: readonly Asked[]): void {
    const round = ++this.#round;
    const zeros: Timer[] = [];
    // The kinds that leave no timer with the number of this round.
    let cancelled: TermMap<true> | undefined;
    for (let index = list.length - 1; index >= 0; index--) {
      const asked = list[index] as Asked;
      const running = this.#running(asked.kind);
      if (running?.round === round || cancelled?.has(asked.kind) === true) continue;
      if (asked.time === Infinity && index > 0) (cancelled ??= new TermMap()).set(asked.kind, true);
      const timer = this.#start(asked, running);
      if (timer !== undefined) zeros.push(timer);
    }
    if (zeros.length === 0) return;
    this.#due += zeros.length;
    for (const timer of zeros.toReversed()) this.#zeros.push(timer);
  }

  // Starts, changes or cancels one time-out. Returns the timer if it is due at once.
  #start({ kind, time, content, absolute }: Asked, running: Timer | undefined): Timer | undefined {
    if (time === undefined && running !== undefined) {
      running.content = content;
      running.round = this.#round;
      return undefined;
    }
    if (running !== undefined) this.#end(running);
    if (time === Infinity) {
      if (running !== undefined) this.#set(kind, undefined);
      return undefined;
    }
    const timer = new Timer(kind, content, this.#round);
    this.#set(kind, timer);
    // As in OTP, a time in the past is a timer that fires at once; only zero needs no timer.
    if (time === undefined || time === 0) return timer;
    timer.deadline = new Deadline(() => this.#machine.accept([TIMEOUT, timer, kind]));
    wait(timer.deadline, absolute ? Math.max(0, time - now()) : time);
    return undefined;
  }

  /** Removes and returns the next due time-out of zero. */
  zero(): Timer | undefined {
    while (this.#due > 0) {
      const timer = this.#zeros[this.#first++] as Timer;
      if (this.#first > MANY && this.#first * 2 > this.#zeros.length) {
        this.#zeros.splice(0, this.#first);
        this.#first = 0;
      }
      if (this.#running(timer.kind) !== timer) continue;
      this.#stop(timer);
      return timer;
    }
    return undefined;
  }

  get due(): boolean {
    return this.#due > 0;
  }

  /** Handles a timer's message: returns whether the timer was still running, and ends it. */
  over(timer: Timer): boolean {
    if (this.#running(timer.kind) !== timer) return false;
    this.#stop(timer);
    return true;
  }

  /** Ends the event time-out, because of an event. */
  busy(): void {
    if (this.#event !== undefined) this.#stop(this.#event);
  }

  /** Ends the state time-out, because of a new state. */
  changed(): void {
    if (this.#state !== undefined) this.#stop(this.#state);
  }

  /** Ends all time-outs. */
  clear(): void {
    this.busy();
    this.changed();
    for (const timer of this.#named?.values() ?? []) if (timer.deadline !== undefined) cancel(timer.deadline);
    this.#named = undefined;
    this.#noneDue();
  }

  /** All running time-outs, as `[kind, content]`. */
  list(): readonly (readonly [kind: unknown, content: unknown])[] {
    const named = [...(this.#named?.values() ?? [])].toSorted((one, two) => two.id - one.id);
    return [...named, this.#event, this.#state].flatMap((timer) =>
      timer === undefined ? [] : [[timer.kind, timer.content] as const],
    );
  }

  #running(kind: unknown): Timer | undefined {
    if (kind === TIMEOUT) return this.#event;
    if (kind === STATE_TIMEOUT) return this.#state;
    return this.#named?.get((kind as readonly unknown[])[1]);
  }

  #set(kind: unknown, timer: Timer | undefined): void {
    if (kind === TIMEOUT) this.#event = timer;
    else if (kind === STATE_TIMEOUT) this.#state = timer;
    else {
      const named = (this.#named ??= new TermMap());
      const [, name] = kind as readonly unknown[];
      if (timer === undefined) named.delete(name);
      else named.set(name, timer);
    }
  }

  #stop(timer: Timer): void {
    this.#set(timer.kind, undefined);
    this.#end(timer);
  }

  #end(timer: Timer): void {
    if (timer.deadline !== undefined) cancel(timer.deadline);
    else if (--this.#due === 0) this.#noneDue();
  }

  #noneDue(): void {
    this.#zeros = [];
    this.#first = 0;
    this.#due = 0;
  }
}
