/**
 * The ways a file changes. Each must end with the right state, by native events as well as by polling, and none may
 * publish a half-written file: every published tree holds the same number in `one` and `two`.
 */
import {
  appendFile,
  chmod,
  chown,
  link,
  mkdir,
  open,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { describe, expect } from "vitest";

import type { Table } from "../../src/core/value.ts";
import { type Driver, eventually } from "./loading.ts";
import { testWatched } from "./watched_test.ts";

/** A whole state: large enough to be written in parts, and every part of it may be read as TOML. */
const state = (n: number): string => `one = ${n}\n${"# filler\n".repeat(20)}two = ${n}\n`;

const number = (driver: Driver): number | undefined =>
  (driver.last as Table | undefined)?.["two"] as number | undefined;

function whole(driver: Driver): void {
  for (const published of driver.published) {
    if (published === "absent" || "error" in published || Object.keys(published).length === 0) continue;
    expect(published["one"]).toBeTypeOf("number");
    expect(published["two"]).toBe(published["one"]);
  }
}

/** How many native watches this process holds; 0 if the system does not report it. */
async function inotifyWatches(): Promise<number> {
  if (process.platform !== "linux") return 0;
  const infos = (await readdir("/proc/self/fdinfo")).map((fd) =>
    readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => ""),
  );
  return (await Promise.all(infos)).join("\n").match(/^inotify wd/gm)?.length ?? 0;
}

/** Puts a file in place as careful writers do. */
async function moveIn(target: string, content: string | Uint8Array): Promise<void> {
  await writeFile(`${target}.new`, content);
  await rename(`${target}.new`, target);
}

/** A ConfigMap as the kubelet mounts it: `config.toml` → `..data/config.toml`, `..data` → a directory with a date. */
async function configMap(volume: string, n: number): Promise<void> {
  const dated = join(volume, `..2026_${n}`);
  await mkdir(dated, { recursive: true });
  await writeFile(join(dated, "config.toml"), state(n));
  await symlink(`..2026_${n}`, join(volume, "..data_tmp"));
  await rename(join(volume, "..data_tmp"), join(volume, "..data"));
}

