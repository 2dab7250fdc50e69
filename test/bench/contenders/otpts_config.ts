import { readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { Config, ConfigManager, ConfigSpec, FileSource } from "@otpts/config";
import type { Source } from "@otpts/config";
import { erlang, gen_server, KILL, OK, REPLY, supervisor } from "@otpts/runtime";
import { fixture, paths, reads, reloads, tree } from "../configuration.ts";
import type { Fixture } from "../configuration.ts";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";
import { median, per } from "../stopwatch.ts";

/** Reads the file like the peers, on request: without a watch, and without waiting until the file has settled. */
class PlainFile implements Source {
  readonly name = "plain";
  readonly kind = "plain";
  readonly required = true;
  readonly on_missing = "keep";
  readonly #file: string;
  constructor(file: string) {
    this.#file = file;
  }
  async load() {
    const parsed = JSON.parse(await readFile(this.#file, "utf8"));
    const origin = () => ({ source: this.name });
    return {
      outcome: "data",
      contribution: { source: this.name, tree: parsed, origin, diagnostics: [] },
    } as const;
  }
}

/** Runs `body` with a manager under a supervisor, as in an application. */
async function managed<T>(source: Source, body: () => Promise<T>): Promise<T> {
  const spec = new ConfigSpec({ sources: [source], reload_interval: 0 });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec], restart: "permanent" }),
  ]);
  try {
    return await body();
  } finally {
    await supervisor.stop(top);
  }
}

async function withFile<T>(keys: number, body: (made: Fixture) => Promise<T>): Promise<T> {
  const made = await fixture(keys);
  try {
    return await managed(new PlainFile(made.file), () => body(made));
  } finally {
    await made.remove();
  }
}

const bare = {
  init: () => [OK, 0] as const,
  handle_call: (request: unknown, _from: unknown, state: unknown) => [REPLY, request, state] as const,
};

/** The time from `change` to the first call of a subscribed callback, in ms; the median of several. */
async function told(pattern: string, times: number, change: (turn: number) => Promise<unknown>): Promise<number> {
  let call = (): void => undefined;
  await Config.subscribe(pattern, () => call());
  const took: number[] = [];
  for (let turn = 1; turn <= times; turn++) {
    const called = new Promise<number>((resolve) => (call = () => resolve(performance.now())));
    const start = performance.now();
    const changed = change(turn);
    took.push((await called) - start);
    await changed;
  }
  return median(took);
}

export const contender: Contender = {
  name: "@otpts/config",
  notes: [],
  absent: {},
  probes: {
    import: ({ n }) => imports(import.meta.resolve("@otpts/config"), n),
    read: ({ n, keys, among }) =>
      withFile(keys, async (made) => {
        const paths = made.paths(among, ".");
        return reads(n, (leaf) => Config.peek(paths[leaf] as string));
      }),
    ref: ({ n, keys }) =>
      withFile(keys, async (made) => {
        const refs = made.paths(64, ".").map((name) => Config.ref(name));
        return reads(n, (leaf) => refs[leaf]?.value);
      }),
    get: ({ n, keys }) =>
      withFile(keys, async (made) => {
        const paths = made.paths(64, ".");
        const pid = await gen_server.start(bare, undefined);
        const gets = async (times: number) => {
          for (let i = 0; i < times; i++) await Config.get(paths[i & 63] as string);
        };
        const calls = async (times: number) => {
          for (let i = 0; i < times; i++) await gen_server.call(pid, paths[i & 63]);
        };
        await gets(n / 4);
        await calls(n / 4);
        const pairs: { get: number; call: number }[] = [];
        for (let i = 0; i < 6; i++) {
          const get = await per(n, () => gets(n));
          pairs.push({ get, call: await per(n, () => calls(n)) });
        }
        await gen_server.stop(pid);
        const get = median(pairs.map((pair) => pair.get));
        const call = median(pairs.map((pair) => pair.call));
        return { get, call, ratio: median(pairs.map((pair) => pair.get / pair.call)) };
      }),

    reload: ({ keys }) => withFile(keys, (made) => reloads(made.change, () => Config.reload())),
    reload_one: ({ keys }) =>
      withFile(keys, (made) => {
        let turn = 0;
        const change = () => {
          const next = tree(keys);
          (next["table_0"] as Record<string, number>)["key_0"] = --turn;
          return writeFile(made.file, JSON.stringify(next));
        };
        return reloads(change, () => Config.reload());
      }),
    match: ({ keys, queue: subscriptions, n: changes }) =>
      withFile(100, async () => {
        await Config.put("load", tree(keys));
        const merge = async (version: number): Promise<number> => {
          const start = performance.now();
          await Config.merge("load", tree(changes, version));
          return performance.now() - start;
        };
        const several = async (from: number): Promise<number> => {
          const took: number[] = [];
          for (let version = from; version < from + 7; version++) took.push(await merge(version));
          return median(took.slice(2));
        };
        const without = await several(1);
        // One process receives for all, so that the search for subscribers is measured, and not ten thousand notifications.
        const reader = erlang.spawn(async () => {
          for (;;) await erlang.receive();
        });
        for (const path of paths(subscriptions)) await Config.subscribe(`load.${path}`, reader);
        const subscribed = await several(8);
        erlang.exit(reader, KILL);
        return { ms: Math.max(0, subscribed - without), merge: without };
      }),
    put: ({ n, keys }) =>
      withFile(keys, async () => ({
        ms: await told("table_0.key_0", n, (turn) => Config.put("table_0.key_0", -turn)),
      })),
    save: async ({ keys }) => {
      const made = await fixture(keys);
      const file = new FileSource(made.file);
      const ms = await managed(file, () => told("table_0.key_0", 3, () => made.change()));
      await made.remove();
      return { ms };
    },
    save_moved: async ({ keys }) => {
      const made = await fixture(keys);
      const aside = path.join(made.folder, "aside");
      const file = new FileSource(made.file);
      const ms = await managed(file, () =>
        told("table_0.key_0", 3, async (turn) => {
          await writeFile(aside, JSON.stringify(tree(keys, turn)));
          await rename(aside, made.file);
        }),
      );
      await made.remove();
      return { ms };
    },
  },
};
