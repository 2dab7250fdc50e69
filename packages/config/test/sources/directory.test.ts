/** Directories with one file for each value: names and texts, omitted files, secrets, and changes taken as one. */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";

import { knownPaths } from "../../src/core/known_paths.ts";
import { placeOf } from "../../src/core/layers.ts";
import { type DirectoryOptions, DirectorySource } from "../../src/directory.ts";
import { FileSource, type Source } from "../../src/index.ts";
import { eventually, setup, source_contract, type TemporaryDirectory } from "../../src/testing.ts";
import { context, first_tree, layer_of, rejection, schemaShape } from "./loading.ts";

const kit = setup({ beforeEach, afterEach });
const at_once = { debounce: 0, settle: 0 };

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await kit.temporary_directory();
});

function secrets(options: DirectoryOptions = {}, path = folder.path): DirectorySource {
  return new DirectorySource(path, { ...at_once, ...options });
}

async function write(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(folder.path, name, ".."), { recursive: true });
    await writeFile(join(folder.path, name), text);
  }
}

/** The kubelet's way: a new directory, and the link `..data` pointed to it in one step. */
async function mounted(n: number, keys: Readonly<Record<string, string>>, volume = "volume"): Promise<void> {
  const data = join(folder.path, volume, `..2026_${n}`);
  for (const [name, text] of Object.entries(keys)) {
    await mkdir(join(data, name, ".."), { recursive: true });
    await writeFile(join(data, name), text);
  }
  await symlink(`..2026_${n}`, join(folder.path, volume, "..data_tmp"));
  await rename(join(folder.path, volume, "..data_tmp"), join(folder.path, volume, "..data"));
  for (const name of new Set(Object.keys(keys).map((key) => key.split("/")[0]!))) {
    await symlink(`..data/${name}`, join(folder.path, volume, name)).catch(() => undefined);
  }
  if (n > 0) await rm(join(folder.path, volume, `..2026_${n - 1}`), { recursive: true });
}

