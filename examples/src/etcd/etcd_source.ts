/** A source for etcd, over its JSON gateway. The kit adds retries, time-outs, the cache file and `status`. */
import { RemoteFailure, remote_source, type RemoteSource } from "@otpts/config/remote";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const textOf = (encoded = ""): string => Buffer.from(encoded, "base64").toString();

interface Range {
  readonly header: { readonly revision: string };
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

interface Watched {
  readonly result?: {
    readonly header: Range["header"];
    readonly canceled?: boolean;
    readonly events?: readonly object[];
  };
}

/** All keys under a prefix: `app/db/port` under `app/` is the path `db.port`. */
export function etcd_source(url: string, prefix: string, cache_file: string): RemoteSource {
  // The end of the range is the prefix with its last character raised by one.
  const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
  const range = { key: base64(prefix), range_end: base64(end) };

  async function ask(path: string, body: object, signal: AbortSignal): Promise<Response> {
    const response = await fetch(new URL(path, url), { method: "POST", body: JSON.stringify(body), signal });
    if (!response.ok) throw new RemoteFailure("http_status", `etcd answered ${response.status}`);
    return response;
  }

  return remote_source({
    name: `etcd:${prefix}`,
    kind: "etcd",
    cache_file,
    async load(signal) {
      const { header, kvs = [] } = (await (await ask("/v3/kv/range", range, signal)).json()) as Range;
      if (kvs.length === 0) return { absent: true };
      const keys = new Map(kvs.map(({ key, value }) => [textOf(key).slice(prefix.length), textOf(value)]));
      return { keys, revision: header.revision };
    },
    async watch(signal, revision) {
      const start = revision === undefined ? {} : { start_revision: String(BigInt(revision) + 1n) };
      const { body } = await ask("/v3/watch", { create_request: { ...range, ...start } }, signal);
      let rest = "";
      for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = `${rest}${piece}`.split("\n");
        rest = lines.pop() ?? "";
        for (const { result } of lines.map((line) => JSON.parse(line) as Watched)) {
          if (result?.canceled === true) throw new RemoteFailure("compacted", "etcd has forgotten that revision");
          if ((result?.events ?? []).length > 0) return { revision: result?.header.revision };
        }
      }
      throw new RemoteFailure("truncated", "etcd ended the watch");
    },
  });
}
