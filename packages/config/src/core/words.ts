import { inspect } from "node:util";

/**
 * Words for what others' code threw or returned, which may be anything: a text, an error whose message throws, a revoked
 * proxy. Never throws, runs no accessor of what is no error, and is short.
 *
 *     wordsOf(new Error("no database"))   →  no database
 *     wordsOf({ code: 42 })               →  { code: 42 }
 */
export function wordsOf(value: unknown): string {
  try {
    if (typeof value === "string") return value === "" ? "an empty text" : shortened(value);
    const message = messageIn(value);
    if (message !== undefined && message !== "") return shortened(message);
    if (isError(value)) return `an ${nameOf(value)} without a message`;
    return shortened(inspect(value, PRINTED));
  } catch {
    return "something that cannot be printed";
  }
}

/** The message of an error, or of what looks like one; undefined where there is none that is a text. Never throws. */
export function messageIn(value: unknown): string | undefined {
  try {
    if (typeof value !== "object" || value === null) return undefined;
    const { message } = value as { readonly message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is an error. A proxy's trap may throw at the question. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

const LONGEST = 1_000;
const PRINTED = {
  depth: 1,
  breakLength: Infinity,
  customInspect: false,
  maxArrayLength: 10,
  maxStringLength: 200,
} as const;

function nameOf(error: Error): string {
  const { name } = error as { readonly name: unknown };
  return typeof name === "string" && name !== "" ? name : "Error";
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
