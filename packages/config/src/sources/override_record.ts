import { createHash } from "node:crypto";

import type { Override } from "../core/overrides.ts";
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

/** The text was not written by `override_record`, or was damaged. Never quotes it. */
export class DamagedRecord extends Error {
  override readonly name = "DamagedRecord";
}

/** The text was written by a later version, and is complete as far as this version can see. */
export class NewerRecord extends Error {
  override readonly name = "NewerRecord";
}

export function encode_overrides(overrides: Iterable<Override>): string {
  return override_record(Array.from(overrides, override_line));
}

/** The line of one override. */
export function override_line({ path, value }: Override): string {
  return `${JSON.stringify([path, encoded(value)])}\n`;
}

/** The file's text, from the lines of its overrides. */
export function override_record(lines: readonly string[]): string {
  const body = lines.join("");
  const head = { otpts: "overrides", version: VERSION, count: lines.length };
  return `${JSON.stringify({ ...head, sha256: digest(head, body) })}\n${body}`;
}

/**
 * @returns the overrides in the order in which they were written, frozen
 * @throws DamagedRecord, NewerRecord
 */
export function decode_overrides(text: string): readonly Override[] {
  const end = text.indexOf("\n");
  if (text === "") throw new DamagedRecord("it is empty");
  if (end === -1) throw new DamagedRecord("its first line is cut");
  const head = headOf(text.slice(0, end));
  const body = text.slice(end + 1);
  if (head.sha256 !== digest(head, body)) throw new DamagedRecord("its checksum does not match");
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

function digest({ version, count }: Omit<Head, "sha256">, body: string): string {
  return createHash("sha256").update(`overrides ${version} ${count}\n${body}`).digest("hex");
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
