import { type ParseErrorCode, visit } from "jsonc-parser";

import type { Table, Value } from "../core/value.ts";
import {
  type Document,
  type Format,
  MAX_DEPTH,
  type Place,
  SyntaxFault,
  notTable,
  position_at,
  protoKey,
  tooDeep,
} from "./format.ts";

/** JSON (RFC 8259). Integers beyond 2^53 become `bigint`; a key that is written twice in one table is refused. */
export const json: Format = {
  name: "json",
  parse(text): Document {
    const { value } = read(text, false);
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw notTable({ line: 1, column: 1 });
    return { tree: value as Table, places: () => read(text, true).place };
  },
};

interface Open {
  readonly value: Record<string, Value> | Value[];
  readonly place: Node;
  key: string;
}

interface Node extends Place {
  children: Map<string, Place> | undefined;
}

/** Numbers as JSON has them, to find the integers a `number` cannot hold. */
const INTEGER = /^-?\d{16,}$/;

function read(text: string, withPlaces: boolean): { value: Value | undefined; place: Place } {
  let value: Value | undefined;
  let root: Place = { offset: 0, children: undefined };
  const open: Open[] = [];
  const at = (offset: number) => position_at(text, offset);
  let keyOffset = 0;

  const put = (item: Value, offset: number): Node => {
    const parent = open.at(-1);
    const inList = Array.isArray(parent?.value);
    const place: Node = { offset: inList || parent === undefined ? offset : keyOffset, children: undefined };
    if (parent === undefined) {
      value = item;
      root = place;
      return place;
    }
    const key = Array.isArray(parent.value) ? String(parent.value.length) : parent.key;
    if (Array.isArray(parent.value)) parent.value.push(item);
    else parent.value[key] = item;
    if (withPlaces) (parent.place.children ??= new Map()).set(key, place);
    return place;
  };
  const begin = (container: Record<string, Value> | Value[], offset: number): void => {
    if (open.length > MAX_DEPTH) throw tooDeep(at(offset));
    open.push({ place: put(container, offset), value: container, key: "" });
  };

  visit(
    text,
    {
      onObjectBegin: (offset) => begin({}, offset),
      onArrayBegin: (offset) => begin([], offset),
      onObjectEnd: () => void open.pop(),
      onArrayEnd: () => void open.pop(),
      onObjectProperty(key, offset) {
        const table = open.at(-1)!;
        if (key === "__proto__") throw protoKey(at(offset));
        if (Object.hasOwn(table.value, key))
          throw new SyntaxFault("syntax", "the same key is written twice", at(offset));
        table.key = key;
        keyOffset = offset;
      },
      onLiteralValue(item: unknown, offset, length) {
        put(exact(item as Value, text, offset, length), offset);
      },
      onError(code, offset) {
        throw new SyntaxFault("syntax", wordings[code] ?? "syntax error", at(offset));
      },
    },
    { disallowComments: true },
  );
  return { value, place: root };
}

function exact(item: Value, text: string, offset: number, length: number): Value {
  if (typeof item !== "number" || Number.isSafeInteger(item)) return item;
  const source = text.slice(offset, offset + length);
  return INTEGER.test(source) ? BigInt(source) : item;
}

const wordings: Readonly<Partial<Record<ParseErrorCode, string>>> = {
  1: "not a value of JSON",
  2: "not a number",
  3: "a key in double quotes is missing",
  4: "a value is missing",
  5: 'a ":" is missing',
  6: 'a "," is missing',
  7: 'a "}" is missing',
  8: 'a "]" is missing',
  9: "text after the end",
  10: "comments are not allowed in JSON",
  11: "a comment has no end",
  12: "a string has no end",
  13: "a number has no end",
  14: "not a unicode escape",
  15: "not an escape sequence of JSON",
  16: "control character in a string",
};
