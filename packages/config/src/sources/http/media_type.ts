import { extname } from "node:path/posix";

import { format_by_extension } from "../../formats/by_extension.ts";
import { REMOTE_FORMATS, type RemoteFormat } from "../remote/answer.ts";
import { RemoteFailure } from "../remote/failure.ts";

/** The header `Accept`. */
export const ACCEPTED = "application/json, application/toml, application/yaml;q=0.9, text/*;q=0.5, */*;q=0.1";

const TYPES: Readonly<Record<string, RemoteFormat>> = {
  "application/json": "json",
  "text/json": "json",
  "application/jsonc": "jsonc",
  "application/toml": "toml",
  "application/x-toml": "toml",
  "text/toml": "toml",
  "text/x-toml": "toml",
  "application/yaml": "yaml",
  "application/x-yaml": "yaml",
  "text/yaml": "yaml",
  "text/x-yaml": "yaml",
  "text/vnd.yaml": "yaml",
};

/** For these the URL's extension gives the format. */
const VAGUE: ReadonlySet<string> = new Set(["", "text/plain", "application/octet-stream", "binary/octet-stream"]);

/**
 * The format of a document.
 *
 * @param given the format in the source's options, which has priority
 * @param type the header `Content-Type`
 * @param pathname of the requested URL
 * @throws RemoteFailure `unknown_format` if none of them gives it, such as for a page of HTML
 */
export function format_of(given: RemoteFormat | undefined, type: string | undefined, pathname: string): RemoteFormat {
  if (given !== undefined) return given;
  const media = essence(type);
  if (Object.hasOwn(TYPES, media)) return TYPES[media]!;
  if (media.endsWith("+json")) return "json";
  if (media.endsWith("+yaml")) return "yaml";
  const isNamed = extname(pathname) !== "";
  const found = VAGUE.has(media) && isNamed ? format_by_extension(pathname) : undefined;
  const known = REMOTE_FORMATS.find((name) => name === found);
  if (known !== undefined) return known;
  // Only a media type is quoted.
  const shown = /^[a-z0-9.+-]{1,40}\/[a-z0-9.+-]{1,60}$/.test(media) ? `"${media}"` : "no known content type";
  throw new RemoteFailure(
    "unknown_format",
    `the response has ${VAGUE.has(media) ? "no specific content type" : shown}; give the option "format", one of ${REMOTE_FORMATS.join(", ")}`,
  );
}

/** The body as UTF-8. @throws RemoteFailure for an unknown charset, or one that does not fit the body */
export function in_utf8(body: Uint8Array, type: string | undefined): Uint8Array {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(type ?? "") ?? [];
  const charset = (quoted ?? plain ?? "utf-8").trim().toLowerCase();
  if (charset === "utf-8" || charset === "utf8" || charset === "us-ascii" || charset === "") return body;
  const decoder = decoderOf(charset);
  try {
    return new TextEncoder().encode(decoder.decode(body));
  } catch {
    throw new RemoteFailure("charset", `the response is not ${decoder.encoding}, as its content type says`);
  }
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new RemoteFailure("charset", "the response has an unknown charset; use UTF-8");
  }
}

function essence(type: string | undefined): string {
  return (type ?? "").split(";", 1)[0]!.trim().toLowerCase();
}
