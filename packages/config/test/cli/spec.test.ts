import { afterEach, describe, expect, test } from "vitest";
import { ending, leave, MODULE, SHOP, shop } from "./command.ts";

afterEach(leave);

describe("check", () => {
  test("a valid configuration gives the number of settings of each source and exit code 0", async () => {
    const { code, stdout, stderr } = await shop().run(["check", ...MODULE], { SHOP_SERVER_PORT: "9000" });
    expect(stdout).toBe(
      "  file:config.toml  4 settings\n  env:SHOP          1 setting\n✓ valid: 6 settings from 2 sources\n",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("all problems are reported at once with their places: of the schema, of a broken file, of a variable", async () => {
    const folder = shop({
      "broken.toml": "a = 1\nb = = 2\n",
      "config.js": SHOP["config.js"]!.replace("sources: [", 'sources: [new FileSource("broken.toml"), '),
    });
    folder.write("config.toml", '[server]\nport = 70000\n[database]\nurl = 1\npassword = "short"\n');
    const { code, stdout } = await folder.run(["check", ...MODULE], { SHOP_LOG_LEVEL: "loud" });
    expect(code).toBe(1);
    expect(stdout).toContain("at broken.toml:2:5");
    expect(stdout).toContain("at config.toml:2:1");
    expect(stdout).toContain("at config.toml:4:1");
    expect(stdout).toContain("at env:SHOP_LOG_LEVEL");
    expect(stdout).toContain("✗ invalid: 5 problems");
    expect(stdout).not.toContain("short");
  });

  test("missing settings are reported if all sources could be read, and not if a failed source may have them", async () => {
    const folder = shop({ "config.toml": "[server]\nport = 1\n" });
    expect((await folder.run(["check", ...MODULE])).stdout).toContain("database");
    folder.write("config.toml", "[server]\nport = = 1\n");
    expect((await folder.run(["check", ...MODULE])).stdout).toContain("invalid: 1 problem\n");
  });

  test("a misspelt key is a notice, and fails the check only with --strict", async () => {
    const folder = shop({ "config.toml": SHOP["config.toml"]!.replace("port", "prot = 1\nport") });
    const { code, stdout } = await folder.run(["check", ...MODULE]);
    expect(stdout).toContain('the nearest known key is "server.port" (file:config.toml:4)');
    expect(code).toBe(0);
    expect((await folder.run(["check", ...MODULE, "--strict"])).code).toBe(1);
  });

  test("a source that does not answer is reported after load_timeout, beside the problems of the others", async () => {
    const folder = shop({
      "config.js": `import { ConfigSpec } from "@otpts/config";
const slow = { name: "slow", kind: "own", required: true, on_missing: "keep", load: () => new Promise(() => {}) };
export default new ConfigSpec({ sources: [slow], load_timeout: 50 });
`,
    });
    const { code, stdout } = await folder.run(["check", ...MODULE]);
    expect(stdout).toContain('✗ Cannot load "slow": no answer within 50 ms');
    expect(code).toBe(1);
  });

  test("an optional source that is unreachable is a notice; one that is broken is a problem", async () => {
    const folder = shop({
      "config.js": `import { ConfigSpec, ConsulSource, FileSource } from "@otpts/config";
export default new ConfigSpec({
  sources: [new ConsulSource("shop", { address: "http://127.0.0.1:9" }), new FileSource("maybe.toml", { required: false })],
});
`,
    });
    const { code, stdout } = await folder.run(["check", ...MODULE]);
    expect(stdout).toMatch(/^! Cannot read "shop\/" in Consul/u);
    expect(code).toBe(0);
    folder.write("maybe.toml", "a = = 1");
    expect(await folder.run(["check", ...MODULE])).toMatchObject({ code: 1 });
  });

  test("a check writes and locks nothing, so a program with durable overrides is undisturbed", async () => {
    const folder = shop({
      "overrides.js": `import { ConfigManager, ConfigSpec, RuntimeSource } from "@otpts/config";
export const spec = new ConfigSpec({ sources: [new RuntimeSource({ file: "overrides.json" })] });
`,
      "run.js": `import { Config, ConfigManager } from "@otpts/config";
import { spec } from "./overrides.js";
await ConfigManager.start(spec);
await Config.put("a.b", 7);
console.log("runs");
setInterval(() => {}, 1_000);
`,
    });
    const { spawn } = await import("node:child_process");
    const program = spawn(process.execPath, ["run.js"], { cwd: folder.path, env: {} });
    const ended = ending(program);
    try {
      await new Promise((resolve) => program.stdout.once("data", resolve));
      const { code, stdout } = await folder.run(["explain", "a.b", "--module", "overrides.js"]);
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: "a.b = 7\n\n▸  put  7\n   runtime overrides stand above all sources\n",
      });
    } finally {
      program.kill();
      await ended;
    }
  });
});

describe("get", () => {
  test("a text is printed as it is, a table as JSON, and every value as JSON with --json", async () => {
    const folder = shop();
    expect((await folder.run(["get", "log_level", ...MODULE])).stdout).toBe("info\n");
    expect((await folder.run(["get", "log_level", "--json", ...MODULE])).stdout).toBe('"info"\n');
    expect(JSON.parse((await folder.run(["get", "server", ...MODULE])).stdout)).toEqual({
      port: 8080,
      host: "localhost",
    });
  });

  test("a path without a value fails with the nearest path, or prints the value of --default", async () => {
    const folder = shop();
    expect(await folder.run(["get", "server.prot", ...MODULE])).toEqual({
      code: 1,
      stdout: "",
      stderr: 'There is no value at "server.prot"; did you mean "server.port"?\n',
    });
    const { code, stdout } = await folder.run(["get", "server.name", "--default", "x", ...MODULE]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "x\n" });
  });

  test("an invalid configuration gives no value", async () => {
    const { code, stdout, stderr } = await shop({ "config.toml": "[server]\nport = 0\n" }).run([
      "get",
      "server.port",
      ...MODULE,
    ]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("at config.toml:2:1");
  });
});

test("no command shows secrets or credentials", async () => {
  const folder = shop();
  const env = { SHOP_DATABASE_PASSWORD: "an0ther-secret" };
  for (const args of [["tree"], ["tree", "--json"], ["get", "database"], ["explain", "database"], ["env"], ["check"]]) {
    const { stdout, stderr } = await folder.run([...args, ...MODULE], env);
    expect(stdout + stderr).not.toMatch(/s3cret-s3cret|an0ther-secret|pass-w0rd/u);
  }
});

describe("tree", () => {
  test("each value is printed with its place", async () => {
    const { stdout } = await shop().run(["tree", "server", ...MODULE], { SHOP_SERVER_PORT: "9000" });
    expect(stdout).toBe(`server
  port  9000         env:SHOP_SERVER_PORT
  host  "localhost"  default
`);
  });

  test("with --json the configuration itself is printed", async () => {
    const { stdout } = await shop().run(["tree", "--json", ...MODULE]);
    expect(JSON.parse(stdout)).toMatchObject({ log_level: "info", server: { port: 8080 }, database: { pool: 10 } });
  });

  test("the time for a table is proportional to its keys", async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => `k${i} = ${i}`).join("\n");
    const folder = shop({
      "config.js": `import { ConfigSpec, FileSource } from "@otpts/config";
export const spec = new ConfigSpec({ sources: [new FileSource("many.toml")] });`,
      "many.toml": `${many}\n`,
    });
    const { stdout } = await folder.run(["tree", ...MODULE]);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("k29999  29999  file:many.toml:30000");
  });
});

