import { deepStrictEqual } from "node:assert/strict";
import * as node_fs from "node:fs/promises";
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Override } from "../../src/core/overrides.ts";
import { type Budget, UNLIMITED } from "../../src/core/sliced.ts";
import type { Value } from "../../src/core/value.ts";
import { ConfigSourceError } from "../../src/errors.ts";
import { boot_id } from "../../src/sources/boot.ts";
import type { FileSystem } from "../../src/sources/durable_file.ts";
import { DamagedRecord, NewerRecord, decode_overrides, encode_overrides } from "../../src/sources/override_record.ts";
import { RuntimeSource } from "../../src/sources/runtime.ts";
import { context, first_tree, rejection } from "./loading.ts";

const encoded = (overrides: readonly Override[]) => encode_overrides(overrides, UNLIMITED) as string;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-runtime-"));
  file = join(folder, "overrides");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const one = (value: Value, ...path: string[]): Override => ({ path, value });
const saved = async (): Promise<readonly Override[]> => (await new RuntimeSource({ file }).load_overrides()).overrides;
const opened = async (file_system?: FileSystem): Promise<RuntimeSource> => {
  const source = new RuntimeSource(file_system === undefined ? { file } : { file, file_system });
  await source.load_overrides();
  return source;
};

/** A file system in which one operation fails while `broken` is true. */
function failing(operation: keyof FileSystem | "write" | "sync" | "sync_directory", code: string) {
  const fault = { broken: true, file_system: { ...node_fs } as FileSystem };
  const fail = () => {
    throw Object.assign(new Error(`${code}: planted`), { code });
  };
  if (operation === "write" || operation === "sync" || operation === "sync_directory") {
    fault.file_system.open = (async (...args: Parameters<typeof node_fs.open>) => {
      const handle = await node_fs.open(...args);
      if (!fault.broken) return handle;
      if (operation === "write") handle.writeFile = async () => fail();
      else if ((operation === "sync") === (args[1] === "wx")) handle.sync = async () => fail();
      return handle;
    }) as typeof node_fs.open;
  } else {
    const real = node_fs[operation] as (...args: unknown[]) => Promise<unknown>;
    const broken = async (...args: unknown[]) => (fault.broken ? fail() : real(...args));
    Object.assign(fault.file_system, { [operation]: broken });
  }
  return fault;
}

