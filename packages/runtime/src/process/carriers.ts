/**
 * Contexts that travel with messages. A process runs in a context of its own; what somebody registers here is taken along by every
 * message and put around its handler: the store of an `AsyncLocalStorage`, a trace. Nothing registered, nothing done.
 */
import { tap } from "./tap.ts";

/** How a context is taken along. */
export interface Carrier<T = unknown> {
  /** What is there now; undefined for nothing. Called where a message is sent. */
  capture(): T | undefined;
  /** Calls `fun` once, at once, with what was captured in place. Called around the handler. */
  run(captured: T, fun: () => void): unknown;
}

/** What a message takes along. */
export interface Carried {
  readonly carriers: readonly Registered[];
  readonly values: readonly unknown[];
}

/** Whether anything is registered. */
export let carrying = false;

let carriers: readonly Registered[] = [];
let untap = (): void => {};

/** A carrier, and where its failures go. */
interface Registered {
  readonly carrier: Carrier;
  readonly failed: (what: "capture" | "run", error: unknown) => void;
}

/**
 * Registers one. Returns what ends it.
 *
 * @param failed hears what the carrier throws; the message goes on without it
 */
export function register(carrier: Carrier, failed: Registered["failed"]): () => void {
  // An object of its own: one that is registered twice ends twice.
  const one: Registered = { carrier, failed };
  set([...carriers, one]);
  return () => set(carriers.filter((each) => each !== one));
}

function set(next: readonly Registered[]): void {
  carriers = next;
  if (carrying === next.length > 0) return;
  carrying = !carrying;
  if (carrying) untap = tap((_to, entry) => load(entry));
  else untap();
}

// Only while something is registered, and only for what carries something: messages stay as small as they are.
const cargo = new WeakMap<object, Carried>();

/** Takes along what is there now, with a message, or with a process that is started. */
export function load(item: object, carried: Carried | undefined = capture()): void {
  if (carried !== undefined) cargo.set(item, carried);
}

export function capture(): Carried | undefined {
  let found = false;
  const values = carriers.map(({ carrier, failed }) => {
    try {
      const value = carrier.capture();
      if (value !== undefined) found = true;
      return value;
    } catch (error) {
      failed("capture", error);
      return undefined;
    }
  });
  return found ? { carriers, values } : undefined;
}

/** Does what a message asks for, in what it took along. */
export function handled(item: object, fun: () => void): void {
  within(cargo.get(item), fun);
}

export function within(carried: Carried | undefined, fun: () => void): void {
  if (carried === undefined) {
    fun();
    return;
  }
  let step = fun;
  for (const [index, carrier] of carried.carriers.entries()) {
    const value = carried.values[index];
    if (value === undefined) continue;
    const next = step;
    step = () => run(carrier, value, next);
  }
  step();
}

// Whatever a carrier does, the handler runs once.
function run({ carrier, failed }: Registered, value: unknown, fun: () => void): void {
  let begun = false;
  const once = (): void => {
    if (begun) return;
    begun = true;
    fun();
  };
  try {
    carrier.run(value, once);
  } catch (error) {
    failed("run", error);
  }
  once();
}