describe("explain", () => {
  test("the winning layer is on top, and the other layers have a reason", async () => {
    const { stdout } = await shop().run(["explain", "server.port", ...MODULE], { SHOP_SERVER_PORT: "9000" });
    expect(stdout).toBe(`server.port = 9000

▸  env:SHOP_SERVER_PORT  9000
   the last source in the list that has it; environment variable SHOP_SERVER_PORT by the rule "known_path" (a known path reads the same)
·  file:config.toml:4    8080
   env:SHOP comes later in the list
`);
  });

  test("a default of the schema is marked as a default", async () => {
    const { stdout } = await shop().run(["explain", "database.pool", ...MODULE]);
    expect(stdout).toContain("▸  schema  10\n   the schema's default, as no source has a value\n");
  });

  test("an invalid value is explained, with the problem on stderr and exit code 1", async () => {
    const { code, stdout, stderr } = await shop().run(["explain", "server.port", ...MODULE], { SHOP_SERVER_PORT: "0" });
    expect(code).toBe(1);
    expect(stdout).toContain("▸  env:SHOP_SERVER_PORT  0");
    expect(stderr).toContain("The configuration is invalid");
  });
});

test("env reports the path and rule of each variable, and why a variable has no effect", async () => {
  const { stdout } = await shop({
    "more.js": SHOP["config.js"]!.replace(
      'EnvironmentSource("SHOP")',
      'EnvironmentSource("SHOP"), new FileSource("top.toml")',
    ),
    "top.toml": "log_level = 'debug'\n",
  }).run(["env", "--module", "more.js"], {
    SHOP_SERVER_PORT: "9000",
    SHOP_SERVER__HOST: "a",
    SHOP_LOG_LEVEL: "info",
    SHOP_SERVR_HOST: "b",
    shop_server_port: "1",
  });
  expect(stdout.split("\n").map((line) => line.trimEnd())).toEqual([
    "variable           sets         value   rule",
    'SHOP_LOG_LEVEL     log_level    "info"  a known path reads the same  no effect: file:top.toml:1 has priority',
    "SHOP_SERVER_PORT   server.port  9000    a known path reads the same",
    'SHOP_SERVER__HOST  server.host  "a"     "__" separates',
    'SHOP_SERVR_HOST    servr.host   "b"     every "_" separates          no effect: the schema does not know it',
    "",
    '! "shop_server_port" is not used, as capitals count and the prefix is "SHOP_"; write "SHOP_server_port"',
    "",
  ]);
});

