/**
 * A description of a value that foreign code threw or returned, which may be anything: a text, an error whose message
 * throws, a revoked proxy. Never throws, runs accessors only of errors, and is short.
 *
 *     wordsOf(new Error("no database"))   →  no database
 *     wordsOf({ code: 42 })               →  { code: 42 }
 */
export function wordsOf(value: unknown): string {
  if (isRevoked(value)) return "a revoked proxy";
  try {
    if (typeof value === "string") return value === "" ? "an empty text" : shortened(value);
    const message = messageIn(value);
    if (message !== undefined) return shortened(message);
    if (isError(value)) return `${article(nameOf(value))} without a message`;
    return shortened(printed(value, 0));
  } catch {
    return "something that cannot be printed";
  }
}

/**
 * A description of a value that foreign code threw: its message, if it has one.
 *
 *     thrownWords(new Error("no database"))   →  no database
 *     thrownWords(undefined)                  →  it threw undefined
 */
export function thrownWords(thrown: unknown): string {
  if (typeof thrown === "string" && thrown !== "") return shortened(thrown);
  const message = messageIn(thrown);
  return message === undefined ? `it threw ${wordsOf(thrown)}` : shortened(message);
}

/** The type of a value, for a message that it should be something else. Never throws. */
export function typeOf(value: unknown): string {
  if (isRevoked(value)) return "a revoked proxy";
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}

/** Whether it is a revoked proxy, which cannot be inspected or called. */
export function isRevoked(value: unknown): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}

/** The message of an error, or of an object like one; undefined if it is not a text or is empty. Never throws. */
export function messageIn(value: unknown): string | undefined {
  try {
    if (typeof value !== "object" || value === null) return undefined;
    const { message } = value as { readonly message?: unknown };
    return typeof message === "string" && message !== "" ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is an error. The trap of a proxy may throw at this check. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false;
  }
}

const LONGEST = 1_000;
const DEEPEST = 2;
const MOST = 5;

/** A value, its first entries and their contents. */
function printed(value: unknown, depth: number): string {
  if (isRevoked(value)) return "a revoked proxy";
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string") return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  if (typeof value !== "object" || value === null) return String(value);
  if (isError(value)) return messageIn(value) ?? nameOf(value);
  const isList = Array.isArray(value);
  const keys = Object.keys(value);
  if (keys.length === 0) return isList ? "[]" : "{}";
  if (depth > DEEPEST) return "…";
  const entries = keys.slice(0, MOST).map((key) => {
    const property = Object.getOwnPropertyDescriptor(value, key);
    const text = property === undefined || property.get !== undefined ? "…" : printed(property.value, depth + 1);
    return isList ? text : `${key.slice(0, 100)}: ${text}`;
  });
  if (keys.length > MOST) entries.push("…");
  return isList ? `[${entries.join(", ")}]` : `{ ${entries.join(", ")} }`;
}

function nameOf(error: Error): string {
  const { name } = error as { readonly name: unknown };
  return typeof name === "string" && name !== "" ? name : "Error";
}

function shortened(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function article(word: string): string {
  return `${/^[AEIOU]/iu.test(word) ? "an" : "a"} ${word}`;
}
