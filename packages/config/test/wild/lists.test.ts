/** Lists: read by index in paths, patterns and explanations; never turned into tables. A write below one names the list. */
import { erlang, type Pid } from "@otpts/runtime";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONFIG_CHANGED, Config, ConfigManager, ConfigSpec, ConfigValidationError } from "../../src/index.ts";
import { emptyConfiguration, type Proposal } from "../../src/core/configuration.ts";
import { prepare } from "../../src/core/proposal.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { listAbove, valueAt } from "../../src/core/snapshot.ts";
import { Validation } from "../../src/core/validate.ts";
import { anyTree, anyValue, key } from "../core/trees.ts";
import { eachAlone, eventually, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

const servers = [
  { host: "a", ports: [1, 2] },
  { host: "b", ports: [3] },
];

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("a list", () => {
  test("is read by index with get, peek, ref, snapshot and explain", async () => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { servers })], reload_interval: 0 }));
    expect(await Config.get("servers.0.host")).toBe("a");
    expect(await Config.get(["servers", "1", "ports", "0"])).toBe(3);
    expect(Config.peek("servers.1.host")).toBe("b");
    expect(Config.ref("servers.0.ports.1").value).toBe(2);
    expect(Config.snapshot().get("servers.0")).toEqual(servers[0]);
    for (const path of ["servers.2.host", "servers.length", "servers.-1", "servers.00.host"]) {
      expect(await Config.get(path, "absent")).toBe("absent");
    }
    const explained = await Config.explain("servers.1.host");
    expect(explained).toMatchObject({ value: "b", winner: { source: "x", value: "b" }, shadowed: [] });
  });

  test("hides the list of a lower source from an explanation as a whole", async () => {
    const low = new ScriptedSource("low", { servers: [{ host: "old", tls: true }, { host: "gone" }] });
    const high = new ScriptedSource("high", { servers: [{ host: "new" }] });
    await started(new ConfigSpec({ sources: [low, high], reload_interval: 0 }));
    expect(await Config.explain("servers.0")).toMatchObject({
      value: { host: "new" },
      winner: { source: "high" },
      merged: [],
      shadowed: [{ source: "low", why: 'high comes later in the list, and has all of "servers"' }],
    });
    expect(await Config.explain("servers.1.host")).toMatchObject({
      value: undefined,
      winner: undefined,
      shadowed: [{ source: "low", why: '"servers" has no "1" in high, later in the list' }],
    });
  });

  test.each<[string, () => Promise<unknown>]>([
    ["put", () => Config.put("db.servers.0.host", "z")],
    ["put", () => Config.put("db.servers.7", "z")],
    ["put", () => Config.put("db.servers.first", "z")],
    ["merge", () => Config.merge("db.servers.0", { host: "z" })],
    ["merge", () => Config.merge("db.servers", { 0: { host: "z" } })],
    ["merge", () => Config.merge("db", { servers: { 0: { host: "z" } } })],
    ["merge", () => Config.merge("db", { servers: {} })],
    ["unset", () => Config.unset("db.servers.0.host")],
  ])("refuses a %s below it, naming the list, and stays unchanged", async (action, write) => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { db: { servers } })], reload_interval: 0 }));
    const before = Config.snapshot();
    const error = (await rejection(write())) as ConfigValidationError;
    expect(error).toBeInstanceOf(ConfigValidationError);
    expect(error.message).toMatch(new RegExp(`^Cannot ${action} "db[^"]*": "db.servers" is a list: `));
    expect(error.problems).toMatchObject([{ path: "db.servers", origin: "put" }]);
    expect(Config.snapshot()).toBe(before);
  });

  test("is put as a whole, over itself and over a table, and unset again", async () => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { servers, t: { a: 1 } })], reload_interval: 0 }));
    await Config.put("servers", [{ host: "z" }]);
    await Config.put("t", [1]);
    expect(await Config.get("servers.0.host")).toBe("z");
    expect(await Config.get("t.0")).toBe(1);
    const error = (await rejection(Config.put("t.0", 2))) as Error;
    expect(error.message).toContain('"t" is a list');
    await Config.unset("servers");
    await Config.unset("t");
    expect(await Config.get([])).toEqual({ servers, t: { a: 1 } });
  });

  test("refuses a source that writes into it, naming source, list and variable; the last good values stay", async () => {
    const source = "env:MYAPP_";
    const low = new ScriptedSource("low", { servers });
    const high = new ScriptedSource(source, { port: 1 });
    await started(new ConfigSpec({ sources: [low, high], reload_interval: 0 }));
    const tree = { port: 2, servers: { 0: { host: "z" } } };
    const origin = () => ({ source, variable: "MYAPP_SERVERS__0__HOST" });
    high.next = (_lower) => ({ source, tree, origin, diagnostics: [] });
    low.next = { servers, other: 1 };
    const report = await Config.reload();
    expect(report.sources).toMatchObject([
      { source: "low", outcome: "data" },
      { source, outcome: "error", message: expect.stringContaining('"servers" is a list') as string },
    ]);
    expect(report.sources[1]!.message).toContain("env:MYAPP_SERVERS__0__HOST");
    expect(await Config.get([])).toEqual({ servers, other: 1, port: 1 });
  });

  test("refuses the start with a source that writes into it", async () => {
    const high = new ScriptedSource("high", { servers: { 0: { host: "z" } } });
    const start = ConfigManager.start(new ConfigSpec({ sources: [new ScriptedSource("low", { servers }), high] }));
    await expect(start).rejects.toThrow(
      'Cannot load "high": "servers" is a list, and a list can only be replaced as a whole; "servers.0" would change one element',
    );
  });

  test("notifies patterns below it of the elements that changed", async () => {
    const source = new ScriptedSource("x", { servers });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
    const seen: unknown[] = [];
    for (const pattern of ["servers.1.host", "servers.*.host", "servers.0"]) {
      await Config.subscribe(pattern, (path, old, now) => void seen.push([pattern, path, old, now]));
    }
    let mailbox: unknown[] | undefined;
    const reader: Pid = erlang.spawn(async () => {
      mailbox = (await erlang.receive()) as unknown[];
    });
    await Config.subscribe("servers.**", reader);
    await Config.put("servers", [servers[0], { host: "c", ports: [3] }]);
    expect(seen).toEqual([
      ["servers.1.host", "servers.1.host", "b", "c"],
      ["servers.*.host", "servers.1.host", "b", "c"],
    ]);
    await eventually(() => mailbox !== undefined);
    expect(mailbox).toEqual([CONFIG_CHANGED, "servers", servers, [servers[0], { host: "c", ports: [3] }]]);
    await Config.put("servers", []);
    expect(seen.slice(2)).toEqual([
      ["servers.0", "servers.0", servers[0], undefined],
      ["servers.*.host", "servers.0.host", "a", undefined],
      ["servers.1.host", "servers.1.host", "c", undefined],
      ["servers.*.host", "servers.1.host", "c", undefined],
    ]);
  });

  test("is passed to validators by element, with the index", async () => {
    const validators = { "servers.*.ports.*": (port: unknown) => Number(port) > 0 || "must be above 0" };
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { servers })], validators, reload_interval: 0 }));
    const error = (await rejection(Config.put("servers", [{ host: "a", ports: [1, -1] }]))) as ConfigValidationError;
    expect(error.problems).toEqual([{ path: "servers.0.ports.1", message: "must be above 0", origin: "put" }]);
  });

  test("never becomes a table, whatever is written where", () => {
    const rules = { validation: new Validation(undefined), secrets: new Secrets(), shape: undefined };
    const path = fc.array(fc.oneof(key, fc.constantFrom("0", "1")), { minLength: 1, maxLength: 4 });
    const write: fc.Arbitrary<Extract<Proposal, { path: unknown }>> = fc.oneof(
      fc.record({ kind: fc.constant("put" as const), path, value: anyValue }),
      fc.record({ kind: fc.constant("merge" as const), path, value: anyTree }),
      fc.record({ kind: fc.constant("unset" as const), path }),
    );
    fc.assert(
      fc.property(anyTree, fc.array(write, { maxLength: 5 }), (tree, writes) => {
        const contribution = { source: "x", tree, origin: () => ({ source: "x" }), diagnostics: [] };
        let now = prepare(emptyConfiguration(["x"]), { kind: "sources", contributions: [contribution] }, rules).next;
        for (const one of writes) {
          const list = listAbove(now.raw, one.path);
          try {
            const { next } = prepare(now, one, rules);
            // What was accepted went around every list: each stands as it was, but for one that was put over as a whole.
            expect(list).toBeUndefined();
            for (const at of listsIn(now.raw, [])) {
              const isAbove = one.path.length <= at.length && one.path.every((segment, i) => segment === at[i]);
              if (!isAbove) expect(valueAt(next.raw, at)).toEqual(valueAt(now.raw, at));
            }
            now = next;
          } catch (error) {
            expect(error).toBeInstanceOf(ConfigValidationError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

function listsIn(value: unknown, path: readonly string[]): (readonly string[])[] {
  if (Array.isArray(value)) return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, below]) => listsIn(below, [...path, name]));
}