describe("RuntimeSource", () => {
  test("keeps overrides in memory if it has no file", async () => {
    const source = new RuntimeSource();
    expect(source.durable).toBe(false);
    await source.persist([one(1, "a")]);
    expect(await source.load_overrides()).toEqual({ overrides: [], diagnostics: [] });
    await source.close();
  });

  test("returns saved overrides in order, for any plain data", async () => {
    const key = fc.string({ unit: "binary", minLength: 1 }).filter((name) => name !== "__proto__");
    const { value } = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.oneof(
          fc.string({ unit: "binary" }),
          fc.double({ noNaN: true }),
          fc.bigInt(),
          fc.boolean(),
          fc.constant(null),
        ),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.oneof(key, fc.constantFrom("$", "of", "constructor")), tie("value"), {
          noNullPrototype: true,
        }),
      ) as fc.Arbitrary<Value>,
    }));
    const override = fc.record(
      { path: fc.array(key, { minLength: 1, maxLength: 4 }), value },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(fc.array(override), (overrides) => {
        deepStrictEqual(decode_overrides(encoded(overrides)), overrides);
      }),
    );
    const source = await opened();
    const overrides = [one(-0, "a"), one({ $: 1, b: [2n ** 70n] }, "b", "c.d"), one("\u0000é😀", "c")];
    await source.persist(overrides);
    expect(await saved()).toStrictEqual(overrides);
  });

  test("works in slices of time for many and for large overrides", async () => {
    const wide = (count: number, value: Value) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`key_${i}`, value]));
    const overrides = [
      one(wide(9_000, 2n ** 70n), "wide"),
      one({ $: wide(5_000, -0), list: [[], Array.from({ length: 5_000 }, () => ({ a: [1] }))], end: 1 }, "nested"),
      ...Array.from({ length: 50 }, (_, i) => one(i, "many", `key_${i}`)),
    ];
    let turns = 0;
    const counting: Budget = { spent: () => true, turn: async () => void turns++ };
    const text = await encode_overrides(overrides, counting);
    expect(text).toBe(encoded(overrides));
    expect(turns).toBeGreaterThan(60);
    deepStrictEqual(decode_overrides(text), overrides);
    expect(text.split("\n")[2]).toBe(
      JSON.stringify([
        ["nested"],
        {
          $: "table",
          of: [
            ["$", wide(5_000, { $: "number", of: "-0" })],
            ["list", [[], Array.from({ length: 5_000 }, () => ({ a: [1] }))]],
            ["end", 1],
          ],
        },
      ]),
    );
  });

  test("saves a very large number of overrides", async () => {
    const source = await opened();
    const many = Array.from({ length: 5001 }, (_, n) => one(n, `k${n}`));
    await source.persist(many);
    expect(await saved()).toEqual(many);
    await source.persist([]);
    expect(await saved()).toEqual([]);
  });

  test("freezes its result", async () => {
    const source = await opened();
    await source.persist([one({ a: [{ b: 1 }] }, "x")]);
    const [override] = await saved();
    expect(Object.isFrozen(override!.value)).toBe(true);
    expect(Object.isFrozen((override!.value as { a: { b: number }[] }).a[0])).toBe(true);
  });

  test("makes its file private to the user, and leaves nothing beside it", async () => {
    const source = await opened();
    await source.persist([one(1, "a")]);
    await source.persist([one(2, "a")]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["overrides"]);
  });

  test("creates the directory when there is something to save", async () => {
    file = join(folder, "var", "lib", "overrides");
    const source = await opened();
    await expect(stat(dirname(file))).rejects.toThrow("ENOENT");
    await source.persist([one(1, "a")]);
    expect(await saved()).toEqual([one(1, "a")]);
  });

  test("writes to the target of a symbolic link, and keeps the link", async () => {
    await mkdir(join(folder, "real"));
    await writeFile(join(folder, "real", "file"), encoded([one(1, "a")]));
    await symlink("real/file", file);
    const source = await opened();
    await source.persist([one(2, "a")]);
    expect((await node_fs.lstat(file)).isSymbolicLink()).toBe(true);
    expect(await readdir(join(folder, "real"))).toEqual(["file"]);
    expect(await saved()).toEqual([one(2, "a")]);
  });

  test("combines saves that wait behind a running one, and acknowledges only data on disk", async () => {
    let renames = 0;
    const counting = {
      ...node_fs,
      rename: async (from: string, to: string) => ((renames += 1), node_fs.rename(from, to)),
    };
    const source = await opened(counting as FileSystem);
    const overrides: Override[][] = Array.from({ length: 101 }, (_, n) =>
      Array.from({ length: n }, (_x, i) => one(i, `k${i}`)),
    );
    await Promise.all(
      overrides.map(async (list) => {
        await source.persist(list);
        const text = await readFile(file, "utf8");
        expect(decode_overrides(text).length).toBeGreaterThanOrEqual(list.length);
      }),
    );
    expect(await saved()).toEqual(overrides[100]);
    expect(renames).toBeLessThan(10);
  });

  test("removes the leftovers of writers that died, and nothing else", async () => {
    const mark = `${boot_id().slice(0, 8)}-0123-4567`;
    const dead = `.overrides.writing-4194999-${mark}`;
    const others = [
      ".overrides.writing-x",
      "overrides.bak",
      `.other.writing-4194999-${mark}`,
      `.overrides.writing-${process.ppid}-${mark}`,
    ];
    for (const name of [dead, `.overrides.writing-${process.pid}-${mark}`, ".overrides.writing-7-00-1-2", ...others])
      await writeFile(join(folder, name), "x");
    await opened();
    expect((await readdir(folder)).sort()).toEqual(others.sort());
  });

  test("contributes nothing as a source: the manager puts the overrides on top", async () => {
    const source = await opened();
    expect(await first_tree(source)).toEqual({});
    expect(await source.load(context({ first: false }))).toEqual({ outcome: "unchanged" });
  });

  test("refuses invalid options", () => {
    expect(() => new RuntimeSource({ path: "x" } as never)).toThrow('there is no option "path"');
    expect(() => new RuntimeSource({ file: "" })).toThrow("file must be a path or a file URL");
  });
});

