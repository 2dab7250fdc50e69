import { isTable } from "./draft.ts";
import { keysOf } from "./table.ts";
import type { Table, Value } from "./value.ts";

/** This many values are shown; a long text counts for several. */
const MOST = 2_000;
/** This many characters of a text count for one value. */
const LIKE_ONE = 200;

/**
 * The beginning of a value, for a reader. A key or element `…` says how much is left out, and where. A value that is not larger
 * is the same object.
 *
 * @param most the number of values. Default: 2,000
 */
export function excerptOf(value: Value, most: number = MOST): Value {
  return cut(value, { left: most });
}

interface Room {
  left: number;
}

function cut(value: Value, room: Room): Value {
  if (typeof value === "string") {
    room.left -= Math.ceil((value.length + 1) / LIKE_ONE);
    return room.left < 0 ? `… ${value.length} characters` : value;
  }
  room.left--;
  if (typeof value !== "object" || value === null) return value;
  return isTable(value) ? cutTable(value, room) : cutList(value, room);
}

function cutTable(table: Table, room: Room): Table {
  const keys = keysOf(table);
  const shown: Record<string, Value> = {};
  let isSame = true;
  for (let i = 0; i < keys.length; i++) {
    if (room.left <= 0) {
      shown["…"] = `${keys.length - i} more keys`;
      return shown;
    }
    const key = keys[i]!;
    const value = cut(table[key]!, room);
    isSame &&= value === table[key];
    shown[key] = value;
  }
  return isSame ? table : shown;
}

function cutList(list: readonly Value[], room: Room): readonly Value[] {
  const shown: Value[] = [];
  let isSame = true;
  for (let i = 0; i < list.length; i++) {
    if (room.left <= 0) return [...shown, `… ${list.length - i} more elements`];
    const value = cut(list[i]!, room);
    isSame &&= value === list[i];
    shown.push(value);
  }
  return isSame ? list : shown;
}
