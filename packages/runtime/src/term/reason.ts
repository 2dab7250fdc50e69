/**
 * Exit reasons. A term that leaves a process body becomes its exit reason by Erlang's rule of classes:
 * exit(R) → R · error(E) → [E, stack] · throw(T) → [[nocatch, T], stack] · JavaScript's throw of X → [X, stack].
 */
import { inspect } from "node:util";
import { EXIT, NOCATCH, NORMAL, SHUTDOWN } from "./atoms.ts";
import { describe, STACK } from "./describe.ts";
import { ErlangError, Exit, Thrown } from "./error.ts";
import { settle } from "./shape.ts";

/** Where an error was raised. Its text is made when somebody reads it: most are never read. */
export class Stack {
  readonly #error: Error | undefined;

  /** @internal */
  constructor(error: unknown) {
    this.#error = error instanceof Error ? error : undefined;
  }

  get [STACK](): true {
    return true;
  }

  /** The frames, one per entry, innermost first; empty where the thrown value carried none. */
  get frames(): readonly string[] {
    // What somebody made of `stack` or of Error.prepareStackTrace may be anything.
    const text: unknown = this.#error?.stack;
    if (typeof text !== "string") return [];
    return text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.startsWith("at "));
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

settle(() => new Stack(undefined));

/** The exit reason that a value thrown by a process's code stands for. */
export function reasonOf(thrown: unknown): unknown {
  if (thrown instanceof Exit) return thrown.reason;
  if (thrown instanceof ErlangError) {
    const reason = [thrown.reason, new Stack(thrown)];
    return thrown.explained ? say(reason, `${describe(thrown.reason)}: ${thrown.message}`) : reason;
  }
  if (thrown instanceof Thrown) return [[NOCATCH, thrown.value], new Stack(thrown)];
  return [thrown, new Stack(thrown)];
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

/** A reason in words: what was said of it, a crash by its error, anything else as a term. */
export function inWords(reason: unknown): string {
  const said = sentenceOf(reason);
  if (said !== undefined) return said;
  if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
  if (Array.isArray(reason) && reason.length === 2) {
    if (reason[1] instanceof Stack) return inWords(reason[0]);
    if (reason[0] === EXIT) return inWords(reason[1]);
  }
  return describe(reason);
}

/** `normal`, `shutdown` and `{shutdown, _}`: ends that nobody needs to hear about. */
export function isOrderly(reason: unknown): boolean {
  return (
    reason === NORMAL || reason === SHUTDOWN || (Array.isArray(reason) && reason.length === 2 && reason[0] === SHUTDOWN)
  );
}

/** Whether two terms are equal as Erlang's `=:=` sees them: tuples and lists by their elements, everything else by identity. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
  return a.every((item, index) => same(item, b[index]));
}
