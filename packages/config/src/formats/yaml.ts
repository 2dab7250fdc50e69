import {
  type Alias,
  type CST,
  Composer,
  type Document as YamlDocument,
  Lexer,
  type Node as YamlNode,
  Parser,
  type Scalar,
  type YAMLMap,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  stringify,
} from "../commonjs/yaml.ts";

import { BEYOND_NUMBERS, decimalOf, integerOf } from "../core/numbers.ts";
import type { Table, Value } from "../core/value.ts";
import {
  type Document,
  type Format,
  MAX_DEPTH,
  type Place,
  type Position,
  SyntaxFault,
  notTable,
  position_at,
  protoKey,
  tooDeep,
} from "./format.ts";

/** Maximum number of values from aliases in total: more is an attack or a mistake. */
const MAX_ALIASED = 10_000;

/**
 * YAML 1.2, core schema: `yes` and `no` are strings, keys are strings, there are no dates. Integers beyond 2^53 become
 * `bigint`, numbers that no finite number can hold are refused. `<<` merges a table or a list of tables: the table's
 * own keys count, then the first of the list. Duplicate keys, unknown tags and several documents in one file are
 * refused; aliases and merges may expand to at most 10,000 values.
 */
export const yaml: Format = {
  name: "yaml",
  parse(text): Document {
    const { tree } = read(text);
    return { tree, places: () => read(text).place };
  },
  write: (tree) => stringify(tree),
};

interface Node extends Place {
  children: Map<string, Place> | undefined;
}

function read(text: string): { tree: Table; place: Place } {
  try {
    return convert(text);
  } catch (error) {
    // The library is recursive. It gets nothing deep, but the program may have left it little of the stack.
    throw error instanceof RangeError ? tooDeep() : error;
  }
}

/**
 * Characters that YAML does not allow, and that the library takes as part of a text or a key: control characters, as
 * after a crash of the machine, and a byte order mark at the beginning of a later line, as in files put together.
 */
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\0-\x08\x0b\x0c\x0e-\x1f]|(?<=[\r\n])\ufeff/;

function convert(text: string): { tree: Table; place: Place } {
  const forbidden = text.search(FORBIDDEN);
  if (forbidden >= 0) {
    const what = text[forbidden] === "\ufeff" ? "a byte order mark inside the file" : "a control character";
    throw new SyntaxFault("syntax", what, position_at(text, forbidden));
  }
  const [document, second] = composed(text);
  const wrong = document.errors[0] ?? document.warnings[0];
  if (wrong?.code === "RESOURCE_EXHAUSTION") throw tooDeep(position_at(text, wrong.pos[0]));
  if (wrong !== undefined) {
    throw new SyntaxFault("syntax", wordings[wrong.code] ?? "syntax error", position_at(text, wrong.pos[0]));
  }

  if (second !== undefined) {
    throw new SyntaxFault("syntax", "several documents in one file", position_at(text, second.range[0]));
  }
  if (document.directives?.yaml.version === "1.1") {
    const what = 'YAML 1.1, where "yes" and "010" mean something else: only YAML 1.2 is read, leave this line out';
    throw new SyntaxFault("syntax", what, position_at(text, Math.max(0, text.search(/^%YAML/m))));
  }

  const place: Node = { offset: 0, children: undefined };
  const top = document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return { tree: {}, place };
  if (!isMap(top)) throw notTable(position_at(text, offsetOf(top, 0)));
  return { tree: new Conversion(text).value(top, place, 0) as Table, place };
}

/**
 * The first document of a text and, if there are several, the second.
 *
 * @throws SyntaxFault if the text nests too deep
 */
function composed(text: string): readonly [YamlDocument.Parsed, YamlDocument.Parsed | undefined] {
  const composer = new Composer({
    schema: "core",
    version: "1.2",
    // `!!omap`, `!!set`, `!!binary` and the like belong to YAML 1.1: they make no plain data.
    resolveKnownTags: false,
    // Our own walk does both, because the library's takes time that grows with the square of the number of keys.
    uniqueKeys: false,
    merge: false,
    stringKeys: true,
    prettyErrors: false,
    logLevel: "error",
  });
  const [document, second] = composer.compose(tokensOf(text), true, text.length);
  return [document!, second];
}

/** What the parser has open besides tables and lists: the document, a scalar. */
const OPEN_BESIDES = 2;

/**
 * The tokens of a text, up to a depth that is too large: closing what is open takes the library time that grows with the
 * square of the depth, and composing it takes stack, which an engine may end the program for.
 */
function* tokensOf(text: string): Generator<CST.Token> {
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    const { offset } = parser;
    yield* parser.next(lexeme);
    if (parser.stack.length > MAX_DEPTH + OPEN_BESIDES) throw tooDeep(position_at(text, offset));
  }
  yield* parser.end();
}

