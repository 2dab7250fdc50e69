/** One manager of one program uses a file of overrides: a second one is refused, and the lock of a dead one is taken over. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { erlang, KILL, supervisor } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ConfigClient, ConfigManager, ConfigSpec, RuntimeSource } from "../../src/index.ts";
import { lock_file } from "../../src/sources/file_lock.ts";
import { eachAlone, eventually, started } from "../manager/kit.ts";

const run = promisify(execFile);
const isRoot = process.platform === "linux" && process.getuid?.() === 0;
const built = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);

eachAlone();

let folder: string;
let file: string;
const children: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-one-"));
  file = join(folder, "overrides");
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
  }
  await run("umount", [join(folder, "mounted")]).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
});

/** Starts a manager, puts a value, reports that, and stays; or reports why it cannot. */
const program = `
  import { Config, ConfigManager, ConfigSpec, RuntimeSource } from ${built("../../lib/index.js")};
  import { logger, supervisor } from ${built("../../../runtime/lib/index.js")};
  logger.set_handler(undefined);
  const spec = new ConfigSpec({ sources: [new RuntimeSource({ file: process.argv[1] })] });
  try {
    const top = await supervisor.start([ConfigManager.child_spec(spec)]);
    await Config.put("by", process.pid);
    process.on("SIGTERM", () => void supervisor.stop(top).then(() => console.log("stopped")));
    console.log("runs " + process.pid);
    setInterval(() => undefined, 1000);
  } catch (error) {
    console.log(error.message);
  }
`;

/** Starts the program and waits for its first line. */
async function launched(at = file, wrapper: readonly string[] = []): Promise<readonly [ChildProcess, string]> {
  const [command, ...rest] = [...wrapper, process.execPath, "--input-type=module", "-e", program, at];
  const child = spawn(command!, rest, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout! }), "line")) as [string];
  return [child, line];
}

const killed = async (child: ChildProcess): Promise<void> => {
  child.kill("SIGKILL");
  await once(child, "close");
};

const refused = (pid: number, at = file) =>
  `Cannot read the runtime overrides in "${at}": the program with pid ${pid} uses it; each needs a separate file`;

