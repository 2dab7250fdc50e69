import { supervisor } from "@otpts/runtime";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

import type { Value } from "../../src/core/value.ts";
import { Config, ConfigManager, ConfigSpec, type Source } from "../../src/index.ts";
import { type ConsulOptions, ConsulSource } from "../../src/sources/consul.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower } from "./kit/follower.ts";

const patience = { timeout: 25_000, interval: 10 };

await describe_with_consul("ConsulSource writes through", () => {
  let agent: Agent;
  let count = 0;
  const folder = () => `write/${(count += 1)}`;

  beforeAll(async () => {
    agent = await Agent.start();
  });
  afterAll(() => agent.stop());

  const open = async (prefix: string, options: ConsulOptions = {}) => {
    const follower = new Follower(new ConsulSource(prefix, { address: agent.url, write_through: true, ...options }));
    await follower.reload();
    const put = async (path: string[], value: Value | undefined) => {
      await follower.source.write!(path, value, follower.context);
      await follower.reload();
    };
    return { follower, source: follower.source as ConsulSource, put };
  };

  test("ConsulSource without write_through has no write, and puts stay in the runtime layer", () => {
    expect(new ConsulSource("x").write).toBeUndefined();
  });

  test("ConsulSource.write creates, changes and removes a key, and a later load sees it", async () => {
    const prefix = folder();
    const { follower, put } = await open(prefix);
    await put(["db", "pool.max"], 10);
    expect(follower.tree).toEqual({ db: { "pool.max": 10 } });
    await put(["db", "pool.max"], 11);
    expect(follower.tree).toEqual({ db: { "pool.max": 11 } });
    expect(await agent.get(`${prefix}/db/pool.max`)).toBe("11");
    await put(["db", "url"], "x");
    await put(["db", "pool.max"], undefined);
    expect(follower.tree).toEqual({ db: { url: "x" } });
    await follower.stop();
  });

  test("ConsulSource.write preserves every plain value", async () => {
    const prefix = folder();
    const { follower, put } = await open(prefix);
    const value = {
      text: "plain",
      number: -2.5,
      digits: "10",
      yes: "true",
      quoted: '"x"',
      json: '{"a":1}',
      nothing: null,
      null: "null",
      empty: "",
      off: false,
      list: [1, "2", { a: null }],
      none: {},
      größe: "ü",
      nested: { deep: { deeper: 1 } },
    };
    await put(["all"], value);
    expect(follower.tree).toEqual({ all: value });
    await follower.stop();
  });

  test("a put reads back with its value and type, whatever the file below has, or is refused", async () => {
    const low: Source = {
      name: "low",
      kind: "low",
      required: true,
      on_missing: "keep",
      load: async () => ({
        outcome: "data",
        contribution: {
          source: "low",
          tree: { port: 5432, debug: true, name: "x", hosts: ["a"], big: 2n ** 70n },
          origin: () => ({ source: "low" }),
          diagnostics: [],
        },
      }),
    };
    const source = new ConsulSource(folder(), { address: agent.url, write_through: true });
    const spec = new ConfigSpec({ name: "reads_back", sources: [low, source], reload_interval: 0, log: false });
    const top = await supervisor.start([ConfigManager.child_spec(spec)]);
    const config = Config.for(spec);
    const puts: [string, Value][] = [
      ["port", "5"],
      ["port", ""],
      ["port", 5],
      ["port", true],
      ["debug", "yes"],
      ["debug", "0"],
      ["debug", false],
      ["debug", null],
      ["name", "5"],
      ["name", ""],
      ["hosts", "a,b"],
      ["hosts", ["1", "x"]],
      ["big", 2n ** 80n],
      ["big", "5"],
      ["new.a", { b: "true", c: [1, "1"], d: 2 ** 60 }],
    ];
    for (const [path, value] of puts) {
      await config.put(path, value);
      expect(await config.get(path)).toStrictEqual(value);
      expect((await config.status()).overrides).toStrictEqual([]);
    }
    for (const [path, value] of [
      ["name", 5],
      ["debug", 1],
      ["hosts", [1]],
    ] as const) {
      const before = await config.get(path);
      await expect(config.put(path, value)).rejects.toThrow("has no text that reads as the same value");
      expect(await config.get(path)).toStrictEqual(before);
    }
    await supervisor.stop(top);
  });

  test("ConsulSource.write replaces a table in one transaction: other keys are removed, and no reader sees half", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/t/a`]: "1", [`${prefix}/t/b/c`]: "2", [`${prefix}/keep`]: "3" });
    const { follower, put } = await open(prefix);
    await using reader = await Follower.start(new ConsulSource(prefix, { address: agent.url }));
    await put(["t"], { a: 9, d: { e: 8 } });
    expect(follower.tree).toEqual({ t: { a: 9, d: { e: 8 } }, keep: 3 });
    await vi.waitFor(() => expect(reader.tree).toEqual(follower.tree), patience);
    expect(reader.trees.length).toBe(2);
    await put(["t"], "now a text");
    expect(follower.tree).toEqual({ t: "now a text", keep: 3 });
    await put(["t", "x", "y"], 1);
    expect(follower.tree).toEqual({ t: { x: { y: 1 } }, keep: 3 });
    await put(["t"], undefined);
    expect(follower.tree).toEqual({ keep: 3 });
    await follower.stop();
  });

  test("ConsulSource.write to a path inside a key with a JSON table changes that key", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/limits`, '{"requests": 1000, "window": {"s": 60}}');
    const { follower, put } = await open(prefix);
    await put(["limits", "window", "s"], 30);
    expect(follower.tree).toEqual({ limits: { requests: 1000, window: { s: 30 } } });
    await put(["limits", "requests"], undefined);
    expect(follower.tree).toEqual({ limits: { window: { s: 30 } } });
    expect(await agent.get(`${prefix}/limits`)).toBe('{"window":{"s":30}}');
    await follower.stop();
  });

  test("ConsulSource.write is refused if another writer changed the key since it was loaded", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/a`]: "1", [`${prefix}/b`]: "1" });
    const { follower, put } = await open(prefix);
    await agent.put(`${prefix}/a`, "2");
    await expect(put(["a"], 3)).rejects.toMatchObject({ name: "ConfigSourceError", code: "conflict" });
    expect(await agent.get(`${prefix}/a`)).toBe("2");
    await put(["b"], 3);
    await put(["a"], 3);
    expect(follower.tree).toEqual({ a: 3, b: 3 });
    // A key that must not exist yet.
    await agent.put(`${prefix}/c`, "1");
    await expect(put(["c"], 2)).rejects.toMatchObject({ code: "conflict" });
    await follower.stop();
  });

  test("ConsulSource.write succeeds if a key was only rewritten with an equal value", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const { follower, put } = await open(prefix);
    await agent.put(`${prefix}/a`, "2");
    await agent.put(`${prefix}/a`, "1");
    await put(["a"], 3);
    expect(follower.tree).toEqual({ a: 3 });
    await follower.stop();
  });

  test("ConsulSource.update loses none of ten writers' twenty increments each", async () => {
    const prefix = folder();
    const writers = Array.from({ length: 10 }, () => new ConsulSource(prefix, { address: agent.url }));
    await Promise.all(
      writers.map(async (writer) => {
        for (let n = 0; n < 20; n++) await writer.update(["n"], (now) => Number(now ?? 0) + 1);
      }),
    );
    expect(await agent.get(`${prefix}/n`)).toBe("200");
  });

  test("ConsulSource.update passes on errors of the updater, and removes the key for undefined", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const source = new ConsulSource(prefix, { address: agent.url });
    const boom = new Error("boom");
    const failing = source.update(["a"], () => {
      throw boom;
    });
    await expect(failing).rejects.toBe(boom);
    await source.update(["a"], () => undefined);
    expect(await agent.get(`${prefix}/a`)).toBeUndefined();
  });

  test("ConsulSource.write accepts a transaction at the limits, and refuses a larger one as a whole", async () => {
    const prefix = folder();
    const { follower, put } = await open(prefix);
    const table = (keys: number, text = "x") =>
      Object.fromEntries(Array.from({ length: keys }, (_, n) => [`k${n}`, `${text}${n}`]));
    await put(["t"], table(64));
    expect(Object.keys(follower.tree["t"] as object).length).toBe(64);
    await expect(put(["u"], table(65))).rejects.toMatchObject({ code: "too_large" });
    expect(follower.tree["u"]).toBeUndefined();
    // 64 changes fit; 64 removals and one change do not.
    await expect(put(["t"], table(64, "y"))).resolves.toBeUndefined();
    await expect(put(["t"], { only: 1 })).rejects.toMatchObject({ code: "too_large" });

    const bytes = (length: number) => "a".repeat(length);
    await put(["big"], bytes(512 * 1024));
    expect((follower.tree["big"] as string).length).toBe(512 * 1024);
    await expect(put(["big"], bytes(512 * 1024 + 1))).rejects.toMatchObject({ code: "too_large" });
    // 512 KiB of encoded body: two values of 196,000 bytes fit, of 197,000 do not.
    await put(["pair"], { a: bytes(196_000), b: bytes(196_000) });
    await expect(put(["other"], { a: bytes(197_000), b: bytes(197_000) })).rejects.toMatchObject({ code: "too_large" });
    await follower.reload();
    expect(Object.keys(follower.tree).sort()).toEqual(["big", "pair", "t"]);
    await follower.stop();
  });

  test("ConsulSource.write refuses paths that cannot be keys", async () => {
    const { follower, put } = await open(folder());
    for (const path of [["a/b"], [""], ["__proto__"], ["x", "a/b"]]) {
      await expect(put(path, 1)).rejects.toMatchObject({ code: "invalid" });
    }
    await expect(put(["a"], { "b/c": 1 })).rejects.toMatchObject({ code: "invalid" });
    await expect(put(["a"], 2n ** 70n)).rejects.toMatchObject({ code: "invalid" });
    await put(["a"], 7n);
    expect(follower.tree).toEqual({ a: 7 });
    await follower.stop();
  });

  test("ConsulSource.write without a grant is denied with a clear message", async () => {
    await using closed = await Agent.start({ acl: true });
    await closed.put("app/a", "1");
    const { secret } = await closed.token('key_prefix "app/" { policy = "read" }');
    const { follower, put } = await open("app", { address: closed.url, token: secret });
    await expect(put(["a"], 2)).rejects.toMatchObject({ code: "denied" });
    await expect(put(["t"], { a: 1, b: 2 })).rejects.toMatchObject({ code: "denied" });
    await follower.stop();
  });

  test("ConsulSource with layout blob writes several settings at once, in the existing format", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/doc`, "[limits]\nrequests = 1000\nwindow = 60\n");
    const { follower, put } = await open(`${prefix}/doc`, { layout: "blob" });
    await put(["limits"], { requests: 1, window: 2 });
    await put(["limits", "burst"], 3);
    expect(follower.tree).toEqual({ limits: { requests: 1, window: 2, burst: 3 } });
    expect(await agent.get(`${prefix}/doc`)).toContain("[limits]");
    await put(["limits", "burst"], undefined);
    expect(follower.tree).toEqual({ limits: { requests: 1, window: 2 } });
    await expect(put(["limits", "burst"], null)).rejects.toMatchObject({ code: "unrepresentable" });
    await agent.put(`${prefix}/doc`, "limits = 1");
    await expect(put(["limits"], 2)).rejects.toMatchObject({ code: "conflict" });
    await follower.stop();

    const json = await open(`${prefix}/new.json`, { layout: "blob" });
    await json.put(["a", "b"], null);
    expect(json.follower.tree).toEqual({ a: { b: null } });
    expect(JSON.parse((await agent.get(`${prefix}/new.json`))!)).toEqual({ a: { b: null } });
    const writers = Array.from(
      { length: 5 },
      () => new ConsulSource(`${prefix}/new.json`, { address: agent.url, layout: "blob" }),
    );
    await Promise.all(writers.map((writer) => writer.update(["n"], (now) => Number(now ?? 0) + 1)));
    await json.follower.reload();
    expect(json.follower.tree["n"]).toBe(5);
    await json.follower.stop();
  });
});
