import { stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, afterEach, describe, expect, test } from "vitest";

import { make_directory } from "../../src/sources/make_directory.ts";
import { setup } from "../../src/testing.ts";

const kit = setup({ beforeEach, afterEach });

describe("make_directory", () => {
  test("makes the missing directories above, with the mode, and accepts one that exists", async () => {
    const { path } = await kit.temporary_directory({});
    await make_directory(join(path, "a", "b", "c"), 0o700);
    await make_directory(join(path, "a", "b", "c"), 0o700);
    for (const made of ["a", "a/b", "a/b/c"]) expect((await stat(join(path, made))).mode & 0o777).toBe(0o700);
    await symlink(join(path, "a"), join(path, "link"));
    await make_directory(join(path, "link"), 0o700);
    await make_directory("/", 0o700);
  });

  test("rejects with the system's error at a file, a link to nothing, and a directory that takes none", async () => {
    const { path } = await kit.temporary_directory({ file: "" });
    await symlink(join(path, "none"), join(path, "dangling"));
    await expect(make_directory(join(path, "file"), 0o700)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(make_directory(join(path, "file", "x"), 0o700)).rejects.toMatchObject({ code: "ENOTDIR" });
    await expect(make_directory(join(path, "dangling", "x"), 0o700)).rejects.toMatchObject({ code: "EEXIST" });
  });

  test("rejects where the system answers ENOENT in a directory that exists, as /proc does", async () => {
    const { path } = await kit.temporary_directory({});
    const missing = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    const mkdir = async (at: string): Promise<void> => {
      if (at === path) throw Object.assign(new Error("EEXIST"), { code: "EEXIST" });
      throw missing;
    };
    await expect(make_directory(join(path, "x", "y"), 0o700, mkdir)).rejects.toBe(missing);
  });
});
