/**
 * Unhandled rejections. If a promise made by a process's code is rejected and not handled, that is a failure of the
 * process, like an uncaught error in its body: it is reported once, as the process's, and ends the process. For code
 * outside processes, Node's own handling stays in effect.
 */
import { describe } from "../term/describe.ts";
import { isError, withStack } from "../term/guarded.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { ownerOf } from "./context.ts";
import { die } from "./death.ts";
import { isAbortion, isEnding } from "./ending.ts";
import { nameOf } from "./registry.ts";
import { report } from "./report.ts";

// All copies of this package in the program; the first one listens for all of them.
const KEY = Symbol.for("@otpts/runtime/rejections/2");
interface Copy {
  /** Whether the promise belongs to a process of this copy. */
  owns(promise: Promise<unknown>): boolean;
  failed(thrown: unknown, promise: Promise<unknown>): void;
}
const shared = globalThis as typeof globalThis & { [KEY]?: Copy[] };

const EVENT = "unhandledRejection";

export function reportRejections(): void {
  const copies = (shared[KEY] ??= []);
  copies.push({ owns: (promise) => ownerOf(promise) !== undefined, failed });
  if (copies.length > 1) return;
  const takes = (thrown: unknown, promise: Promise<unknown>): boolean => {
    const copy = copies.find((each) => each.owns(promise));
    copy?.failed(thrown, promise);
    // Where the engine does not report whose it is, the reason itself does.
    return copy !== undefined || (!isNode && isEnding(thrown));
  };
  const listener = (thrown: unknown, promise: Promise<unknown>) => {
    // If there is a listener, Node does nothing more. If this is the only one, it does what Node would have done.
    if (!takes(thrown, promise) && process.listenerCount(EVENT) === 1) likeNode(thrown);
  };
  process.on(EVENT, listener);
  if (isNode) standBefore(takes, listener);
}

const isNode = !("bun" in process.versions || "deno" in process.versions);

/**
 * A failure of a process must not reach the program's listeners, many of which end the program or send an alarm. A
 * failure of other code is left to Node, if only this package listens. So the event is caught where it is emitted.
 * The listener stays in case another package restores an earlier `emit`.
 */
function standBefore(
  takes: (thrown: unknown, promise: Promise<unknown>) => boolean,
  listener: (thrown: unknown, promise: Promise<unknown>) => void,
): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the process
  const { emit } = process as { emit: (event: string | symbol, ...given: unknown[]) => boolean };
  const value = function (this: NodeJS.Process, event: string | symbol, ...given: unknown[]): boolean {
    if (event === EVENT) {
      if (takes(given[0], given[1] as Promise<unknown>)) return true;
      const listeners = process.listeners(EVENT);
      // Not handled: Node goes on as its option --unhandled-rejections says.
      if (listeners.length === 1 && listeners[0] === listener) return false;
    }
    return Reflect.apply(emit, this, [event, ...given]);
  };
  Object.defineProperty(process, "emit", { value, writable: true, configurable: true });
}

function failed(thrown: unknown, promise: Promise<unknown>): void {
  const owner = ownerOf(promise);
  if (owner === undefined) return;
  const { pid, initialCall, alive } = owner;
  // An operation that ended because its process did, by the process's AbortSignal, is no failure.
  if (!alive && (isEnding(thrown) || isAbortion(thrown))) return;
  const name = nameOf(owner);
  const reason = reasonOf(thrown);
  report(
    "error",
    "unhandled_rejection",
    () => ({ pid, name, initial_call: initialCall, reason }),
    () => {
      const stack = isError(thrown) ? withStack(thrown) : inWords(reason);
      return `Unhandled rejection in process ${pid}${name === undefined ? "" : ` (${name})`} (${initialCall})${alive ? ", which ends because of it" : ", which is dead already"}: ${stack}`;
    },
  );
  die(owner, reason);
}

const mode = [...(process.env["NODE_OPTIONS"] ?? "").split(/\s+/u), ...process.execArgv]
  .flatMap((option) => /^--unhandled-rejections=(.+)$/u.exec(option)?.[1] ?? [])
  .at(-1);

function likeNode(thrown: unknown): void {
  if (mode === "none" || mode === "warn") return;
  if (mode === "warn-with-error-code") {
    process.exitCode = 1;
    return;
  }
  throw isError(thrown) ? thrown : notAnError(thrown);
}

// Node's error for a rejection with a value that is not an error.
function notAnError(thrown: unknown): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  const error = new Error(
    `This error originated either by throwing inside of an async function without a catch block, or by rejecting a promise which was not handled with .catch(). The promise rejected with the reason "${describe(thrown)}".`,
  );
  Error.stackTraceLimit = stackTraceLimit;
  error.name = "UnhandledPromiseRejection";
  return Object.assign(error, { code: "ERR_UNHANDLED_REJECTION" });
}