describe.each([
  // On Linux there is an event for every change in these tests; elsewhere the poll may be needed.
  ["native events", { use_polling: false, poll_interval: process.platform === "linux" ? 1e9 : 5000 }],
  ["polling", { use_polling: true, poll_interval: 50 }],
])("FileSource, watched by %s", (_, mode) => {
  const test = testWatched(mode);
  const ends = async (driver: Driver, n: number): Promise<void> => {
    await eventually(() => number(driver) === n);
    whole(driver);
  };

  describe("beside other files", { concurrent: true }, () => {
    test("notices a write in place", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await ends(driver, 1);
      await writeFile(path, state(2));
      await ends(driver, 2);
      expect(driver.published).toHaveLength(2);
    });

    test("notices appended text", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await appendFile(path, "three = 3\n");
      await eventually(() => (driver.last as Table)["three"] === 3);
      whole(driver);
    });

    test("waits for a slow write in parts", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start({ settle: 3000 });
      const file = await open(path, "w");
      for (const part of state(2).match(/[^]{1,70}/g)!) {
        await file.write(part);
        await pause(200);
      }
      await file.close();
      await ends(driver, 2);
      expect(driver.published).toHaveLength(2);
    });

    test("waits for a slow write to a file that has just been created", async ({ path, start }) => {
      const driver = await start({ settle: 3000 });
      expect(driver.last).toBe("absent");
      const file = await open(path, "w");
      for (const part of state(2).match(/[^]{1,70}/g)!) {
        await file.write(part);
        await pause(200);
      }
      await file.close();
      await ends(driver, 2);
    });

    test.runIf(process.platform === "linux")(
      "waits for a writer that holds the file open, whatever it has written so far",
      async ({ path, start }) => {
        await writeFile(path, "one = 1\ntwo = 1\n");
        const driver = await start({ settle: 3000 });
        const file = await open(path, "w");
        // More lines than there were, and complete ones: only the open writer shows that more will follow.
        for (const part of [`one = 2\n${"# filler\n".repeat(20)}`, "# more\n", "two = 2\n"]) {
          await file.write(part);
          await pause(400);
        }
        await file.close();
        await ends(driver, 2);
        expect(driver.published).toHaveLength(2);
      },
    );

    test("waits if a file is truncated and written after a pause", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start({ settle: 3000 });
      await truncate(path, 0);
      await pause(500);
      await writeFile(path, state(2));
      await ends(driver, 2);
      expect(driver.published).toHaveLength(2);
    });

    test("accepts a file that stays empty", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await truncate(path, 0);
      await eventually(() => Object.keys(driver.last as Table).length === 0);
      expect(driver.published).toHaveLength(2);
    });

    test("notices a file that is moved into place", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      for (let n = 2; n < 6; n += 1) {
        await moveIn(path, state(n));
        await ends(driver, n);
      }
    });

    test("notices the save of an editor that renames a backup", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start({ settle: 3000 });
      await rename(path, `${path}~`);
      await writeFile(path, state(2));
      await unlink(`${path}~`);
      await ends(driver, 2);
      expect(driver.published).not.toContain("absent");
    });

    test("notices a file that is deleted and recreated", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await unlink(path);
      await eventually(() => driver.last === "absent");
      await writeFile(path, state(2));
      await ends(driver, 2);
    });

    test("skips a deletion followed at once by a recreation", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start({ settle: 3000 });
      await unlink(path);
      await moveIn(path, state(2));
      await ends(driver, 2);
      expect(driver.published).toHaveLength(2);
    });

    test("notices a rollback to a file of the same size with an older time", async ({ path, start }) => {
      await writeFile(path, state(2));
      const driver = await start();
      await writeFile(`${path}.old`, state(1));
      await utimes(`${path}.old`, 1, 1);
      await rename(`${path}.old`, path);
      await ends(driver, 1);
    });

    test("notices other content of the same size and time", async ({ path, start }) => {
      await writeFile(path, state(1));
      const { atime, mtime } = await stat(path);
      const driver = await start();
      await writeFile(path, state(2));
      await utimes(path, atime, mtime);
      await ends(driver, 2);
    });

    test("notices a file that is replaced by a link to an older file", async ({ folder, path, start }) => {
      await writeFile(join(folder, "old"), state(2));
      await writeFile(path, state(1));
      const driver = await start();
      await link(join(folder, "old"), `${path}.new`);
      await rename(`${path}.new`, path);
      await ends(driver, 2);
    });

    test("notices a redirected link to a file, and later writes there", async ({ folder, path, start }) => {
      await mkdir(join(folder, "a"));
      await mkdir(join(folder, "b"));
      await writeFile(join(folder, "a", "x.toml"), state(1));
      await writeFile(join(folder, "b", "x.toml"), state(2));
      await symlink("a/x.toml", path);
      const driver = await start();
      await ends(driver, 1);
      await symlink("b/x.toml", `${path}.new`);
      await rename(`${path}.new`, path);
      await ends(driver, 2);
      await writeFile(join(folder, "b", "x.toml"), state(3));
      await ends(driver, 3);
    });

    test("notices a redirected link to a directory, and later writes there", async ({ folder, start }) => {
      await mkdir(join(folder, "a"));
      await mkdir(join(folder, "b"));
      await writeFile(join(folder, "a", "config.toml"), state(1));
      await writeFile(join(folder, "b", "config.toml"), state(2));
      await symlink("a", join(folder, "now"));
      const driver = await start({}, join(folder, "now", "config.toml"));
      await symlink("b", join(folder, "next"));
      await rename(join(folder, "next"), join(folder, "now"));
      await ends(driver, 2);
      await writeFile(join(folder, "b", "config.toml"), state(3));
      await ends(driver, 3);
    });

    test.for([
      ["with", true],
      ["without", false],
    ])("notices a ConfigMap swapped %s removal of the old one", async ([, removes], { folder, start }) => {
      const volume = join(folder, "volume");
      await configMap(volume, 1);
      await symlink("..data/config.toml", join(volume, "config.toml"));
      const driver = await start({}, join(volume, "config.toml"));
      for (let n = 2; n < 5; n += 1) {
        await configMap(volume, n);
        if (removes) await rm(join(volume, `..2026_${n - 1}`), { recursive: true });
        await ends(driver, n);
      }
    });

    test("notices a file whose directory was missing at the start", async ({ folder, start }) => {
      const at = join(folder, "etc", "myapp", "config.toml");
      const driver = await start({}, at);
      expect(driver.last).toBe("absent");
      await mkdir(dirname(at), { recursive: true });
      await writeFile(at, state(1));
      await ends(driver, 1);
      await writeFile(at, state(2));
      await ends(driver, 2);
    });

    test("notices a file whose directory is deleted and recreated", async ({ folder, start }) => {
      const at = join(folder, "etc", "config.toml");
      await mkdir(dirname(at));
      await writeFile(at, state(1));
      const driver = await start({}, at);
      await rm(dirname(at), { recursive: true });
      await eventually(() => driver.last === "absent");
      await mkdir(dirname(at));
      await writeFile(at, state(2));
      await ends(driver, 2);
      await writeFile(at, state(3));
      await ends(driver, 3);
    });

    test("notices a directory that is exchanged for another", async ({ folder, start }) => {
      const at = join(folder, "etc", "config.toml");
      for (const [name, n] of [
        ["etc", 1],
        ["etc.new", 2],
      ] as const) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, "config.toml"), state(n));
      }
      const driver = await start({}, at);
      await rename(join(folder, "etc"), join(folder, "etc.old"));
      await rename(join(folder, "etc.new"), join(folder, "etc"));
      await ends(driver, 2);
      await writeFile(at, state(3));
      await ends(driver, 3);
    });

    test("reports a directory in the file's place, and notices the file's return", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await unlink(path);
      await mkdir(path);
      await eventually(() => (driver.last as { error?: Error }).error !== undefined);
      expect((driver.last as { error: Error }).error).toMatchObject({ code: "not_a_file" });
      await rm(path, { recursive: true });
      await writeFile(path, state(2));
      await ends(driver, 2);
    });

    test("reports text that is not UTF-8, and notices its correction", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await writeFile(path, Buffer.concat([Buffer.from(state(2)), Buffer.from([0xff, 0xfe])]));
      await eventually(() => (driver.last as { error?: Error }).error !== undefined);
      expect((driver.last as { error: Error }).error).toMatchObject({ code: "not_utf8", line: 23 });
      await writeFile(path, state(3));
      await ends(driver, 3);
    });

    test("reports a broken file with its place, and notices its correction", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await writeFile(path, `${state(2)}three = \n`);
      await eventually(() => (driver.last as { error?: Error }).error !== undefined);
      expect((driver.last as { error: Error }).error).toMatchObject({ code: "syntax", line: 23 });
      await writeFile(path, state(3));
      await ends(driver, 3);
    });

    test("reports a file that is too large, and notices when it shrinks", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start({ max_bytes: 1000 });
      await writeFile(path, state(2) + "# more\n".repeat(1000));
      await eventually(() => (driver.last as { error?: Error }).error !== undefined);
      expect((driver.last as { error: Error }).error).toMatchObject({ code: "too_large" });
      await writeFile(path, state(3));
      await ends(driver, 3);
    });

    test("reads a file with a byte order mark, and with CRLF", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await moveIn(path, `\ufeff${state(2)}`);
      await ends(driver, 2);
      await moveIn(path, state(3).replaceAll("\n", "\r\n"));
      await ends(driver, 3);
    });

    test("reads a file of 10 MB", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      const filler = `${"x".repeat(99)}\n`.repeat(100_000);
      await writeFile(path, `one = 2\nfiller = """\n${filler}"""\ntwo = 2\n`);
      await ends(driver, 2);
      expect(((driver.last as Table)["filler"] as string).length).toBe(10_000_000);
    });

    test("ends with the last of many quick writes", async ({ path, start }) => {
      await writeFile(path, state(0));
      const driver = await start();
      for (let n = 1; n <= 50; n += 1) await (n % 2 === 0 ? writeFile(path, state(n)) : moveIn(path, state(n)));
      await ends(driver, 50);
    });

    test("notices two files that change at once, each separately", async ({ folder, path, start }) => {
      const other = join(folder, "other.toml");
      await writeFile(path, state(1));
      await writeFile(other, state(1));
      const [one, two] = [await start(), await start({}, other)];
      await Promise.all([writeFile(path, state(2)), writeFile(other, state(3))]);
      await Promise.all([ends(one, 2), ends(two, 3)]);
    });

    test("publishes nothing for a file that is touched, or rewritten unchanged", async ({ path, start }) => {
      await writeFile(path, state(1));
      const driver = await start();
      await utimes(path, new Date(), new Date());
      await writeFile(path, state(1));
      await moveIn(path, state(1));
      await chmod(path, 0o600);
      await writeFile(path, state(2));
      await ends(driver, 2);
      expect(driver.published).toHaveLength(2);
    });
  });

  test.skipIf(process.getuid === undefined)(
    "reports a lost permission, and notices its return",
    async ({ folder, path, start }) => {
      await writeFile(path, state(1));
      if (process.getuid!() === 0) {
        await chown(folder, 65534, 65534);
        await chown(path, 65534, 65534);
        process.seteuid!(65534);
      }
      try {
        const driver = await start();
        await ends(driver, 1);
        await chmod(path, 0);
        await eventually(() => (driver.last as { error?: Error }).error !== undefined);
        expect((driver.last as { error: Error }).error).toMatchObject({ code: "denied" });
        const errors = driver.published.length;
        await chmod(path, 0o644);
        // The content is unchanged: the last values count again.
        await pause(500);
        expect(driver.published).toHaveLength(errors);
        await moveIn(path, state(2));
        await ends(driver, 2);
      } finally {
        process.seteuid?.(0);
      }
    },
  );

  test("leaves nothing behind when it is closed", async ({ folder, path, start }) => {
    await writeFile(path, state(1));
    const watches = await inotifyWatches();
    const driver = await start();
    if (process.platform === "linux" && !mode.use_polling) expect(await inotifyWatches()).toBeGreaterThan(watches);
    await driver.stop();
    const before = driver.published.length;
    await writeFile(path, state(2));
    await pause(300);
    expect(driver.published).toHaveLength(before);
    expect(await inotifyWatches()).toBe(watches);
    expect(await readdir(folder)).toEqual(["config.toml"]);
  });
});
