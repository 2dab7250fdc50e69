/** A family of files is one source: which files count, where each value stands, and that they change as one. */
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { placeOf } from "../../src/core/layers.ts";
import { type FamilyOptions, FileSource } from "../../src/index.ts";
import { eventually, setup, source_contract, type TemporaryDirectory } from "../../src/testing.ts";
import { context, first_tree, layer_of, rejection } from "./loading.ts";

const kit = setup({ beforeEach, afterEach });
const at_once = { debounce: 0, settle: 0 };

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await kit.temporary_directory();
});

function family(options: FamilyOptions = {}, stem = "config") {
  return FileSource.family(join(folder.path, stem), { ...at_once, ...options });
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
}

describe("FileSource.family", () => {
  test("merges base, profile, local and the profile's local file in any format, and records the place of each value", async () => {
    await write({
      "config.toml": "a = 1\nb = 1\nc = 1\nd = 1\n[t]\nx = 1\n",
      "config.production.yaml": "b: 2\nc: 2\nd: 2\nt:\n  y: 2\n",
      "config.local.jsonc": '{\n  // mine\n  "c": 3, "d": 3 }',
      "config.production.local.json": '{"d": 4}',
      "config.staging.toml": "a = 9\n",
      "config.ts": "export {}",
      "configuration.toml": "a = 9\n",
      "config.toml.bak": "a = 9\n",
    });
    const layer = layer_of(await family({ profile: "production" }).load(context()));
    expect(layer.tree).toEqual({ a: 1, b: 2, c: 3, d: 4, t: { x: 1, y: 2 } });
    const place = (path: string) => placeOf(layer.origin(path.split("."))).replace(`${folder.path}/`, "");
    expect(["a", "b", "c", "d", "t.x", "t.y"].map(place)).toEqual([
      "file:config.toml:1",
      "file:config.production.yaml:1",
      "file:config.local.jsonc:3",
      "file:config.production.local.json:1",
      "file:config.toml:6",
      "file:config.production.yaml:5",
    ]);
    expect(layer.origin(["b"])).toMatchObject({ file: join(folder.path, "config.production.yaml"), line: 1 });
    expect(layer.diagnostics).toEqual([]);
  });

  test("finds the paths of names in a .env file in the files below it", async () => {
    await write({ "config.toml": "[db]\nmax_size = 1\n", "config.local.env": "DB_MAX_SIZE=5\n" });
    const layer = layer_of(await family().load(context()));
    expect(layer.tree).toEqual({ db: { max_size: 5 } });
    expect(placeOf(layer.origin(["db", "max_size"]))).toBe(`file:${folder.path}/config.local.env:1`);
  });

  test("reads .env, .env.PROFILE, .env.local and .env.PROFILE.local for the stem .env", async () => {
    await write({ ".env": "A=1\nB=1\nC=1\nD=1\n", ".env.test": "B=2\nC=2\nD=2\n", ".env.local": "C=3\nD=3\n" });
    await write({ ".env.test.local": "D=4\n", ".env.example": "A=9\n" });
    expect(await first_tree(family({ profile: "test" }, ".env"))).toEqual({ a: 1, b: 2, c: 3, d: 4 });
  });

  test("reads names of .env files by prefix and mapping", async () => {
    await write({ ".env": "PORT=80\nAPP_NAME=x\nOTHER=1\n", ".env.local": "PORT=81\n" });
    const source = family({ prefix: "APP", mapping: { PORT: "http.port" } }, ".env");
    expect(await first_tree(source)).toEqual({ name: "x", http: { port: 81 } });
    expect(() => family({ mapping: 1 } as never)).toThrow("mapping must be an object");
  });

  test("accepts several profiles, the last one on top, and prefers those of a variable", async () => {
    await write({ "config.eu.toml": "a = 1\nb = 1\n", "config.prod.toml": "b = 2\n", "config.dev.toml": "a = 9\n" });
    expect(await first_tree(family({ profile: ["eu", "prod"] }))).toEqual({ a: 1, b: 2 });
    const source = family({ profile: "dev", profile_env: "APP_ENV" });
    const load = async (env: Record<string, string>) => layer_of(await source.load(context({ env }))).tree;
    expect(await load({ APP_ENV: "eu, prod" })).toEqual({ a: 1, b: 2 });
    expect(await load({ APP_ENV: "" })).toEqual({ a: 9 });
    expect(await load({ NODE_ENV: "prod" })).toEqual({ a: 9 });
  });

  test.each([
    ["../x", 'a profile must be letters, digits, "_" and "-", got "../x"'],
    ["local", 'a profile must not be "local", which is on top of all of them anyway'],
  ])("refuses the profile %s", async (profile, message) => {
    expect(() => family({ profile })).toThrow(message);
    const error = await rejection(family({ profile_env: "E", name: "f" }).load(context({ env: { E: profile } })));
    expect(error.message).toBe(`Cannot load "f": ${message} (from env:E)`);
  });

  test("refuses two formats of one stem, and a directory as the stem", async () => {
    await write({ "config.toml": "a = 1\n", "config.yml": "a: 1\n" });
    const error = await rejection(family({ name: "f" }).load(context()));
    const [one, other] = ["toml", "yml"].map((extension) => `"${folder.path}/config.${extension}"`);
    expect(error.message).toBe(`Cannot load "f": ${one} and ${other} both exist, only one of them is allowed`);
    expect(() => FileSource.family("config/")).toThrow("got a directory");
    expect(() => FileSource.family("etc/config.yml")).toThrow('leave the extension out: "etc/config"');
    expect(() => family({ profile: null } as never)).toThrow("profile must be a text or a list of texts, got null");
    expect(() => family({ profle: "x" } as never)).toThrow('there is no option "profle"');
  });

  test("is absent without any file or directory, and an error if it must exist", async () => {
    expect(await family({}, "none/config").load(context())).toEqual({ outcome: "absent" });
    const error = await rejection(family({ must_exist: true, name: "f" }).load(context()));
    expect(error.message).toContain(`there is no "${folder.path}/config" with one of the extensions .toml`);
  });

  test("names the broken file, and keeps the last values of all", async () => {
    await write({ "config.toml": "a = 1\n", "config.local.toml": "b = 1\n" });
    const config = await kit.start_manager({ sources: [family()], log: false });
    await write({ "config.local.toml": "b = \n", "config.toml": "a = 2\n" });
    await config.reload();
    expect(config.peek("a")).toBe(1);
    expect((await config.status()).sources[0]?.last_error?.message).toMatch(/config\.local\.toml": .* at line 1/);
    await write({ "config.local.toml": "b = 2\n" });
    await eventually(() => expect([config.peek("a"), config.peek("b")]).toEqual([2, 2]));
  });

  test("notices added and removed files, and keeps or drops the base file's values by on_missing", async () => {
    for (const on_missing of ["keep", "clear"] as const) {
      const stem = `${on_missing}/config`;
      const file = (name: string) => `${stem}.${name}`;
      const config = await kit.start_manager({ sources: [family({ on_missing }, stem)], name: on_missing });
      expect(config.snapshot().tree).toEqual({});
      await mkdir(join(folder.path, on_missing));
      await write({ [file("toml")]: "a = 1\nb = 1\n" });
      await eventually(() => expect(config.snapshot().tree).toEqual({ a: 1, b: 1 }));
      await write({ [file("local.json")]: '{"b": 2}' });
      await eventually(() => expect(config.snapshot().tree).toEqual({ a: 1, b: 2 }));
      await rm(join(folder.path, file("local.json")));
      await eventually(() => expect(config.snapshot().tree).toEqual({ a: 1, b: 1 }));
      await write({ [file("local.json")]: '{"b": 3}' });
      await eventually(() => expect(config.snapshot().tree).toEqual({ a: 1, b: 3 }));
      await rm(join(folder.path, file("toml")));
      if (on_missing === "clear") await eventually(() => expect(config.snapshot().tree).toEqual({ b: 3 }));
      else await eventually(async () => expect((await config.status()).sources[0]?.state).toBe("absent"));
      if (on_missing === "keep") expect(config.snapshot().tree).toEqual({ a: 1, b: 3 });
      await write({ [file("toml")]: "a = 4\n" });
      await eventually(() => expect(config.snapshot().tree).toEqual({ a: 4, b: 3 }));
    }
  });

  test("leaves no value behind if an only file over no base is removed", async () => {
    await write({ "config.local.toml": "a = 1\n" });
    const config = await kit.start_manager({ sources: [family()] });
    await rm(join(folder.path, "config.local.toml"));
    await eventually(() => expect(config.snapshot().tree).toEqual({}));
  });

  test("shows no mixture if its files are renamed one after another, or are behind one link", async () => {
    const release = async (n: number) => {
      const to = join(folder.path, `release-${n}`);
      await mkdir(to);
      for (const [name, key] of [
        ["config.toml", "a"],
        ["config.local.toml", "b"],
      ] as const) {
        await writeFile(join(to, name), `${key} = ${n}\n`);
      }
      await symlink(to, join(folder.path, "new"));
      await rename(join(folder.path, "new"), join(folder.path, "current"));
    };
    await release(0);
    await write({ "plain.toml": "a = 0\n", "plain.local.toml": "b = 0\n" });
    // A debounce is what makes two renames one change.
    const options = { settle: 0, debounce: 100 };
    const linked = await kit.start_manager({ sources: [family(options, "current/config")], name: "linked" });
    const renamed = await kit.start_manager({ sources: [family(options, "plain")], name: "renamed" });
    const mixtures: unknown[] = [];
    for (const config of [linked, renamed]) {
      await config.subscribe("*", () => {
        const { a, b } = config.snapshot().tree;
        if (a !== b) mixtures.push([config.name, a, b]);
      });
    }
    for (let n = 1; n <= 5; n += 1) {
      await release(n);
      for (const [name, key] of [
        ["plain.toml", "a"],
        ["plain.local.toml", "b"],
      ] as const) {
        await write({ [`${name}.new`]: `${key} = ${n}\n` });
        await rename(join(folder.path, `${name}.new`), join(folder.path, name));
      }
      for (const config of [linked, renamed]) {
        await eventually(() => expect(config.snapshot().tree).toEqual({ a: n, b: n }));
      }
    }
    expect(mixtures).toEqual([]);
  });

  test("treats renames within debounce as one change, even if the first file has been read by then", async () => {
    await write({ "config.toml": "a = 1\n", "config.local.toml": "b = 1\n" });
    const source = family({ debounce: 2000 });
    await source.load(context());
    await write({ "config.toml": "a = 2\n" });
    const loading = source.load(context({ first: false }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    await write({ "config.local.toml": "b = 2\n" });
    expect(layer_of(await loading).tree).toEqual({ a: 2, b: 2 });
  });

  test("reports its files and profiles in status", async () => {
    await write({ "config.toml": "a = 1\n", "config.x.toml": "b = 1\n" });
    const config = await kit.start_manager({ sources: [family({ profile: "x" })] });
    const details = (await config.status()).sources[0]?.details;
    const files = ["config.toml", "config.x.toml"].map((name) => join(folder.path, name));
    expect(details).toEqual({ watched: "events", last_looked: expect.any(String), files, profiles: ["x"] });
  });
});

describe("a shape conflict and a write into a list, between files of a family", () => {
  test("is reported; is refused with the place", async () => {
    await write({ "config.toml": "a = 1\nl = [1]\n", "config.local.toml": "[a]\nx = 1\n" });
    const { diagnostics } = layer_of(await family().load(context()));
    expect(diagnostics).toMatchObject([{ code: "shape", path: "a" }]);
    await write({ "config.local.toml": '[l]\n"0" = 2\n' });
    const error = await rejection(family({ name: "f" }).load(context()));
    expect(error.message).toContain('"l" is a list, and a list can only be replaced as a whole');
    expect(error).toMatchObject({ code: "below_list", line: 2, file: join(folder.path, "config.local.toml") });
  });
});

source_contract({ describe, test }, "FileSource.family", async () => {
  const directory = await kit.temporary_directory({ "config.toml": "a = 1\n", "config.local.json": '{"t": {"x": 1}}' });
  return {
    source: FileSource.family(join(directory.path, "config"), at_once),
    change: () => directory.write("config.local.json", `{"t": {"x": ${Math.random()}}}`),
    break: () => directory.write("config.local.json", "{"),
    mend: () => directory.write("config.local.json", "{}"),
    dispose: async () => undefined,
  };
});
