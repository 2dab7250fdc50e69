import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { HttpSource } from "../../src/http.ts";
import { ConsulSource, EnvironmentSource, FileSource, type Source, TemplateSource } from "../../src/index.ts";
import { type RemoteAnswer, remote_source } from "../../src/remote.ts";
import { type Place, source_contract } from "../../src/testing.ts";
import { Agent } from "../consul/kit/agent.ts";
import { describe_with_consul } from "../consul/kit/binary.ts";
import { ScriptedSource } from "../manager/kit.ts";
import { WebServer } from "../remote/kit/web_server.ts";

/** Every source that the package has keeps to the contract, tried on the real thing. */

type Content = { readonly first: string; readonly second: string; readonly broken: string };

const contents: Readonly<Record<string, Content>> = {
  "config.toml": { first: 'a = 1\n[t]\nx = "y"\n', second: "a = 2\n", broken: "a = \n" },
  "config.json": { first: '{"a": 1, "t": {"x": "y"}}', second: '{"a": 2}', broken: '{"a": ' },
  "config.yaml": { first: "a: 1\nt:\n  x: y\n", second: "a: 2\n", broken: "a: [1\n" },
  "config.toml.template": { first: 'a = ${A}\n[t]\nx = "y"\n', second: "a = 2\n", broken: "a = ${NOWHERE}\n" },
};

async function fileAt(name: string, open: (file: string) => Source): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), "contract-"));
  const file = join(directory, name);
  const { first, second, broken } = contents[name]!;
  await writeFile(file, first);
  return {
    source: open(file),
    change: async () => writeFile(file, (await readFile(file, "utf8")) === second ? first : second),
    break: () => writeFile(file, broken),
    mend: () => writeFile(file, second),
    env: { A: "1" },
    dispose: async () => {
      await chmod(directory, 0o700);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

for (const name of ["config.toml", "config.json", "config.yaml"]) {
  source_contract({ describe, test }, `FileSource of ${name}`, () =>
    fileAt(name, (file) => new FileSource(file, { debounce: 0, settle: 0 })),
  );
}

source_contract({ describe, test }, "TemplateSource", () =>
  fileAt("config.toml.template", (file) => new TemplateSource(file, { env: { A: "1" }, debounce: 0, settle: 0 })),
);

source_contract({ describe, test }, "EnvironmentSource", async () => {
  const env: Record<string, string> = { P_A: "1", P_T__X: "y" };
  return {
    source: new EnvironmentSource({ prefix: "P_", env }),
    change: async () => void (env["P_A"] = String(Number(env["P_A"]) + 1)),
    dispose: async () => undefined,
  };
});

source_contract({ describe, test }, "a source of one's own", async () => {
  const source = new ScriptedSource("own", { a: 1 }).writable();
  return {
    source,
    change: async () => source.change({ a: Math.random() }),
    writable: { path: ["b", "c"], value: [1, "x"] },
    dispose: async () => undefined,
  };
});

for (const [title, options] of [
  ["HttpSource", { poll_interval: 20 }],
  ["HttpSource with a long poll", { long_poll: 60_000, poll_interval: 0 }],
] as const) {
  source_contract({ describe, test }, title, async () => {
    const server = await WebServer.start(() => undefined);
    let n = 1;
    const serve = () => server.serve(JSON.stringify({ a: n, t: { x: "y" } }));
    serve();
    return {
      source: new HttpSource(`${server.url}/app.json`, { ...options, backoff: { min: 5, max: 50 } }),
      change: async () => {
        n += 1;
        serve();
      },
      break: () => server.stop(),
      mend: () => server.back(),
      dispose: () => server.stop(),
    };
  });
}

source_contract({ describe, test }, "a remote source", async () => {
  let n = 1;
  let isDown = false;
  const load = async (_: AbortSignal, revision: string | undefined): Promise<RemoteAnswer> => {
    if (isDown) throw new Error("it is down");
    if (revision === String(n)) return { unchanged: true };
    return { keys: { a: String(n), "t/x": "y" }, revision: String(n) };
  };
  return {
    source: remote_source({ name: "counter", load, poll_interval: 10 }),
    change: async () => void n++,
    break: async () => void (isDown = true),
    mend: async () => void (isDown = false),
    dispose: async () => undefined,
  };
});

await describe_with_consul("The contract", () => {
  let agent: Promise<Agent> | undefined;
  let places = 0;
  afterAll(async () => (await agent)?.stop());
  source_contract({ describe, test }, "ConsulSource", async () => {
    const { url, put } = await connected((agent ??= Agent.start()));
    const prefix = `contract/${++places}`;
    await put(`${prefix}/a`, "1");
    let value = 1;
    return {
      source: new ConsulSource(prefix, { address: url, write_through: true }),
      change: () => put(`${prefix}/a`, String(++value)),
      writable: { path: ["b", "c"], value: "written" },
      dispose: async () => undefined,
    };
  });
});

async function connected(
  starting: Promise<Agent>,
): Promise<{ url: string; put: (key: string, value: string) => Promise<void> }> {
  const agent = await starting;
  return { url: agent.url, put: (key, value) => agent.put(key, value) };
}

describe("the contract", () => {
  /** The rules that a source breaks. */
  async function broken(source: Source, more: Partial<Place> = {}): Promise<readonly string[]> {
    const found: string[] = [];
    const rules: (readonly [string, () => Promise<void>])[] = [];
    const api = {
      describe: (_: string, suite: () => void) => suite(),
      test: (title: string, body: () => Promise<void>) => void rules.push([title, body]),
    };
    source_contract(api, "It", async () => ({ source, dispose: async () => undefined, ...more }));
    for (const [title, body] of rules) await body().catch(() => found.push(title));
    return found;
  }

  const source = (load: Source["load"]): Source => ({ name: "x", kind: "x", required: true, on_missing: "keep", load });
  const layer = (tree: object) => ({ source: "x", tree, origin: () => ({ source: "x" }), diagnostics: [] }) as never;

  test("finds nothing wrong with a source that obeys it", async () => {
    expect(await broken(source(async () => ({ outcome: "data", contribution: layer({ a: 1 }) })))).toEqual([]);
  });

  test('detects a source that answers "unchanged" to a process without a contribution', async () => {
    let loads = 0;
    const forgetful = source(async () =>
      loads++ === 0 ? { outcome: "data", contribution: layer({ a: 1 }) } : { outcome: "unchanged" },
    );
    expect(await broken(forgetful)).toContain("It gives data again to the first load of another process");
  });

  test("detects data that is not plain, an origin without a source, and a watch that survives its close", async () => {
    expect(await broken(source(async () => ({ outcome: "data", contribution: layer({ a: new Date() }) })))).not.toEqual(
      [],
    );
    const nameless = { ...(layer({ a: 1 }) as object), origin: () => ({}) } as never;
    expect(await broken(source(async () => ({ outcome: "data", contribution: nameless })))).not.toEqual([]);
    let report = (): void => undefined;
    const leaking: Source = {
      ...source(async () => ({ outcome: "data", contribution: layer({ a: Math.random() }) })),
      watch: async (changed) => {
        report = changed;
        return { close: async () => undefined };
      },
    };
    expect(await broken(leaking, { change: async () => report() })).toContain(
      "It reports a change to its watch, nothing after the watch is closed, and may be closed twice",
    );
  });
});
