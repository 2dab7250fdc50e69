/** The specification's block "Environment Source". */
import { Config, EnvironmentSource, FileSource } from "@otpts/config";
import { describe, expect, test } from "vitest";
import { afterwards, eachAlone, folder, started } from "./kit.ts";

eachAlone();

describe("Environment Source", () => {
  test("the block: a name loses its prefix, in lower case, with dots for `_`: MYAPP_DATABASE_URL is database.url", async () => {
    const env = { MYAPP_DATABASE_URL: "postgres://", MYAPP_A_B_C: "deep", OTHER_DATABASE_URL: "another program's" };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(await Config.get("database.url")).toBe("postgres://");
    expect(await Config.get("a.b.c")).toBe("deep");
    expect(Config.snapshot().tree).toEqual({ database: { url: "postgres://" }, a: { b: { c: "deep" } } });
  });

  test("the block's _parse_value: true and false in any case, whole numbers, other numbers, texts", async () => {
    const env = {
      MYAPP_YES: "true",
      MYAPP_NO: "FALSE",
      MYAPP_INT: "42",
      MYAPP_NEGATIVE: "-7",
      MYAPP_FLOAT: "2.5",
      MYAPP_TEXT: "hello world",
      MYAPP_EMPTY: "",
    };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(Config.snapshot().tree).toEqual({
      yes: true,
      no: false,
      int: 42,
      negative: -7,
      float: 2.5,
      text: "hello world",
      empty: "",
    });
  });

  test('the block\'s comment "JSON strings": a text that is JSON becomes a table or a list', async () => {
    const env = { MYAPP_LIMITS: `{"requests": 1000}`, MYAPP_LIST: `["eth0", "eth1"]`, MYAPP_BROKEN: `{"requests": ` };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(await Config.get("limits.requests")).toBe(1000);
    expect(await Config.get("list")).toEqual(["eth0", "eth1"]);
    expect(await Config.get("broken")).toBe(`{"requests": `);
  });

  test("a number that would be written differently stays a text", async () => {
    const env = { MYAPP_ZIP: "007", MYAPP_ID: "12345678901234567890", MYAPP_VERSION: "1.10" };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(Config.snapshot().tree).toEqual({ zip: "007", id: "12345678901234567890", version: "1.10" });
  });

  test("the constructor accepts prefix and mapping as the block's does, and a mapping gives the path itself", async () => {
    const env = { PGURL: "postgres://", MYAPP_PORT: "80", MYAPP_DATABASE_URL: "shadowed" };
    const mapping = { PGURL: "database.url", MYAPP_PORT: "http.port" };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", mapping, env })] });
    expect(await Config.get("database.url")).toBe("postgres://");
    expect(await Config.get("http.port")).toBe(80);
    expect(await Config.get("port")).toBeUndefined();
    expect(new EnvironmentSource("MYAPP_", mapping).name).toBe(
      new EnvironmentSource({ prefix: "MYAPP_", mapping }).name,
    );
  });

  test("the program's environment is read without an option `env`", async () => {
    process.env["OTPTS_NOTE_DATABASE_URL"] = "postgres://";
    afterwards(() => delete process.env["OTPTS_NOTE_DATABASE_URL"]);
    await started({ sources: [new EnvironmentSource({ prefix: "OTPTS_NOTE_" })] });
    expect(await Config.get("database.url")).toBe("postgres://");
    process.env["OTPTS_NOTE_DATABASE_URL"] = "changed";
    await Config.reload();
    expect(await Config.get("database.url")).toBe("changed");
  });

  test("MYAPP_DATABASE_MAX_CONNECTIONS is database.max_connections if a file has it, else by the block's rule", async () => {
    const env = { MYAPP_DATABASE_MAX_CONNECTIONS: "25", MYAPP_DATABASE__POOL_SIZE: "5" };
    const file = await folder({ "config.toml": "[database]\nmax_connections = 10\n" });
    const environment = () => new EnvironmentSource({ prefix: "MYAPP_", env });
    await started({ sources: [new FileSource(file("config.toml")), environment()] });
    expect(await Config.get("database")).toEqual({ max_connections: 25, pool_size: 5 });
  });

  test("MYAPP_DATABASE_MAX_CONNECTIONS is database.max.connections if no source or schema has its path", async () => {
    const env = { MYAPP_DATABASE_MAX_CONNECTIONS: "25" };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(await Config.get("database.max.connections")).toBe(25);
  });

  test('mode "naive" is the block\'s rule alone', async () => {
    const env = { MYAPP_DATABASE_MAX_CONNECTIONS: "25" };
    const file = await folder({ "config.toml": "[database]\nmax_connections = 10\n" });
    const sources = [
      new FileSource(file("config.toml")),
      new EnvironmentSource({ prefix: "MYAPP_", env, mode: "naive" }),
    ];
    await started({ sources });
    expect(await Config.get("database")).toEqual({ max_connections: 10, max: { connections: 25 } });
  });

  test("no variable reaches a prototype", async () => {
    const env = { MYAPP___PROTO__: `{"polluted": true}`, MYAPP_CONSTRUCTOR_PROTOTYPE_POLLUTED: "true" };
    await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env })] });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(await Config.get("polluted")).toBeUndefined();
  });
});
