/** The path of a call, as ARCHITECTURE.md tells it: V8's coverage of one call shows the files that it passes. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const compiled = pathToFileURL(`${resolve(root, "packages/runtime/dist")}/`).href;

/** Prints the files, and the names of the functions in them, that one call to an idle server passes. */
const PROGRAM = `
  import { Session } from "node:inspector/promises";
  const { OK, REPLY } = await import(${JSON.stringify(`${compiled}term/atoms.js`)});
  const gen_server = await import(${JSON.stringify(`${compiled}gen_server.js`)});
  await gen_server.start({ init: () => [OK, 0], handle_call: (_, __, state) => [REPLY, "ok", state] }, 0, { name: "server" });
  for (let n = 0; n < 5; n++) await gen_server.call("server", "before");
  await new Promise((resolve) => setTimeout(resolve, 50));
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await session.post("Profiler.takePreciseCoverage");
  await gen_server.call("server", "now");
  const { result } = await session.post("Profiler.takePreciseCoverage");
  const passed = result.filter(({ url }) => url.startsWith(${JSON.stringify(compiled)})).map(({ url, functions }) => ({
    file: url.slice(${compiled.length}).replace(".js", ".ts"),
    functions: functions.filter(({ ranges }) => ranges[0].count > 0).map(({ functionName }) => functionName),
  }));
  console.log(JSON.stringify(passed.filter(({ functions }) => functions.length > 0)));
  process.exit();
`;

const ACCESSOR = /^[gs]et /u;
/** What tracks the running process on the engine at hand: promise hooks, or contexts. */
const TRACKING = ["init", "before", "after", "found", "entranceTo", "frameOf"];

function passed(): { readonly file: string; readonly functions: readonly string[] }[] {
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", PROGRAM], { encoding: "utf8" });
  return (JSON.parse(printed) as ReturnType<typeof passed>).map(({ file, functions }) => ({
    file,
    functions: functions.filter(
      (name) => !ACCESSOR.test(name) && !(file === "process/context.ts" && TRACKING.includes(name)),
    ),
  }));
}

test("a call passes the files that ARCHITECTURE.md names, and as many functions as it says", () => {
  const text = readFileSync(resolve(root, "ARCHITECTURE.md"), "utf8");
  const section = text.slice(text.indexOf("### A call"), text.indexOf("Any other result"));
  const found = passed().filter(({ functions }) => functions.length > 0);
  const steps = section.slice(section.indexOf("\n1. "));
  const named = found.map(({ file }) => file).filter((file) => steps.includes(`\`${file}\``));
  expect(named).toStrictEqual(found.map(({ file }) => file));
  // And no other: each is named once with its folder, but for gen_server.ts, which has none.
  expect(new Set(steps.match(/`[a-z_]+\/[a-z_]+\.ts`/gu)).size).toBe(found.length - 1);
  const count = found.reduce((sum, { functions }) => sum + functions.length, 0);
  expect(section).toContain(`(${count} functions in ${found.length} files`);
});
