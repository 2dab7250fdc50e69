import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { leave, MODULE, SHOP, shop } from "./command.ts";

afterEach(leave);

test("schema prints the JSON Schema in the requested draft", async () => {
  const folder = shop();
  const draft07 = JSON.parse((await folder.run(["schema", ...MODULE])).stdout) as {
    $schema: string;
    required?: unknown;
  };
  expect(draft07).toMatchObject({ properties: { server: { properties: { port: { maximum: 65535 } } } } });
  expect(draft07.required).toBeUndefined();
  const { stdout } = await folder.run(["schema", "--target", "draft-2020-12", "--required", ...MODULE]);
  expect(JSON.parse(stdout)).toMatchObject({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    required: ["server", "database"],
  });
});

test("docs prints a row for each setting, and with --json the settings as data", async () => {
  const folder = shop();
  expect((await folder.run(["docs", ...MODULE])).stdout).toContain(
    "| `server.port` | integer, 1 to 65535 | **required** | `SHOP_SERVER_PORT` |  |",
  );
  const all = JSON.parse((await folder.run(["docs", "--json", ...MODULE])).stdout) as { path: string }[];
  expect(all.map(({ path }) => path)).toContain("database.pool");
});

test("docs of a specification without a schema fails with an explanation", async () => {
  const folder = shop({
    "config.js": `import { ConfigSpec } from "@otpts/config";\nexport default new ConfigSpec({ sources: [] });`,
  });
  for (const command of ["schema", "docs", "init"]) {
    expect(await folder.run([command, ...MODULE])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("the ConfigSpec has no schema"),
    });
  }
});

describe("init", () => {
  test("writes the schema, an example in the format of the specification, and .env.example; they load unchanged", async () => {
    const folder = shop();
    const { code, stdout } = await folder.run(["init", "--dir", "new", ...MODULE]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "✓ new/config.schema.json\n✓ new/config.example.toml\n✓ new/.env.example\n",
    });
    const made = (name: string) => readFileSync(join(folder.path, "new", name), "utf8");
    expect(made("config.example.toml")).toMatch(/^#:schema \.\/config\.schema\.json\n/u);
    expect(JSON.parse(made("config.schema.json"))).toHaveProperty("properties.server");
    folder.write("config.toml", made("config.example.toml"));
    expect(await folder.run(["check", ...MODULE])).toMatchObject({ code: 0 });
  });

  test("an existing file stays unchanged, and no file is written, without --force", async () => {
    const folder = shop({ "config.example.yaml": "mine: 1\n" });
    const refused = await folder.run(["init", "--format", "yaml", ...MODULE]);
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("config.example.yaml: it exists; --force replaces it"),
    });
    expect(readFileSync(join(folder.path, "config.example.yaml"), "utf8")).toBe("mine: 1\n");
    expect(existsSync(join(folder.path, "config.schema.json"))).toBe(false);
    expect((await folder.run(["init", "--format", "yaml", "--force", ...MODULE])).code).toBe(0);
    expect(readFileSync(join(folder.path, "config.example.yaml"), "utf8")).toContain("server:");
  });

  test("--output of schema and docs never replaces a file either", async () => {
    const folder = shop({ "there.md": "mine" });
    expect((await folder.run(["docs", "--output", "there.md", ...MODULE])).code).toBe(1);
    expect(readFileSync(join(folder.path, "there.md"), "utf8")).toBe("mine");
    expect((await folder.run(["docs", "--output", "there.md", "--force", ...MODULE])).code).toBe(0);
    expect(readFileSync(join(folder.path, "there.md"), "utf8")).toContain("server.port");
  });
});

describe("diff", () => {
  test("diff with a file that tree --json wrote is empty at first, then shows the changes with secrets masked", async () => {
    const folder = shop();
    folder.write("before.json", (await folder.run(["tree", "--json", ...MODULE])).stdout);
    expect(await folder.run(["diff", "before.json", ...MODULE])).toMatchObject({ code: 0, stdout: "no difference\n" });
    const { code, stdout } = await folder.run(["diff", "before.json", ...MODULE], { SHOP_SERVER_PORT: "9000" });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "~  server.port  8080 → 9000\n" });
  });

  test("diff with another specification shows the keys that only one has, and differing secrets without their values", async () => {
    const folder = shop({
      "other.js": SHOP["config.js"]!.replace("config.toml", "other.toml"),
      "other.toml": SHOP["config.toml"]!.replace("s3cret-s3cret", "0ther-s3cret").replace("8080", "1"),
    });
    const { code, stdout } = await folder.run(["diff", "other.js", "--json", ...MODULE]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { path: "database.password", old_value: "[redacted]", new_value: "[redacted]" },
      { path: "server.port", old_value: 1, new_value: 8080 },
    ]);
  });

  test.each([
    [["config.ini"], "its format is not known"],
    [["nothing.json"], "no such file"],
    [["3"], "a specification has none"],
  ])("an argument that cannot be compared is refused: %j", async (args, words) => {
    const { code, stderr } = await shop().run(["diff", ...args, ...MODULE]);
    expect(stderr).toContain(words);
    expect(code).not.toBe(0);
  });
});

describe("put and unset on a specification", () => {
  test("are refused without a file of overrides, except as a dry run", async () => {
    const folder = shop();
    expect(await folder.run(["put", "server.port", "1", ...MODULE])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("the change would be lost at once"),
    });
    const { code, stdout } = await folder.run(["put", "server.port", "1", "--dry-run", ...MODULE]);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: "~  server.port  8080 → 1\nwould change 1 value of version 1; nothing was changed\n",
    });
    expect(await folder.run(["put", "server.port", "0", "--dry-run", ...MODULE])).toMatchObject({ code: 1 });
  });

  test("are saved to its file of overrides", async () => {
    const folder = shop({
      "config.js": SHOP["config.js"]!.replace(
        "sources: [",
        'sources: [new RuntimeSource({ file: "overrides.json" }), ',
      ).replace("FileSource }", "FileSource, RuntimeSource }"),
    });
    expect(await folder.run(["put", "server.port", "9000", ...MODULE])).toMatchObject({ code: 0 });
    expect((await folder.run(["explain", "server.port", ...MODULE])).stdout).toContain("▸  put");
    expect(await folder.run(["unset", "server.port", ...MODULE])).toMatchObject({ code: 0 });
    expect((await folder.run(["get", "server.port", ...MODULE])).stdout).toBe("8080\n");
  });
});
