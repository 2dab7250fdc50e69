/**
 * Parses in a separate thread: decodes, parses, computes positions, and sends the tree in slices, each a message that
 * is read on demand. The job is in `workerData`, and the answer goes to its port.
 */
import { type MessagePort, workerData } from "node:worker_threads";

import { type FormatName, format_named, load_format } from "./by_extension.ts";
import { excess_in } from "./extent.ts";
import { type Position, SyntaxFault } from "./format.ts";
import { Locator, type Positions, positions_of } from "./positions.ts";
import { slices_of } from "./slices.ts";
import { decode_utf8 } from "./utf8.ts";

/** The job of the thread. */
export interface ParserJob {
  readonly bytes: Uint8Array;
  readonly format: FormatName;
  readonly port: MessagePort;
  /** The port for the slices. */
  readonly slices: MessagePort;
}

/** Its answer, after `started` and after all slices. */
export type ParserAnswer =
  | "started"
  | { readonly positions: Positions }
  | {
      readonly fault: {
        readonly code: string;
        readonly message: string;
        readonly position: Position | undefined;
      };
    };

const job = workerData as ParserJob;
answer("started");
try {
  await load_format(job.format);
  const text = decode_utf8(job.bytes);
  const document = format_named(job.format).parse(text);
  const excess = excess_in(document.tree);
  // Positions take longer than the rest, and too many values have no place.
  if (excess?.path.length === 0) throw new SyntaxFault("too_large", excess.message);
  const positions = positions_of(document.tree, document.places(), text);
  if (excess !== undefined) {
    throw new SyntaxFault("too_large", excess.message, new Locator(document.tree, positions).locate(excess.path));
  }
  for (const slice of slices_of(document.tree)) job.slices.postMessage(slice);
  job.port.postMessage({ positions } satisfies ParserAnswer, [positions.buffer]);
} catch (error) {
  if (!(error instanceof SyntaxFault)) throw error;
  const { code, message, position } = error;
  answer({ fault: { code, message, position } });
}

function answer(message: ParserAnswer): void {
  job.port.postMessage(message);
}