describe("RuntimeSource with a damaged file", () => {
  const whole = encoded([one({ b: "secret-7" }, "a"), one(2, "c")]);

  test("detects every flipped bit", () => {
    const bytes = Buffer.from(whole);
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      const text = flipped.toString("utf8");
      let overrides: unknown;
      try {
        overrides = decode_overrides(text);
      } catch (error) {
        expect(error).toBeInstanceOf(DamagedRecord);
        expect((error as Error).message).not.toContain("secret");
      }
      // A flip in a key's spelling that JSON reads the same is no damage.
      if (overrides !== undefined) expect(overrides).toEqual(decode_overrides(whole));
    }
  });

  test("detects every cut, and any addition", () => {
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => decode_overrides(whole.slice(0, length))).toThrow(DamagedRecord);
    }
    expect(() => decode_overrides(`${whole}x`)).toThrow(DamagedRecord);
    expect(() => decode_overrides(whole + whole)).toThrow(DamagedRecord);
  });

  test.each([
    ["cut", whole.slice(0, -3)],
    ["empty", ""],
    ["not text", "\u0000\u0001"],
  ])("sets it aside, reports it and goes on: %s", async (_, content) => {
    await writeFile(file, content);
    const source = new RuntimeSource({ file });
    const { overrides, diagnostics } = await source.load_overrides();
    expect(overrides).toEqual([]);
    expect(diagnostics).toEqual([
      { source: "runtime", code: "damaged", message: expect.stringContaining(`"${file}" were damaged (`) as string },
    ]);
    expect(diagnostics[0]!.message).not.toContain("secret");
    const [kept] = await readdir(folder);
    expect(kept).toMatch(/^overrides\.damaged-\d{8}T\d{6}\.\d{3}Z$/);
    expect(await readFile(join(folder, kept!), "utf8")).toBe(content);
    await source.persist([one(1, "x")]);
    expect(await saved()).toEqual([one(1, "x")]);
    expect(await readdir(folder)).toHaveLength(2);
  });

  test.each([
    ["JSON", '{"a": 1}\n'],
    ["TOML", "[server]\nport = 80\n"],
    ["a long text", "line\n".repeat(100_000)],
  ])("refuses a file of another kind, and leaves it alone: %s", async (_, content) => {
    await writeFile(file, content);
    const source = new RuntimeSource({ file });
    expect(await rejection(source.load_overrides())).toMatchObject({
      code: "foreign",
      message: `Cannot read the runtime overrides in "${file}": it is not a file of overrides, and is left alone; name another file, or remove it`,
    });
    expect(await rejection(source.persist([one(1, "a")]))).toMatchObject({ code: "not_saved" });
    expect(await readdir(folder)).toEqual(["overrides"]);
    expect(await readFile(file, "utf8")).toBe(content);
  });

  test("fails and saves nothing while the file cannot be set aside", async () => {
    await writeFile(file, "damaged");
    const fault = failing("rename", "EROFS");
    const source = new RuntimeSource({ file, file_system: fault.file_system });
    expect(await rejection(source.load_overrides())).toMatchObject({ code: "damaged" });
    expect(await rejection(source.persist([one(1, "a")]))).toMatchObject({ code: "not_saved" });
    expect(await readFile(file, "utf8")).toBe("damaged");
    fault.broken = false;
    expect((await source.load_overrides()).diagnostics).toHaveLength(1);
    await source.persist([one(1, "a")]);
    expect(await saved()).toEqual([one(1, "a")]);
  });

  test("leaves a file of a later version untouched", async () => {
    // The checksum of a later version's record, computed as this version does.
    const { createHash } = await import("node:crypto");
    const sha256 = createHash("sha256").update("overrides 2 0\n").digest("hex");
    const later = `${JSON.stringify({ otpts: "overrides", version: 2, count: 0, sha256 })}\n`;
    expect(() => decode_overrides(later)).toThrow(NewerRecord);
    await writeFile(file, later);
    const source = new RuntimeSource({ file });
    expect(await rejection(source.load_overrides())).toMatchObject({ code: "version" });
    expect(await rejection(source.persist([]))).toMatchObject({ code: "not_saved" });
    expect(await readFile(file, "utf8")).toBe(later);
  });

  test("fails and saves nothing while the file cannot be read", async () => {
    await writeFile(file, whole);
    const fault = failing("readFile", "EIO");
    const source = new RuntimeSource({ file, file_system: fault.file_system });
    const error = await rejection(source.load_overrides());
    expect(error).toBeInstanceOf(ConfigSourceError);
    expect(error.message).toBe(
      `Cannot read the runtime overrides in "${file}": the device reports an error (EIO), check the disk`,
    );
    expect(await rejection(source.persist([]))).toMatchObject({ code: "not_saved" });
    fault.broken = false;
    expect((await source.load_overrides()).overrides).toHaveLength(2);
  });
});

