/** Where time comes from. Tests put a simulated one in its place. */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back. */
  now(): number;
  /** Calls `fire` once, `ms` from now. */
  set(fire: () => void, ms: number): Alarm;
  /** Changes when alarms that were set before mean nothing any more. */
  era?(): number;
}

/** An armed alarm. */
export interface Alarm {
  clear(): void;
  /** Whether it keeps Node alive. */
  hold(alive: boolean): void;
}

const MAX_MS = 2 ** 31 - 1;
/** Less than any time that is meant, in ms, and more than sums of times err by. */
const EPSILON = 0.001;
/** How often it is looked whether a foreign clock is still in place, in ms. */
const PATROL = 50;

type Timeout = (fire: () => void, ms: number) => Partial<NodeJS.Timeout>;

// As they are when the package is loaded: those of the engine, unless a test put its own in place before.
const { setTimeout: own, clearTimeout: ownClear } = globalThis;

let era = 0;
let set: unknown = own;
let source = performance;
// oxlint-disable-next-line typescript/unbound-method -- it is compared, and called on its source
let read = source.now;
/** What is added to the reading, so that time goes on from where it was when somebody replaces the clock. */
let skew = 0;

function reading(): number {
  return read.call(source) + skew;
}

// Test tools replace setTimeout and performance.now, and put them back: each time a new era begins.
function current(): number {
  if (globalThis.setTimeout === set && performance === source && source.now === read) return era;
  const before = reading();
  set = globalThis.setTimeout;
  source = performance;
  // oxlint-disable-next-line typescript/unbound-method -- the same
  read = source.now;
  skew = 0;
  skew = before - reading();
  return ++era;
}

/**
 * The clock and the timers of the engine, or what a test tool has put in their place: its time-outs can be advanced, and when it
 * puts the engine's back, what still waits goes on waiting by that.
 */
export const realClock: Clock = {
  era: current,
  now() {
    current();
    return reading();
  },
  set(fire, ms) {
    const since = current();
    const { setTimeout, clearTimeout } = globalThis;
    const foreign = set !== own;
    const due = reading() + ms;
    let patrol: NodeJS.Timeout | undefined;
    const handle = (setTimeout as unknown as Timeout)(
      () => {
        clear();
        // A timer of another clock tells what time it is; that one's reading need not.
        if (foreign || since !== current()) skew += Math.max(0, due - reading());
        fire();
      },
      // What is left over from adding and taking away, as 60000.000000001, is no millisecond more.
      Math.min(Math.ceil(ms - EPSILON), MAX_MS),
    );
    const look = () => {
      if (since !== current()) {
        clear();
        fire();
      } else {
        patrol = own(look, PATROL).unref();
      }
    };
    const clear = () => {
      clearTimeout(handle as NodeJS.Timeout);
      if (patrol !== undefined) ownClear(patrol);
    };
    if (foreign) look();
    return { clear, hold: (alive) => void (alive ? handle.ref?.() : handle.unref?.()) };
  },
};

/** The clock that is in place. */
export let clock: Clock = realClock;

/** The time by the clock that is in place, in ms. */
export function now(): number {
  return clock.now();
}

/** Puts another clock in place and returns the one before. `useClock` of `timer.ts` looks whether it may be done. */
export function replaceClock(next: Clock): Clock {
  const before = clock;
  clock = next;
  return before;
}