describe("DirectorySource", () => {
  test.each<[name: string, tree: object, below?: object]>([
    ["password", { password: "v" }],
    ["database/password", { database: { password: "v" } }],
    ["database.password", { database: { password: "v" } }],
    ["database__password", { database: { password: "v" } }],
    ["DATABASE__PASSWORD", { database: { password: "v" } }],
    ["DB_PASSWORD", { db_password: "v" }],
    ["apiKey", { apiKey: "v" }],
    ["api-key", { "api-key": "v" }],
    ["API_KEY", { apiKey: "v" }, { apiKey: "old" }],
    ["db_password", { db: { password: "v" } }, { db: { password: "old" } }],
    ["db/MAX-SIZE", { db: { maxSize: "v" } }, { db: { maxSize: "old" } }],
    ["kubernetes.io/namespace", { "kubernetes.io": { namespace: "v" } }],
  ])("reads the file %s", async (name, tree, below = {}) => {
    await write({ [name]: "v\n" });
    const layer = layer_of(await secrets().load(context()), knownPaths([below as never]));
    expect(layer.tree).toEqual(tree);
    expect(layer.diagnostics).toEqual([]);
  });

  test("places values at the given path, splits names at the given separators, and records each file", async () => {
    await write({ "user.name": "u", "tls/tls.crt": "c" });
    const layer = layer_of(await secrets({ at: "a.B", separators: [] }).load(context()));
    expect(layer.tree).toEqual({ a: { B: { "user.name": "u", tls: { "tls.crt": "c" } } } });
    expect(placeOf(layer.origin(["a", "B", "tls", "tls.crt"]))).toBe(`file:${folder.path}/tls/tls.crt`);
  });

  test("reads texts by the common rule, without the line break at the end", async () => {
    const schema = z.object({ pin: z.string(), port: z.number(), hosts: z.array(z.string()), on: z.boolean() });
    await write({
      pin: "0042\n",
      port: "80\r\n",
      hosts: "a,b\n",
      on: "yes",
      other: "12",
      json: '{"a": 1}',
      two: "a\n\n",
    });
    const layer = layer_of(await secrets().load(context()), knownPaths([], schemaShape(schema)));
    expect(layer.tree).toEqual({
      pin: "0042",
      port: 80,
      hosts: ["a", "b"],
      on: true,
      other: 12,
      json: { a: 1 },
      two: "a\n",
    });
  });

  test("omits hidden files silently, and files that are binary, too large or in a circle of links with a diagnostic", async () => {
    await write({
      a: "1",
      ".hidden": "x",
      "..data/x": "x",
      binary: Buffer.from([0xff, 0xfe]),
      nul: "a\0b",
      large: "x".repeat(9),
    });
    await symlink(".", join(folder.path, "self"));
    await symlink("nowhere", join(folder.path, "dangling"));
    await symlink("loop", join(folder.path, "loop"));
    await mkdir(join(folder.path, "sub"));
    await symlink("..", join(folder.path, "sub/up"));
    const layer = layer_of(await secrets({ max_bytes: 8 }).load(context()));
    expect(layer.tree).toEqual({ a: 1 });
    const said = layer.diagnostics.map(({ code, message }) => `${code}: ${message.replaceAll(`${folder.path}/`, "")}`);
    expect(said.sort()).toEqual([
      'binary: "binary" is not used: it is not UTF-8, or holds a NUL',
      'binary: "nul" is not used: it is not UTF-8, or holds a NUL',
      'link_cycle: "loop" is not used: its links lead in a circle',
      'link_cycle: "self" is not used: its links lead in a circle',
      'link_cycle: "sub/up" is not used: its links lead in a circle',
      'too_large: "large" is not used: it is larger than max_bytes (8)',
    ]);
  });

  test.each([
    ["a..b", "it has an empty part in its name"],
    ["x/__proto__", 'no table may have the key "__proto__"', []],
    ["list.0", '"list" is a list', undefined],
  ])("refuses the name %s", async (name, message, separators?: string[]) => {
    await write({ [name]: "v" });
    const load = secrets(separators === undefined ? {} : { separators }).load(context());
    const error = await rejection(load.then((loaded) => layer_of(loaded, knownPaths([{ list: ["a"] }]))));
    expect(error.message.replace("leads into the list", "is a list")).toMatch(message.replace('"list" is', "is"));
  });

  test("is absent without a directory, and an error if it must exist or is a file", async () => {
    const none = join(folder.path, "none");
    expect(await secrets({}, none).load(context())).toEqual({ outcome: "absent" });
    expect((await rejection(secrets({ must_exist: true, name: "s" }, none).load(context()))).message).toBe(
      'Cannot load "s": there is no such directory',
    );
    await write({ none: "" });
    expect((await rejection(secrets({}, none).load(context()))).message).toBe(
      `Cannot read "${none}": it is not a directory`,
    );
  });

  test("reads the credentials of systemd, and nothing if there are none", async () => {
    await write({ "db.password": "pw" });
    const source = DirectorySource.credentials(at_once);
    expect(await source.load(context())).toEqual({ outcome: "absent" });
    const loaded = await source.load(context({ env: { CREDENTIALS_DIRECTORY: folder.path } }));
    expect(layer_of(loaded).tree).toEqual({ db: { password: "pw" } });
    const must_exist = DirectorySource.credentials({ must_exist: true, name: "c" });
    expect((await rejection(must_exist.load(context()))).message).toContain("CREDENTIALS_DIRECTORY is not set");
  });

  test("refuses invalid options", () => {
    expect(() => new DirectorySource("x", { secret: 1 } as never)).toThrow("secret must be a boolean");
    expect(() => new DirectorySource("x", { separators: [""] })).toThrow("separators must be a list");
    expect(() => new DirectorySource("x", { at: "a..b" })).toThrow("is empty");
    expect(() => new DirectorySource("x", { fromat: 1 } as never)).toThrow('there is no option "fromat"');
  });

  test("keeps its values secret under any name in every output, except with secret: false", async () => {
    await write({ "on/colour": "scarlet-77", "off/colour": "emerald-88", "on/n": "many-99" });
    await write({ "base.toml": 'colour = "scarlet-77"\n' });
    const sources = [
      new FileSource(join(folder.path, "base.toml"), at_once),
      secrets({}, join(folder.path, "on")),
      secrets({ secret: false, at: "plain" }, join(folder.path, "off")),
    ];
    const lines: string[] = [];
    const config = await kit.start_manager({ sources, log: (line) => void lines.push(line), validators: { n: check } });
    expect(config.peek("colour")).toBe("scarlet-77");
    const shown = inspect([config.snapshot(), await config.explain("colour"), await config.status()], { depth: 20 });
    expect(shown).not.toContain("scarlet");
    expect(shown).toContain("[redacted]");
    expect(inspect(config.snapshot())).toContain("emerald-88");
    await write({ "on/n": "wrong-66" });
    await eventually(async () => expect((await config.status()).refused).toBeDefined());
    expect(inspect(await config.status(), { depth: 20 }) + lines.join("\n")).not.toMatch(/wrong-66|many-99|scarlet/);
    await rm(join(folder.path, "on/colour"));
    await write({ "on/n": "fine" });
    await eventually(() => expect(config.peek("n")).toBe("fine"));
    const history = inspect(await config.diff(1), { depth: 20 });
    expect(history).not.toMatch(/many-99|fine|scarlet/);
    function check(value: unknown): void {
      if (String(value).startsWith("wrong")) throw new Error(`bad ${String(value)}`);
    }
  });

  test("treats the swap of a Kubernetes volume as one change, ten times, with added and removed keys", async () => {
    const keys = (n: number) => ({ a: String(n), "sub/b": String(n), [n % 2 === 0 ? "even" : "odd"]: "x" });
    await mounted(0, keys(0));
    const config = await kit.start_manager({
      sources: [secrets({ debounce: 20, secret: false }, join(folder.path, "volume"))],
    });
    const mixtures: unknown[] = [];
    const versions = new Set<number>();
    await config.subscribe("**", () => {
      const { tree, version } = config.snapshot() as unknown as { tree: Record<string, unknown>; version: number };
      versions.add(version);
      const [a, b] = [tree["a"], (tree["sub"] as Record<string, unknown>)["b"]];
      if (a !== b || "even" in tree === "odd" in tree) mixtures.push(JSON.stringify(tree));
    });
    for (let n = 1; n <= 10; n += 1) {
      await mounted(n, keys(n));
      // The kubelet removes the links of keys that are gone.
      await rm(join(folder.path, "volume", n % 2 === 0 ? "odd" : "even"));
      await eventually(() => expect(config.peek("a")).toBe(n));
    }
    expect(mixtures).toEqual([]);
    await eventually(() => expect(Object.keys(config.snapshot().tree).sort()).toEqual(["a", "even", "sub"]));
    expect((await config.status()).sources[0]?.details).toMatchObject({ watched: "events" });
  });

  test("notices a directory that appears later, new directories in it, and files written in place", async () => {
    const path = join(folder.path, "later/secrets");
    const config = await kit.start_manager({ sources: [secrets({ on_missing: "clear" }, path)] });
    const shows = (tree: object) => eventually(() => expect(config.snapshot().tree).toEqual(tree));
    await write({ "later/secrets/a": "1" });
    await shows({ a: 1 });
    await write({ "later/secrets/deep/er/b": "2" });
    await shows({ a: 1, deep: { er: { b: 2 } } });
    await write({ "later/secrets/deep/er/b": "3" });
    await shows({ a: 1, deep: { er: { b: 3 } } });
    await rm(join(path, "deep"), { recursive: true });
    await shows({ a: 1 });
    await rm(path, { recursive: true });
    await shows({});
    await write({ "later/secrets/a": "4" });
    await shows({ a: 4 });
  });
});

