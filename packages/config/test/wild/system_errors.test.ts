/** A refusal by the system is reported with the operation, the place and a remedy. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import * as fs from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

import { Config, ConfigSpec, FileSource, RuntimeSource } from "../../src/index.ts";
import type { FileSystem } from "../../src/sources/durable_file.ts";
import { CacheFile } from "../../src/sources/remote/cache_file.ts";
import { unreadable } from "../../src/sources/file_sample.ts";
import { eachAlone, eventually, started } from "../manager/kit.ts";

eachAlone();

const fault = (code: string) => Object.assign(new Error(`${code}: no`), { code });
const scratch = () => mkdtempSync(join(tmpdir(), "otpts-system-"));

const WORDS: readonly (readonly [string, RegExp])[] = [
  ["EACCES", /permission is denied \(EACCES\), give .+ access/u],
  ["EPERM", /not permitted \(EPERM\), look at/u],
  ["ENOSPC", /no space is left on the device \(ENOSPC\), free/u],
  ["EDQUOT", /quota is used up \(EDQUOT\), free/u],
  ["EFBIG", /larger than is allowed \(EFBIG\), raise/u],
  ["EROFS", /file system is read-only \(EROFS\), mount it writable/u],
  ["EBUSY", /mount point.+\(EBUSY\), mount its directory instead/u],
  ["ELOOP", /links lead in a circle \(ELOOP\), mend/u],
  ["ENOTDIR", /part of its path is a file, not a directory \(ENOTDIR\), mend/u],
  ["EISDIR", /it is a directory, not a file \(EISDIR\)/u],
  ["ENAMETOOLONG", /longer than the system allows \(ENAMETOOLONG\), use a shorter/u],
  ["EMFILE", /too many files are open in this program \(EMFILE\), raise .+ulimit -n/u],
  ["ENFILE", /too many files are open on this machine \(ENFILE\), raise/u],
  ["EIO", /device reports an error \(EIO\), check the disk/u],
  ["ESTALE", /file server has exchanged or removed it \(ESTALE\), mount/u],
  ["ENOTCONN", /file system has gone \(ENOTCONN\), mount/u],
  ["EWHATEVER", /the system says EWHATEVER/u],
];

describe.each(WORDS)("%s", (code, words) => {
  test("of a file that is read", () => {
    expect(unreadable(fault(code)).message).toMatch(words);
  });

  test("of durable overrides being saved names the file, and leaves the overrides unchanged", async () => {
    const file = join(scratch(), "overrides");
    let fails = false;
    const file_system: FileSystem = {
      ...fs,
      rename: async (...args) => (fails ? Promise.reject(fault(code)) : fs.rename(...args)),
    };
    await started(
      new ConfigSpec({ sources: [new RuntimeSource({ file, file_system })], reload_interval: 0, log: false }),
    );
    await Config.put("a", 1);
    fails = true;
    const error = await Config.put("a", 2).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toMatch(
      new RegExp(`^Cannot save the runtime overrides in "${file}": .*${words.source}`, "u"),
    );
    fails = false;
    await Config.put("b", 1);
    expect(await Config.get("a")).toBe(1);
  });
});

test("an invalid path is an error of the file with a hint, and the source recovers once it is corrected", async () => {
  const directory = scratch();
  const [circle, below, long, folder] = ["circle.toml", "plain/app.toml", `${"x".repeat(300)}.toml`, "folder.toml"].map(
    (name) => join(directory, name),
  );
  symlinkSync("circle.toml", circle!);
  writeFileSync(join(directory, "plain"), "");
  mkdirSync(folder!);
  const paths = [circle!, below!, long!, folder!];
  const sources = paths.map((path) => new FileSource(path, { settle: 0, required: false, poll_interval: 20 }));
  await started(new ConfigSpec({ sources, reload_interval: 0, log: false }));
  const errors = async () =>
    (await Config.status()).sources.map(({ state, last_error }) => `${state} ${last_error?.message}`);
  expect(await errors()).toStrictEqual([
    `error Cannot read "${circle}": its symbolic links lead in a circle (ELOOP), mend the links`,
    `error Cannot read "${below}": a part of its path is a file, not a directory (ENOTDIR), mend the path`,
    `error Cannot read "${long}": its name or its path is longer than the system allows (ENAMETOOLONG), use a shorter one`,
    `error Cannot read "${folder}": it is a directory, not a file`,
  ]);
  rmSync(circle!);
  rmSync(join(directory, "plain"));
  rmSync(folder!, { recursive: true });
  mkdirSync(join(directory, "plain"));
  for (const path of [circle!, below!, folder!]) writeFileSync(path, `x${paths.indexOf(path)} = 1\n`);
  await eventually(async () => (await Config.status()).keys === 3);
});

test.each<[string, (directory: string) => string, RegExp]>([
  [
    "below a file",
    (at) => (writeFileSync(join(at, "plain"), ""), join(at, "plain/deep/overrides")),
    /a part of its path .+, mend the path/u,
  ],
  [
    "behind links in a circle",
    (at) => (symlinkSync("o", join(at, "o")), join(at, "o")),
    /in a circle \(ELOOP\), mend the links/u,
  ],
  ["with a name that is too long", (at) => join(at, "x".repeat(300)), /\(ENAMETOOLONG\), use a shorter one/u],
  ["that is a directory", (at) => at, /it is a directory, must be a regular file/u],
])("durable overrides in a file %s fail the start with what to do", async (_, make, words) => {
  const file = make(scratch());
  const spec = new ConfigSpec({ sources: [new RuntimeSource({ file })], reload_interval: 0, log: false });
  await expect(started(spec)).rejects.toThrow(words);
  await expect(started(spec)).rejects.toThrow(file);
});

test("the cache file of a remote source reports the same errors", async () => {
  const directory = scratch();
  writeFileSync(join(directory, "plain"), "");
  const path = join(directory, "plain/deep/cache");
  const cache = new CacheFile(path, { root: "a/" });
  expect(await cache.read(String)).toBeUndefined();
  expect(cache.problem).toMatch(/^Cannot use cache file ".+": a part of its path .+, mend the path$/u);
  cache.keep(["a/b"]);
  await cache.flush();
  expect(cache.problem).toMatch(/^Cannot write cache file ".+": a part of its path .+, mend the path$/u);
});
