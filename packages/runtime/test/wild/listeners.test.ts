import { expect, test } from "vitest";

import { program } from "../kit/program.ts";

const run = (body: string) =>
  program(`
    import { OK, erlang, gen_server, supervisor } from "@otpts/runtime";
    process.on("warning", (warning) => console.log("WARNING", warning.name));
    ${body}
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log("done");
    process.exit();
  `);

test("any number of waits on a process's signal causes no warning", async () => {
  const { stdout } = await run(`
    erlang.spawn(async () => {
      for (let n = 0; n < 50; n++) void erlang.signal().addEventListener("abort", () => {});
      for (let n = 0; n < 50; n++) void fetch("http://127.0.0.1:9/", { signal: erlang.signal() }).catch(() => {});
      await erlang.receive();
    });
  `);
  expect(stdout).toBe("done\n");
});

test("any number of trees that stop on system signals causes no warning", async () => {
  const { stdout } = await run(`
    for (let n = 0; n < 15; n++) await supervisor.start([], { signals: true });
  `);
  expect(stdout).toBe("done\n");
});

test("any number of copies of the package causes no warning", async () => {
  const { stdout } = await run(`
    const { cpSync, mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const { join } = await import("node:path");
    const { pathToFileURL } = await import("node:url");
    const here = new URL(".", import.meta.resolve("@otpts/runtime"));
    const folder = mkdtempSync(join(tmpdir(), "otpts-copies-"));
    for (let n = 0; n < 12; n++) {
      cpSync(here, join(folder, String(n)), { recursive: true, filter: (from) => !/[.](map|ts)$/.test(from) });
      const copy = await import(pathToFileURL(join(folder, String(n), "index.js")).href);
      copy.erlang.spawn(() => {});
    }
    rmSync(folder, { recursive: true });
  `);
  expect(stdout).toBe("done\n");
});
