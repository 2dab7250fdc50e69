/** Only a regular file of this package is written to; rejected puts are gone, and acknowledged ones are kept. */
import { execFile } from "node:child_process";
import * as node_fs from "node:fs/promises";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { FileSource, RuntimeSource } from "../../src/index.ts";
import { DurableFile, type FileSystem } from "../../src/sources/durable_file.ts";
import { CacheFile } from "../../src/sources/remote/cache_file.ts";
import { context, rejection } from "../sources/loading.ts";

const run = promisify(execFile);
const isRoot = process.getuid?.() === 0;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-durable-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Objects that are not regular files, each in a separate folder, with their names. */
const things: readonly (readonly [what: string, make: (path: string) => Promise<unknown>])[] = [
  ["a directory", (path) => mkdir(path)],
  ["a pipe", (path) => run("mkfifo", [path])],
  [
    "a socket",
    (path) =>
      new Promise((resolve) =>
        createServer()
          .listen(path, resolve as () => void)
          .unref(),
      ),
  ],
  ...(isRoot ? [["a device", (path: string) => run("mknod", [path, "c", "1", "3"])] as const] : []),
];
const cases = things.flatMap(([what, make]) => [
  [what, "itself", make] as const,
  [what, "behind a symbolic link", make] as const,
]);

/** A path, and the object there. */
async function made(way: string, make: (path: string) => Promise<unknown>): Promise<readonly [string, string]> {
  const thing = join(folder, "thing");
  await make(thing);
  if (way === "itself") return [thing, thing];
  await symlink("thing", join(folder, "link"));
  return [join(folder, "link"), thing];
}

describe.skipIf(process.platform === "win32")("a path that is not a regular file", () => {
  test.each(cases)("is refused as a file of overrides, and left alone: %s, %s", async (what, way, make) => {
    const [path, thing] = await made(way, make);
    const before = await stat(thing);
    const source = new RuntimeSource({ file: path });
    for (const action of [() => source.lock(() => true), () => source.load_overrides()]) {
      expect(await rejection(action())).toMatchObject({
        code: "not_a_file",
        message: `Cannot read the runtime overrides in "${path}": it is ${what}, must be a regular file`,
      });
    }
    expect(await rejection(source.persist([{ path: ["a"], value: 1 }]))).toMatchObject({ code: "not_saved" });
    await source.close();
    const after = await stat(thing);
    expect([after.ino, after.mode, after.rdev]).toEqual([before.ino, before.mode, before.rdev]);
    expect((await readdir(folder)).length).toBe(way === "itself" ? 1 : 2);
  });

  test.each(cases)("is not replaced when it takes the file's place later: %s, %s", async (what, way, make) => {
    const path = join(folder, way === "itself" ? "thing" : "link");
    const source = new RuntimeSource({ file: path });
    await source.load_overrides();
    await source.persist([{ path: ["a"], value: 1 }]);
    await rm(path);
    const [, thing] = await made(way, make);
    const before = await stat(thing);
    expect(await rejection(source.persist([{ path: ["a"], value: 2 }]))).toMatchObject({
      code: "not_a_file",
      message: `Cannot save the runtime overrides in "${path}": it is ${what}, must be a regular file`,
    });
    const after = await stat(thing);
    expect([after.ino, after.mode, after.rdev]).toEqual([before.ino, before.mode, before.rdev]);
  });

  test.each(cases)("is refused as a cache file: %s, %s", async (what, way, make) => {
    const [path, thing] = await made(way, make);
    const before = await stat(thing);
    const cache = new CacheFile(path, { root: "r/" });
    expect(await cache.read(String)).toBeUndefined();
    expect(cache.problem).toBe(`Cannot use cache file "${path}": it is ${what}, must be a regular file`);
    cache.keep([]);
    await cache.flush();
    expect(cache.problem).toBe(`Cannot write cache file "${path}": it is ${what}, must be a regular file`);
    await cache.remove();
    expect(cache.problem).toBe(`Cannot remove cache file "${path}": it is ${what}, must be a regular file`);
    expect((await stat(thing)).ino).toBe(before.ino);
  });

  test.each(cases)("is refused as a source of configuration: %s, %s", async (_what, way, make) => {
    const [path] = await made(way, make);
    expect(await rejection(new FileSource(path, "toml").load(context()))).toMatchObject({ code: "not_a_file" });
  });

  test("does not block the start or the end of a program: a pipe", async () => {
    const pipe = join(folder, "pipe");
    await run("mkfifo", [pipe]);
    const built = new URL("../../lib/index.js", import.meta.url).href;
    const program = `
      import { ConfigManager, ConfigSpec, FileSource, RuntimeSource } from ${JSON.stringify(built)};
      import { logger, supervisor } from ${JSON.stringify(new URL("../../../runtime/lib/index.js", import.meta.url).href)};
      logger.set_handler(undefined);
      for (const source of [new RuntimeSource({ file: process.argv[1] }), new FileSource(process.argv[1], "toml")]) {
        const spec = new ConfigSpec({ sources: [source] });
        await supervisor.start([ConfigManager.child_spec(spec)]).catch((error) => console.log(error.message));
      }
      process.exit(0);
    `;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program, pipe], { timeout: 20_000 });
    expect(stdout.match(/pipe.*regular file/g)).toHaveLength(2);
  });

  test("a link to a missing file is followed to its target", async () => {
    await symlink("there/overrides", join(folder, "link"));
    const source = new RuntimeSource({ file: join(folder, "link") });
    await source.load_overrides();
    await source.persist([{ path: ["a"], value: 1 }]);
    expect((await stat(join(folder, "there", "overrides"))).isFile()).toBe(true);
    expect((await node_fs.lstat(join(folder, "link"))).isSymbolicLink()).toBe(true);
  });
});

