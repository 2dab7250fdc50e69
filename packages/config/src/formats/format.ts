import { MAX_DEPTH } from "../core/path.ts";
import type { Table } from "../core/value.ts";

/** How deep tables and lists may be nested in a file: deeper is refused as `too_deep`, as everywhere. */
export { MAX_DEPTH };

/** What a text says. */
export interface Document {
  readonly tree: Table;
  /** Where the tree's keys are written. Computed when called: it may scan the text again. */
  places(): Place;
}

/** A syntax a configuration file may be written in. */
export interface Format {
  /** `toml`, `json` or `yaml`. */
  readonly name: string;
  /**
   * Reads a text (without byte order mark).
   *
   * @throws SyntaxFault with the place and a fixed wording: never with content.
   */
  parse(text: string): Document;
  /** The text of a tree, where the format has a writer of its own. */
  write?(tree: Table): string;
}

/** Where a key (or a list's element) is written, and the same for what is in it. */
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

/** A text that cannot be read. Its message is one of a fixed set of wordings: it never quotes what was read. */
export class SyntaxFault extends Error {
  override readonly name = "SyntaxFault";
  readonly code: string;
  readonly position: Position | undefined;
  /** Whether the message tells where, so that it need not be added. */
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
