/** Only the whole of a file is published, and a rename is known by its event. */
import {
  appendFile,
  chmod,
  chown,
  link,
  mkdir,
  open,
  rename,
  stat,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { describe, expect } from "vitest";

import type { Table } from "../../src/core/value.ts";
import { FileSource } from "../../src/sources/file.ts";
import { sample_file } from "../../src/sources/file_sample.ts";
import { context, type Driver, eventually, layer_of, rejection } from "../sources/loading.ts";
import { testWatched } from "../sources/watched_test.ts";

const isLinux = process.platform === "linux";
/** A state: each part of it may be read as TOML, and only the whole of it says the same twice. */
const first = (n: number) => `one = ${n}\n${"# filler\n".repeat(20)}`;
const rest = (n: number) => `${"# more\n".repeat(20)}two = ${n}\n`;
const state = (n: number) => first(n) + rest(n);

const test = testWatched({ settle: 3000 });

function whole({ published }: Driver): void {
  for (const one of published) {
    if (one === "absent") continue;
    expect(one).not.toHaveProperty("error");
    expect((one as Table)["two"]).toBe((one as Table)["one"]);
  }
}

const ends = (driver: Driver, n: number) => eventually(() => (driver.last as Table | undefined)?.["two"] === n);

/** What changes the times of an inode, as a rename does. */
const touches: readonly (readonly [name: string, touch: (path: string) => Promise<unknown>])[] = [
  ["chmod", (path) => chmod(path, 0o600)],
  ["chown", (path) => chown(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0)],
  ["ln", (path) => link(path, `${path}.link`)],
  ["touch", (path) => utimes(path, new Date(), new Date())],
  ["ln and rm", (path) => link(path, `${path}.link`).then(() => unlink(`${path}.link`))],
  ["nothing", async () => undefined],
];

/** How the half comes to the place of the file. */
const ways: readonly (readonly [name: string, begin: (path: string) => Promise<unknown>])[] = [
  ["after the old one was renamed away", (path) => rename(path, `${path}.bak`).then(() => writeFile(path, first(2)))],
  ["after the old one was removed", (path) => unlink(path).then(() => writeFile(path, first(2)))],
  ["over the old one", (path) => writeFile(path, first(2))],
  [
    "after the old one was emptied",
    (path) =>
      truncate(path, 0)
        .then(() => pause(100))
        .then(() => appendFile(path, first(2))),
  ],
];

describe.skipIf(process.platform === "win32")("a half-written file", { concurrent: true }, () => {
  test.for(ways.flatMap(([way, begin]) => touches.map(([name, touch]) => [way, name, begin, touch] as const)))(
    "that is written %s, with %s before the rest, is not published",
    async ([, , begin, touch], { path, start }) => {
      await writeFile(path, state(1));
      await utimes(path, 1, 1);
      const all = await start({ settle: 900 });
      await begin(path);
      await touch(path);
      await pause(300);
      await appendFile(path, rest(2));
      await ends(all, 2);
      whole(all);
      expect(all.published).toHaveLength(2);
    },
  );

  test.for(touches)("in a new place, with %s before the rest, is not published", async ([, touch], { path, start }) => {
    const all = await start({ settle: 900 });
    expect(all.last).toBe("absent");
    await writeFile(path, first(2));
    await touch(path);
    await pause(300);
    await appendFile(path, rest(2));
    await ends(all, 2);
    whole(all);
  });

  test.for(touches)("at the start, with %s before the rest, is not published", async ([, touch], { path, start }) => {
    await writeFile(path, first(1));
    await touch(path);
    const starting = start({ settle: 900 });
    await pause(300);
    await appendFile(path, rest(1));
    const all = await starting;
    await ends(all, 1);
    whole(all);
  });

  test.runIf(isLinux).for(["by its name", "by another name"])(
    "of a writer that holds the file open %s is not published",
    async (name, { folder, path, start }) => {
      await writeFile(path, "one = 1\ntwo = 1\n");
      await utimes(path, 1, 1);
      await mkdir(join(folder, "other"));
      await link(path, join(folder, "other", "name"));
      const all = await start({ settle: 900 });
      const file = await open(name === "by its name" ? path : join(folder, "other", "name"), "w");
      for (const part of [first(2), "# more\n".repeat(10), rest(2)]) {
        await file.write(part);
        await pause(400);
      }
      await file.close();
      await ends(all, 2);
      whole(all);
    },
  );

  test("in a directory that a link has just been pointed to is not published", async ({ folder, start }) => {
    for (const release of ["a", "b"]) await mkdir(join(folder, release));
    await writeFile(join(folder, "a", "config.toml"), state(1));
    await utimes(join(folder, "a", "config.toml"), 1, 1);
    await symlink("a", join(folder, "now"));
    const path = join(folder, "now", "config.toml");
    const all = await start({ settle: 900 }, path);
    await symlink("b", join(folder, "next"));
    await rename(join(folder, "next"), join(folder, "now"));
    await pause(50);
    await writeFile(path, first(2));
    await pause(300);
    await appendFile(path, rest(2));
    await ends(all, 2);
    whole(all);
  });
});

describe.runIf(isLinux)("a file that is renamed into place", () => {
  test("is taken without a wait, whatever its shape and the file system's clock", async ({ path, start }) => {
    // What waits for `settle` or `debounce` here would not end within the test.
    const all = await start({ settle: 1e9, debounce: 1e9, poll_interval: 1e9 });
    for (const [n, text] of [
      [2, state(2)],
      [3, "one = 3\ntwo = 3"],
      [4, state(4)],
      [5, "two = 5\n"],
    ] as const) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      await ends(all, n);
    }
    await unlink(path).then(() => writeFile(`${path}.new`, state(6)));
    await rename(`${path}.new`, path);
    await ends(all, 6);
    expect(all.published).toHaveLength(6);
  });

  test("is refused without a wait if it is broken, with its current error", async ({ folder, start }) => {
    const path = join(folder, "config.json");
    const all = await start({ settle: 1e9, debounce: 1e9, poll_interval: 1e9 }, path);
    const messages = () => all.published.map((one) => (one as { error?: Error }).error?.message ?? "");
    for (const [text, words] of [
      ['{"a":', "line 1"],
      ["[1]", "top level"],
    ] as const) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      await eventually(() => messages().at(-1)!.includes(words));
    }
  });
});

