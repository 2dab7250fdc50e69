/** The example of a remote source: etcd, replaced by a small server in a separate process. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eachEnded, Program } from "./program.ts";

eachEnded();

test("examples/etcd loads, follows, and starts from its cache file without etcd", async () => {
  const folder = await mkdtemp(join(tmpdir(), "otpts-etcd-"));
  try {
    const ended = await new Program("etcd/main.js", { TMPDIR: folder }).ended();
    expect(ended).toEqual({
      code: 0,
      signal: null,
      stderr: "",
      stdout:
        "loaded: { port: 5432, host: 'db.internal' }\n" +
        "followed: 5433\n" +
        "without etcd: { port: 5433, host: 'db.internal' } from the cache file: true\n",
    });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