test("A directory shows when all of it was last checked", async () => {
  await write({ a: "1", "sub/b": "2" });
  const config = await kit.start_manager({ sources: [secrets({ poll_interval: 20 })] });
  const looked = async () => Date.parse((await config.status()).sources[0]!.details!["last_looked"] as string);
  const before = await looked();
  await eventually(async () => (await looked()) > before);
});

describe("A source of more files than the limit", () => {
  const many = (n: number) =>
    Promise.all(Array.from({ length: n }, (_, i) => writeFile(join(folder.path, `k${i}.toml`), `k${i} = 1`)));

  const kinds: [name: string, make: () => Source][] = [
    ["a directory", () => secrets({ separators: [], required: false, secret: false })],
    ["conf.d", () => DirectorySource.conf_d(folder.path, { ...at_once, required: false })],
    [
      "a pattern of includes",
      () => new FileSource(join(folder.path, ".all.toml"), { ...at_once, includes: true, required: false }),
    ],
  ];
  test.each(kinds)("is refused before any of them is read or watched: %s", async (name, make) => {
    await write({ ".all.toml": 'include = ["k*.toml"]' });
    await many(1_200);
    const config = await kit.start_manager({ sources: [make()], log: false });
    const [source] = (await config.status()).sources;
    expect(source?.last_error?.message).toMatch(/: there are more than 1000 files, the limit for one source$/);
    expect(source?.details).toMatchObject({ files: name === "a pattern of includes" ? [expect.any(String)] : [] });
  });

  test("is loaded when there are fewer again, although removed files are waited for", { timeout: 60_000 }, async () => {
    await many(60);
    const config = await kit.start_manager({ sources: [kinds[0]![1]()], log: false });
    const state = async () => (await config.status()).sources[0]?.state;
    expect(await state()).toBe("ok");
    await many(1_050);
    await eventually(async () => (await state()) === "error", { timeout: 25_000 });
    await Promise.all(Array.from({ length: 55 }, (_, i) => rm(join(folder.path, `k${i}.toml`))));
    await eventually(async () => (await state()) === "ok", { timeout: 25_000 });
    expect(Object.keys(config.snapshot().tree).length).toBe(995);
  });

  test("is refused for directories as well", async () => {
    await Promise.all(Array.from({ length: 1_001 }, (_, i) => mkdir(join(folder.path, `d${i}`))));
    const error = await rejection(secrets().load(context()));
    expect(error.message).toMatch(/: there are more than 1000 directories, the limit for one source$/);
  });
});

