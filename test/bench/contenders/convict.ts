import convict from "convict";
import { fixture, reads, reloads } from "../configuration.ts";
import type { Fixture, Tree } from "../configuration.ts";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";

/** convict's own types follow its schema, and these schemas are made at run time. */
interface Loose {
  get(path: string): unknown;
  loadFile(file: string): Loose;
  validate(options: { allowed: "strict" }): Loose;
}

/** convict wants every leaf in its schema. */
function schema(tree: Tree): object {
  return Object.fromEntries(
    Object.entries(tree).map(([table, leaves]) => [
      table,
      Object.fromEntries(Object.keys(leaves).map((key) => [key, { doc: key, format: "int", default: 0 }])),
    ]),
  );
}

function load(made: Fixture): Loose {
  const config = convict(schema(made.tree) as never) as unknown as Loose;
  config.loadFile(made.file).validate({ allowed: "strict" });
  return config;
}

export const contender: Contender = {
  name: "convict",
  notes: [
    "a get walks the path and deep-copies the value; reload is loadFile and validate, synchronous, over the old values",
    "no watching, no notifications",
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
    import: ({ n }) => imports(import.meta.resolve("convict"), n),
    async read({ n, keys, among }) {
      if (keys > 100_000) throw new Error("a schema of a million leaves takes it minutes to build");
      const made = await fixture(keys);
      const config = load(made);
      const paths = made.paths(among, ".");
      const found = reads(n, (leaf) => config.get(paths[leaf] as string));
      await made.remove();
      return found;
    },
    async reload({ keys }) {
      if (keys > 10_000) throw new Error("100,000 leaves take it 6 s, too long to repeat");
      const made = await fixture(keys);
      const config = load(made);
      const found = await reloads(made.change, async () => config.loadFile(made.file).validate({ allowed: "strict" }));
      await made.remove();
      return found;
    },
  },
};
