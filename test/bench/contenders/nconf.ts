import nconf from "nconf";
import { fixture, reads, reloads } from "../configuration.ts";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";

export const contender: Contender = {
  name: "nconf",
  notes: [
    "a get splits its path and walks the stores; reload is load(), synchronous; no watching, no notifications, no validation",
  ],
  absent: {
    ref: "no handle on one value",
    reload_one: "counted as the reload in which all changed: it compares nothing",
    save: "no watching, no notifications",
    save_moved: "no watching, no notifications",
    put: "no notifications",
    get: "there is no process to call",
    match: "no subscriptions",
  },
  probes: {
    import: ({ n }) => imports(import.meta.resolve("nconf"), n),
    async read({ n, keys, among }) {
      const made = await fixture(keys);
      const provider = new nconf.Provider().file({ file: made.file });
      const paths = made.paths(among, ":");
      const found = reads(n, (leaf) => provider.get(paths[leaf] as string));
      await made.remove();
      return found;
    },
    async reload({ keys }) {
      const made = await fixture(keys);
      const provider = new nconf.Provider().file({ file: made.file });
      const found = await reloads(made.change, async () => provider.load());
      await made.remove();
      return found;
    },
  },
};