describe("DirectorySource.conf_d", () => {
  test("merges files of any format in the order of their names, and reports unknown ones", async () => {
    await write({
      "conf.d/10-base.toml": "a = 1\nb = 1\nc = 1\n",
      "conf.d/20-site.yaml": "b: 2\nc: 2\n",
      "conf.d/9-last.json": '{"c": 3}',
      "conf.d/.hidden.toml": "a = 9\n",
      "conf.d/30.toml.rpmsave": "a = 9\n",
      "conf.d/README": "read me\n",
    });
    const layer = layer_of(await DirectorySource.conf_d(join(folder.path, "conf.d"), at_once).load(context()));
    expect(layer.tree).toEqual({ a: 1, b: 2, c: 3 });
    expect(placeOf(layer.origin(["b"]))).toBe(`file:${folder.path}/conf.d/20-site.yaml:1`);
    expect(layer.diagnostics.map(({ code, message }) => [code, message.split('"')[1]])).toEqual([
      ["unknown_format", `${folder.path}/conf.d/30.toml.rpmsave`],
      ["unknown_format", `${folder.path}/conf.d/README`],
    ]);
  });

  test("notices added and removed files, takes many as one change, and keeps the last values if one is broken", async () => {
    const source = DirectorySource.conf_d(join(folder.path, "conf.d"), { settle: 0, debounce: 50 });
    const config = await kit.start_manager({ sources: [source], log: false });
    const shows = (tree: object) => eventually(() => expect(config.snapshot().tree).toEqual(tree));
    await write({ "conf.d/1.toml": "n = 1\n" });
    await shows({ n: 1 });
    const { version } = config.snapshot();
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => write({ [`conf.d/${n + 10}.toml`]: `k${n} = 1\nn = ${n}\n` })),
    );
    await eventually(() => expect(config.peek("k19")).toBe(1));
    expect(config.snapshot().version).toBe(version + 1);
    await write({ "conf.d/99.toml": "n = \n" });
    await eventually(async () => expect((await config.status()).sources[0]?.last_error?.message).toContain("99.toml"));
    expect(config.peek("n")).toBe(19);
    await rm(join(folder.path, "conf.d/99.toml"));
    await rm(join(folder.path, "conf.d/29.toml"));
    await eventually(() => expect([config.peek("n"), config.peek("k19")]).toEqual([18, undefined]));
  });

  test("is absent without a directory, an error if it must exist, and empty for an empty directory", async () => {
    const path = join(folder.path, "conf.d");
    expect(await DirectorySource.conf_d(path, at_once).load(context())).toEqual({ outcome: "absent" });
    const error = await rejection(DirectorySource.conf_d(path, { must_exist: true, name: "c" }).load(context()));
    expect(error.message).toBe(`Cannot load "c": there is no directory "${path}"`);
    await mkdir(path);
    expect(await first_tree(DirectorySource.conf_d(path, at_once))).toEqual({});
  });
});

source_contract({ describe, test }, "DirectorySource", async () => {
  const directory = await kit.temporary_directory({ a: "1", "b/c": "x" });
  return {
    source: new DirectorySource(directory.path, at_once),
    change: () => directory.write("b/c", String(Math.random())),
    break: () => directory.write("a..b", "1"),
    mend: () => directory.remove("a..b"),
    dispose: async () => undefined,
  };
});

source_contract({ describe, test }, "DirectorySource.conf_d", async () => {
  const directory = await kit.temporary_directory({ "a.toml": "a = 1\n", "b.json": '{"b": {"c": 1}}' });
  return {
    source: DirectorySource.conf_d(directory.path, at_once),
    change: () => directory.write("c.yaml", `c: ${Math.random()}\n`),
    break: () => directory.write("b.json", "{"),
    mend: () => directory.write("b.json", "{}"),
    dispose: async () => undefined,
  };
});
