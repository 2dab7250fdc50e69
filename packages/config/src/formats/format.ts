import { MAX_DEPTH } from "../core/path.ts";
import type { Table } from "../core/value.ts";

/** Maximum nesting of tables and lists in a file: deeper files are refused as `too_deep`. */
export { MAX_DEPTH };

/** The contents of a text. */
export interface Document {
  readonly tree: Table;
  /** The places of the tree's keys. Computed when called: it may scan the text again. */
  places(): Place;
}

/** A syntax of configuration files. */
export interface Format {
  /** `toml`, `json` or `yaml`. */
  readonly name: string;
  /**
   * Reads a text (without byte order mark).
   *
   * @throws SyntaxFault with the place and a fixed message, never with content
   */
  parse(text: string): Document;
  /** The text of a tree, if the format has its own writer. */
  write?(tree: Table): string;
}

/** The place of a key or a list element, and the places inside it. */
export interface Place {
  /** UTF-16 offset of the key, or of the element's value. */
  readonly offset: number;
  readonly children: Map<string, Place> | undefined;
}

/** 1-based; columns count UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A position as the end of a message; empty if it is not known. */
export function placeText(position: Position | undefined): string {
  return position === undefined ? "" : `, at line ${position.line}, column ${position.column}`;
}

/** A text that cannot be read. Its message is one of a fixed set, and never quotes the text. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
  readonly code: string;
  readonly position: Position | undefined;
  /** Whether the message contains the place. */
  readonly placed: boolean;

  constructor(code: string, message: string, position?: Position, placed = false) {
    super(message);
    this.code = code;
    this.position = position;
    this.placed = placed;
  }
}

/** The line and column of an offset. */
export function position_at(text: string, offset: number): Position {
  let line = 1;
  let start = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
    start = at + 1;
  }
  return { line, column: offset - start + 1 };
}

/** The fault for a tree that is nested deeper than `MAX_DEPTH`. */
export function tooDeep(position?: Position): SyntaxFault {
  return new SyntaxFault("too_deep", `tables and lists nested deeper than ${MAX_DEPTH} levels`, position);
}

/** The fault for a `__proto__` key: no input reaches a prototype. */
export function protoKey(position?: Position): SyntaxFault {
  return new SyntaxFault("unsafe_key", 'the key "__proto__" is not allowed', position);
}

/** The fault for a text whose top level is a list or a scalar. */
export function notTable(position?: Position): SyntaxFault {
  return new SyntaxFault("shape", "the top level must be a table", position);
}
