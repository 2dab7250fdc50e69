/**
 * Safe inspection of foreign values. A value that is thrown, sent, returned or given as a reason may be anything: a
 * revoked proxy, an error whose `message` throws, an object without a prototype. Nothing here throws.
 */
import { types } from "node:util";

// The limit of a message.
const TEXT = 1_000;
const FRAMES = 20;
const FRAME = 300;

/** Whether this is an array. (`Array.isArray` throws for a revoked proxy.) */
export function isTuple(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

/** Whether this is an error, including one from another realm (a test runner's, `vm`). */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || types.isNativeError(value);
  } catch {
    return false;
  }
}

/** Whether this is an instance of the class. */
export function isA<T>(value: unknown, type: abstract new (...args: never) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** The first element of a tuple of this length; undefined for everything else. */
export function tagOf(value: unknown, length: number): unknown {
  try {
    return Array.isArray(value) && value.length === length ? (value[0] as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/** A property, or undefined if reading it throws. */
export function read(value: object, key: PropertyKey): unknown {
  try {
    return (value as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

/** Cuts a text that is too long, and marks the cut. */
export function cut(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit)}…` : text;
}

/** An error's class and message: `TypeError: x is not a function`. */
export function textOf(error: Error): string {
  const { name, message } = { name: read(error, "name"), message: read(error, "message") };
  const who = typeof name === "string" && name !== "" ? cut(name, 100) : "Error";
  if (typeof message === "string") return message === "" ? who : `${who}: ${cut(message, TEXT)}`;
  return `${who} with a message that cannot be shown`;
}

/** An error's message alone; its class if it has no message. */
export function messageOf(error: Error): string {
  const message = read(error, "message");
  return typeof message === "string" && message !== "" ? cut(message, TEXT) : textOf(error);
}

/** An error's class, message and frames. */
export function withStack(error: Error): string {
  return [textOf(error), ...framesOf(error)].join("\n    ");
}

/** The frames of an error's stack, innermost first; empty if it has none. */
export function framesOf(error: Error): readonly string[] {
  const stack = read(error, "stack");
  if (typeof stack !== "string") return [];
  // The message stands before the frames, and may be long.
  const message = read(error, "message");
  const at = typeof message === "string" && message.length > 0 ? stack.indexOf(message) : -1;
  const start = at < 0 ? 0 : at + (message as string).length;
  return stack
    .slice(start, start + 2 * FRAMES * FRAME)
    .split("\n", 4 * FRAMES)
    .map((line) => line.trim())
    .filter((line) => line.startsWith("at ") && !isInternal(line))
    .slice(0, FRAMES)
    .map((line) => cut(line, FRAME));
}

// Frames of the engine and of this package do not help to find a mistake.
function isInternal(frame: string): boolean {
  folder ??= ownFolder();
  return /node:(?:internal|async_hooks)|\(ext:/u.test(frame) || (folder !== "" && frame.includes(folder));
}

let folder: string | undefined;

// The place of this package's files; empty in a bundle, where they belong to the program.
function ownFolder(): string {
  // The published package is `otpts_runtime.js` and the files beside it.
  const own = /(?:\(|at |@)((?:file:)?[^()\s]*)(?:term[\\/]guarded\.[jt]s|otpts_runtime\.js)/u;
  return own.exec(ownStack())?.[1] ?? "";
}

/**
 * The stack of the calling code as text. It is empty where the program replaced `Error.prepareStackTrace` by a function
 * that throws or makes no text.
 */
export function ownStack(): string {
  const stack = read(new Error("here"), "stack");
  return typeof stack === "string" ? stack : "";
}
