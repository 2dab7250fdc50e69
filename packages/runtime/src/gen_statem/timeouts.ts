/**
 * A state machine's time-outs: one for events, one for the state, any number with names. One that fires is a message in the
 * mailbox, behind what is there; one of time zero is no timer: it is due as soon as no event is left.
 */
import { isTuple } from "../term/guarded.ts";
import { same } from "../term/reason.ts";
import { nextId, Ref } from "../term/ref.ts";
import type { Process } from "../process/process.ts";
import { cancel, wait } from "../process/timer.ts";
import { now } from "../process/clock.ts";
import { Deadline } from "../process/deadline.ts";
import { type Asked } from "./action.ts";
import { STATE_TIMEOUT, TIMEOUT } from "./atoms.ts";

/** A time-out that runs. As the reference in its message it tells whether it still does. */
export class Timer extends Ref {
  readonly id = nextId();
  readonly kind: unknown;
  content: unknown;
  deadline: Deadline | undefined = undefined;

  constructor(kind: unknown, content: unknown) {
    super();
    this.kind = kind;
    this.content = content;
  }
}

export class Timeouts {
  readonly #machine: Process;
  #event: Timer | undefined = undefined;
  #state: Timer | undefined = undefined;
  #named: Map<unknown, Timer> | undefined = undefined;
  /** Those of time zero, in the order in which they are due. */
  #zeros: Timer[] = [];

  constructor(machine: Process) {
    this.#machine = machine;
  }

  /**
   * Does what one list of actions asks for. As in OTP, the list is worked off from its end: of each kind the last counts, and of
   * two with the same time the one further behind fires first; those of time zero are due in the order of the list.
   */
  start(list: readonly Asked[]): void {
    const seen = new Map<unknown, unknown>();
    const zeros: Timer[] = [];
    for (const asked of list.toReversed()) {
      const key = keyIn(seen, asked.kind);
      if (seen.has(key)) continue;
      seen.set(key, key);
      const timer = this.#start(asked);
      if (timer !== undefined) zeros.unshift(timer);
    }
    this.#zeros.push(...zeros);
  }

  // Starts, changes or cancels one. The timer, if it is due at once.
  #start({ kind, time, content, absolute }: Asked): Timer | undefined {
    const running = this.#running(kind);
    if (time === undefined && running !== undefined) {
      running.content = content;
      return undefined;
    }
    if (running !== undefined) this.#stop(running);
    if (time === Infinity) return undefined;
    const timer = new Timer(kind, content);
    this.#set(kind, timer);
    // As in OTP, a moment that is past is a timer that fires at once: only zero is none.
    if (time === undefined || time === 0) return timer;
    timer.deadline = new Deadline(() => this.#machine.accept([TIMEOUT, timer, kind]));
    wait(timer.deadline, absolute ? Math.max(0, time - now()) : time);
    return undefined;
  }

  /** The one of time zero that is due next, which is over. */
  zero(): Timer | undefined {
    const timer = this.#zeros[0];
    if (timer !== undefined) this.#stop(timer);
    return timer;
  }

  get due(): boolean {
    return this.#zeros.length > 0;
  }

  /** A timer's message came: whether it still runs. If so it is over. */
  over(timer: Timer): boolean {
    if (this.#running(timer.kind) !== timer) return false;
    this.#stop(timer);
    return true;
  }

  /** An event came: it ends the wait for one. */
  busy(): void {
    if (this.#event !== undefined) this.#stop(this.#event);
  }

  /** The state changed. */
  changed(): void {
    if (this.#state !== undefined) this.#stop(this.#state);
  }

  /** Ends all. */
  clear(): void {
    this.busy();
    this.changed();
    for (const timer of this.#named?.values() ?? []) if (timer.deadline !== undefined) cancel(timer.deadline);
    this.#named = undefined;
    this.#zeros = [];
  }

  /** All that run, as `[kind, content]`. */
  list(): readonly (readonly [kind: unknown, content: unknown])[] {
    const named = [...(this.#named?.values() ?? [])].toReversed();
    return [...named, this.#event, this.#state].flatMap((timer) =>
      timer === undefined ? [] : [[timer.kind, timer.content] as const],
    );
  }

  #running(kind: unknown): Timer | undefined {
    if (kind === TIMEOUT) return this.#event;
    if (kind === STATE_TIMEOUT) return this.#state;
    const named = this.#named;
    const name = (kind as readonly unknown[])[1];
    return named?.get(keyIn(named, name));
  }

  #set(kind: unknown, timer: Timer | undefined): void {
    if (kind === TIMEOUT) this.#event = timer;
    else if (kind === STATE_TIMEOUT) this.#state = timer;
    else {
      const named = (this.#named ??= new Map());
      const key = keyIn(named, (kind as readonly unknown[])[1]);
      if (timer === undefined) named.delete(key);
      else named.set(key, timer);
    }
  }

  #stop(timer: Timer): void {
    this.#set(timer.kind, undefined);
    if (timer.deadline !== undefined) cancel(timer.deadline);
    else this.#zeros = this.#zeros.filter((one) => one !== timer);
  }
}

// The key under which a term stands in a map: names that are arrays are equal by their elements.
function keyIn(map: ReadonlyMap<unknown, unknown>, term: unknown): unknown {
  if (isTuple(term) && !map.has(term)) for (const key of map.keys()) if (same(key, term)) return key;
  return term;
}
