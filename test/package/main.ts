/**
 * Packs both packages as they would be published, lets publint and attw look at the tarballs, installs them in an empty
 * project and runs an example there. Prints its steps; exits with 1 at the first failure.
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

/** What bundling could break: one instance however it is loaded, names, stacks, files found by URL, source maps. */
const published = `
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Config, ConfigManager, ConfigSpec, FileSource } from "@otpts/config";
import { erlang, gen_server, logger, OK, Pid, supervisor } from "@otpts/runtime";
import { registry } from "@otpts/runtime/registry";

assert.equal(createRequire(import.meta.url)("@otpts/runtime").gen_server, gen_server, "require loads another instance");
assert.equal(Pid.name, "Pid");
for (const [name, fun] of Object.entries({ ...erlang, ...gen_server, ...supervisor, ...registry }))
  if (typeof fun === "function") assert.doesNotMatch(fun.name, /[$]\\d/, name);

const said = [];
logger.set_handler(({ text }) => said.push(text));
const crashing = { init: () => [OK, 0], handle_cast: () => { throw new TypeError("here"); } };
const pid = await gen_server.start(crashing, 0);
const died = new Promise((resolve) => erlang.spawn(async () => { erlang.monitor("process", pid); await erlang.receive(); resolve(); }));
gen_server.cast(pid, 1);
await died;
assert.match(said[0], /published\\.js/);
assert.doesNotMatch(said[0], /@otpts/, "a stack shows the runtime's own frames");

writeFileSync("large.toml", Array.from({ length: 9_000 }, (_, n) => "key_" + n + " = " + n).join("\\n"));
const spec = new ConfigSpec({ id: "large", sources: [new FileSource("large.toml")] });
const top = await supervisor.start([supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] })]);
assert.equal(await Config.get("key_8999"), 8999);
assert.deepEqual((await Config.status()).diagnostics, [], "no thread parsed the file");
await supervisor.stop(top);

let maps = 0;
for (const name of ["runtime", "config"]) {
  const lib = join("node_modules/@otpts", name, "lib");
  for (const file of readdirSync(lib, { recursive: true }).filter((each) => each.endsWith(".js.map"))) {
    for (const source of JSON.parse(readFileSync(join(lib, file), "utf8")).sources) {
      const at = join(dirname(join(lib, file)), source);
      assert.ok(source.startsWith("\\0") || source.includes("rolldown") || (at.endsWith(".ts") && existsSync(at)), file + " names " + source);
      maps++;
    }
  }
}
assert.ok(maps > 100);
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
  writeFileSync(join(project, "published.js"), published);
  step(
    "install in an empty project",
    () => void command("npm", ["install", "--no-audit", "--no-fund", ...files, ...PEERS], project),
  );
  step("run an example there", () => {
    const printed = command("node", ["example.js"], project, { ...process.env, EXAMPLE_GREETING: "Hello" });
    if (printed !== "Hello, package\n") throw new Error(`the example printed ${JSON.stringify(printed)}`);
  });
  step("run the command there", () => {
    writeFileSync(join(project, "settings.toml"), "[server]\nport = 8080\n");
    writeFileSync(
      join(project, "settings.js"),
      'import { ConfigSpec, FileSource } from "@otpts/config";\nexport default new ConfigSpec({ sources: [new FileSource("settings.toml")] });\n',
    );
    const run = (...args: readonly string[]) =>
      command("npx", ["--no-install", "otpts-config", ...args, "--module", "settings.js"], project);
    const value = run("get", "server.port");
    if (value !== "8080\n") throw new Error(`otpts-config get printed ${JSON.stringify(value)}`);
    const { valid } = JSON.parse(run("check", "--json")) as { valid?: unknown };
    if (valid !== true) throw new Error("otpts-config check found something wrong");
  });
  step("look at what is published", () => void command("node", ["published.js"], project));
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
