import { EventEmitter } from "node:events";
import { linkSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test, vi } from "vitest";

import { DirectorySource } from "../../src/directory.ts";
import { FileSource } from "../../src/sources/file.ts";
import { context, eventually, layer_of } from "./loading.ts";

const system = vi.hoisted(() => ({ exhausted: true, inodes: false }));

/** A system that has no native watches left, until it has. */
vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const watch = ((...given: Parameters<typeof real.watch>) => {
    if (system.exhausted) throw Object.assign(new Error("ENOSPC: planted"), { code: "ENOSPC" });
    return real.watch(...given);
  }) as typeof real.watch;
  return { ...real, watch };
});

vi.mock("chokidar", async (original) => {
  const real = await original<typeof import("chokidar")>();
  const watch = (...given: Parameters<typeof real.watch>) => {
    if (!system.inodes) return real.watch(...given);
    const watcher = Object.assign(new EventEmitter(), { close: async () => undefined });
    setImmediate(() => watcher.emit("error", Object.assign(new Error("ENOSPC: planted"), { code: "ENOSPC" })));
    return watcher;
  };
  return { ...real, watch };
});

test("status reports a set of files as polled while some of it cannot be watched", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-unwatched-"));
  system.exhausted = true;
  const source = DirectorySource.conf_d(folder, { poll_interval: 20, settle: 50 });
  const watched = () => (source.status!() as { watched: string }).watched;
  await source.load(context());
  expect(watched()).toBe("no");
  const watch = await source.watch!(() => undefined, context());
  try {
    // Even while there is no file yet: the directory itself is part of the set.
    expect(watched()).toBe("polling");
    system.exhausted = false;
    await eventually(() => watched() === "events");
  } finally {
    await watch.close();
    await rm(folder, { recursive: true });
  }
});

test("a set of many files that cannot be watched names the first ones, and says how many more there are", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-unwatched-"));
  system.exhausted = true;
  for (let i = 0; i < 20; i += 1) await writeFile(join(folder, `k${i}`), "1");
  const source = new DirectorySource(folder, { poll_interval: 5_000, settle: 50 });
  await source.load(context());
  const watch = await source.watch(() => undefined, context());
  try {
    const { diagnostics } = layer_of(await source.load(context()));
    expect(diagnostics.map(({ code }) => code)).toEqual(Array.from({ length: 4 }, () => "unwatched"));
    expect(diagnostics[3]!.message).toMatch(/^Of "directory:.*" there are \d+ more problems of this kind$/);
  } finally {
    await watch.close();
    await rm(folder, { recursive: true });
  }
});

test("FileSource reports a file that cannot be watched, and notices its changes all the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-unwatched-"));
  system.exhausted = true;
  const path = join(folder, "config.toml");
  await writeFile(path, "a = 1\n");
  const source = new FileSource(path, { poll_interval: 20, settle: 50 });
  expect(layer_of(await source.load(context())).diagnostics).toEqual([]);
  let hints = 0;
  const watch = await source.watch(() => (hints += 1), context());
  try {
    await eventually(() => hints > 0);
    const layer = layer_of(await source.load(context({ first: false })));
    expect(layer.diagnostics).toEqual([
      {
        source: `file:${path}`,
        code: "unwatched",
        message: `"${path}" cannot be watched (ENOSPC): it is polled every 20 ms instead; no more watches are available: raise fs.inotify.max_user_watches`,
      },
    ]);
    expect(await source.load(context({ first: false }))).toEqual({ outcome: "unchanged" });
    const before = hints;
    await writeFile(path, "a = 2\n");
    await eventually(() => hints > before);
    expect(layer_of(await source.load(context({ first: false }))).tree).toEqual({ a: 2 });
    expect(source.status()).toMatchObject({ watched: "polling" });
    // Watches that were given back are taken, and the diagnostic goes.
    system.exhausted = false;
    await eventually(() => (source.status() as { watched: string }).watched === "events");
    expect(layer_of(await source.load(context({ first: false }))).diagnostics).toEqual([]);
  } finally {
    await watch.close();
    await rm(folder, { recursive: true });
  }
});

test("FileSource watches the file itself when there are watches again, although the file stays the same", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-unwatched-"));
  system.exhausted = false;
  system.inodes = true;
  const path = join(folder, "config.toml");
  await writeFile(path, "a = 1\n");
  linkSync(path, join(folder, "other"));
  const source = new FileSource(path, { poll_interval: 200, settle: 50 });
  await source.load(context());
  const watch = await source.watch(() => undefined, context());
  const diagnostics = async () => layer_of(await source.load(context())).diagnostics;
  try {
    await eventually(async () => (await diagnostics()).length === 1);
    system.inodes = false;
    await eventually(async () => (await diagnostics()).length === 0);
  } finally {
    await watch.close();
    await rm(folder, { recursive: true });
  }
});
