/**
 * Contexts that travel with messages. A process runs in its own context. A carrier registered here is captured by every
 * message and restored around its handler: the store of an `AsyncLocalStorage`, a trace. While none is registered,
 * nothing is done.
 */
import { tap } from "./tap.ts";

/** How a context travels. */
export interface Carrier<T = unknown> {
  /** Captures the current value; undefined for none. Called when a message is sent. */
  capture(): T | undefined;
  /** Calls `fun` once, synchronously, with the captured value restored. Called around the handler. */
  run(captured: T, fun: () => void): unknown;
}

/** The contexts that a message carries. */
export interface Carried {
  readonly carriers: readonly Registered[];
  readonly values: readonly unknown[];
}

/** Whether any carrier is registered. */
export let carrying = false;

let carriers: readonly Registered[] = [];
let untap = (): void => {};

/** A carrier, and the handler of its failures. */
interface Registered {
  readonly carrier: Carrier;
  readonly failed: (what: "capture" | "run", error: unknown) => void;
}

/**
 * Registers a carrier. Returns a function that removes it.
 *
 * @param failed is called with errors of the carrier; the message goes on without it
 */
export function register(carrier: Carrier, failed: Registered["failed"]): () => void {
  // A separate object: a carrier registered twice is removed twice.
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

// Only while a carrier is registered, and only for messages that carry something: other messages stay small.
const cargo = new WeakMap<object, Carried>();

/** Attaches the current contexts to a message or to a started process. */
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

/** Handles a message in the contexts that it carries. */
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

// The handler runs once, whatever a carrier does.
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