/** The parsed document as plain data: aliases and merges followed, keys and numbers checked, all in one walk. */
class Conversion {
  readonly #text: string;
  /** The nodes of anchors: of two with the same name, the last one met. */
  readonly #anchors = new Map<string, YamlNode>();
  /** The node of each alias at its place. */
  readonly #targets = new Map<YamlNode, YamlNode>();
  /** Number of values from aliases and merges. */
  #aliased = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** @param via the place of the alias or merge that includes the node; undefined for the node itself */
  value(node: YamlNode | null, place: Node, depth: number, via?: number): Value {
    if (depth > MAX_DEPTH) throw tooDeep(this.#at(place.offset));
    if (via !== undefined && ++this.#aliased > MAX_ALIASED) {
      throw new SyntaxFault("too_large", `aliases bring in more than ${MAX_ALIASED} values`, this.#at(place.offset));
    }
    if (node === null) return null;
    if (isAlias(node)) return this.value(this.#target(node, place.offset), place, depth + 1, via ?? place.offset);
    this.#anchor(node);
    if (isScalar(node)) return this.#scalar(node, place.offset);
    const children = new Map<string, Place>();
    place.children = children;
    if (isSeq(node)) {
      return node.items.map((item, index) => {
        const inner = { offset: via ?? offsetOf(item, place.offset), children: undefined };
        children.set(String(index), inner);
        return this.value(item as YamlNode | null, inner, depth + 1, via);
      });
    }
    const table: Record<string, Value> = {};
    if (isMap(node)) this.#table(node, table, children, place.offset, depth, via);
    return table;
  }

  #table(
    node: YAMLMap,
    table: Record<string, Value>,
    children: Map<string, Place>,
    above: number,
    depth: number,
    via: number | undefined,
  ): void {
    const merges: { readonly source: YamlNode | null; readonly offset: number }[] = [];
    for (const { key, value: item } of node.items) {
      const offset = via ?? offsetOf(key, above);
      this.#anchor(key as YamlNode | null);
      if (isScalar(key) && key.value === "<<" && key.type === "PLAIN") {
        merges.push({ source: item as YamlNode | null, offset });
        continue;
      }
      const name = isScalar(key) && typeof key.value === "string" ? key.value : "";
      if (name === "__proto__") throw protoKey(this.#at(offset));
      if (Object.hasOwn(table, name)) throw new SyntaxFault("syntax", wordings.DUPLICATE_KEY!, this.#at(offset));
      const inner = { offset, children: undefined };
      children.set(name, inner);
      table[name] = this.value(item as YamlNode | null, inner, depth + 1, via);
    }
    // A table's own keys override merged ones; of several merges the first one counts.
    for (const { source, offset } of merges) this.#merge(source, table, children, offset, depth);
  }

  #merge(
    source: YamlNode | null,
    table: Record<string, Value>,
    children: Map<string, Place>,
    offset: number,
    depth: number,
  ): void {
    if (depth > MAX_DEPTH) throw tooDeep(this.#at(offset));
    const target = isAlias(source) ? this.#target(source, offset) : source;
    if (isSeq(target)) {
      for (const item of target.items) {
        const one = isAlias(item) ? this.#target(item, offset) : (item as YamlNode | null);
        if (!isMap(one)) throw this.#noMerge(offset);
        this.#merge(one, table, children, offset, depth + 1);
      }
      return;
    }
    if (!isMap(target)) throw this.#noMerge(offset);
    const place: Node = { offset, children: undefined };
    const brought = this.value(target, place, depth + 1, offset) as Table;
    for (const key of Object.keys(brought)) {
      if (Object.hasOwn(table, key)) continue;
      table[key] = brought[key]!;
      children.set(key, place.children!.get(key)!);
    }
  }

  #noMerge(offset: number): SyntaxFault {
    return new SyntaxFault("syntax", 'what "<<" merges must be a table or a list of tables', this.#at(offset));
  }

  #anchor(node: YamlNode | null): void {
    if (node !== null && !isAlias(node) && node.anchor !== undefined) this.#anchors.set(node.anchor, node);
  }

  /** An alias refers to the anchor before it, even if it is included elsewhere by another alias. */
  #target(alias: Alias, offset: number): YamlNode {
    const target = this.#targets.get(alias) ?? this.#anchors.get(alias.source);
    if (target === undefined) throw new SyntaxFault("syntax", wordings.BAD_ALIAS!, this.#at(offset));
    this.#targets.set(alias, target);
    return target;
  }

  #scalar({ value, source }: Scalar, offset: number): Value {
    if (typeof value !== "number") return value as Value;
    if (Number.isInteger(value) && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source)) {
      return source.startsWith("0") ? BigInt(source) : integerOf(source)!;
    }
    if (!Number.isFinite(value) || (value === 0 && source !== undefined && decimalOf(source) === undefined)) {
      throw new SyntaxFault("number", BEYOND_NUMBERS, this.#at(offset));
    }
    return value;
  }

  #at(offset: number): Position {
    return position_at(this.#text, offset);
  }
}

/** Integers of YAML's core schema. */
const INTEGER = /^(?:[-+]?[0-9]+|0x[0-9a-fA-F]+|0o[0-7]+)$/;

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
  MULTIPLE_TAGS: "several tags on one value",
  NON_STRING_KEY: "a key must be a string",
  TAB_AS_INDENT: "a tab in the indentation",
  TAG_RESOLVE_FAILED: "an unknown tag, or one that does not fit its value",
  UNEXPECTED_TOKEN: "something unexpected",
};