/** A file system whose operations fail from one of them on, a number of times. */
function failing(first: number, times: number) {
  const state = { count: 0, failed: 0 };
  const step = async <T>(action: () => Promise<T>): Promise<T> => {
    state.count += 1;
    if (state.count >= first && state.failed < times) {
      state.failed += 1;
      throw Object.assign(new Error("EIO: planted"), { code: "EIO" });
    }
    return action();
  };
  const file_system: Record<string, unknown> = {};
  for (const name of ["rename", "unlink", "readdir", "mkdir", "readFile", "lstat", "readlink"] as const) {
    const real = node_fs[name] as (...args: unknown[]) => Promise<unknown>;
    file_system[name] = (...args: unknown[]) => step(() => real(...args));
  }
  file_system["open"] = (...args: Parameters<typeof node_fs.open>) =>
    step(async () => {
      const handle = await node_fs.open(...args);
      for (const name of ["writeFile", "sync", "stat"] as const) {
        const real = (handle[name] as (...args: unknown[]) => Promise<unknown>).bind(handle);
        Object.assign(handle, { [name]: (...given: unknown[]) => step(() => real(...given)) });
      }
      return handle;
    });
  return { state, file_system: file_system as unknown as FileSystem };
}

describe("a rejected put", () => {
  test("is gone after a restart, whatever failed, and acknowledged ones are kept", async () => {
    let rejected = 0;
    for (const times of [1, 2, 3, Number.POSITIVE_INFINITY]) {
      for (const known of [false, true]) {
        for (let first = 1; ; first += 1) {
          const path = join(folder, `o-${times}-${known}-${first}`);
          if (known) await writeFile(path, "old");
          const plan = failing(Number.POSITIVE_INFINITY, 0);
          const file = new DurableFile(path, plan.file_system);
          await file.read();
          const planted = failing(first, times);
          Object.assign(plan.file_system, planted.file_system);
          const outcome = await file.replace("new").then(
            () => "new",
            () => (known ? "old" : undefined),
          );
          expect(await new DurableFile(path).read(), `failure ${first}, ${times} times`).toBe(outcome);
          if (planted.state.failed === 0) break;
          rejected += 1;
        }
      }
    }
    expect(rejected).toBeGreaterThan(40);
  });

  test("is gone even if its leftovers could not be removed, also after later puts and a loss of power", async () => {
    const path = join(folder, "overrides");
    const plan = failing(Number.POSITIVE_INFINITY, 0);
    const file = new DurableFile(path, plan.file_system, "aaaaaaaa");
    await file.read();
    await file.replace("one");
    const real = { rename: plan.file_system.rename, unlink: plan.file_system.unlink };
    const fail = () => Promise.reject(Object.assign(new Error("EIO"), { code: "EIO" }));
    Object.assign(plan.file_system, { rename: fail, unlink: fail });
    await expect(file.replace("rejected")).rejects.toThrow("EIO");
    Object.assign(plan.file_system, real);
    expect(await new DurableFile(path, node_fs, "aaaaaaaa").read()).toBe("one");
    await file.replace("two");
    expect(await new DurableFile(path, node_fs, "bbbbbbbb").read()).toBe("two");
    const next = new DurableFile(path, node_fs, "bbbbbbbb");
    await next.read();
    await next.remove_leftovers();
    expect(await readdir(folder)).toEqual(["overrides"]);
  });
});

describe("an acknowledged put", () => {
  test("is kept when the machine loses power before the last rename reaches the disk", async () => {
    const path = join(folder, "overrides");
    await writeFile(path, "old");
    let written: readonly [name: string, content: string] | undefined;
    const keeping = {
      ...node_fs,
      rename: async (from: string, to: string) => {
        written = [from, await readFile(from, "utf8")];
        await node_fs.rename(from, to);
      },
    };
    const file = new DurableFile(path, keeping as FileSystem, "aaaaaaaa");
    await file.read();
    await file.replace("new");
    // What the disk holds: the file beside was synced, its rename was not.
    await writeFile(path, "old");
    await writeFile(written![0], written![1]);
    expect(await new DurableFile(path, node_fs, "bbbbbbbb").read()).toBe("new");
    expect(await readFile(path, "utf8")).toBe("new");
    // A half of it is none.
    await writeFile(path, "old");
    await writeFile(written![0], "ne");
    expect(await new DurableFile(path, node_fs, "bbbbbbbb").read()).toBe("old");
  });
});
