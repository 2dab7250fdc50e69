import { withoutCredentials } from "./credentials.ts";
import { isWellFormed } from "./path.ts";
import { REDACTED } from "./redaction.ts";

/** Shorter texts occur in every message. */
const SHORTEST = 4;

/** Longer texts occur in no URL. */
const LONGEST_ENCODED = 2_000;

/**
 * Texts that must not appear in a message. A message is searched once, however many texts there are: they are kept by
 * their beginning, and then by their length.
 */
export class SecretTexts {
  private readonly begins = new Map<string, Map<number, Set<string>>>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a text, as it is, as JSON writes it, and as a URL does. */
  add(text: string): void {
    if (text.length < SHORTEST) return;
    this.keep(text);
    if (!PLAIN.test(text)) this.keep(JSON.stringify(text).slice(1, -1));
    if (text.length < LONGEST_ENCODED && !SAFE.test(text) && isWellFormed(text)) this.keep(encodeURIComponent(text));
  }

  has(text: string): boolean {
    return this.begins.get(text.slice(0, SHORTEST))?.get(text.length)?.has(text) === true;
  }

  /** A message without these texts, and without other credentials. If texts overlap, all of them are removed. */
  scrub(message: string): string {
    if (this.count === 0) return withoutCredentials(message, REDACTED);
    let clean = "";
    /** The message up to here has been copied to `clean`, or was a secret. */
    let done = 0;
    let end = 0;
    for (let at = 0; at + SHORTEST <= message.length; at++) {
      const length = this.longestAt(message, at);
      if (length === 0 || at + length <= end) continue;
      if (at >= end) clean += message.slice(done, at) + REDACTED;
      done = end = at + length;
    }
    return withoutCredentials(clean + message.slice(done), REDACTED);
  }

  private longestAt(message: string, at: number): number {
    const begin = this.begins.get(message.slice(at, at + SHORTEST));
    if (begin === undefined) return 0;
    let longest = 0;
    for (const [length, texts] of begin) {
      if (length > longest && at + length <= message.length && texts.has(message.slice(at, at + length)))
        longest = length;
    }
    return longest;
  }

  private keep(text: string): void {
    const key = text.slice(0, SHORTEST);
    let begin = this.begins.get(key);
    if (begin === undefined) this.begins.set(key, (begin = new Map<number, Set<string>>()));
    const alike = begin.get(text.length);
    if (alike === undefined) begin.set(text.length, new Set([text]));
    else if (alike.has(text)) return;
    else alike.add(text);
    this.count++;
  }
}

/** Texts that JSON does not escape. */
const PLAIN = /^[^"\\\p{Cc}]*$/u;
/** Texts that a URL does not escape. */
const SAFE = /^[\w.!~*'()-]*$/;
