/**
 * Exit reasons. A term that leaves a process body becomes its exit reason by Erlang's rule of classes:
 * exit(R) → R · error(E) → [E, stack] · throw(T) → [[nocatch, T], stack] · JavaScript's throw of X → [X, stack].
 */
import { inspect } from "node:util";
import { EXIT, NOCATCH, NORMAL, SHUTDOWN } from "./atoms.ts";
import { describe, STACK } from "./describe.ts";
import { framesOf, isError, read, tagOf, textOf } from "./guarded.ts";
import { isErlangError, isExit, isThrown } from "./kinds.ts";
import { settleLayout } from "./shape.ts";

/** Where an error was raised. Its text is made when somebody reads it: most are never read. */
export class Stack {
  readonly #error: Error | undefined;

  /** @internal */
  constructor(error: unknown) {
    this.#error = isError(error) ? error : undefined;
  }

  get [STACK](): true {
    return true;
  }

  /** The frames, one per entry, innermost first; empty where the thrown value carried none. */
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

settleLayout(() => new Stack(undefined));

/** The exit reason that a value thrown by a process's code stands for. */
export function reasonOf(thrown: unknown): unknown {
  if (isExit(thrown)) return thrown.reason;
  if (isErlangError(thrown)) {
    const reason = [thrown.reason, new Stack(thrown)];
    return thrown.explained ? say(reason, `${describe(thrown.reason)}: ${thrown.message}`) : reason;
  }
  if (isThrown(thrown)) return [[NOCATCH, thrown.value], new Stack(thrown)];
  return [thrown, new Stack(thrown)];
}

/** The frames of a crash, one per line; empty for other reasons. */
export function stackOf(reason: unknown): string {
  const stack: unknown = tagOf(reason, 2) === undefined ? undefined : read(reason as object, 1);
  return stack instanceof Stack ? String(stack) : "";
}

const sentences = new WeakMap<object, string>();

/** Remembers, beside a reason that is OTP's term, what it means in words. Returns the reason. */
export function say<R extends object>(reason: R, sentence: string): R {
  sentences.set(reason, sentence);
  return reason;
}

/** What was said of a reason, if anything. */
export function sentenceOf(reason: unknown): string | undefined {
  return typeof reason === "object" && reason !== null ? sentences.get(reason) : undefined;
}

/** A reason in words: what was said of it, a crash by its error, anything else as a term. Never throws. */
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
    // It throws when it is looked at.
  }
  return describe(reason);
}

/** `normal`, `shutdown` and `{shutdown, _}`: ends that nobody needs to hear about. */
export function isOrderly(reason: unknown): boolean {
  return reason === NORMAL || reason === SHUTDOWN || tagOf(reason, 2) === SHUTDOWN;
}

// Tuples deeper than this are no reasons.
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
