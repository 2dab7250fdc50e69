import { loadConfig, watchConfig } from "c12";
import { fixture, reads, reloads } from "../configuration.ts";
import type { Fixture, Tree } from "../configuration.ts";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";

const file = "bench.config.json";

const options = (made: Fixture) =>
  ({ cwd: made.folder, name: "bench", rcFile: false, globalRc: false, dotenv: false }) as const;

export const contender: Contender = {
  name: "c12",
  notes: [
    "loadConfig gives a plain object: a read is a property access, here with constant names, the fastest there is",
    "watchConfig reloads 100 ms after a change (its own debounce) and calls back once for all; no runtime changes, no validation",
  ],
  absent: {
    read: "no get: the configuration is a plain object, see the row of handles",
    put: "no runtime changes",
    get: "there is no process to call",
    match: "no subscriptions by path",
    reload_one: "counted as the reload in which all changed: it compares nothing",
    save_moved: "the same as a file saved in place",
  },
  probes: {
    import: ({ n }) => imports(import.meta.resolve("c12"), n),
    async ref({ n, keys }) {
      const made = await fixture(keys, file);
      const { config } = await loadConfig<Tree>(options(made));
      const found = reads(n, () => config["table_1"]?.["key_1"]);
      await made.remove();
      return found;
    },
    async reload({ keys }) {
      const made = await fixture(keys, file);
      const found = await reloads(made.change, () => loadConfig(options(made)));
      await made.remove();
      return found;
    },
    async save({ keys }) {
      const made = await fixture(keys, file);
      let told = (): void => undefined;
      const watcher = await watchConfig({ ...options(made), onUpdate: () => told() });
      // The watcher is ready some time after watchConfig has returned, without a report.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const update = new Promise<void>((resolve) => (told = resolve));
      const start = performance.now();
      await made.change();
      await update;
      const ms = performance.now() - start;
      await watcher.unwatch();
      await made.remove();
      return { ms };
    },
  },
};
