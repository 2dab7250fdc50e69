/** A value on one line, cut to the width of a line: only the beginning of a large one is read. */
import { isTable } from "../core/draft.ts";
import { keysOf } from "../core/table.ts";
import type { Value } from "../core/value.ts";
import { writtenOf } from "../core/json_writer.ts";
import { cut } from "./text.ts";

const LENGTH = 400;
/** Maximum number of entries that are read: more would not fit into a line. */
const ENTRIES = LENGTH / 2;

export function previewOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  try {
    return cut(writtenOf(beginning(value as Value, { left: ENTRIES })), LENGTH);
  } catch {
    return "a value that cannot be shown";
  }
}

// Each entry takes at least two characters, so the omitted ones lie beyond the cut.
function beginning(value: Value, entries: { left: number }): Value {
  if (typeof value === "string") return value.length > LENGTH ? value.slice(0, LENGTH + 1) : value;
  if (typeof value !== "object" || value === null) return value;
  if (!isTable(value)) {
    const list: Value[] = [];
    for (let i = 0; i < value.length && entries.left-- > 0; i++) list.push(beginning(value[i]!, entries));
    return list;
  }
  const keys = keysOf(value);
  const table: [string, Value][] = [];
  for (let i = 0; i < keys.length && entries.left-- > 0; i++)
    table.push([keys[i]!, beginning(value[keys[i]!]!, entries)]);
  return Object.fromEntries(table);
}
