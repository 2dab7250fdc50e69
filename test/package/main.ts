/**
 * Packs both packages as they would be published, lets publint and attw look at the tarballs, installs them in an empty
 * project and runs an example there. Prints what it does; exits 1 at the first failure.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../..");
const work = mkdtempSync(join(tmpdir(), "otpts-package-"));
const tarballs = join(work, "tarballs");
const project = join(work, "project");

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
  step(
    "install in an empty project",
    () => void command("npm", ["install", "--no-audit", "--no-fund", ...files], project),
  );
  step("run an example there", () => {
    const printed = command("node", ["example.js"], project, { ...process.env, EXAMPLE_GREETING: "Hello" });
    if (printed !== "Hello, package\n") throw new Error(`the example printed ${JSON.stringify(printed)}`);
  });
} catch (error) {
  console.error(`failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
