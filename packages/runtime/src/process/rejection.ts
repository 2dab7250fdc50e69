/**
 * A promise that a process's code made and nobody handles: its rejection is the failure of that process, as an uncaught
 * error in its body would be. It is reported once, as the process's, and ends it. Rejections of code outside all processes
 * stay what Node makes of them.
 */
import { describe } from "../term/describe.ts";
import { isError, withStack } from "../term/guarded.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { ownerOf } from "./context.ts";
import { die } from "./death.ts";
import { nameOf } from "./registry.ts";
import { report } from "./report.ts";

// All copies of this package in the program, the first of which listens for all of them.
const KEY = Symbol.for("@otpts/runtime/rejections/2");
interface Copy {
  /** Whether the promise is of a process of this copy. */
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
    // With a listener Node leaves it at that. Where there is this one alone, it does what Node would have done.
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

// What Node makes of a rejection with something that is not an error.
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