describe("a file that must exist", () => {
  test("is an error while it is missing, and is read when it appears", async ({ path }) => {
    const source = new FileSource(path, { must_exist: true, settle: 50 });
    expect(await rejection(source.load(context()))).toMatchObject({
      code: "missing",
      message: `Cannot read "${path}": there is no such file`,
    });
    await writeFile(path, "a = 1\n");
    expect(layer_of(await source.load(context())).tree).toEqual({ a: 1 });
    expect(() => new FileSource(path, { must_exist: 1 as never })).toThrow("must_exist must be a boolean, got number");
  });
});

describe("content that cannot be loaded", () => {
  test("is not tried again by the watch until it changes", async ({ path }) => {
    await writeFile(path, "a = \n");
    const source = new FileSource(path, { settle: 50, poll_interval: 20 });
    expect(await rejection(source.load(context()))).toMatchObject({ code: "syntax" });
    let hints = 0;
    const watch = await source.watch(() => (hints += 1), context());
    const looked = () => (source.status() as { last_looked: string }).last_looked;
    for (let n = 0; n < 10; n += 1) {
      const last = looked();
      await eventually(() => looked() !== last);
    }
    expect(hints).toBe(0);
    await writeFile(path, "a = 1\n");
    await eventually(() => hints > 0);
    await watch.close();
  });
});

test("a file that reuses the inode number of a removed one is another file", async ({ folder }) => {
  const path = join(folder, "reused.toml");
  for (let i = 0; i < 50; i += 1) {
    await writeFile(path, "a = 1\n");
    const [before, { ino }] = [await sample_file(path, 100), await stat(path)];
    await pause(10);
    await unlink(path);
    await writeFile(path, "a = 2\n");
    expect((await sample_file(path, 100)).identity).not.toBe(before.identity);
    // Where the number was taken again, this has been tried.
    if ((await stat(path)).ino === ino) return;
  }
});
