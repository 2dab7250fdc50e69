/**
 * Stands in for etcd in this example, as a separate process: the part of the JSON gateway that the source needs (`/v3/kv/range`,
 * `/v3/kv/put`, `/v3/watch`). `etcd_source` also works with a real etcd 3.4: pass its address to `main.js`.
 */
import { createServer, type ServerResponse } from "node:http";
import { text as textOf } from "node:stream/consumers";

interface Body {
  readonly key?: string;
  readonly value?: string;
  readonly create_request?: { readonly start_revision?: string };
}

const values = new Map<string, string>();
const watchers = new Set<ServerResponse>();
let revision = 1;

const header = () => ({ revision: String(revision) });
const line = (result: object) => `${JSON.stringify({ result })}\n`;

const server = createServer(async (request, response) => {
  const body = JSON.parse(await textOf(request)) as Body;
  response.setHeader("content-type", "application/json");
  if (request.url === "/v3/kv/put") {
    revision += 1;
    values.set(body.key ?? "", body.value ?? "");
    for (const watcher of watchers) watcher.write(line({ header: header(), events: [{ kv: body }] }));
    response.end(JSON.stringify({ header: header() }));
  } else if (request.url === "/v3/kv/range") {
    // There are no keys outside the prefix of this example.
    const kvs = [...values].map(([key, value]) => ({ key, value }));
    response.end(JSON.stringify({ header: header(), kvs }));
  } else {
    response.write(line({ header: header(), created: true }));
    const from = Number(body.create_request?.start_revision ?? revision + 1);
    if (from <= revision) response.write(line({ header: header(), events: [{}] }));
    watchers.add(response);
    response.on("close", () => watchers.delete(response));
  }
});

server.listen(0, "127.0.0.1", () => process.send?.(server.address()));
process.on("disconnect", () => process.exit());
