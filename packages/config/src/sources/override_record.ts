import { createHash, type Hash } from "node:crypto";

import { isTable } from "../core/draft.ts";
import { holdsMore } from "../core/making.ts";
import { andThen } from "../core/maybe.ts";
import type { Override } from "../core/overrides.ts";
import { type Budget, eachInTurn, PIECE, searched } from "../core/sliced.ts";
import { keysOf } from "../core/table.ts";
import type { Segments, Table, Value } from "../core/value.ts";

/**
 * The file format of overrides: one line of JSON that identifies the file, with the number of the following lines and a
 * SHA-256 of them; then one line of JSON for each override, with its path and value.
 *
 * ```
 * {"otpts":"overrides","version":1,"count":1,"sha256":"…"}
 * [["rate_limits","api"],{"requests":1000}]
 * ```
 *
 * A value that JSON does not have is a table with the key `$`: `{"$":"bigint","of":"9007199254740993"}`,
 * `{"$":"number","of":"-0"}`; a table that itself has that key is `{"$":"table","of":[["key",value],…]}`.
 */

const VERSION = 1;

/** The text was not written by `encode_overrides`, or was damaged. Never quotes it. */
export class DamagedRecord extends Error {
  override readonly name = "DamagedRecord";
}

/** The text is not a record at all, damaged or not: it belongs to another program, or to the user. */
export class ForeignRecord extends Error {
  override readonly name = "ForeignRecord";
}

/** The text was written by a later version, and is complete as far as this version can see. */
export class NewerRecord extends Error {
  override readonly name = "NewerRecord";
}

/**
 * The file's text.
 *
 * @param budget lets many or large overrides be written in slices
 * @returns a promise if the budget was spent before the end
 */
export function encode_overrides(overrides: Iterable<Override>, budget: Budget): string | Promise<string> {
  const pieces: string[] = [];
  let lines = "";
  let count = 0;
  const add = ({ path, value }: Override): void | Promise<void> => {
    count++;
    if (!holdsMore(value, PIECE)) {
      lines += `${JSON.stringify([path, encoded(value)])}\n`;
      if (lines.length < LENGTH) return;
    }
    pieces.push(lines);
    lines = "";
    if (!holdsMore(value, PIECE)) return;
    const parts: Part[] = [{ text: `[${JSON.stringify(path)},` }, { value, from: 0 }, { text: "]\n" }];
    return searched(parts, (part, deeper) => void pieces.push(textOf(part, deeper)), budget);
  };
  return andThen(eachInTurn(overrides, add, budget), () => {
    pieces.push(lines);
    const head = { otpts: "overrides", version: VERSION, count };
    const hash = digestOf(head);
    return andThen(
      eachInTurn(pieces, (piece) => void hash.update(piece), budget),
      () => `${JSON.stringify({ ...head, sha256: hash.digest("hex") })}\n${pieces.join("")}`,
    );
  });
}

/** Characters of the lines that are joined to one piece: few pieces are put together in little time. */
const LENGTH = 64 * 1024;

/** A text, or the entries of a value from an index on. */
type Part = { readonly text: string } | { readonly value: Value; readonly from: number };

/** The text of a part. The text of a large value ends before the first large value in it, and goes on in `deeper`. */
function textOf(part: Part, deeper: (part: Part) => void): string {
  if ("text" in part) return part.text;
  const { value, from } = part;
  if (!holdsMore(value, PIECE)) return JSON.stringify(encoded(value));
  const keys = isTable(value) ? keysOf(value) : undefined;
  const isPaired = isTable(value) && Object.hasOwn(value, "$");
  const [open, close] = isPaired ? ['{"$":"table","of":[', "]}"] : keys === undefined ? ["[", "]"] : ["{", "}"];
  const { length } = keys ?? (value as readonly Value[]);
  let text = from === 0 ? open : "";
  for (let i = from; i < length; i++) {
    if (i === from + PIECE) {
      deeper({ value, from: i });
      return text;
    }
    const key = keys?.[i];
    const below = (value as { readonly [key: string | number]: Value })[key ?? i]!;
    if (i > 0) text += ",";
    if (key !== undefined) text += isPaired ? `[${JSON.stringify(key)},` : `${JSON.stringify(key)}:`;
    if (!holdsMore(below, PIECE)) {
      text += `${JSON.stringify(encoded(below))}${isPaired ? "]" : ""}`;
      continue;
    }
    deeper({ value: below, from: 0 });
    if (isPaired) deeper({ text: "]" });
    deeper(i + 1 < length ? { value, from: i + 1 } : { text: close });
    return text;
  }
  return text + close;
}

