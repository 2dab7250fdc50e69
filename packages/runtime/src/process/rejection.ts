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

export function reportRejections(): void {
  const copies = (shared[KEY] ??= []);
  copies.push({ owns: (promise) => ownerOf(promise) !== undefined, failed });
  if (copies.length > 1) return;
  process.on("unhandledRejection", (thrown, promise) => {
    const copy = copies.find((each) => each.owns(promise));
    if (copy !== undefined) copy.failed(thrown, promise);
    // If there is a listener, Node does nothing more. If this is the only one, it does what Node would have done.
    else if (process.listenerCount("unhandledRejection") === 1) likeNode(thrown);
  });
}

function failed(thrown: unknown, promise: Promise<unknown>): void {
  const owner = ownerOf(promise);
  if (owner === undefined) return;
  const { pid, initialCall, alive } = owner;
  const name = nameOf(owner);
  const reason = reasonOf(thrown);
  report(
    "error",
    "unhandled_rejection",
    () => ({ pid, name, initial_call: initialCall, reason }),
    () => {
      const stack = isError(thrown) ? withStack(thrown) : inWords(reason);
      return `Unhandled rejection in process ${pid}${name === undefined ? "" : ` (${name})`} (${initialCall})${alive ? ", which ends of it" : ", which is dead already"}: ${stack}`;
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