describe("the module", () => {
  test("package.json can name the module, and --dotenv sets its variables", async () => {
    const folder = shop({
      "package.json": '{ "type": "module", "otpts-config": "./config.js" }',
      ".env.x": "SHOP_SERVER_PORT=1234\n",
    });
    expect((await folder.run(["get", "server.port", "--dotenv", ".env.x"])).stdout).toBe("1234\n");
  });

  test("a file for --dotenv that cannot be read is an error with its place, and its variables override none", async () => {
    const folder = shop({ ".env.x": "SHOP_SERVER_PORT=1234\n", ".env.bad": "A=1\nSHOP_SERVER_PORT='1234\n" });
    const get = ["get", "server.port", "--module", "config.js", "--dotenv"];
    expect((await folder.run([...get, ".env.x"], { SHOP_SERVER_PORT: "5" })).stdout).toBe("5\n");
    const bad = await folder.run([...get, ".env.bad"]);
    expect(bad).toMatchObject({ code: 2, stdout: "" });
    expect(bad.stderr).toContain('Cannot read the variables of ".env.bad": a quote has no end');
    expect(bad.stderr).toContain(", at line 2, column 18");
    expect(await folder.run([...get, ".env.none"])).toMatchObject({ code: 2, stdout: "" });
  });

  test("a command without a path takes the module as its argument", async () => {
    const folder = shop();
    expect(await folder.run(["check", "config.js"])).toMatchObject({ code: 0 });
    expect((await folder.run(["env", "config.js"], { SHOP_SERVER_PORT: "1" })).stdout).toContain("SHOP_SERVER_PORT");
    expect((await folder.run(["docs", "config.js"])).stdout).toContain("server.port");
    expect(await folder.run(["check", "nothing.js"], { OTPTS_CONFIG: "config.js" })).toMatchObject({ code: 2 });
  });

  test("--spec chooses among several specifications by export, name or id", async () => {
    const folder = shop({
      "two.js": `import { ConfigSpec, FileSource } from "@otpts/config";
export const one = new ConfigSpec({ sources: [new FileSource("config.toml")] });
export const two = new ConfigSpec({ id: "second", name: "other", sources: [] });
`,
    });
    const module = ["--module", "two.js"];
    expect(await folder.run(["check", ...module])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--spec: one, two"),
    });
    expect((await folder.run(["get", "log_level", "--spec", "one", ...module])).stdout).toBe("info\n");
    for (const name of ["two", "second", "other"])
      expect((await folder.run(["check", "--spec", name, ...module])).code).toBe(0);
    expect(await folder.run(["check", "--spec", "three", ...module])).toMatchObject({ code: 2 });
  });

  test("output and open handles of the module do not disturb the command: --json parses, and the command ends", async () => {
    const noisy = `console.log("noise"); setInterval(() => {}, 1_000);\n${SHOP["config.js"]!}`;
    const { code, stdout, stderr } = await shop({ "config.js": noisy }).run(["check", "--json", ...MODULE]);
    expect(JSON.parse(stdout)).toMatchObject({ valid: true, problems: [] });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "noise\n" });
  });

  test.each([
    [["check"], "name the module that exports the ConfigSpec with --module"],
    [["check", "--module", "nothing.js"], "there is no such file"],
    [["check", "--module", "empty.js"], "exports no ConfigSpec"],
    [["chekc"], "Did you mean check?"],
    [["get"], "missing required argument 'path'"],
    [["check", "--modul", "config.js"], "Did you mean --module?"],
    [["get", "a..b", ...MODULE], "empty"],
  ])("wrong usage gives exit code 2 and a hint: %j", async (args, words) => {
    const { code, stdout, stderr } = await shop({ "empty.js": "export default 1;" }).run(args);
    expect(stderr).toContain(words);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  });

  test("a module in TypeScript runs on a Node that supports it, and others report what to do", async () => {
    const typed = SHOP["config.js"]!.replace('"config.toml"', "file as string").replace(
      "export default",
      'const file: string = "config.toml";\nexport default',
    );
    const { code, stdout, stderr } = await shop({ "config.ts": typed }).run([
      "get",
      "log_level",
      "--module",
      "config.ts",
    ]);
    if ((process.features as { typescript?: unknown }).typescript) {
      expect({ code, stdout }).toEqual({ code: 0, stdout: "info\n" });
    } else {
      expect(code).toBe(2);
      expect(stderr).toContain(`Node ${process.versions.node} does not run TypeScript; use Node 22.18 or later`);
      expect(stderr).toContain('NODE_OPTIONS="--import tsx"');
    }
  });

  test("an ArgumentsSource of the module does not read the options of the command", async () => {
    const folder = shop({
      "config.js": `import { ConfigSpec } from "@otpts/config";
import { ArgumentsSource } from "@otpts/config/arguments";
export default new ConfigSpec({ sources: [new ArgumentsSource()] });
`,
    });
    expect(JSON.parse((await folder.run(["tree", "--json", ...MODULE])).stdout)).toEqual({});
  });

  test("the sources of the module load in a process, as in a manager", async () => {
    const folder = shop({
      "config.js": `import { ConfigSpec } from "@otpts/config";
import { erlang } from "@otpts/runtime";
const layer = () => ({ source: "own", tree: { alive: erlang.is_process_alive(erlang.self()) }, origin: () => ({ source: "own" }), diagnostics: [] });
const own = { name: "own", kind: "own", required: true, on_missing: "keep", load: async () => ({ outcome: "data", contribution: layer() }) };
export default new ConfigSpec({ sources: [own] });
`,
    });
    expect((await folder.run(["get", "alive", ...MODULE])).stdout).toBe("true\n");
  });

  test("a module whose top-level await never settles is reported", async () => {
    const { code, stderr } = await shop({ "config.js": "await new Promise(() => {});" }).run(["check", ...MODULE]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "✗ Cannot load the module: a top-level await in it never settles\n",
    });
  });

  test("a specification of another copy of the package is reported", async () => {
    const copy = "export default new (class ConfigSpec {})();";
    const { code, stderr } = await shop({ "config.js": copy }).run(["check", ...MODULE]);
    expect(stderr).toContain("its ConfigSpec is of another copy of @otpts/config");
    expect(code).toBe(2);
  });

  test("a module that fails is reported with its message and its own frames", async () => {
    const { code, stderr } = await shop({ "config.js": 'throw new Error("no such luck");' }).run(["check", ...MODULE]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^✗ Cannot load config\.js: no such luck\n +at .*config\.js:1/u);
    expect(stderr).not.toContain("node:internal");
  });
});

