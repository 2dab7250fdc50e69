/**
 * A text without control characters, such as escape sequences of terminals, and without those that change the direction
 * of a text: names and values may come from untrusted sources.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
