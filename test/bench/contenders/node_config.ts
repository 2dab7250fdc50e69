import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { fixture, reads } from "../configuration.ts";
import type { Contender } from "../contender.ts";

interface NodeConfig {
  get(path: string): unknown;
}

let loaded = 0;

/** node-config reads its folder once, at import; a query on the address makes the import new. */
async function load(folder: string): Promise<NodeConfig> {
  process.env["NODE_CONFIG_DIR"] = folder;
  process.env["SUPPRESS_STRICTNESS_CHECK"] = "1";
  const file = createRequire(import.meta.url).resolve("config/lib/config.mjs");
  const module = (await import(`${pathToFileURL(file).href}?${++loaded}`)) as { default: NodeConfig };
  return module.default;
}

export const contender: Contender = {
  name: "node-config",
  notes: ["reads its files once, at import: no reload, no notifications, no runtime changes, no validation"],
  absent: {
    ref: "no handle on one value",
    reload: "no reload",
    reload_one: "no reload",
    save: "no notifications",
    save_moved: "no notifications",
    put: "no runtime changes",
    get: "there is no process to call",
    match: "no subscriptions",
    import: "its import reads the files",
  },
  probes: {
    async read({ n, keys, among }) {
      const made = await fixture(keys);
      const config = await load(made.folder);
      const paths = made.paths(among, ".");
      const found = reads(n, (leaf) => config.get(paths[leaf] as string));
      await made.remove();
      return found;
    },
  },
};