/**
 * @returns the overrides in the order in which they were written, frozen
 * @throws DamagedRecord, ForeignRecord, NewerRecord
 */
export function decode_overrides(text: string): readonly Override[] {
  const end = text.indexOf("\n");
  if (text === "") throw new DamagedRecord("it is empty");
  if (end === -1) throw new DamagedRecord("its first line is cut");
  if (isForeign(text, end)) throw new ForeignRecord("it is not a file of overrides");
  const head = headOf(text.slice(0, end));
  const body = text.slice(end + 1);
  if (head.sha256 !== digestOf(head).update(body).digest("hex")) throw new DamagedRecord("its checksum does not match");
  if (head.version > VERSION) {
    throw new NewerRecord(`it has version ${head.version}, this version of the program reads ${VERSION}`);
  }
  const lines = body === "" ? [] : body.slice(0, -1).split("\n");
  if (lines.length !== head.count) throw new DamagedRecord("its number of overrides does not match");
  return lines.map((line) => {
    const [path, value] = JSON.parse(line) as [Segments, unknown];
    return { path: Object.freeze(path), value: decoded(value) };
  });
}

/** Damage in one place leaves two of these in the first line. */
const MARKS = ['"otpts"', '"overrides"', '"sha256"'];

/** Whether a text is undamaged text, and nothing in its first line is that of a record. */
function isForeign(text: string, end: number): boolean {
  const first = text.slice(0, end);
  return !MARKS.some((mark) => first.includes(mark)) && !/[^\P{Cc}\t\r\n]|\ufffd/u.test(text.slice(0, LENGTH));
}

interface Head {
  readonly version: number;
  readonly count: number;
  readonly sha256: string;
}

function headOf(line: string): Head {
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch {
    head = undefined;
  }
  const { otpts, version, count, sha256 } = (head ?? {}) as Partial<Head> & { otpts?: unknown };
  if (otpts !== "overrides" || typeof version !== "number" || typeof count !== "number" || typeof sha256 !== "string") {
    throw new DamagedRecord("its first line is not that of a file of overrides");
  }
  return { version, count, sha256 };
}

/** The hash of a file with this head, before its lines. */
function digestOf({ version, count }: Omit<Head, "sha256">): Hash {
  return createHash("sha256").update(`overrides ${version} ${count}\n`);
}

function encoded(value: Value): unknown {
  if (typeof value === "bigint") return { $: "bigint", of: String(value) };
  if (typeof value === "number" && (Object.is(value, -0) || !Number.isFinite(value))) {
    return { $: "number", of: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(encoded);
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, encoded(inner as Value)]);
  return Object.hasOwn(value, "$") ? { $: "table", of: entries } : Object.fromEntries(entries);
}

function decoded(json: unknown): Value {
  if (typeof json !== "object" || json === null) return json as Value;
  if (Array.isArray(json)) return Object.freeze(json.map(decoded));
  const { $: kind, of } = json as { $?: string; of?: unknown };
  if (kind === "bigint") return BigInt(of as string);
  if (kind === "number") return Number(of);
  const entries = kind === "table" ? (of as [string, unknown][]) : Object.entries(json);
  const table: Table = Object.fromEntries(entries.map(([key, inner]) => [key, decoded(inner)]));
  return Object.freeze(table);
}
