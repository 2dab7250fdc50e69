/** A watch costs as much as a bare watch, notices every name of its file, and recovers from lost events. */
import { execFile } from "node:child_process";
import { mkdirSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { appendFile, link, mkdir, mkdtemp, readFile, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { Table } from "../../src/core/value.ts";
import { FileSource } from "../../src/sources/file.ts";
import { Driver, eventually } from "../sources/loading.ts";

/** Counts the sources' operations on the file system. */
const calls = vi.hoisted(() => ({ count: 0 }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const counted: Record<string, unknown> = {};
  for (const name of ["lstat", "stat", "readlink", "readdir", "open", "realpath"] as const) {
    counted[name] = (...given: unknown[]) => {
      calls.count += 1;
      return (real[name] as (...args: unknown[]) => unknown)(...given);
    };
  }
  return { ...real, ...counted };
});

const run = promisify(execFile);
const isLinux = process.platform === "linux";
const isRoot = isLinux && process.getuid?.() === 0;
/** Without polling, only events can report a change. */
const events = { poll_interval: 1e9 };

let folder: string;
const drivers: Driver[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-watching-"));
});
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.stop()));
  await run("umount", [join(folder, "mounted.toml")]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

async function watched(path: string, options: ConstructorParameters<typeof FileSource>[1] & object = events) {
  const driver = new Driver(new FileSource(path, { settle: 200, ...options }));
  drivers.push(driver);
  await driver.start();
  return driver;
}

const shows = (driver: Driver, n: number) => eventually(() => (driver.last as Table)["n"] === n);

async function movedIn(path: string, n: number): Promise<void> {
  await writeFile(`${path}.new`, `n = ${n}\n`);
  await rename(`${path}.new`, path);
}

async function nativeWatches(): Promise<number> {
  const infos = (await readdir("/proc/self/fdinfo")).map((fd) =>
    readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => ""),
  );
  return (await Promise.all(infos)).join("\n").match(/^inotify wd/gm)?.length ?? 0;
}

describe.runIf(isLinux)("a watch", () => {
  test("changes nothing in the file system while other programs write beside the file", async () => {
    const path = join(folder, "config.toml");
    await movedIn(path, 1);
    for (let n = 0; n < 2000; n += 1) writeFileSync(join(folder, `beside-${n}`), "");
    const driver = await watched(path);
    await shows(driver, 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = calls.count;
    for (let n = 0; n < 1000; n += 1) {
      writeFileSync(join(folder, `made-${n}`), "x");
      unlinkSync(join(folder, `made-${n}`));
      if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(calls.count - before).toBe(0);
    await movedIn(path, 2);
    await shows(driver, 2);
  });

  test("is shared by the files of one directory, and leaves nothing when it is closed", async () => {
    const before = await nativeWatches();
    const paths = Array.from({ length: 20 }, (_, n) => join(folder, `${n}.toml`));
    for (const path of paths) await movedIn(path, 1);
    await Promise.all(paths.map((path) => watched(path)));
    // One of the directory, and one of each file.
    await eventually(async () => (await nativeWatches()) === before + 21);
    await Promise.all(drivers.splice(0).map((driver) => driver.stop()));
    expect(await nativeWatches()).toBe(before);
  });

  test("notices a write in place through a hard link", async () => {
    const path = join(folder, "etc", "config.toml");
    await mkdir(dirname(path));
    await movedIn(path, 1);
    await mkdir(join(folder, "elsewhere"));
    await link(path, join(folder, "elsewhere", "other.toml"));
    const driver = await watched(path);
    for (let n = 2; n < 6; n += 1) {
      await writeFile(join(folder, "elsewhere", "other.toml"), `n = ${n}\n`);
      await shows(driver, n);
    }
  });

  test.runIf(isRoot)("notices a write in place to a mounted single file", async () => {
    const path = join(folder, "mounted.toml");
    await writeFile(path, "");
    await mkdir(join(folder, "outside"));
    await writeFile(join(folder, "outside", "real.toml"), "n = 1\n");
    const mounted = await run("mount", ["--bind", join(folder, "outside", "real.toml"), path]).then(
      () => true,
      () => false,
    );
    if (!mounted) return;
    const driver = await watched(path);
    for (let n = 2; n < 6; n += 1) {
      await writeFile(join(folder, "outside", "real.toml"), `n = ${n}\n`);
      await shows(driver, n);
    }
  });

  test(
    "notices its files though their directories are removed and recreated, again and again",
    { timeout: 120_000 },
    async () => {
      const paths = Array.from({ length: 24 }, (_, n) => join(folder, `d${n}`, "config.toml"));
      const write = (path: string, n: number) => {
        rmSync(dirname(path), { recursive: true, force: true });
        mkdirSync(dirname(path));
        writeFileSync(`${path}.new`, `n = ${n}\n`);
        renameSync(`${path}.new`, path);
      };
      for (const path of paths) write(path, 0);
      const all = await Promise.all(paths.map((path) => watched(path)));
      for (let n = 1; n <= 60; n += 1) {
        for (const path of paths) {
          write(path, n);
          if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
        }
      }
      for (const driver of all) await shows(driver, 60);
      // And they hear still.
      for (const path of paths) await movedIn(path, 61);
      for (const driver of all) await shows(driver, 61);
      for (const path of paths) await appendFile(path, "more = 1\n");
      for (const driver of all) await eventually(() => (driver.last as Table)["more"] === 1);
    },
  );

  test("notices a file behind links whose directories appear later, disappear and reappear", async () => {
    const path = join(folder, "a", "b", "config.toml");
    await symlink("c/d", join(folder, "a-to"));
    await symlink("a-to", join(folder, "a"));
    const driver = await watched(path);
    expect(driver.last).toBe("absent");
    for (let n = 1; n < 4; n += 1) {
      await mkdir(join(folder, "c", "d", "b"), { recursive: true });
      await movedIn(path, n);
      await shows(driver, n);
      await rm(join(folder, "c"), { recursive: true });
      await eventually(() => driver.last === "absent");
    }
  });

  test("notices changes by the poll, and then by events again, after the system lost its events", async () => {
    const path = join(folder, "etc", "config.toml");
    await mkdir(join(folder, "etc"));
    await movedIn(path, 1);
    const source = new FileSource(path, { poll_interval: 1500, settle: 200 });
    const driver = new Driver(source);
    drivers.push(driver);
    await driver.start();
    // A directory three levels up is exchanged: no event reports it.
    await rename(join(folder, "etc"), join(folder, "etc-old"));
    await rename(join(folder, "etc-old"), join(folder, "etc"));
    await movedIn(path, 2);
    await shows(driver, 2);
    const looked = () => (source.status() as { last_looked: string }).last_looked;
    const before = looked();
    await eventually(() => looked() > before);
    expect(source.status()).toMatchObject({ watched: "events" });
  });
});

describe("the poll", () => {
  test.each([false, true])("continues and reports when it last looked (use_polling: %s)", async (use_polling) => {
    const path = join(folder, "later", "config.toml");
    const source = new FileSource(path, { poll_interval: 20, settle: 50, use_polling });
    const driver = new Driver(source);
    drivers.push(driver);
    expect(source.status()).toEqual({ watched: "no" });
    await driver.start();
    for (let n = 1; n < 4; n += 1) {
      await mkdir(dirname(path), { recursive: true });
      await movedIn(path, n);
      await shows(driver, n);
      await rm(dirname(path), { recursive: true });
      await eventually(() => driver.last === "absent");
      const { last_looked } = source.status() as { last_looked: string };
      await eventually(() => (source.status() as { last_looked: string }).last_looked > last_looked);
    }
  });
});
