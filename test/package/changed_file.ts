/**
 * Prints the files of the configuration manager that one changed file passes, as JSON: those with a function that ran, by
 * V8's coverage.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

// As tsc has compiled it, in a file for each module.
const compiled = fileURLToPath(new URL("../../../packages/config/dist", import.meta.url));
const { Config, ConfigManager, ConfigSpec, FileSource } = (await import(
  pathToFileURL(join(compiled, "index.js")).href
)) as typeof import("@otpts/config");

/** The files that have a function which runs during `action`. */
async function passed(action: () => Promise<void>): Promise<readonly string[]> {
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
    return url.startsWith("file:") && isPassed ? [relative(compiled, fileURLToPath(url))] : [];
  });
  return files.filter((file) => !file.startsWith("..")).map((file) => file.replace(/\.js$/u, ".ts"));
}

async function changedFile(): Promise<readonly string[]> {
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
    return await passed(change(2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const alive = setInterval(() => undefined, 1_000);
const files = await changedFile();
clearInterval(alive);
process.stdout.write(JSON.stringify(files.toSorted()), () => process.exit());
