import { isTable } from "../../core/draft.ts";
import { admit } from "../../core/plain.ts";
import type { Table } from "../../core/value.ts";
import { FORMAT_NAMES } from "../../formats/by_extension.ts";
import { RemoteFailure } from "./failure.ts";

/** A format of a remote document. */
export type RemoteFormat = "toml" | "json" | "jsonc" | "yaml";

/** The result of a load. */
export type RemoteAnswer =
  /** A document, as text or as bytes, or a table of plain data. `revision` names this content, for the next load. */
  | {
      readonly content: string | Uint8Array | object;
      readonly format?: RemoteFormat | undefined;
      readonly revision?: string | undefined;
    }
  /** Texts by key; `/` separates. They are read as environment variables are: the schema's type decides. */
  | {
      readonly keys: Readonly<Record<string, string>> | ReadonlyMap<string, string>;
      readonly revision?: string | undefined;
    }
  /** The content has not changed since the last load. */
  | { readonly unchanged: true; readonly revision?: string | undefined }
  /** The place is empty. */
  | { readonly absent: true };

/** The same, read once and checked. */
export type CheckedAnswer =
  | {
      readonly kind: "document";
      readonly bytes: Uint8Array;
      readonly format: RemoteFormat;
      readonly revision: Revision;
    }
  | { readonly kind: "table"; readonly tree: Table; readonly revision: Revision }
  | { readonly kind: "keys"; readonly keys: ReadonlyMap<string, string>; readonly revision: Revision }
  | { readonly kind: "unchanged"; readonly revision: Revision }
  | { readonly kind: "absent" };

type Revision = string | undefined;

/** The formats of remote documents. */
export const REMOTE_FORMATS = FORMAT_NAMES.filter((name): name is RemoteFormat => name !== "env");

/**
 * Checks the result of a user's function.
 *
 * @param format of documents that come without one
 * @param limit the largest document and the most text in keys, in bytes
 * @throws RemoteFailure for any other result, or one that is too large; PlainDataError for a table that is not plain data
 */
export function checked_answer(answer: unknown, format: RemoteFormat, limit: number): CheckedAnswer {
  if (typeof answer !== "object" || answer === null) throw misunderstood();
  const said = answer as Readonly<Record<string, unknown>>;
  const { revision } = said;
  if (revision !== undefined && typeof revision !== "string") {
    throw new RemoteFailure("not_an_answer", `its revision must be a string, got ${typeof revision}`);
  }
  if (said["absent"] === true) return { kind: "absent" };
  if (said["unchanged"] === true) return { kind: "unchanged", revision };
  if (said["keys"] !== undefined) return { kind: "keys", keys: keysOf(said["keys"], limit), revision };
  const { content } = said;
  if (typeof content === "string" || content instanceof Uint8Array) {
    if (content.length > limit) throw tooLarge(limit);
    // The user's code may write into its bytes later.
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content.slice();
    if (bytes.length > limit) throw tooLarge(limit);
    return { kind: "document", bytes, format: formatOf(said["format"] ?? format), revision };
  }
  const tree =
    typeof content === "object" && content !== null ? admit(content, undefined, { strict: true }) : undefined;
  if (!isTable(tree)) throw misunderstood();
  return { kind: "table", tree, revision };
}

function keysOf(keys: unknown, limit: number): ReadonlyMap<string, string> {
  if (typeof keys !== "object" || keys === null) throw misunderstood();
  const found = new Map<string, string>();
  let length = 0;
  for (const [key, text] of keys instanceof Map ? (keys as Map<unknown, unknown>) : Object.entries(keys)) {
    if (typeof key !== "string" || typeof text !== "string") {
      throw new RemoteFailure("not_an_answer", "keys and their values must be texts");
    }
    length += Buffer.byteLength(key) + Buffer.byteLength(text);
    if (length > limit) throw tooLarge(limit);
    found.set(key, text);
  }
  return found;
}

function formatOf(format: unknown): RemoteFormat {
  const known = REMOTE_FORMATS.find((name) => name === format);
  if (known !== undefined) return known;
  throw new RemoteFailure("unknown_format", `the format of the document must be one of ${REMOTE_FORMATS.join(", ")}`);
}

function misunderstood(): RemoteFailure {
  const want = "content (a document or a table), keys, unchanged: true or absent: true";
  return new RemoteFailure("not_an_answer", `load must return an object with ${want}`);
}

/** @param limit bytes */
export function tooLarge(limit: number): RemoteFailure {
  return new RemoteFailure("too_large", `the answer is larger than max_bytes (${limit} bytes)`);
}
