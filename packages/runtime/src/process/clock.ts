/** Where time comes from. Tests put a simulated one in its place. */
export interface Clock {
  /** Milliseconds since some fixed point; never goes back. */
  now(): number;
  /** Calls `fire` once, `ms` from now. */
  set(fire: () => void, ms: number): Alarm;
}

/** An armed alarm. */
export interface Alarm {
  clear(): void;
  /** Whether it keeps Node alive. */
  hold(alive: boolean): void;
}

const MAX_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => performance.now(),
  set(fire, ms) {
    const handle = setTimeout(fire, Math.min(Math.ceil(ms), MAX_MS));
    return {
      clear: () => clearTimeout(handle),
      hold: (alive) => void (alive ? handle.ref() : handle.unref()),
    };
  },
};
