import type { Segments, Table } from "../core/value.ts";
import { type FormatName, format_named, load_format } from "./by_extension.ts";
import type { Position } from "./format.ts";
import { Locator, positions_of } from "./positions.ts";
import { decode_utf8 } from "./utf8.ts";

/** The contents of a file, and where they are written. */
export interface Parsed {
  readonly tree: Table;
  /** The position of the node at a path, or of the nearest one above it; `undefined` for the top. */
  readonly locate: (path: Segments) => Position | undefined;
  /** Whether the text was large and no thread was available, so that the event loop was blocked. */
  readonly held_up?: boolean;
}

/** Reads a text in a format that is loaded. Positions are computed when first asked for. */
export function parse_text(text: string, format: FormatName): Parsed {
  const document = format_named(format).parse(text);
  let locator: Locator | undefined;
  return {
    tree: settingsIn(document.tree),
    locate(path) {
      locator ??= new Locator(document.tree, positions_of(document.tree, document.places(), text));
      return locator.locate(path);
    },
  };
}

/**
 * The size in bytes from which parsing takes long (some 10 ms) and is done in a thread, which takes as long to start.
 */
const LARGE: Readonly<Record<FormatName, number>> = {
  toml: 48 * 1024,
  json: 192 * 1024,
  jsonc: 192 * 1024,
  yaml: 8 * 1024,
  env: 192 * 1024,
};

/**
 * Reads the bytes of a file: large ones in a separate thread, so that the event loop goes on.
 *
 * @throws SyntaxFault with the place, never with content; or the signal's reason
 */
export async function parse_bytes(bytes: Uint8Array, format: FormatName, signal: AbortSignal): Promise<Parsed> {
  await load_format(format);
  if (bytes.length < LARGE[format]) return parse_text(decode_utf8(bytes), format);
  const { NoThread, parse_aside } = await import("./parse_aside.ts");
  try {
    const { tree, positions } = await parse_aside(bytes, format, signal);
    const locator = new Locator(tree, positions);
    return { tree: settingsIn(tree), locate: (path) => locator.locate(path) };
  } catch (error) {
    if (!(error instanceof NoThread)) throw error;
    return { ...parse_text(decode_utf8(bytes), format), held_up: true };
  }
}

/** The settings of a file, without the key that names its JSON Schema for editors. */
function settingsIn(tree: Table): Table {
  if (typeof tree["$schema"] !== "string" || !Object.hasOwn(tree, "$schema")) return tree;
  const { $schema: _schema, ...settings } = tree;
  return settings;
}