describe("RuntimeSource, when saving fails,", () => {
  test.each([
    ["open", "EACCES", "denied"],
    ["open", "EROFS", "read_only"],
    ["open", "EMFILE", "not_saved"],
    ["write", "ENOSPC", "disk_full"],
    ["write", "EDQUOT", "disk_full"],
    ["write", "EIO", "not_saved"],
    ["sync", "EIO", "not_saved"],
    ["rename", "EPERM", "denied"],
    ["sync_directory", "EIO", "not_saved"],
  ] as const)("refuses the save and keeps the previous file if %s fails with %s", async (operation, code, wanted) => {
    await writeFile(file, encoded([one(1, "a")]));
    const fault = failing(operation, code);
    fault.broken = false;
    const source = await opened(fault.file_system);
    fault.broken = true;
    const error = await rejection(source.persist([one("hunter2", "password")]));
    expect(error).toMatchObject({ source: "runtime", file, code: wanted });
    expect(error.message).toContain(`Cannot save the runtime overrides in "${file}": `);
    expect(error.message).toContain(code);
    expect(error.message).not.toContain("hunter2");
    // Where syncing the directory fails for the old content too, its rename still happened.
    expect(await saved()).toEqual([one(1, "a")]);
    fault.broken = false;
    await source.persist([one(3, "a")]);
    expect(await saved()).toEqual([one(3, "a")]);
    expect(await readdir(folder)).toEqual(["overrides"]);
  });

  test("refuses only the failed saves, and not those that wait behind them", async () => {
    const fault = failing("write", "ENOSPC");
    fault.broken = false;
    const source = await opened(fault.file_system);
    await source.persist([one(0, "a")]);
    fault.broken = true;
    const first = source.persist([one(1, "a")]);
    const refused = rejection(first).finally(() => (fault.broken = false));
    await refused;
    const second = source.persist([one(2, "a")]);
    await second;
    expect(await saved()).toEqual([one(2, "a")]);
  });

  test.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "refuses saves in a directory that is read-only",
    async () => {
      const source = await opened();
      await source.persist([one(1, "a")]);
      await chmod(folder, 0o500);
      try {
        expect(await rejection(source.persist([one(2, "a")]))).toMatchObject({ code: "denied" });
        expect(await saved()).toEqual([one(1, "a")]);
      } finally {
        await chmod(folder, 0o700);
      }
    },
  );
});
