import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { ConsulSource } from "../../src/sources/consul.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower } from "./kit/follower.ts";
import { Proxy } from "./kit/proxy.ts";

const patience = { timeout: 25_000, interval: 10 };

function status(follower: Follower) {
  return (follower.source as ConsulSource).status();
}

await describe_with_consul("ConsulSource outlives outages", () => {
  let shared: Agent;
  let dir: string;

  beforeAll(async () => {
    shared = await Agent.start();
    dir = await mkdtemp(join(tmpdir(), "otpts-consul-cache-"));
  });
  afterAll(async () => {
    await shared.stop();
    await rm(dir, { recursive: true, force: true });
  });

  test("ConsulSource follows an in-memory agent that was killed and restarted with other data", async () => {
    await using agent = await Agent.start();
    await agent.put("app/a", "1");
    await using follower = await Follower.start(new ConsulSource("app", { address: agent.url }));
    await agent.kill();
    await vi.waitFor(() => expect(status(follower).connected).toBe(false), patience);
    expect(follower.tree).toEqual({ a: 1 });
    await agent.start();
    const began = performance.now();
    await agent.put("app/a", "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    process.stdout.write(
      `Consul, new state after a restart in memory: ${Math.round(performance.now() - began)} ms (target: within 3 s)\n`,
    );
    expect(follower.recovered).toBe(1);
  });

  test("ConsulSource loads the new state of a restarted agent even if its index is the same as before", async () => {
    await using agent = await Agent.start();
    for (let n = 0; n < 60; n++) await agent.put("filler/0", String(n));
    await agent.put("app/a", "old");
    await using proxy = await Proxy.start(agent.port);
    await using follower = await Follower.start(new ConsulSource("app", { address: proxy.url }));
    await vi.waitFor(() => expect(follower.outcomes.length).toBe(2), patience);
    const before = BigInt(status(follower).index);
    const modified = async (key: string) => {
      const reply = await agent.request("GET", `/v1/kv/${key}`);
      return BigInt((JSON.parse(reply.body.toString()) as { ModifyIndex: number }[])[0]!.ModifyIndex);
    };
    // The agent's own writes may come between: then once more from the start.
    for (let attempt = 0, now = 0n; now !== before; attempt++) {
      expect(attempt).toBeLessThan(10);
      proxy.cut("refuse");
      await agent.kill();
      await agent.start();
      for (let n = 0; now < before - 1n; n++) {
        await agent.put("filler/0", String(n));
        now = await modified("filler/0");
      }
      await agent.put("app/a", "new");
      now = await modified("app/a");
    }
    const began = performance.now();
    proxy.mode = "open";
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: "new" }), patience);
    process.stdout.write(
      `Consul, new state at the same index: ${Math.round(performance.now() - began)} ms (target: within 3 s)\n`,
    );
    expect(BigInt(status(follower).index)).toBe(before);
  });

  test("ConsulSource keeps the last good values while a persistent server is killed, and follows it again", async () => {
    await using agent = await Agent.start({ persistent: true });
    await agent.put("app/a", "1");
    await using follower = await Follower.start(new ConsulSource("app", { address: agent.url }));
    await agent.kill();
    await vi.waitFor(() => expect(follower.failing).toBe(true), patience);
    expect(follower.errors[0]?.code).toBe("unreachable");
    await agent.start();
    await vi.waitFor(() => expect(follower.failing).toBe(false), patience);
    expect(follower.trees).toEqual([{ a: 1 }]);
    await agent.put("app/a", "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    expect(follower.trees).toEqual([{ a: 1 }, { a: 2 }]);
    expect(follower.recovered).toBe(1);
  });

  test("ConsulSource keeps the last good values while the cluster has no leader", async () => {
    await shared.put("leader/a", "1");
    // It waits for a second server, which never comes.
    await using alone = await Agent.leaderless();
    await using proxy = await Proxy.start(shared.port);
    await using follower = await Follower.start(new ConsulSource("leader", { address: proxy.url }));
    proxy.target = alone.port;
    proxy.cut("open");
    await vi.waitFor(() => expect(follower.errors.at(-1)?.code).toBe("no_leader"), patience);
    expect(status(follower)).toMatchObject({ state: "retrying", connected: false, error: { code: "no_leader" } });
    expect(follower.tree).toEqual({ a: 1 });
    proxy.target = shared.port;
    proxy.cut("open");
    await vi.waitFor(() => expect(follower.failing).toBe(false), patience);
    expect(follower.trees).toEqual([{ a: 1 }]);
  });

  test("ConsulSource retries a bounded number of times at jittered intervals in ten seconds without Consul, and recovers once", async () => {
    await shared.put("down/a", "1");
    await using proxy = await Proxy.start(shared.port);
    await using follower = await Follower.start(new ConsulSource("down", { address: proxy.url }));
    await vi.waitFor(() => expect(follower.outcomes.length).toBe(2), patience);
    proxy.tried.length = 0;
    proxy.cut("refuse");
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    const gaps = proxy.tried.slice(1).map((at, n) => at - proxy.tried[n]!);
    process.stdout.write(`Consul down for 10 s: ${proxy.tried.length} tries\n`);
    // Half of the bound of 2 s on the average, some sooner ones at first, and one reading that tells the manager.
    expect(proxy.tried.length).toBeGreaterThan(3);
    expect(proxy.tried.length).toBeLessThan(60);
    expect(new Set(gaps.map((gap) => Math.round(gap / 5))).size).toBeGreaterThan(2);
    expect(status(follower).retries).toBeGreaterThan(2);
    expect(follower.errors.length).toBe(1);
    await shared.put("down/a", "2");
    proxy.mode = "open";
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    expect(follower.recovered).toBe(1);
    expect(status(follower)).toMatchObject({ state: "connected", retries: 0, error: undefined });
  });

  test("ConsulSource gives up on a suspended agent, keeps the last good values, and follows it when it resumes", async () => {
    await using agent = await Agent.start();
    await agent.put("app/a", "1");
    const options = { address: agent.url, timeout: 400, wait: 500 };
    await using follower = await Follower.start(new ConsulSource("app", options));
    agent.suspend();
    await vi.waitFor(() => expect(follower.errors.at(-1)?.code).toBe("timeout"), patience);
    expect(follower.tree).toEqual({ a: 1 });
    agent.resume();
    await agent.put("app/a", "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    expect(follower.failing).toBe(false);
  });

  test("ConsulSource gives up on a connection that fell silent without closing", async () => {
    await shared.put("silent/a", "1");
    await using proxy = await Proxy.start(shared.port);
    const options = { address: proxy.url, timeout: 300, wait: 300 };
    await using follower = await Follower.start(new ConsulSource("silent", options));
    proxy.cut("silent");
    await vi.waitFor(() => expect(follower.errors.at(-1)?.code).toBe("timeout"), patience);
    await shared.put("silent/a", "2");
    proxy.cut("open");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
  });

  test("ConsulSource loads a restored snapshot with the next poll, and later changes at once", async () => {
    await using agent = await Agent.start();
    await agent.put("app/a", "old");
    const { body: snapshot } = await agent.request("GET", "/v1/snapshot");
    for (let n = 0; n < 20; n++) await agent.put("app/b", String(n));
    await agent.put("app/a", "new");
    await using follower = await Follower.start(new ConsulSource("app", { address: agent.url }));
    await vi.waitFor(() => expect(follower.outcomes.length).toBe(2), patience);
    expect(follower.tree).toEqual({ a: "new", b: 19 });
    expect((await agent.request("PUT", "/v1/snapshot", snapshot)).status).toBe(200);
    await vi.waitFor(async () => {
      await follower.reload();
      expect(follower.tree).toEqual({ a: "old" });
    }, patience);
    await agent.put("app/a", "newer");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: "newer" }), patience);
  });

  test("an optional ConsulSource starts empty while Consul is down, and follows it when it starts", async () => {
    await using agent = await Agent.start();
    await agent.kill();
    await using follower = await Follower.start(new ConsulSource("app", { address: agent.url }));
    expect(follower.outcomes[0]).toBe("error");
    expect(follower.errors[0]).toMatchObject({ code: "unreachable", source: "consul:app" });
    expect(follower.source.required).toBe(false);
    await agent.start();
    await agent.put("app/a", "1");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  });

  test("a required ConsulSource fails the first load while Consul is down", async () => {
    await using proxy = await Proxy.start(shared.port);
    proxy.cut("refuse");
    const source = new ConsulSource("app", { address: proxy.url, required: true });
    expect(source.required).toBe(true);
    const loading = source.load({ signal: new AbortController().signal, env: {}, first: true });
    await expect(loading).rejects.toMatchObject({ name: "ConfigSourceError", code: "unreachable" });
  });

  test("ConsulSource with a cache file starts with the last good values while Consul is down", async () => {
    await shared.put_all({ "cached/a": "1", "cached/b/c": "x", "cached/bytes": "y" });
    await using proxy = await Proxy.start(shared.port);
    const cache_file = join(dir, "cached.jsonl");
    const options = { address: proxy.url, cache_file, required: true, token: "0d0a3f2e-secret-token" };
    const first = await Follower.start(new ConsulSource("cached", options));
    await shared.put("cached/a", "2");
    await vi.waitFor(() => expect(first.tree["a"]).toBe(2), patience);
    await first.stop();
    expect((await stat(cache_file)).mode & 0o777).toBe(0o600);
    expect(await readFile(cache_file, "utf8")).not.toContain("secret-token");

    proxy.cut("refuse");
    await using second = await Follower.start(new ConsulSource("cached", options));
    expect(second.outcomes[0]).toBe("data");
    expect(second.tree).toEqual({ a: 2, b: { c: "x" }, bytes: "y" });
    expect(second.layer?.diagnostics).toMatchObject([{ code: "cached" }]);
    expect(status(second)).toMatchObject({ from_cache: true, connected: false, error: { code: "unreachable" } });
    await shared.put("cached/a", "3");
    proxy.mode = "open";
    await vi.waitFor(() => expect(second.tree["a"]).toBe(3), patience);
    expect(second.layer?.diagnostics).toEqual([]);
    expect(status(second).from_cache).toBe(false);
  });

  test("ConsulSource ignores a cache file that is damaged or of another prefix, and reports that", async () => {
    await shared.put("owner/a", "1");
    await using proxy = await Proxy.start(shared.port);
    const cache_file = join(dir, "other.jsonl");
    const first = await Follower.start(new ConsulSource("owner", { address: proxy.url, cache_file }));
    await first.stop();
    const whole = await readFile(cache_file, "utf8");
    proxy.cut("refuse");
    const attempt = async (prefix: string) => {
      const follower = new Follower(new ConsulSource(prefix, { address: proxy.url, cache_file }));
      await follower.reload();
      await follower.stop();
      return [follower.outcomes[0], status(follower).cache_problem === undefined];
    };
    expect(await attempt("owner")).toEqual(["data", true]);
    expect(await attempt("stranger")).toEqual(["error", false]);
    await writeFile(cache_file, whole.slice(0, -20));
    expect(await attempt("owner")).toEqual(["error", false]);
    await writeFile(cache_file, "not JSON");
    expect(await attempt("owner")).toEqual(["error", false]);
  });

  test("ConsulSource works with an agent that allows a client three connections", async () => {
    await using agent = await Agent.start({ hcl: "limits { http_max_conns_per_client = 3 }" });
    await agent.put("app/n", "0");
    const source = new ConsulSource("app", { address: agent.url, write_through: true });
    await using follower = await Follower.start(source);
    const loads = Array.from({ length: 20 }, () => follower.reload());
    const updates = Array.from({ length: 20 }, () => source.update(["n"], (n) => Number(n) + 1));
    await Promise.all([...loads, ...updates]);
    await vi.waitFor(() => expect(follower.tree).toEqual({ n: 20 }), patience);
    expect(follower.errors).toEqual([]);
  });
});
