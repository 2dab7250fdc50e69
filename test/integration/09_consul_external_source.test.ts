/** The specification's block "Consul/External Source", against a real agent. */
import { Config, ConsulSource } from "@otpts/config";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Agent, describeWithConsul, startAgent } from "./consul_agent.ts";
import { eachAlone, eventually, started } from "./kit.ts";

eachAlone();

await describeWithConsul("Consul/External Source", () => {
  let agent: Agent;
  let key_prefix: string;
  let count = 0;

  beforeAll(async () => {
    agent = await startAgent();
  });
  afterAll(() => agent.stop());
  beforeEach(() => {
    key_prefix = `myapp/config/${++count}`;
  });

  /** The block's constructor: key_prefix, consul_host, consul_port. */
  const follow = () =>
    started({ sources: [new ConsulSource(key_prefix, "127.0.0.1", agent.port)], reload_interval: 0 });

  test("the block: keys below the prefix are one nested table, with `/` as the dot", async () => {
    await agent.put(`${key_prefix}/database/url`, "postgres://");
    await agent.put(`${key_prefix}/queuemizer/tc_rules/enp4s0/download_rate`, "500");
    await agent.put(`${key_prefix}/top`, "level");
    await follow();
    expect(await Config.get("database.url")).toBe("postgres://");
    expect(await Config.get("queuemizer.tc_rules.enp4s0")).toEqual({ download_rate: 500 });
    expect(Config.snapshot().tree).toEqual({
      database: { url: "postgres://" },
      queuemizer: { tc_rules: { enp4s0: { download_rate: 500 } } },
      top: "level",
    });
  });

  test("a missing prefix (the block's `return {}`) is empty, and loaded when it is created", async () => {
    await follow();
    expect(Config.snapshot().tree).toEqual({});
    expect((await Config.status()).sources[0]).toMatchObject({ kind: "consul", state: "absent" });
    await agent.put(`${key_prefix}/a`, "1");
    await eventually(async () => (await Config.get("a")) === 1);
  });

  test("a written key is loaded without a reload, and its subscribers are notified", async () => {
    await agent.put(`${key_prefix}/limits/requests`, "100");
    await follow();
    const told: unknown[][] = [];
    await Config.subscribe("limits.*", (path, old_value, new_value) => void told.push([path, old_value, new_value]));
    await agent.put(`${key_prefix}/limits/requests`, "200");
    await eventually(() => told.length > 0);
    expect(told).toEqual([["limits.requests", 100, 200]]);
    expect(await Config.get("limits.requests")).toBe(200);
  });

  test("a reload includes every earlier write", async () => {
    await agent.put(`${key_prefix}/a`, "1");
    await follow();
    await agent.put(`${key_prefix}/a`, "2");
    await Config.reload();
    expect(await Config.get("a")).toBe(2);
  });

  test("a sibling of the prefix is not below it, and a folder key is not a value", async () => {
    await agent.put(`${key_prefix}/a`, "1");
    await agent.put(`${key_prefix}/folder/`, "");
    await agent.put(`${key_prefix}uration/a`, "2");
    await follow();
    expect(Config.snapshot().tree).toEqual({ a: 1 });
  });

  test("a value is read like an environment variable's: numbers, booleans, JSON, else text", async () => {
    await agent.put(`${key_prefix}/number`, "2.5");
    await agent.put(`${key_prefix}/yes`, "true");
    await agent.put(`${key_prefix}/list`, `["eth0", "eth1"]`);
    await agent.put(`${key_prefix}/quoted`, `"10"`);
    await agent.put(`${key_prefix}/text`, "héllo wörld");
    await follow();
    const { number, yes, list, text } = Config.snapshot().tree;
    expect({ number, yes, list, text }).toEqual({
      number: 2.5,
      yes: true,
      list: ["eth0", "eth1"],
      text: "héllo wörld",
    });
    expect(await Config.get("quoted")).toBe("10");
  });

  test("explain names the key", async () => {
    await agent.put(`${key_prefix}/database/url`, "postgres://");
    await follow();
    expect((await Config.explain("database.url")).winner?.origin).toMatchObject({ key: `${key_prefix}/database/url` });
  });
});
