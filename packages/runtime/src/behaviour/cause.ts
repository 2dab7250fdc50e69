/**
 * The likely reason why a callback's result is wrong, as far as it is the same for all behaviours: text in place of an
 * atom, an element that is missing, a promise that is not awaited.
 */
import { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { isA, isError, isTuple, read } from "../term/guarded.ts";
import { isThenable } from "../term/thenable.ts";

/** An atom that begins a result, or is one. */
export interface Word {
  /** The constant that users import, and the module that they import it from. */
  readonly constant: string;
  readonly entry: string;
  /** The form of the result: `[OK, state]`. */
  readonly form: string;
  /** How many elements that form has, with the tag. Both are 0 if the atom is never in an array. */
  readonly least: number;
  readonly most: number;
  /** Whether the atom alone is a result. */
  readonly alone: boolean;
}

export type Words = ReadonlyMap<string, Word>;

/** The results that a callback may return. */
export interface Vocabulary {
  /** By the name of the atom. */
  readonly words: Words;
  /** Sentences about atoms that belong elsewhere, by name. */
  readonly strangers?: ReadonlyMap<string, string>;
  /** The sentence about `undefined`. */
  readonly nothing: string;
  /** The form of an end because of an error, for a returned error. */
  readonly failing?: string;
  /** The sentence about any other value. */
  readonly other?: string;
}

/** The sentence about a callback that returned nothing. */
export const NOTHING_RETURNED =
  "it returned nothing: is a `return` missing, or are there braces around an arrow function's result?";

/** A likely reason as the end of a sentence. It begins with a semicolon. Empty if there is none. */
export function because(cause: string | undefined): string {
  return cause === undefined ? "" : `; ${cause}`;
}

/** Makes a word. `most` is `least` by default. */
export function word(entry: string, constant: string, form: string, least: number, most = least, alone = false): Word {
  return { constant, entry, form, least, most, alone };
}

/** Words by the names of their atoms, which are those of the constants in small letters. */
export function wordsOf(...words: readonly Word[]): Words {
  return new Map(words.map((one) => [one.constant.toLowerCase(), one]));
}

/** The likely reason, or undefined. Never throws. */
export function causeOf(vocabulary: Vocabulary, result: unknown): string | undefined {
  try {
    return isTuple(result) ? causeInTuple(vocabulary, result) : causeOfOther(vocabulary, result);
  } catch {
    // It throws on inspection.
    return undefined;
  }
}

function causeInTuple(vocabulary: Vocabulary, result: readonly unknown[]): string | undefined {
  const wrong = wrongBeginning(vocabulary.words, result);
  if (wrong !== undefined) return wrong;
  const [tag] = result;
  if (!isA(tag, Atom)) return undefined;
  const known = vocabulary.words.get(tag.name);
  if (known === undefined) return vocabulary.strangers?.get(tag.name);
  const { constant, form, least, most } = known;
  const { length } = result;
  if (most === 0) return `${constant} stands alone`;
  if (length < least)
    return length === 1 && known.alone ? `${constant} stands alone, without an array` : `it is too short: ${form}`;
  if (length > most) return `it has ${length - most} element${length === most + 1 ? "" : "s"} too many: ${form}`;
  return `its form is ${form}`;
}

/** What is wrong with the beginning of an array, whatever follows. */
export function wrongBeginning(words: Words, result: readonly unknown[]): string | undefined {
  if (result.length === 0) return "the array is empty: its first element is the tag";
  const [tag] = result;
  const wrong = wrongTag(words, tag);
  if (wrong !== undefined) return wrong;
  if (tag === undefined) return "the tag is undefined: is it imported?";
  if (isTuple(tag)) return "it is an array in an array: return the inner one";
  if (isThenable(tag)) return "it holds a promise: await it first";
  return undefined;
}

/** A tag that was written as text, or lost its identity on the way through JSON or a worker. */
export function wrongTag(words: Words, tag: unknown): string | undefined {
  if (typeof tag === "string") {
    const meant = words.get(tag.toLowerCase());
    return meant && `${describe(tag)} is a string, and the tag is the atom ${meant.constant} (${imported(meant)})`;
  }
  if (typeof tag !== "object" || tag === null || isA(tag, Atom)) return undefined;
  const name = read(tag, "name");
  const meant = typeof name === "string" ? words.get(name) : undefined;
  return meant && `${describe(tag)} is a copy of the atom ${meant.constant}: cloning and JSON do not preserve atoms`;
}

/** The likely reason why a result that is not an array is wrong. */
export function causeOfOther(vocabulary: Vocabulary, result: unknown): string | undefined {
  const { words, strangers, nothing, failing, other } = vocabulary;
  if (result === undefined) return nothing;
  if (isA(result, Atom)) {
    const known = words.get(result.name);
    if (known === undefined) return strangers?.get(result.name) ?? other;
    return `${known.constant} alone is not a result: it is the first element of an array`;
  }
  const meant = typeof result === "string" ? words.get(result.toLowerCase()) : undefined;
  if (meant?.alone === true)
    return `${describe(result)} is a string, and the atom ${meant.constant} is meant (${imported(meant)})`;
  const tag = wrongTag(words, result);
  if (tag !== undefined) return `a result is an array, and ${tag}`;
  if (isError(result)) return failing === undefined ? other : `throw an error, or return ${failing}`;
  if (typeof result === "function") return "it is a function: is a call missing?";
  if (typeof result !== "object" || result === null) return other;
  if (isThenable(result)) return "it is a promise: await it first";
  if (typeof read(result, "next") === "function")
    return "it is an iterator: a callback is an ordinary or an async function, not a generator";
  for (const [key, { form }] of words)
    if (read(result, key) !== undefined) return `a result is an array, not an object: ${form}`;
  return other;
}

const imported = ({ constant, entry }: Word) => `import { ${constant} } from "${entry}"`;
