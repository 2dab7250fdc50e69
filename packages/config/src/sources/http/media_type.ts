import { extname } from "node:path/posix";

import { format_by_extension } from "../../formats/by_extension.ts";
import { REMOTE_FORMATS, type RemoteFormat } from "../remote/answer.ts";
import { RemoteFailure } from "../remote/failure.ts";

/** What `Accept` says. */
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

/** These say nothing of the format: the URL's extension does. */
const VAGUE: ReadonlySet<string> = new Set(["", "text/plain", "application/octet-stream", "binary/octet-stream"]);

/**
 * The format of a document.
 *
 * @param given by the source's options: it counts
 * @param type the header `Content-Type`
 * @param pathname of the URL that was asked for
 * @throws RemoteFailure `unknown_format` where nothing tells it, such as for a page of HTML
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
  // Only what looks like a media type is repeated.
  const shown = /^[a-z0-9.+-]{1,40}\/[a-z0-9.+-]{1,60}$/.test(media) ? `"${media}"` : "no content type that is known";
  throw new RemoteFailure(
    "unknown_format",
    `its answer has ${VAGUE.has(media) ? "no telling content type" : shown}; give the option "format", one of ${REMOTE_FORMATS.join(", ")}`,
  );
}

/** The body as UTF-8. @throws RemoteFailure where its charset is unknown, or does not fit it */
export function in_utf8(body: Uint8Array, type: string | undefined): Uint8Array {
  const [, quoted, plain] = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]+))/i.exec(type ?? "") ?? [];
  const charset = (quoted ?? plain ?? "utf-8").trim().toLowerCase();
  if (charset === "utf-8" || charset === "utf8" || charset === "us-ascii" || charset === "") return body;
  const decoder = decoderOf(charset);
  try {
    return new TextEncoder().encode(decoder.decode(body));
  } catch {
    throw new RemoteFailure("charset", `its answer is not ${decoder.encoding}, as its content type says`);
  }
}

function decoderOf(charset: string) {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new RemoteFailure("charset", "its answer has an unknown charset; it should be UTF-8");
  }
}

function essence(type: string | undefined): string {
  return (type ?? "").split(";", 1)[0]!.trim().toLowerCase();
}
