import { isUtf8 } from "node:buffer";

import { SyntaxFault } from "./format.ts";

/**
 * The text of a file: UTF-8, with or without a byte order mark (which is removed).
 *
 * @throws SyntaxFault `not_utf8`, with line, column (in bytes) and byte offset of the first wrong byte.
 */
export function decode_utf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw notUtf8(bytes);
  return new TextDecoder("utf-8").decode(bytes);
}

function notUtf8(bytes: Uint8Array): SyntaxFault {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (wide) return new SyntaxFault("not_utf8", "not UTF-8 but UTF-16, by its byte order mark", { line: 1, column: 1 });
  const offset = firstWrongByte(bytes);
  let line = 1;
  let start = 0;
  for (let at = bytes.indexOf(0x0a); at !== -1 && at < offset; at = bytes.indexOf(0x0a, at + 1)) {
    line += 1;
    start = at + 1;
  }
  return new SyntaxFault("not_utf8", `not UTF-8 at byte ${offset}`, { line, column: offset - start + 1 });
}

/** A prefix is valid exactly up to the first wrong byte, so bisection finds it. */
function firstWrongByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (begins(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether these bytes are the beginning of a UTF-8 text: the last character may be cut off. */
function begins(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
