import type { Segments, Table } from "../core/value.ts";
import { type FormatName, format_named } from "./by_extension.ts";
import type { Position } from "./format.ts";
import { Locator, positions_of } from "./positions.ts";
import { decode_utf8 } from "./utf8.ts";

/** What a file says, and where it says it. */
export interface Parsed {
  readonly tree: Table;
  /** Where the node at a path, or the nearest one above it, is written; `undefined` for the top. */
  locate(path: Segments): Position | undefined;
}

/** Reads a text. Positions are computed when first asked for. */
export function parse_text(text: string, format: FormatName): Parsed {
  const document = format_named(format)!.parse(text);
  let locator: Locator | undefined;
  return {
    tree: document.tree,
    locate(path) {
      locator ??= new Locator(document.tree, positions_of(document.tree, document.places(), text));
      return locator.locate(path);
    },
  };
}

/**
 * Reads the bytes of a file.
 *
 * @throws SyntaxFault with the place, never with content.
 */
export async function parse_bytes(bytes: Uint8Array, format: FormatName, _signal: AbortSignal): Promise<Parsed> {
  return parse_text(decode_utf8(bytes), format);
}
