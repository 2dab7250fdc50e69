/**
 * Prints the files that one call, or one changed file, passes, as JSON: those of a package with a function that ran, by
 * V8's coverage.
 *
 *     node test/dist/package/paths/program.js call | changed_file
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const packages = fileURLToPath(new URL("../../../../packages", import.meta.url));

/** A module as tsc has compiled it, in a file of its own. */
function compiled(path: string): Promise<unknown> {
  return import(pathToFileURL(join(packages, path)).href);
}

/** The files of a folder that have a function which runs during `action`. */
async function passed(folder: string, action: () => Promise<void>): Promise<readonly string[]> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  // Only what runs from now on.
  await session.post("Profiler.takePreciseCoverage");
  await action();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  const files = result.flatMap(({ url, functions }) => {
    // The function that spans the file is its evaluation.
    const isPassed = functions.some(({ ranges: [whole] }) => whole!.count > 0 && whole!.startOffset > 0);
    return url.startsWith("file:") && isPassed ? [relative(join(packages, folder), fileURLToPath(url))] : [];
  });
  return files.filter((file) => !file.startsWith("..")).map((file) => file.replace(/\.js$/u, ".ts"));
}

async function call(): Promise<readonly string[]> {
  const { gen_server, OK, REPLY } = (await compiled("runtime/dist/index.js")) as typeof import("@otpts/runtime");
  const module = {
    name: "echo",
    init: () => [OK, undefined] as const,
    handle_call: (request: unknown, _from: unknown, state: undefined) => [REPLY, request, state] as const,
  };
  await gen_server.start(module, undefined, { name: "echo" });
  const one = async (): Promise<void> => void (await gen_server.call("echo", "hello"));
  await one();
  return passed("runtime/dist", one);
}

async function changedFile(): Promise<readonly string[]> {
  const { Config, ConfigManager, ConfigSpec, FileSource } = (await compiled(
    "config/dist/index.js",
  )) as typeof import("@otpts/config");
  const folder = mkdtempSync(join(tmpdir(), "otpts-paths-"));
  try {
    const file = join(folder, "app.toml");
    writeFileSync(file, "[db]\nport = 0\n");
    await ConfigManager.start(new ConfigSpec({ sources: [new FileSource(file)] }));
    let seen: (value: unknown) => void = () => undefined;
    await Config.subscribe("db.port", (_path, _before, after) => seen(after));
    const change = (port: number) => async (): Promise<void> => {
      const notified = new Promise((resolve) => (seen = resolve));
      writeFileSync(file, `[db]\nport = ${port}\n`);
      await notified;
      // The delivery's report, and the next check of the file.
      await new Promise((resolve) => setTimeout(resolve, 200));
    };
    // The first change also loads the parser, and arms what later ones find.
    await change(1)();
    return await passed("config/dist", change(2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const alive = setInterval(() => undefined, 1_000);
const files = await (process.argv[2] === "call" ? call() : changedFile());
clearInterval(alive);
process.stdout.write(JSON.stringify(files.toSorted()), () => process.exit());
