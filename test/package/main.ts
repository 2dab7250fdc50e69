/**
 * Packs both packages as they would be published, lets publint and attw look at the tarballs, installs them in an empty
 * project and runs an example there. Prints what it does; exits 1 at the first failure.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const work = mkdtempSync(join(tmpdir(), "otpts-package-"));
const tarballs = join(work, "tarballs");
const project = join(work, "project");

const PEERS = ["nact@7", "@opentelemetry/api@1", "valibot@1", "zod@4"];

const example = `
import { gen_server, OK, REPLY, supervisor } from "@otpts/runtime";
import { Config, ConfigManager, ConfigSpec, EnvironmentSource } from "@otpts/config";

const greeter = {
  init: (greeting) => [OK, greeting],
  handle_call: (name, _from, greeting) => [REPLY, \`\${greeting}, \${name}\`, greeting],
};
const config_spec = new ConfigSpec({ id: "example", sources: [new EnvironmentSource({ prefix: "EXAMPLE_" })] });
const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
  supervisor.child_spec({ id: "greeter", task: async () => gen_server.start_link(greeter, await Config.get("greeting"), { name: "greeter" }) }),
]);
console.log(await gen_server.call("greeter", "package"));
await supervisor.stop(top);
`;

/** Imports each entry that a package has; the optional peers are installed beside them. */
const entries = `
import { readFileSync } from "node:fs";
for (const name of ["@otpts/runtime", "@otpts/config"]) {
  const { exports } = JSON.parse(readFileSync(\`node_modules/\${name}/package.json\`, "utf8"));
  for (const entry of Object.keys(exports)) {
    if (entry === "./package.json") continue;
    const names = Object.keys(await import(name + entry.slice(1)));
    if (names.length === 0) throw new Error(\`\${name}\${entry.slice(1)} exports nothing\`);
    console.log(name + entry.slice(1));
  }
}
`;

function step(title: string, run: () => void): void {
  process.stdout.write(`${title} … `);
  run();
  process.stdout.write("ok\n");
}

function command(file: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = process.env): string {
  try {
    return execFileSync(file, [...args], { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.join(" ")} failed\n${stdout ?? ""}${stderr ?? ""}`, { cause: error });
  }
}

try {
  mkdirSync(tarballs);
  mkdirSync(project);
  for (const name of ["runtime", "config"]) {
    step(
      `pack @otpts/${name}`,
      () =>
        void command("npx", ["-y", "pnpm@10", "pack", "--pack-destination", tarballs], join(root, "packages", name)),
    );
  }
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  for (const file of files) {
    step(
      `publint ${file.slice(tarballs.length + 1)}`,
      () => void command("npx", ["publint", "run", file, "--strict"], root),
    );
    step(
      `attw ${file.slice(tarballs.length + 1)}`,
      () => void command("npx", ["attw", file, "--profile", "esm-only"], root),
    );
  }
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  writeFileSync(join(project, "example.js"), example);
  writeFileSync(join(project, "entries.js"), entries);
  step(
    "install in an empty project",
    () => void command("npm", ["install", "--no-audit", "--no-fund", ...files, ...PEERS], project),
  );
  step("run an example there", () => {
    const printed = command("node", ["example.js"], project, { ...process.env, EXAMPLE_GREETING: "Hello" });
    if (printed !== "Hello, package\n") throw new Error(`the example printed ${JSON.stringify(printed)}`);
  });
  step("import every entry there", () => {
    const imported = command("node", ["entries.js"], project).trim().split("\n");
    const wanted = ["runtime", "config"].flatMap((name) => {
      const text = readFileSync(join(root, "packages", name, "package.json"), "utf8");
      const { exports } = JSON.parse(text) as { exports: Record<string, unknown> };
      return Object.keys(exports)
        .filter((entry) => entry !== "./package.json")
        .map((entry) => `@otpts/${name}${entry.slice(1)}`);
    });
    if (imported.join() !== wanted.join()) throw new Error(`imported ${imported.join()} of ${wanted.join()}`);
  });
} catch (error) {
  console.error(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
