/**
 * Exit reasons. A term that leaves a process body becomes the exit reason by Erlang's rule of classes: exit(R) → R ·
 * error(E) → [E, stack] · throw(T) → [[nocatch, T], stack] · JavaScript's throw of X → [X, stack].
 */
import { inspect } from "node:util";
import { EXIT, NOCATCH, NORMAL, SHUTDOWN } from "./atoms.ts";
import { describe, STACK } from "./describe.ts";
import { framesOf, isError, read, tagOf, textOf } from "./guarded.ts";
import type { Exit } from "./error.ts";
import { isErlangError, isExit, isThrown } from "./kinds.ts";
import { settleLayout } from "./shape.ts";

/** The place where an error was raised. Its text is made when it is read, which is seldom. */
export class Stack {
  readonly #error: Error | undefined;

  /** @internal */
  constructor(error: unknown) {
    this.#error = isError(error) ? error : undefined;
  }

  get [STACK](): true {
    return true;
  }

  /** The frames, one per entry, innermost first; empty if the thrown value had none. */
  get frames(): readonly string[] {
    return this.#error === undefined ? [] : framesOf(this.#error);
  }

  toString(): string {
    return this.frames.join("\n");
  }

  toJSON(): readonly string[] {
    return this.frames;
  }

  [inspect.custom](): string {
    return "STACK";
  }
}

settleLayout(Stack);

/** The exit reason for a value thrown by a process's code. */
export function reasonOf(thrown: unknown): unknown {
  if (isExit(thrown)) return explained(thrown);
  if (isErlangError(thrown)) {
    const reason = [thrown.reason, new Stack(thrown)];
    return thrown.explained ? say(reason, `${describe(thrown.reason)}: ${thrown.message}`) : reason;
  }
  if (isThrown(thrown)) return [[NOCATCH, thrown.value], new Stack(thrown)];
  return [thrown, new Stack(thrown)];
}

const LONGEST = 1_000;

// The words of a call that failed go with its reason: into the report of its caller's crash, and to those who call that.
function explained(exit: Exit): unknown {
  const { reason, message } = exit;
  if (!exit.explained || !Array.isArray(reason) || sentences.has(reason)) return reason;
  return say(reason, message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message);
}

/** The frames of a crash, one per line; empty for other reasons. */
export function stackOf(reason: unknown): string {
  const stack: unknown = tagOf(reason, 2) === undefined ? undefined : read(reason as object, 1);
  return stack instanceof Stack ? String(stack) : "";
}

const sentences = new WeakMap<object, string>();

/** Attaches to a reason, which is OTP's term, its meaning in words. Returns the reason. */
export function say<R extends object>(reason: R, sentence: string): R {
  sentences.set(reason, sentence);
  return reason;
}

/** The sentence attached to a reason, if any. */
export function sentenceOf(reason: unknown): string | undefined {
  return typeof reason === "object" && reason !== null ? sentences.get(reason) : undefined;
}

/** A reason in words: its attached sentence, the error of a crash, or the term itself. Never throws. */
export function inWords(reason: unknown): string {
  const said = sentenceOf(reason);
  if (said !== undefined) return said;
  if (isError(reason)) return textOf(reason);
  try {
    if (Array.isArray(reason) && reason.length === 2) {
      if (reason[1] instanceof Stack && reason[0] !== reason) return inWords(reason[0]);
      if (reason[0] === EXIT && reason[1] !== reason) return inWords(reason[1]);
    }
  } catch {
    // It throws on inspection.
  }
  return describe(reason);
}

/** `normal`, `shutdown` and `{shutdown, _}`: ends that are not reported. */
export function isOrderly(reason: unknown): boolean {
  return reason === NORMAL || reason === SHUTDOWN || tagOf(reason, 2) === SHUTDOWN;
}

// No reason is a tuple deeper than this.
const DEPTH = 100;

/** Whether two terms are equal as Erlang's `=:=` sees them: tuples and lists by their elements, everything else by identity. */
export function same(a: unknown, b: unknown, depth = 0): boolean {
  if (Object.is(a, b)) return true;
  try {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length || depth === DEPTH) return false;
    return a.every((item, index) => same(item, b[index], depth + 1));
  } catch {
    return false;
  }
}
