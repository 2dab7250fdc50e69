/** Files that change together are one change: no reader sees the new one beside the other old one. */
import { renameSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { z } from "zod";

import { ConfigSpec, FileSource, type Source, TemplateSource } from "../../src/index.ts";
import type { Together } from "../../src/sources/together.ts";
import { eachAlone, eventually, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-together-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Reads, validates and subscribes all the time, and keeps every mixture that it meets. */
async function observed(sources: readonly Source[], keys: readonly string[]) {
  const mixtures = new Set<string>();
  const alarms: string[] = [];
  const look = (where: string, tree: Readonly<Record<string, unknown>>) => {
    const seen = keys.map((key) => tree[key]);
    if (new Set(seen).size > 1) mixtures.add(`${where}: ${seen.join(" ")}`);
  };
  const schema = z.record(z.string(), z.unknown()).refine((tree) => {
    look("validator", tree);
    return true;
  });
  const spec = new ConfigSpec({ sources, reload_interval: 0, schema });
  const { config } = await started(spec);
  for (const key of keys) {
    await config.subscribe(key, () => {
      look("callback", config.snapshot().tree as Record<string, unknown>);
    });
  }
  let reading = true;
  const reader = (async () => {
    while (reading) {
      look("reader", config.snapshot().tree as Record<string, unknown>);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const shows = (n: number) => eventually(() => keys.every((key) => config.peek(key) === n));
  const end = async () => {
    reading = false;
    await reader;
    const { refused, sources: all } = await config.status();
    if (refused !== undefined) alarms.push(JSON.stringify(refused));
    for (const { last_error } of all) if (last_error !== undefined) alarms.push(last_error.message);
    return { mixtures: [...mixtures], alarms };
  };
  return { config, shows, end };
}

/** A release, and the link that is pointed to it in one step. */
async function release(link: string, n: number, files: Readonly<Record<string, string>>): Promise<void> {
  const target = join(folder, `release-${n}`);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(target, name, ".."), { recursive: true });
    await writeFile(join(target, name), text);
  }
  await symlink(target, `${link}.new`);
  await rename(`${link}.new`, link);
}

describe("sources behind one link", () => {
  test("change together at each of 20 swaps, whatever their depth, format and kind", { timeout: 120_000 }, async () => {
    const link = join(folder, "current");
    const swap = (n: number) =>
      release(link, n, {
        "a.toml": `a = ${n}\n${"# filler\n".repeat((n * 7) % 40)}`,
        "deep/er/b.json": JSON.stringify({ b: n }),
        "c.template": "c = ${C:0}\n".replace("0", String(n)),
        "d.yaml": `d: ${n}\n`,
      });
    await swap(1);
    await symlink("current/d.yaml", join(folder, "d.yaml"));
    await symlink("current/deep", join(folder, "below"));
    const { shows, end } = await observed(
      [
        new FileSource(join(link, "a.toml")),
        new FileSource(join(folder, "below", "er", "b.json")),
        new TemplateSource(join(link, "c.template"), { substitutions: { X: 1 } }),
        new FileSource(join(folder, "d.yaml")),
      ],
      ["a", "b", "c", "d"],
    );
    for (let n = 2; n <= 21; n += 1) {
      await swap(n);
      await shows(n);
    }
    expect(await end()).toEqual({ mixtures: [], alarms: [] });
  });

  test("change together in a ConfigMap that the kubelet swaps", { timeout: 60_000 }, async () => {
    const volume = join(folder, "volume");
    const swap = async (n: number) => {
      const dated = join(volume, `..2026_${n}`);
      await mkdir(dated, { recursive: true });
      for (const key of ["a", "b"]) await writeFile(join(dated, `${key}.toml`), `${key} = ${n}\n`);
      await symlink(`..2026_${n}`, join(volume, "..data_tmp"));
      await rename(join(volume, "..data_tmp"), join(volume, "..data"));
      if (n > 1) await rm(join(volume, `..2026_${n - 1}`), { recursive: true });
    };
    await swap(1);
    for (const key of ["a", "b"]) await symlink(`..data/${key}.toml`, join(volume, `${key}.toml`));
    const sources = ["a", "b"].map((key) => new FileSource(join(volume, `${key}.toml`)));
    const { shows, end } = await observed(sources, ["a", "b"]);
    for (let n = 2; n <= 21; n += 1) {
      await swap(n);
      await shows(n);
    }
    expect(await end()).toEqual({ mixtures: [], alarms: [] });
  });

  test.each([false, true])("change together when all are reloaded (use_polling: %s)", async (use_polling) => {
    const link = join(folder, "current");
    const swap = (n: number) => release(link, n, { "a.toml": `a = ${n}\n`, "b.toml": `b = ${n}\n` });
    await swap(1);
    const sources = ["a", "b"].map((key) => new FileSource(join(link, `${key}.toml`), { use_polling, settle: 100 }));
    const { config, shows, end } = await observed(sources, ["a", "b"]);
    for (let n = 2; n <= 8; n += 1) {
      await swap(n);
      if (n % 2 === 0) await config.reload();
      await shows(n);
    }
    expect(await end()).toEqual({ mixtures: [], alarms: [] });
  });

  test("stay unchanged while one of them cannot be loaded, and change together when it can", async () => {
    const link = join(folder, "current");
    await release(link, 1, { "a.toml": "a = 1\n", "b.toml": "b = 1\n" });
    const sources = ["a", "b"].map((key) => new FileSource(join(link, `${key}.toml`), { settle: 100 }));
    const { config, shows, end } = await observed(sources, ["a", "b"]);
    await release(link, 2, { "a.toml": "a = 2\n", "b.toml": "b = \n" });
    const codes = async () => (await config.status()).sources.map(({ last_error }) => last_error?.code);
    await eventually(async () => (await codes()).join() === "held_back,syntax");
    await config.reload();
    expect([config.peek("a"), config.peek("b")]).toEqual([1, 1]);
    await writeFile(join(link, "b.toml.new"), "b = 2\n");
    await rename(join(link, "b.toml.new"), join(link, "b.toml"));
    await shows(2);
    expect((await end()).mixtures).toEqual([]);
    expect((await config.status()).sources.map(({ state }) => state)).toEqual(["ok", "ok"]);
  });
});

describe("one of several sources that changed together", () => {
  /** A configuration of three files, two of them behind a link, and what becomes of a release whose second file is bad. */
  async function refusing(
    second: string,
    bad: string,
    good: (n: number) => string,
    sources: (link: string) => readonly Source[],
  ) {
    const link = join(folder, "current");
    const other = join(folder, "other.toml");
    const files = (n: number, text: string) => ({ "a.toml": `a = ${n}\n`, [second]: text });
    await release(link, 1, files(1, good(1)));
    await writeFile(other, "c = 1\n");
    const schema = z.record(z.string(), z.unknown()).refine(({ b }) => typeof b === "number", { path: ["b"] });
    const all = [...sources(link), new FileSource(other, { settle: 0 })];
    const { config } = await started(new ConfigSpec({ sources: all, schema, reload_interval: 0 }));
    const shown = () => ["a", "b", "c"].map((key) => config.peek(key));
    await release(link, 2, files(2, bad));
    const refused = await eventually(async () => (await config.status()).refused);
    expect(shown()).toEqual([1, 1, 1]);
    expect(refused.sources).toEqual([all[1]!.name]);
    // Others go on, and a next release of which the same file is bad shows nothing of itself.
    await writeFile(other, "c = 2\n");
    await eventually(() => config.peek("c") === 2);
    expect(shown()).toEqual([1, 1, 2]);
    await release(link, 3, files(3, bad));
    const seen = new Set<unknown>();
    const look = setInterval(() => seen.add(config.peek("a")), 1);
    for (let n = 3; n < 6; n += 1) {
      await writeFile(other, `c = ${n}\n`);
      await eventually(() => config.peek("c") === n);
    }
    await config.reload().catch(() => undefined);
    clearInterval(look);
    expect([...seen]).toEqual([1]);
    // Mended, all of it is there: nothing was lost.
    await writeFile(join(link, `${second}.new`), good(3));
    await rename(join(link, `${second}.new`), join(link, second));
    await eventually(() => config.peek("b") === 3);
    expect(shown()).toEqual([3, 3, 5]);
    const after = await config.status();
    expect(after.refused).toBeUndefined();
    expect(after.sources.map(({ state }) => state)).toEqual(["ok", "ok", "ok"]);
  }

  test("is refused by a schema: it is blamed, the other one is held, and nothing is lost", async () => {
    await refusing(
      "b.toml",
      'b = "bad"\n',
      (n) => `b = ${n}\n`,
      (link) => ["a", "b"].map((key) => new FileSource(join(link, `${key}.toml`), { settle: 0 })),
    );
  });

  test("is refused as unreadable: it is blamed, the other one is held, and nothing is lost", async () => {
    await refusing(
      "b.env",
      'B={"x":1,"x":2}\n',
      (n) => `B=${n}\n`,
      (link) => [
        new FileSource(join(link, "a.toml"), { settle: 0 }),
        new FileSource(join(link, "b.env"), { settle: 0 }),
      ],
    );
  });
});

describe("files that are renamed at the same moment", () => {
  test("change together", async () => {
    const paths = ["a", "b", "c"].map((key) => join(folder, `${key}.toml`));
    const write = async (n: number) => {
      for (const [i, path] of paths.entries()) await writeFile(`${path}.new`, `${"abc"[i]!} = ${n}\n`);
      for (const path of paths) renameSync(`${path}.new`, path);
    };
    await write(1);
    const { shows, end } = await observed(
      paths.map((path) => new FileSource(path)),
      ["a", "b", "c"],
    );
    for (let n = 2; n <= 21; n += 1) {
      await write(n);
      await shows(n);
    }
    expect(await end()).toEqual({ mixtures: [], alarms: [] });
  });

  test("change together when they are renamed again while they are read, in any order", async () => {
    const paths = ["a", "b"].map((key) => join(folder, `${key}.toml`));
    const write = async (n: number) => {
      for (const [i, path] of paths.entries()) await writeFile(`${path}.new`, `${"ab"[i]!} = ${n}\n`);
      for (const path of n % 3 === 0 ? paths : paths.toReversed()) renameSync(`${path}.new`, path);
    };
    await write(1);
    const { config, shows, end } = await observed(
      paths.map((path) => new FileSource(path)),
      ["a", "b"],
    );
    for (let n = 2; n <= 200; n += 1) {
      await write(n);
      // Different phases of a load.
      await sleep((n * 7) % 41);
      if (n % 9 === 0) await config.reload();
    }
    await shows(200);
    expect(await end()).toEqual({ mixtures: [], alarms: [] });
  });
});

describe("a file that is renamed in the same moment as another one", () => {
  test.each([
    ["cannot be loaded", "b.toml", "b = [\n", (n: number) => `b = ${n}\n`, "which cannot be loaded"],
    ["is refused", "b.env", 'B={"x":1,"x":2}\n', (n: number) => `B=${n}\n`, "which is refused"],
  ])(
    "waits for it while that one %s, and both change together when it is mended",
    async (_, second, bad, good, why) => {
      const [a, b] = [join(folder, "a.toml"), join(folder, second)];
      const move = async (texts: Record<string, string>) => {
        for (const [path, text] of Object.entries(texts)) await writeFile(`${path}.new`, text);
        for (const path of Object.keys(texts)) renameSync(`${path}.new`, path);
      };
      await move({ [a]: "a = 1\n", [b]: good(1) });
      const sources = [new FileSource(a, { settle: 0 }), new FileSource(b, { settle: 0 })];
      const { config } = await started(new ConfigSpec({ sources, reload_interval: 0 }));
      const seen = new Set<string>();
      await config.subscribe("*", () => seen.add(`${config.peek("a")} ${config.peek("b")}`));
      // Apart from the files' own beginning.
      await sleep(200);
      await move({ [a]: "a = 2\n", [b]: bad });
      const held = await eventually(async () => (await config.status()).sources[0]?.last_error);
      expect(held.code).toBe("held_back");
      expect(held.message).toBe(`Cannot apply the change of "file:${a}": it changed together with "file:${b}", ${why}`);
      expect([config.peek("a"), config.peek("b")]).toEqual([1, 1]);
      await move({ [b]: good(2) });
      await eventually(() => config.peek("b") === 2);
      expect(config.peek("a")).toBe(2);
      expect([...seen]).toEqual(["2 2"]);
      await eventually(async () => (await config.status()).sources.every(({ state }) => state === "ok"));
    },
  );
});

describe("A source that goes on changing while others are read", () => {
  class Changing extends ScriptedSource {
    moments: { readonly stirred?: number; readonly answered?: number } = {};
    together(): Together {
      const { stirred, answered } = this.moments;
      return { links: new Map(), stirred, answered };
    }
  }

  test("holds back those that changed in the same moment, until it has been read after that", async () => {
    const [one, other] = [new Changing("one", { a: 1 }), new Changing("other", { b: 1 })];
    const { config } = await started(new ConfigSpec({ sources: [one, other], reload_interval: 0 }));
    other.moments = { stirred: 1_000 };
    one.moments = { answered: 1_010 };
    one.change({ a: 2 });
    const error = await eventually(async () => (await config.status()).sources[0]?.last_error);
    expect(error.code).toBe("held_back");
    expect(error.message).toBe(
      'Cannot apply the change of "one": it changed together with "other", which has changed again each time since',
    );
    expect([config.peek("a"), config.peek("b")]).toEqual([1, 1]);
    other.moments = { answered: 1_000 };
    other.change({ b: 2 });
    await eventually(() => config.peek("a") === 2);
    expect(config.peek("b")).toBe(2);
    expect((await config.status()).sources.map(({ state }) => state)).toEqual(["ok", "ok"]);
  });

  test("holds back its own new values with those of the others", async () => {
    const [one, other] = [new Changing("one", { a: 1 }), new Changing("other", { b: 1 })];
    const { config } = await started(new ConfigSpec({ sources: [one, other], reload_interval: 0 }));
    other.moments = { stirred: 1_000 };
    one.moments = { answered: 1_010 };
    other.next = { b: 2 };
    one.change({ a: 3 });
    await eventually(async () =>
      (await config.status()).sources.every(({ last_error: of }) => of?.code === "held_back"),
    );
    expect([config.peek("a"), config.peek("b")]).toEqual([1, 1]);
    other.moments = { answered: 1_000 };
    other.change({ b: 3 });
    await eventually(() => config.peek("a") === 3);
    expect(config.peek("b")).toBe(3);
  });

  test("holds back nothing that changed in another moment", async () => {
    const [one, other] = [new Changing("one", { a: 1 }), new Changing("other", { b: 1 })];
    const { config } = await started(new ConfigSpec({ sources: [one, other], reload_interval: 0 }));
    other.moments = { stirred: 1_000 };
    one.moments = { answered: 1_100 };
    one.change({ a: 2 });
    await eventually(() => config.peek("a") === 2);
    expect(other.loads).toBe(1);
  });
});