describe.skipIf(process.platform === "win32")("a file of overrides", () => {
  test("is refused to a second program, with the first one's pid, and is free again when that is killed", async () => {
    const [first, line] = await launched();
    expect(line).toBe(`runs ${first.pid}`);
    const [, second] = await launched();
    expect(second).toContain(refused(first.pid!));
    await killed(first);
    const [third, again] = await launched();
    expect(again).toBe(`runs ${third.pid}`);
  });

  test("is free again when the first program stops its tree, or exits", async () => {
    const [first] = await launched();
    first.kill("SIGTERM");
    await eventually(async () => !(await readdir(folder)).includes(".overrides.lock"));
    const [second, line] = await launched();
    expect(line).toBe(`runs ${second.pid}`);
    const exits = `
      import { ConfigManager, ConfigSpec, RuntimeSource } from ${built("../../lib/index.js")};
      import { supervisor } from ${built("../../../runtime/lib/index.js")};
      const spec = new ConfigSpec({ sources: [new RuntimeSource({ file: process.argv[1] })] });
      await supervisor.start([ConfigManager.child_spec(spec)]);
      process.exit(0);
    `;
    await run(process.execPath, ["--input-type=module", "-e", exits, join(folder, "other")]);
    expect((await readdir(folder)).filter((name) => name.includes("other"))).toEqual([]);
  });

  test("is refused behind a symbolic link, and under a path longer than a socket's", async () => {
    const deep = join(folder, "x".repeat(100), "y".repeat(100));
    await mkdir(deep, { recursive: true });
    await writeFile(join(deep, "overrides"), "");
    await rm(join(deep, "overrides"));
    await symlink(join(deep, "overrides"), file);
    const [first] = await launched(file);
    const [, second] = await launched(join(deep, "overrides"));
    expect(second).toContain(refused(first.pid!, join(deep, "overrides")));
  });

  test.skipIf(!isRoot)("is refused in another container with equal pids, and free when that ends", async () => {
    const container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const probe = await run(container[0]!, [...container.slice(1), "true"]).then(
      () => true,
      () => false,
    );
    if (!probe) return;
    const [first, line] = await launched(file, container);
    expect(line).toBe("runs 1");
    const [, second] = await launched(file, container);
    expect(second).toContain(refused(1));
    await killed(first);
    await eventually(async () => {
      const [, third] = await launched(file, container);
      return third === "runs 1";
    });
  });

  test.skipIf(!isRoot)("is refused behind a bind mount", async () => {
    await mkdir(join(folder, "real"));
    await mkdir(join(folder, "mounted"));
    await run("mount", ["--bind", join(folder, "real"), join(folder, "mounted")]);
    const [first] = await launched(join(folder, "real", "overrides"));
    const [, second] = await launched(join(folder, "mounted", "overrides"));
    expect(second).toContain(refused(first.pid!, join(folder, "mounted", "overrides")));
  });

  test("is refused to a second manager of the same program, until the first one's tree is gone", async () => {
    const spec = (name: string) => new ConfigSpec({ name, sources: [new RuntimeSource({ file })] });
    const { sup, config } = await started(spec("first"));
    await config.put("a", 1);
    await expect(started(spec("second"))).rejects.toThrow(
      `Cannot read the runtime overrides in "${file}": another manager of this program (pid ${process.pid}) uses it`,
    );
    // The same manager, started again after a crash, still has it.
    erlang.exit(erlang.whereis("first")!, KILL);
    await eventually(async () => (await config.put("a", 2).catch(() => false)) === true);
    await supervisor.stop(sup);
    const second = await started(spec("second"));
    expect(await second.config.get("a")).toBe(2);
  });

  test("is free when the whole tree of the first manager is killed", async () => {
    const spec = (name: string) => new ConfigSpec({ name, sources: [new RuntimeSource({ file })] });
    const tree = await ConfigManager.start(spec("first"));
    await new ConfigClient("first").put("a", 1);
    erlang.exit(tree, KILL);
    await eventually(() => !erlang.is_process_alive(tree) && erlang.whereis("first") === undefined);
    const second = await started(spec("second"));
    expect(await second.config.get("a")).toBe(1);
  });

  test("loses no acknowledged put when the lock is removed and another program takes it", async () => {
    const { config } = await started(new ConfigSpec({ sources: [new RuntimeSource({ file })] }));
    await config.put("a", 1);
    await rm(join(folder, ".overrides.lock"));
    const [second, line] = await launched();
    expect(line).toBe(`runs ${second.pid}`);
    await expect(config.put("a", 2)).rejects.toThrow(`the program with pid ${second.pid} uses it`);
    expect(await config.get("a")).toBe(1);
  });
});

describe.skipIf(process.platform === "win32")("the lock of a program that died", () => {
  test("is taken over by only one of many programs that start at once", async () => {
    const locking = `
      import { lock_file } from ${built("../../dist/sources/file_lock.js")};
      await lock_file(process.argv[1]);
      console.log("locked");
      setInterval(() => undefined, 1000);
    `;
    for (let round = 0; round < 5; round += 1) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", locking, file]);
      await once(child.stdout, "data");
      await killed(child);
      expect(await readdir(folder)).toEqual([".overrides.lock"]);
      const attempts = await Promise.allSettled(Array.from({ length: 8 }, () => lock_file(file)));
      const locks = attempts.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value!] : []));
      const valid = await Promise.all(locks.map((lock) => lock.held()));
      expect(valid.filter((held) => held)).toHaveLength(1);
      await Promise.all(locks.map((lock) => lock.release()));
      expect(await readdir(folder)).toEqual([]);
    }
  });
});
