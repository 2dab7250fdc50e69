import { isTable } from "../../core/draft.ts";
import type { Knowledge } from "../../core/layer.ts";
import type { Shape } from "../../core/shape.ts";
import type { Segments, Table, Value } from "../../core/value.ts";
import type { Entry } from "./entries.ts";
import { RemoteFailure } from "../remote/failure.ts";
import { type Operation, transaction_body } from "./operation.ts";
import { readable, text_of_bytes, text_of_value } from "../remote/key_text.ts";
import { path_problem } from "../remote/key_tree.ts";

/** Maximum number of operations in one transaction of Consul. */
export const MAX_OPERATIONS = 64;
/** Maximum size of a value, and of the encoded body of a transaction, in bytes. */
export const MAX_WRITE_BYTES = 512 * 1024;

/**
 * The changes that set `path` to `value` (undefined: remove it), given the present keys.
 *
 * A table becomes one key for each of its leaves; a list and an empty table become JSON in one key. Keys at or below
 * the path that are not part of the new value are deleted. A path inside a key that holds a JSON table changes that key.
 * Each change is applied only if its key is still as it was read; keys that already have the right value are not written.
 *
 * @param records all keys of the prefix that are above, at or below the path
 * @param expected the shape that the schema and the layers below have at a path; the written text must read as the
 *   value there
 * @throws RemoteFailure `invalid` or `too_large`: a write is never split
 */
export function write_plan(
  prefix: string,
  path: Segments,
  value: Value | undefined,
  records: ReadonlyMap<string, Entry>,
  expected: Knowledge["expected"],
): readonly Operation[] {
  checkSegments(path);
  const wanted = new Map<string, Buffer>();
  const gone = new Set<string>();
  const inside = enclosing(prefix, path, records, expected);
  if (inside !== undefined && isTable(inside.value)) {
    const next = table_with(inside.value, path.slice(inside.depth), value);
    if (next !== inside.value) wanted.set(inside.key, bytesOf(next, path.slice(0, inside.depth), expected));
  } else {
    if (inside !== undefined && value !== undefined) gone.add(inside.key);
    for (const key of records.keys()) if (isBelow(key, prefix, path)) gone.add(key);
    if (value !== undefined) flatten(prefix, path, value, wanted, expected);
  }
  return checkSize(operations(wanted, gone, records));
}

/** `table` with `value` at `path`; the same table if nothing changes. Tables are made on the way as needed. */
export function table_with(table: Table, path: Segments, value: Value | undefined): Table {
  const [segment, ...rest] = path;
  if (segment === undefined) return isTable(value) ? value : table;
  const old = Object.hasOwn(table, segment) ? table[segment] : undefined;
  let next = value;
  if (rest.length > 0) {
    if (value === undefined && !isTable(old)) return table;
    next = table_with(isTable(old) ? old : {}, rest, value);
  }
  if (next === old) return table;
  const copy: Record<string, Value> = { ...table };
  if (next === undefined) delete copy[segment];
  else copy[segment] = next;
  return copy;
}

function operations(
  wanted: ReadonlyMap<string, Buffer>,
  gone: ReadonlySet<string>,
  records: ReadonlyMap<string, Entry>,
): Operation[] {
  const changes: Operation[] = [];
  for (const key of gone) {
    const record = records.get(key);
    if (record !== undefined && !wanted.has(key)) changes.push({ verb: "delete", key, index: record.modify_index });
  }
  for (const [key, value] of wanted) {
    const record = records.get(key);
    if (record !== undefined && record.raw === value.toString("base64")) continue;
    changes.push({ verb: "set", key, value, index: record?.modify_index ?? 0 });
  }
  return changes;
}

/** The nearest key above the path that holds a value: the path is inside that value. */
function enclosing(
  prefix: string,
  path: Segments,
  records: ReadonlyMap<string, Entry>,
  expected: Knowledge["expected"],
) {
  for (let depth = path.length - 1; depth > 0; depth--) {
    const key = prefix + path.slice(0, depth).join("/");
    const record = records.get(key);
    if (record === undefined || hasBelow(key, records)) continue;
    const text = text_of_bytes(Buffer.from(record.raw, "base64"));
    return { key, depth, value: text === undefined ? undefined : readable(text, expected(path.slice(0, depth))) };
  }
  return undefined;
}

function hasBelow(key: string, records: ReadonlyMap<string, Entry>): boolean {
  for (const other of records.keys()) if (other.startsWith(`${key}/`) && !other.endsWith("/")) return true;
  return false;
}

function isBelow(key: string, prefix: string, path: Segments): boolean {
  if (key.endsWith("/")) return false;
  if (path.length === 0) return key.startsWith(prefix);
  const at = prefix + path.join("/");
  return key === at || key.startsWith(`${at}/`);
}

function flatten(
  prefix: string,
  path: Segments,
  value: Value,
  wanted: Map<string, Buffer>,
  expected: Knowledge["expected"],
): void {
  const segments = isTable(value) ? Object.keys(value) : [];
  if (isTable(value) && (segments.length > 0 || path.length === 0)) {
    for (const segment of segments) {
      const below = [...path, segment];
      checkSegments(below);
      flatten(prefix, below, value[segment]!, wanted, expected);
    }
    return;
  }
  if (path.length === 0) throw new RemoteFailure("invalid", "the whole prefix can only be a table");
  wanted.set(prefix + path.join("/"), bytesOf(value, path, expected));
}

function bytesOf(value: Value, path: Segments, expected: Knowledge["expected"]): Buffer {
  const shape = expected(path);
  const text = text_of_value(value, shape);
  if (text === undefined) {
    throw new RemoteFailure(
      "invalid",
      `the value of "${path.join("/")}" has no text that reads as the same value${where(shape)}`,
    );
  }
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length > MAX_WRITE_BYTES) {
    throw new RemoteFailure(
      "too_large",
      `the value of "${path.join("/")}" has ${bytes.length} bytes, Consul holds ${MAX_WRITE_BYTES}`,
    );
  }
  return bytes;
}

function where(shape: Shape | undefined): string {
  if (shape?.type === undefined) return "";
  const what = shape.type === "string" ? "a text" : shape.type === "array" ? "a list" : `a ${shape.type}`;
  return ` where the schema or a lower layer has ${what}`;
}

function checkSegments(path: Segments): void {
  const problem =
    path_problem(path)?.message ??
    (path.some((segment) => segment.includes("/")) ? "a segment contains a slash" : undefined);
  if (problem !== undefined) throw new RemoteFailure("invalid", `"${path.join("/")}" cannot be a key: ${problem}`);
}

function checkSize(changes: readonly Operation[]): readonly Operation[] {
  if (changes.length > MAX_OPERATIONS) {
    throw new RemoteFailure(
      "too_large",
      `it takes ${changes.length} keys, and one transaction holds ${MAX_OPERATIONS}; write smaller tables, or use layout "blob"`,
    );
  }
  if (changes.length > 1) {
    const size = Buffer.byteLength(JSON.stringify(transaction_body(changes)));
    if (size > MAX_WRITE_BYTES) {
      throw new RemoteFailure(
        "too_large",
        `the transaction has ${size} bytes, and Consul takes ${MAX_WRITE_BYTES}; write smaller tables`,
      );
    }
  }
  return changes;
}
