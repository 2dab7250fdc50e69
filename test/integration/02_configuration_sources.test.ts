/** The specification's block "Configuration Sources": several sources, the last in the list wins. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import {
  Config,
  ConfigManager,
  ConfigSpec,
  ConsulSource,
  EnvironmentSource,
  FileSource,
  RuntimeSource,
  type Source,
} from "@otpts/config";
import { supervisor } from "@otpts/runtime";
import { expect, test } from "vitest";
import { type Agent, describeWithConsul, startAgent } from "./consul_agent.ts";
import { afterwards, eachAlone, eventually, folder, started, stopped } from "./kit.ts";

eachAlone();

const toml = `[layers]
file = "file"
env = "file"
consul = "file"
runtime = "file"

[layers.table]
file = 1
`;
const env = {
  MYAPP_LAYERS_ENV: "env",
  MYAPP_LAYERS_CONSUL: "env",
  MYAPP_LAYERS_RUNTIME: "env",
  MYAPP_LAYERS_TABLE_ENV: "2",
  OTHER_LAYERS_FILE: "another program's",
};

/** The block, with a temporary file, environment and Consul. */
async function block(consul_port: number): Promise<ConfigSpec> {
  const file = await folder({ "config.toml": toml });

  // Multiple configuration sources with precedence
  const sources = [
    new FileSource(file("config.toml")), // Lowest priority
    new EnvironmentSource({ prefix: "MYAPP_", env }), // Middle priority
    new ConsulSource("myapp/config", "127.0.0.1", consul_port), // Highest priority
    new RuntimeSource(), // Runtime updates (highest)
  ];

  const config_spec = new ConfigSpec({
    id: "myapp_config",
    sources,
    reload_interval: 30.0, // Check sources every 30 seconds
  });

  const child = supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] });
  const top = await supervisor.start([child]);
  afterwards(() => stopped(top));
  return config_spec;
}

await describeWithConsul("Configuration Sources", () => {
  test("the block: later sources win: file, then environment, then Consul, then runtime puts", async () => {
    const agent: Agent = await startAgent();
    afterwards(() => agent.stop());
    await agent.put("myapp/config/layers/consul", "consul");
    await agent.put("myapp/config/layers/runtime", "consul");
    await agent.put("myapp/config/layers/table/consul", "3");
    await block(agent.port);
    await Config.put("layers.runtime", "runtime");

    expect(await Config.get("layers")).toEqual({
      file: "file",
      env: "env",
      consul: "consul",
      runtime: "runtime",
      table: { file: 1, env: 2, consul: 3 },
    });
    const { winner, shadowed } = await Config.explain("layers.runtime");
    expect([winner, ...shadowed].map((contribution) => [contribution?.source, contribution?.value])).toEqual([
      ["runtime", "runtime"],
      ["consul:myapp/config", "consul"],
      ["env:MYAPP_", "env"],
      [expect.stringMatching(/^file:.*config\.toml$/), "file"],
    ]);
  });
});

test("the block starts without Consul, which is optional, and status shows that", async () => {
  const config_spec = await block(await closedPort());
  await Config.put("layers.runtime", "runtime");
  expect(await Config.get("layers")).toEqual({
    file: "file",
    env: "env",
    consul: "env",
    runtime: "runtime",
    table: { file: 1, env: 2 },
  });
  const { id, sources, reload } = await Config.status();
  expect(id).toBe("myapp_config");
  expect(sources.map(({ kind, state }) => [kind, state])).toEqual([
    ["file", "ok"],
    ["env", "ok"],
    ["consul", "error"],
    ["runtime", expect.any(String)],
  ]);
  expect(reload.reload_interval).toBe(30);
  expect(config_spec.reload_interval).toBe(30);
});

test("ConfigSpec: runtime puts are on top, even if no RuntimeSource is listed, or if it is listed first", async () => {
  for (const sources of [
    () => [new EnvironmentSource({ prefix: "MYAPP_", env })],
    () => [new RuntimeSource(), new EnvironmentSource({ prefix: "MYAPP_", env })],
  ]) {
    const top = await started({ sources: sources() });
    await Config.put("layers.env", "runtime");
    expect(await Config.get("layers.env")).toBe("runtime");
    await Config.unset("layers.env");
    expect(await Config.get("layers.env")).toBe("env");
    await stopped(top);
  }
});

test("ConfigSpec: tables merge key by key, lists and scalars replace", async () => {
  const file = await folder({
    "a.toml": `list = [1, 2, 3]\n[table]\na = 1\nb = 1\n[table.deep]\na = 1\n`,
    "b.toml": `list = [4]\n[table]\nb = 2\n[table.deep]\nb = 2\n`,
  });
  await started({ sources: [new FileSource(file("a.toml")), new FileSource(file("b.toml"))] });
  expect(await Config.get("list")).toEqual([4]);
  expect(await Config.get("table")).toEqual({ a: 1, b: 2, deep: { a: 1, b: 2 } });
});

test("ConfigSpec: reload_interval reloads the sources repeatedly, in seconds", async () => {
  let loads = 0;
  const counting: Source = {
    name: "counting",
    kind: "counting",
    required: true,
    on_missing: "keep",
    load: () => {
      const tree = { loads: ++loads };
      const source = "counting";
      return Promise.resolve({
        outcome: "data",
        contribution: { source, tree, origin: () => ({ source }), diagnostics: [] },
      });
    },
  };
  await started({ sources: [counting], reload_interval: 0.02 });
  await eventually(() => loads > 3);
  await eventually(async () => ((await Config.get("loads")) as number) > 3);
  expect((await Config.status()).reload.reload_interval).toBe(0.02);
});

test("ConfigSpec: reload_interval 0 reloads nothing without a request", async () => {
  const given: Record<string, string> = { MYAPP_A: "1" };
  await started({ sources: [new EnvironmentSource({ prefix: "MYAPP_", env: given })], reload_interval: 0 });
  given["MYAPP_A"] = "2";
  expect(await Config.get("a")).toBe(1);
  await Config.reload();
  expect(await Config.get("a")).toBe(2);
});

/** A port without a listener: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
