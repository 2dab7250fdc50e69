import { type Node as YamlNode, isAlias, isMap, isScalar, isSeq, parseDocument } from "yaml";

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

/** How many values aliases may bring in altogether: more is an attack or a mistake. */
const MAX_ALIASED = 10_000;

/**
 * YAML 1.2, core schema: `yes` and `no` are strings, keys are strings, there are no dates. Integers beyond 2^53 become
 * `bigint`. Duplicate keys, unknown tags and several documents in one file are refused; aliases may bring in at most
 * 10,000 values.
 */
export const yaml: Format = {
  name: "yaml",
  parse(text): Document {
    const { tree } = read(text);
    return { tree, places: () => read(text).place };
  },
};

interface Node extends Place {
  children: Map<string, Place> | undefined;
}

function read(text: string): { tree: Table; place: Place } {
  try {
    return convert(text);
  } catch (error) {
    // The library descends by recursion; where it meets the end of the stack, the text is too deep.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}

function convert(text: string): { tree: Table; place: Place } {
  const document = parseDocument(text, {
    schema: "core",
    version: "1.2",
    uniqueKeys: true,
    stringKeys: true,
    intAsBigInt: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong?.code === "RESOURCE_EXHAUSTION") throw tooDeep(position_at(text, wrong.pos[0]));
  if (wrong !== undefined) {
    throw new SyntaxFault("syntax", wordings[wrong.code] ?? "syntax error", position_at(text, wrong.pos[0]));
  }

  let aliased = 0;
  const value = (node: YamlNode | null, place: Node, depth: number, viaAlias: boolean): Value => {
    if (depth > MAX_DEPTH) throw tooDeep(position_at(text, place.offset));
    if (viaAlias && ++aliased > MAX_ALIASED) {
      throw new SyntaxFault(
        "too_large",
        `aliases bring in more than ${MAX_ALIASED} values`,
        position_at(text, place.offset),
      );
    }
    if (node === null) return null;
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target === undefined) throw new SyntaxFault("syntax", wordings.BAD_ALIAS!, position_at(text, place.offset));
      return value(target, place, depth + 1, true);
    }
    if (isScalar(node)) return scalar(node.value);
    const children = new Map<string, Place>();
    place.children = children;
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const inner = { offset: viaAlias ? place.offset : offsetOf(item, place.offset), children: undefined };
        children.set(String(index), inner);
        return value(item as YamlNode | null, inner, depth + 1, viaAlias);
      });
    }
    const table: Record<string, Value> = {};
    if (!isMap(node)) return table;
    for (const { key, value: item } of node.items) {
      const inner = { offset: viaAlias ? place.offset : offsetOf(key, place.offset), children: undefined };
      const name = isScalar(key) && typeof key.value === "string" ? key.value : "";
      if (name === "__proto__") throw protoKey(position_at(text, inner.offset));
      children.set(name, inner);
      table[name] = value(item as YamlNode | null, inner, depth + 1, viaAlias);
    }
    return table;
  };
  const place: Node = { offset: 0, children: undefined };
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return { tree: {}, place };
  if (!isMap(top)) throw notTable(position_at(text, offsetOf(top, 0)));
  return { tree: value(top, place, 0, false) as Table, place };
}

function scalar(value: unknown): Value {
  if (typeof value !== "bigint") return value as Value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function offsetOf(node: unknown, otherwise: number): number {
  return (node as YamlNode | null)?.range?.[0] ?? otherwise;
}

const wordings: Readonly<Record<string, string>> = {
  ALIAS_PROPS: "an alias must not have an anchor or a tag",
  BAD_ALIAS: "an alias without its anchor",
  BAD_COLLECTION_TYPE: "a tag that does not fit its value",
  BAD_DIRECTIVE: "not a directive of YAML",
  BAD_DQ_ESCAPE: "not an escape sequence of YAML",
  BAD_INDENT: "wrong indentation",
  BAD_PROP_ORDER: "an anchor or tag in the wrong place",
  BAD_SCALAR_START: "a character that a plain value must not begin with",
  BLOCK_AS_IMPLICIT_KEY: "nested tables must be indented below their key",
  BLOCK_IN_FLOW: "an indented value inside brackets",
  DUPLICATE_KEY: "the same key is written twice",
  KEY_OVER_1024_CHARS: "a key longer than 1024 characters",
  MISSING_CHAR: "a bracket, quote or comma is missing",
  MULTILINE_IMPLICIT_KEY: "a key must be on one line",
  MULTIPLE_ANCHORS: "several anchors on one value",
  MULTIPLE_DOCS: "several documents in one file",
  MULTIPLE_TAGS: "several tags on one value",
  NON_STRING_KEY: "a key must be a string",
  TAB_AS_INDENT: "a tab in the indentation",
  TAG_RESOLVE_FAILED: "an unknown tag",
  UNEXPECTED_TOKEN: "something unexpected",
};
