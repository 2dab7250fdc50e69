/** Configuration in etcd: the program follows its changes, and starts from a cache file while etcd is down. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, ConfigManager, ConfigSpec } from "@otpts/config";
import { logger, supervisor } from "@otpts/runtime";
import { etcd_source } from "./etcd_source.js";

logger.set_handler(undefined);

// The argument is the address of an etcd, such as http://127.0.0.1:2379; without one, the stand-in is started.
let url = process.argv[2];
const etcd = url === undefined ? fork(new URL("./server.js", import.meta.url)) : undefined;
if (etcd !== undefined) {
  const [{ port }] = (await once(etcd, "message")) as [{ port: number }];
  url = `http://127.0.0.1:${port}`;
}

/** The same as `etcdctl put`. */
async function put(key: string, value: string): Promise<void> {
  const [coded, text] = [key, value].map((one) => Buffer.from(one).toString("base64"));
  const body = JSON.stringify({ key: coded, value: text });
  await (await fetch(new URL("/v3/kv/put", url), { method: "POST", body })).text();
}

const folder = await mkdtemp(join(tmpdir(), "etcd-example-"));
const cache = join(folder, "etcd.cache");
const started = async () => {
  const spec = new ConfigSpec({ sources: [etcd_source(url as string, "app/", cache)] });
  return { top: await ConfigManager.start(spec), config: Config.for(spec) };
};

await put("app/db/port", "5432");
await put("app/db/host", "db.internal");
const { top, config } = await started();
console.log("loaded:", config.peek("db"));

const changed = new Promise<unknown>((resolve) => {
  void config.subscribe("db.port", (_path, _old, port) => resolve(port));
});
await put("app/db/port", "5433");
console.log("followed:", await changed);
await supervisor.stop(top);

if (etcd !== undefined) {
  etcd.disconnect();
  await once(etcd, "exit");
  const again = await started();
  const { details } = (await again.config.status()).sources[0]!;
  console.log("without etcd:", again.config.peek("db"), "from the cache file:", details?.["from_cache"]);
  await supervisor.stop(again.top);
}
await rm(folder, { recursive: true });
