/** The specification's block "Configuration Templates". */
import { Config, TemplateSource } from "@otpts/config";
import { describe, expect, test } from "vitest";
import { eachAlone, folder, started } from "./kit.ts";

eachAlone();

/** The block's config.toml.template. */
const template = `[queuemizer]
interfaces = ["\${INTERFACES}"]
log_level = "\${LOG_LEVEL:INFO}"

[database]
url = "\${DATABASE_URL}"
max_connections = \${MAX_CONNECTIONS:10}
`;

/** The configuration that a manager makes of the template. */
async function filled(
  env: Readonly<Record<string, string>>,
  substitutions: ConstructorParameters<typeof TemplateSource>[1] = {},
  text = template,
): Promise<unknown> {
  const file = await folder({ "config.toml.template": text });
  await started({
    sources: [new TemplateSource(file("config.toml.template"), substitutions)],
    env,
    reload_interval: 0,
  });
  return Config.snapshot().tree;
}

describe("Configuration Templates", () => {
  test("the block's template: defaults apply if there is no value", async () => {
    expect(await filled({ INTERFACES: "eth0", DATABASE_URL: "postgres://" })).toEqual({
      queuemizer: { interfaces: ["eth0"], log_level: "INFO" },
      database: { url: "postgres://", max_connections: 10 },
    });
  });

  test("the block's template: the environment is substituted, and a number is a number", async () => {
    const env = { INTERFACES: "eth0", DATABASE_URL: "postgres://", LOG_LEVEL: "DEBUG", MAX_CONNECTIONS: "25" };
    expect(await filled(env)).toEqual({
      queuemizer: { interfaces: ["eth0"], log_level: "DEBUG" },
      database: { url: "postgres://", max_connections: 25 },
    });
  });

  test("the block's env_vars.update(self.substitutions): provided values come before the environment", async () => {
    const env = { INTERFACES: "eth0", DATABASE_URL: "postgres://", LOG_LEVEL: "DEBUG" };
    const substitutions = { LOG_LEVEL: "WARN", MAX_CONNECTIONS: 50 };
    expect(await filled(env, substitutions)).toEqual({
      queuemizer: { interfaces: ["eth0"], log_level: "WARN" },
      database: { url: "postgres://", max_connections: 50 },
    });
  });

  test("an element that is exactly one placeholder becomes as many elements as its value has", async () => {
    const tree = { queuemizer: { interfaces: ["eth0", "eth1"] } };
    expect(await filled({ INTERFACES: "eth0,eth1", DATABASE_URL: "" })).toMatchObject(tree);
  });

  test("all names without a value are reported together, with line and column", async () => {
    await expect(filled({})).rejects.toThrow(/"INTERFACES" at line 2, column 16, "DATABASE_URL" at line 6, column 8/);
  });

  test("a value can add no key and end no string", async () => {
    const evil = `x"\nadmin = true\ny = "`;
    const tree = await filled({ INTERFACES: "eth0", DATABASE_URL: evil, LOG_LEVEL: evil });
    expect(tree).toEqual({
      queuemizer: { interfaces: ["eth0"], log_level: evil },
      database: { url: evil, max_connections: 10 },
    });
  });

  test("a bare value that is not one TOML value is refused with its place, and not quoted", async () => {
    const env = { INTERFACES: "eth0", DATABASE_URL: "", MAX_CONNECTIONS: "1\nadmin = true" };
    const error = (await filled(env).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toMatch(/must be one TOML value.*line 7, column 19/);
    expect(error.message).not.toContain("admin");
  });

  test("$$ is a dollar sign, and so is a single one before other text", async () => {
    expect(await filled({}, {}, `a = "$\${HOME}"\nb = "5$"\nc = "\${X:}"\n`)).toEqual({ a: "${HOME}", b: "5$", c: "" });
  });

  test("a reload reads a changed variable, and explain names it", async () => {
    const env: Record<string, string> = { INTERFACES: "eth0", DATABASE_URL: "first" };
    await filled(env);
    env["DATABASE_URL"] = "second";
    await Config.reload();
    expect(await Config.get("database.url")).toBe("second");
    expect((await Config.explain("database.url")).winner?.origin).toMatchObject({
      line: 6,
      placeholders: [{ name: "DATABASE_URL", from: "environment" }],
    });
  });
});
