/**
 * The durable file against real deaths and real full disks: child processes run the build of the source.
 */
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { RuntimeSource } from "../../src/sources/runtime.ts";
import { rejection } from "./loading.ts";

const built = new URL("../../dist/sources/runtime.js", import.meta.url).href;
const run = promisify(execFile);

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-crash-"));
  file = join(folder, "disk", "overrides");
  await mkdir(join(folder, "disk"));
});
afterEach(async () => {
  await run("umount", [join(folder, "disk")]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

/** Puts rising numbers, eight at a time, and prints each that was acknowledged. */
const putting = `
  import { writeSync } from "node:fs";
  import { RuntimeSource } from ${JSON.stringify(built)};
  const source = new RuntimeSource({ file: process.argv[1] });
  const { overrides, diagnostics } = await source.load_overrides();
  if (diagnostics.length > 0) throw new Error(diagnostics[0].message);
  const state = new Map(overrides.map((override) => [override.path[0], override]));
  let n = Math.max(0, ...overrides.map((override) => override.value.n));
  const lane = async () => {
    for (;;) {
      const mine = (n += 1);
      const key = "k" + (mine % 300);
      state.set(key, { path: [key], value: { n: mine, filler: "x".repeat(mine % 97) } });
      await source.persist([...state.values()]);
      writeSync(1, mine + "\\n");
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
`;

describe("RuntimeSource({ file })", () => {
  test("has every acknowledged put after its process was killed at any moment", { timeout: 240_000 }, async () => {
    expect(existsSync(fileURLToPath(built)), "the build is there").toBe(true);
    let highest = 0;
    const acknowledged = new Map<string, number>();
    for (let round = 0; round < 12 || acknowledged.size < 300 || highest < 3000; round += 1) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", putting, file], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const dies = 1 + Math.floor(Math.random() * 600);
      const closed = new Promise((resolve) => child.once("close", resolve));
      let lines = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        const n = Number(line);
        acknowledged.set(`k${n % 300}`, Math.max(n, acknowledged.get(`k${n % 300}`) ?? 0));
        highest = Math.max(highest, n);
        lines += 1;
        // Some way into whatever it is doing then.
        if (lines === dies) setTimeout(() => child.kill("SIGKILL"), Math.random() * 5);
      }
      await closed;
      expect(child.signalCode).toBe("SIGKILL");
      const source = new RuntimeSource({ file });
      const { overrides, diagnostics } = await source.load_overrides();
      expect(diagnostics).toEqual([]);
      const kept = new Map(overrides.map(({ path, value }) => [path[0]!, (value as { n: number }).n]));
      for (const [key, n] of acknowledged) expect(kept.get(key), key).toBeGreaterThanOrEqual(n);
      expect(await readdir(join(folder, "disk"))).toEqual(["overrides"]);
    }
  });

  const canMount = process.platform === "linux" && process.getuid?.() === 0;

  const mounted = async (): Promise<boolean> =>
    run("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", join(folder, "disk")]).then(
      () => true,
      () => false,
    );

  test.skipIf(!canMount)(
    "refuses overrides too large for a full disk, keeps the rest, and goes on",
    async (context) => {
      if (!(await mounted())) context.skip();
      const source = new RuntimeSource({ file });
      await source.load_overrides();
      await source.persist([{ path: ["a"], value: 1 }]);
      await writeFile(join(folder, "disk", "ballast"), Buffer.alloc(40_000));
      const error = await rejection(source.persist([{ path: ["a"], value: "x".repeat(60_000) }]));
      expect(error).toMatchObject({ code: "disk_full" });
      expect(error.message).toBe(
        `Cannot save the runtime overrides in "${file}": no space is left on the device (ENOSPC), free some`,
      );
      expect((await new RuntimeSource({ file }).load_overrides()).overrides).toEqual([{ path: ["a"], value: 1 }]);
      expect((await readdir(join(folder, "disk"))).sort()).toEqual(["ballast", "overrides"]);
      await source.persist([{ path: ["a"], value: 2 }]);
      expect((await new RuntimeSource({ file }).load_overrides()).overrides).toEqual([{ path: ["a"], value: 2 }]);
    },
  );

  test.skipIf(!canMount)(
    "refuses saves while the file system is read-only, and goes on afterwards",
    async (context) => {
      if (!(await mounted())) context.skip();
      const source = new RuntimeSource({ file });
      await source.load_overrides();
      await source.persist([{ path: ["a"], value: 1 }]);
      await run("mount", ["-o", "remount,ro", join(folder, "disk")]);
      expect(await rejection(source.persist([{ path: ["a"], value: 2 }]))).toMatchObject({ code: "read_only" });
      expect((await new RuntimeSource({ file }).load_overrides()).overrides).toEqual([{ path: ["a"], value: 1 }]);
      await run("mount", ["-o", "remount,rw", join(folder, "disk")]);
      await source.persist([{ path: ["a"], value: 3 }]);
      expect((await new RuntimeSource({ file }).load_overrides()).overrides).toEqual([{ path: ["a"], value: 3 }]);
    },
  );

  test.skipIf(process.platform === "win32")("refuses saves that its process may not write, and lives on", async () => {
    const writing = `
      import { RuntimeSource } from ${JSON.stringify(built)};
      const source = new RuntimeSource({ file: process.argv[1] });
      await source.load_overrides();
      await source.persist([{ path: ["a"], value: 1 }]);
      const code = await source.persist([{ path: ["a"], value: "x".repeat(100_000) }]).catch((error) => error.code);
      await source.persist([{ path: ["b"], value: 2 }]);
      console.log(code);
    `;
    const limited = 'ulimit -f 8; exec "$0" --input-type=module -e "$1" "$2"';
    const { stdout } = await run("bash", ["-c", limited, process.execPath, writing, file]);
    expect(stdout).toBe("disk_full\n");
    expect((await new RuntimeSource({ file }).load_overrides()).overrides).toEqual([{ path: ["b"], value: 2 }]);
    expect(await readdir(join(folder, "disk"))).toEqual(["overrides"]);
  });
});
