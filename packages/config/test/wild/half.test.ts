/** Only the whole of a file is published, and a rename is known by its event. */
import {
  appendFile,
  chmod,
  chown,
  link,
  mkdir,
  mkdtemp,
  open,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Table } from "../../src/core/value.ts";
import { FileSource } from "../../src/sources/file.ts";
import { context, Driver, eventually, layer_of, rejection } from "../sources/loading.ts";

const isLinux = process.platform === "linux";
/** A state: each part of it may be read as TOML, and only the whole of it says the same twice. */
const first = (n: number) => `one = ${n}\n${"# filler\n".repeat(20)}`;
const rest = (n: number) => `${"# more\n".repeat(20)}two = ${n}\n`;
const state = (n: number) => first(n) + rest(n);

let folder: string;
let path: string;
let driver: Driver | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-half-"));
  path = join(folder, "config.toml");
});
afterEach(async () => {
  await driver?.stop();
  driver = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function watched(options: ConstructorParameters<typeof FileSource>[1] & object = {}): Promise<Driver> {
  driver = new Driver(new FileSource(path, { settle: 3000, ...options }));
  await driver.start();
  return driver;
}

function whole({ published }: Driver): void {
  for (const one of published) {
    if (one === "absent") continue;
    expect(one).not.toHaveProperty("error");
    expect((one as Table)["two"]).toBe((one as Table)["one"]);
  }
}

const ends = (n: number) => eventually(() => (driver!.last as Table)["two"] === n);

/** What changes the times of an inode, as a rename does. */
const touches: readonly (readonly [name: string, touch: () => Promise<unknown>])[] = [
  ["chmod", () => chmod(path, 0o600)],
  ["chown", () => chown(path, process.getuid?.() ?? 0, process.getgid?.() ?? 0)],
  ["ln", () => link(path, `${path}.link`)],
  ["touch", () => utimes(path, new Date(), new Date())],
  ["ln and rm", () => link(path, `${path}.link`).then(() => unlink(`${path}.link`))],
  ["nothing", async () => undefined],
];

/** How the half comes to the place of the file. */
const ways: readonly (readonly [name: string, begin: () => Promise<unknown>])[] = [
  ["after the old one was renamed away", () => rename(path, `${path}.bak`).then(() => writeFile(path, first(2)))],
  ["after the old one was removed", () => unlink(path).then(() => writeFile(path, first(2)))],
  ["over the old one", () => writeFile(path, first(2))],
  [
    "after the old one was emptied",
    () =>
      truncate(path, 0)
        .then(() => pause(100))
        .then(() => appendFile(path, first(2))),
  ],
];

describe.skipIf(process.platform === "win32")("A half", () => {
  test.each(ways.flatMap(([way, begin]) => touches.map(([name, touch]) => [way, name, begin, touch] as const)))(
    "that is written %s, with %s before the rest, is not published",
    async (_way, _name, begin, touch) => {
      await writeFile(path, state(1));
      await utimes(path, 1, 1);
      const all = await watched({ settle: 900 });
      await begin();
      await touch();
      await pause(300);
      await appendFile(path, rest(2));
      await ends(2);
      whole(all);
      expect(all.published).toHaveLength(2);
    },
  );

  test.each(touches)("where no file was, with %s before the rest, is not published", async (_, touch) => {
    const all = await watched({ settle: 900 });
    expect(all.last).toBe("absent");
    await writeFile(path, first(2));
    await touch();
    await pause(300);
    await appendFile(path, rest(2));
    await ends(2);
    whole(all);
  });

  test.each(touches)("at the start, with %s before the rest, is not published", async (_, touch) => {
    await writeFile(path, first(1));
    await touch();
    const starting = watched({ settle: 900 });
    await pause(300);
    await appendFile(path, rest(1));
    const all = await starting;
    await ends(1);
    whole(all);
  });

  test.runIf(isLinux).each(["by its name", "by another name"])(
    "of a writer that holds the file open %s is not published",
    async (name) => {
      await writeFile(path, "one = 1\ntwo = 1\n");
      await utimes(path, 1, 1);
      await mkdir(join(folder, "other"));
      await link(path, join(folder, "other", "name"));
      const all = await watched({ settle: 900 });
      const file = await open(name === "by its name" ? path : join(folder, "other", "name"), "w");
      for (const part of [first(2), "# more\n".repeat(10), rest(2)]) {
        await file.write(part);
        await pause(400);
      }
      await file.close();
      await ends(2);
      whole(all);
    },
  );

  test("in a directory that a link was just pointed to is not published", async () => {
    for (const release of ["a", "b"]) await mkdir(join(folder, release));
    await writeFile(join(folder, "a", "config.toml"), state(1));
    await utimes(join(folder, "a", "config.toml"), 1, 1);
    await symlink("a", join(folder, "now"));
    path = join(folder, "now", "config.toml");
    const all = await watched({ settle: 900 });
    await symlink("b", join(folder, "next"));
    await rename(join(folder, "next"), join(folder, "now"));
    await pause(50);
    await writeFile(path, first(2));
    await pause(300);
    await appendFile(path, rest(2));
    await ends(2);
    whole(all);
  });
});

describe.runIf(isLinux)("A file that is renamed into its place", () => {
  test("is taken without a wait, whatever its shape and the file system's clock", async () => {
    // What waits for `settle` or `debounce` here would not end within the test.
    const all = await watched({ settle: 1e9, debounce: 1e9, poll_interval: 1e9 });
    for (const [n, text] of [
      [2, state(2)],
      [3, "one = 3\ntwo = 3"],
      [4, state(4)],
      [5, "two = 5\n"],
    ] as const) {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
      await ends(n);
    }
    await unlink(path).then(() => writeFile(`${path}.new`, state(6)));
    await rename(`${path}.new`, path);
    await ends(6);
    expect(all.published).toHaveLength(6);
  });

  test("is refused without a wait where it is broken, and the error is the current one", async () => {
    path = join(folder, "config.json");
    const all = await watched({ settle: 1e9, debounce: 1e9, poll_interval: 1e9 });
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

describe("A file that must exist", () => {
  test("is an error while it does not, and is read when it does", async () => {
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

describe("Content that cannot be loaded", () => {
  test("is not tried again by the watch until it changes", async () => {
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
