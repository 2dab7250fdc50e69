import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { Shape } from "../../src/core/shape.ts";
import { ConsulSource } from "../../src/sources/consul.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower, nothing_known } from "./kit/follower.ts";

const patience = { timeout: 20_000, interval: 10 };

await describe_with_consul("ConsulSource follows a prefix", () => {
  let agent: Agent;
  let count = 0;
  const folder = () => `follow/${(count += 1)}`;

  beforeAll(async () => {
    agent = await Agent.start();
  });
  afterAll(() => agent.stop());

  const follow = (prefix: string, options = {}) =>
    Follower.start(new ConsulSource(prefix, { address: agent.url, ...options }));

  test("ConsulSource takes prefix, host and port as the specification writes them", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await Follower.start(new ConsulSource(prefix, "localhost", agent.port));
    expect(follower.tree).toEqual({ a: 1 });
  });

  test("ConsulSource takes the address from CONSUL_HTTP_ADDR if the options have none", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await Follower.start(new ConsulSource(`/${prefix}/`), {
      CONSUL_HTTP_ADDR: `127.0.0.1:${agent.port}`,
    });
    expect(follower.tree).toEqual({ a: 1 });
  });

  test("ConsulSource is empty while the prefix is absent, and loads it when it is created", async () => {
    const prefix = folder();
    await using follower = await follow(prefix);
    expect(follower.outcomes).toEqual(["absent"]);
    await agent.put(`${prefix}/db/url`, "postgres://db");
    await vi.waitFor(() => expect(follower.tree).toEqual({ db: { url: "postgres://db" } }), patience);
  });

  test("ConsulSource notifies no subscriber of writes elsewhere, whether or not the prefix exists", async () => {
    const there = folder();
    const absent = folder();
    await agent.put(`${there}/a`, "1");
    await using one = await follow(there);
    await using other = await follow(absent);
    await vi.waitFor(() => expect([one.rings, other.rings]).toEqual([1, 1]), patience);
    for (let n = 0; n < 50; n++) await agent.put(`elsewhere/${n}`, "x");
    await agent.put(`${there}/a`, "2");
    await agent.put(`${absent}/a`, "2");
    await vi.waitFor(() => expect([one.tree, other.tree]).toEqual([{ a: 2 }, { a: 2 }]), patience);
    expect(one.trees).toEqual([{ a: 1 }, { a: 2 }]);
    expect(one.rings).toBe(2);
    expect(other.trees).toEqual([{ a: 2 }]);
    expect(other.rings).toBe(2);
  });

  test("ConsulSource delivers a put to its reader soon", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/n`, "0");
    await using follower = await follow(prefix);
    const times: number[] = [];
    for (let n = 1; n <= 60; n++) {
      const began = performance.now();
      await agent.put(`${prefix}/n`, String(n));
      await vi.waitFor(() => expect(follower.tree).toEqual({ n }), { timeout: 20_000, interval: 1 });
      times.push(performance.now() - began);
    }
    times.sort((a, b) => a - b);
    const at = (share: number) => Math.round(times[Math.floor(times.length * share)]!);
    process.stdout.write(`Consul, put to reader: median ${at(0.5)} ms, p95 ${at(0.95)} ms (target: below 250 ms)\n`);
    expect(follower.trees.map((tree) => tree["n"])).toEqual(Array.from({ length: 61 }, (_, n) => n));
  });

  test("ConsulSource is silent about a put of an equal value", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await follow(prefix);
    await agent.put(`${prefix}/a`, "1");
    await agent.put(`${prefix}/b`, "2");
    await agent.put(`${prefix}/b`, "2");
    await agent.put(`${prefix}/c`, "3");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1, b: 2, c: 3 }), patience);
    for (const [at, tree] of follower.trees.entries()) {
      if (at > 0) expect(tree).not.toEqual(follower.trees[at - 1]);
    }
    await follower.reload();
    expect(follower.outcomes.at(-1)).toBe("unchanged");
  });

  test("ConsulSource with on_missing keep keeps the values of a deleted prefix, and follows it when it is created again", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await follow(prefix);
    await agent.remove(`${prefix}/`, true);
    await vi.waitFor(() => expect(follower.outcomes).toContain("absent"), patience);
    expect(follower.tree).toEqual({ a: 1 });
    expect((follower.source as ConsulSource).status().missing).toBe(true);
    await agent.put(`${prefix}/b`, "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ b: 2 }), patience);
    expect((follower.source as ConsulSource).status().missing).toBe(false);
  });

  test("ConsulSource with on_missing clear empties a deleted prefix, once a second load confirms it", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const follower = new Follower(new ConsulSource(prefix, { address: agent.url, on_missing: "clear" }));
    await follower.reload();
    await agent.remove(`${prefix}/`, true);
    await follower.reload();
    expect(follower.tree).toEqual({ a: 1 });
    await follower.reload();
    expect(follower.tree).toEqual({});
    await agent.put(`${prefix}/a`, "1");
    await follower.reload();
    expect(follower.tree).toEqual({ a: 1 });
    expect(follower.outcomes).toEqual(["data", "unchanged", "absent", "data"]);
    await follower.stop();
  });

  test("ConsulSource with on_missing clear confirms an absence without being asked while it watches", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await follow(prefix, { on_missing: "clear" });
    await agent.remove(`${prefix}/`, true);
    await vi.waitFor(() => expect(follower.tree).toEqual({}), patience);
    await agent.put(`${prefix}/a`, "1");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  });

  test("ConsulSource ignores a sibling whose name begins with the prefix", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await agent.put(`${prefix}uration/b`, "2");
    await agent.put(`${prefix}`, "3");
    await using follower = await follow(prefix);
    expect(follower.tree).toEqual({ a: 1 });
  });

  test("ConsulSource reads folder, empty, dotted, unicode, percent and binary keys", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/`, "");
    await agent.put(`${prefix}/folder/`, "ignored");
    await agent.put(`${prefix}/empty`, "");
    await agent.put(`${prefix}/tc/enp4s0.100`, "10");
    await agent.put(`${prefix}/größe/日本/🙂`, "größer");
    await agent.put(`${prefix}/100%/a%2Fb c?d&e=f#g+h`, "odd");
    await agent.put(`${prefix}/bytes`, Buffer.from([0xff, 0xfe, 0x00, 0x80]));
    await agent.put_all({ [`${prefix}/a//b`]: "nowhere" });
    await agent.put(`${prefix}/x/__proto__/y`, "polluted");
    await agent.put(`${prefix}/json`, '{"__proto__":{"polluted":true}}');
    await agent.put(`${prefix}/constructor`, "fine");
    await using follower = await follow(prefix);
    expect(follower.tree).toEqual({
      empty: "",
      tc: { "enp4s0.100": 10 },
      größe: { 日本: { "🙂": "größer" } },
      "100%": { "a%2Fb c?d&e=f#g+h": "odd" },
      constructor: "fine",
    });
    expect(follower.layer?.diagnostics.map(({ code, message }) => [code, message.includes(prefix)])).toEqual([
      ["empty_segment", true],
      ["not_utf8", true],
      ["unsafe_key", true],
      ["unsafe_key", true],
    ]);
    expect(follower.layer?.origin(["tc", "enp4s0.100"])).toEqual({
      source: follower.source.name,
      key: `${prefix}/tc/enp4s0.100`,
    });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test("ConsulSource lets the table win if a and a/b are keys, and restores the value when the table is deleted", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/a`]: "value", [`${prefix}/a/b`]: "1" });
    await using follower = await follow(prefix);
    expect(follower.tree).toEqual({ a: { b: 1 } });
    expect(follower.layer?.diagnostics).toMatchObject([{ code: "shape", path: "a" }]);
    await agent.remove(`${prefix}/a/b`);
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: "value" }), patience);
    expect(follower.layer?.diagnostics).toEqual([]);
  });

  test("ConsulSource lets the schema's type decide how a text is read", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/zip`]: "10", [`${prefix}/quoted`]: '"10"', [`${prefix}/flag`]: "1" });
    await using plain = await follow(prefix);
    expect(plain.tree).toEqual({ zip: 10, quoted: "10", flag: 1 });
    const shapes: Record<string, Shape> = {
      zip: { children: new Map(), type: "string" },
      quoted: { children: new Map(), type: "integer" },
      flag: { children: new Map(), type: "boolean" },
    };
    await using typed = await Follower.start(
      new ConsulSource(prefix, { address: agent.url }),
      {},
      { ...nothing_known, expected: (path) => shapes[path[0] ?? ""] },
    );
    expect(typed.tree).toEqual({ zip: "10", quoted: 10, flag: true });
  });

  test("ConsulSource coalesces a thousand fast writes, and ends with the last", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/n`, "0");
    await using follower = await follow(prefix);
    const before = (follower.source as ConsulSource).status().requests;
    for (let n = 1; n <= 1000; n += 20) {
      await Promise.all(Array.from({ length: 20 }, (_, i) => agent.put(`${prefix}/k${i}`, String(n + i))));
      await agent.put(`${prefix}/n`, String(n));
    }
    await agent.put(`${prefix}/n`, "1000");
    await vi.waitFor(() => expect(follower.tree["n"]).toBe(1000), patience);
    const seen = follower.trees.map((tree) => Number(tree["n"]));
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(follower.trees.length).toBeLessThan(1051);
    process.stdout.write(
      `Consul, 1,051 fast writes: ${follower.trees.length} states, ${(follower.source as ConsulSource).status().requests - before} requests\n`,
    );
  });

  test("ConsulSource never shows half of a transaction", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/a`]: "0", [`${prefix}/z/b`]: "0" });
    await using follower = await follow(prefix);
    for (let n = 1; n <= 200; n++) await agent.put_all({ [`${prefix}/a`]: String(n), [`${prefix}/z/b`]: String(n) });
    await vi.waitFor(() => expect(follower.tree["a"]).toBe(200), patience);
    for (const tree of follower.trees) expect((tree["z"] as { b: number }).b).toBe(tree["a"]);
  });

  test("ConsulSource with layout blob reads one key of TOML or JSON, and reports the line of a value", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/doc`, "# limits\n[limits]\nrequests = 1000\nwindow = 60\n");
    await using toml = await follow(`${prefix}/doc`, { layout: "blob" });
    expect(toml.tree).toEqual({ limits: { requests: 1000, window: 60 } });
    expect(toml.layer?.origin(["limits", "window"])).toMatchObject({ key: `${prefix}/doc`, line: 4 });
    await agent.put(`${prefix}/doc`, '{"limits": {"requests": 1, "window": 2}}');
    await vi.waitFor(() => expect(toml.tree).toEqual({ limits: { requests: 1, window: 2 } }), patience);
    await agent.put(`${prefix}/doc`, "password = hunter2\nlimits = 1");
    await vi.waitFor(() => expect(toml.failing).toBe(true), patience);
    expect(toml.tree).toEqual({ limits: { requests: 1, window: 2 } });
    expect(toml.errors[0]).toMatchObject({ code: "syntax", line: 1 });
    expect(toml.told()).not.toContain("hunter2");
    await agent.put(`${prefix}/doc`, "limits = 1");
    await vi.waitFor(() => expect(toml.tree).toEqual({ limits: 1 }), patience);
  });

  test("ConsulSource with layout blob is empty while the key is absent, and loads it when it is created", async () => {
    const prefix = folder();
    await using follower = await follow(`${prefix}/doc.json`, { layout: "blob" });
    expect(follower.outcomes).toEqual(["absent"]);
    await agent.put(`${prefix}/doc.json`, '{"a": 1}');
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  });
});
