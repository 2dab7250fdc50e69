/** The source of time. Tests replace it with a simulated one. */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back. */
  now(): number;
  /** Calls `fire` once, `ms` from now. */
  set(fire: () => void, ms: number): Alarm;
  /** Changes when alarms set earlier have become invalid. */
  era?(): number;
  /** Whether a test advances the clock: every time-out then ends at its exact millisecond, and none is counted in ticks. */
  advanced?(): boolean;
}

/** An armed alarm. */
export interface Alarm {
  clear(): void;
  /** Whether it keeps Node alive. */
  hold(alive: boolean): void;
}

const MAX_MS = 2 ** 31 - 1;
/** Shorter than any real interval, in ms, and longer than the rounding errors of sums. */
const EPSILON = 0.001;
/** How often to check whether a foreign clock is still installed, in ms. */
const PATROL = 50;

type Timeout = (fire: () => void, ms: number) => Partial<NodeJS.Timeout>;

// The functions at the time the package is loaded: the engine's, unless a test replaced them before.
const { setTimeout: own, clearTimeout: ownClear } = globalThis;

const ownSource = performance;
// oxlint-disable-next-line typescript/unbound-method -- it is compared, and called on its source
const ownRead = ownSource.now;

let era = 0;
let set: unknown = own;
let source = ownSource;
let read = ownRead;
/** Added to the reading, so that time continues without a jump when the clock is replaced. */
let skew = 0;

function reading(): number {
  return read.call(source) + skew;
}

// Test tools replace setTimeout and performance.now and restore them: each time a new era begins. Where only performance.now is
// replaced, as for results that do not change, it is not read: its time does not pass as that of the timers does.
function current(): number {
  const timeout = globalThis.setTimeout;
  const present = timeout === own ? ownSource : performance;
  // oxlint-disable-next-line typescript/unbound-method -- the same
  const reader = timeout === own ? ownRead : present.now;
  if (timeout === set && present === source && reader === read) return era;
  const before = reading();
  set = timeout;
  source = present;
  read = reader;
  skew = 0;
  skew = before - reading();
  return ++era;
}

/**
 * The clock and the timers of the engine, or the replacements of a test tool: time-outs follow the tool's fake time,
 * and go on by the engine's clock once that is restored.
 */
export const realClock: Clock = {
  era: current,
  advanced() {
    current();
    return set !== own;
  },
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
        // A timer of another clock shows what time it is, even if that clock's own reading does not.
        if (foreign || since !== current()) skew += Math.max(0, due - reading());
        fire();
      },
      // A rounding remainder, as in 60000.000000001, is not one more millisecond.
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

/** The installed clock. */
export let clock: Clock = realClock;

/** The time by the installed clock, in ms. */
export function now(): number {
  return clock.now();
}

/** Installs another clock and returns the previous one. `useClock` of `timer.ts` checks whether that is allowed. */
export function replaceClock(next: Clock): Clock {
  const before = clock;
  clock = next;
  return before;
}