describe("output", () => {
  test("output has colours if FORCE_COLOR is set, and none in a pipe or with NO_COLOR", async () => {
    const folder = shop();
    const coloured = async (env: Readonly<Record<string, string>>) =>
      (await folder.run(["tree", ...MODULE], env)).stdout.includes("\u001b[");
    expect(await coloured({})).toBe(false);
    expect(await coloured({ FORCE_COLOR: "1" })).toBe(true);
    expect(await coloured({ FORCE_COLOR: "0" })).toBe(false);
    expect(await coloured({ NO_COLOR: "1" })).toBe(false);
  });

  test("a reader that closes the pipe ends the command silently", async () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `key_${i} = "${"x".repeat(20)}"`).join("\n");
    const folder = shop({
      "config.js": `import { ConfigSpec, FileSource } from "@otpts/config";
export default new ConfigSpec({ sources: [new FileSource("many.toml")] });`,
      "many.toml": `${many}\n`,
    });
    const child = folder.start(["tree", ...MODULE]);
    child.stdout?.once("data", () => child.stdout?.destroy());
    let stderr = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("control characters of a configuration do not reach the terminal", async () => {
    const folder = shop({
      "config.js": `import { ConfigSpec, FileSource } from "@otpts/config";
export default new ConfigSpec({ sources: [new FileSource("evil.json")] });`,
      "evil.json": JSON.stringify({ "\u001b[2J": "\u001b]0;title\u0007", "\u009b1m": "\u202e" }),
    });
    for (const args of [["tree"], ["tree", "--flat"], ["explain", "\u001b[2J"], ["get", "\u001b[2"]]) {
      const { stdout, stderr } = await folder.run([...args, ...MODULE]);
      for (const char of ["\u0007", "\u001b", "\u009b", "\u202e"]) expect(stdout + stderr).not.toContain(char);
    }
  });
});
