import { atom, Exit, gen_server, NOPROC, Atom, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import {
  Config,
  config_path_atom,
  ConfigManager,
  ConfigSpec,
  ConfigValidationError,
  GET_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RuntimeSource,
  STATUS,
  SUBSCRIBE,
} from "../../src/index.ts";
import { eachAlone, gate, ScriptedSource, started } from "./kit.ts";

const { ERROR } = atoms;

eachAlone();

const tree = () => ({
  database: { url: "postgres://h/db", max_connections: 5 },
  queuemizer: { tc_rules: { "enp4s0.100": { rate: 7 } } },
  nothing: null,
});

function spec(...sources: ScriptedSource[]): ConfigSpec {
  return new ConfigSpec({ sources: sources.length > 0 ? sources : [new ScriptedSource("base", tree())] });
}

describe("get", () => {
  test("returns the value, a frozen table for an inner node, or the default if there is no value", async () => {
    await started(spec());
    expect(await Config.get("database.url")).toBe("postgres://h/db");
    expect(await Config.get("database")).toEqual(tree().database);
    expect(Object.isFrozen(await Config.get("database"))).toBe(true);
    expect(await Config.get("database.missing", 10)).toBe(10);
    expect(await Config.get("database.missing")).toBeUndefined();
    expect(await Config.get("nothing", 1)).toBeNull();
    expect(await Config.get([])).toEqual(tree());
  });

  test("accepts a dotted string, a path atom or segments, with escaped dots", async () => {
    await started(spec());
    expect(await Config.get("queuemizer.tc_rules.enp4s0\\.100.rate")).toBe(7);
    expect(await Config.get(["queuemizer", "tc_rules", "enp4s0.100", "rate"])).toBe(7);
    expect(await Config.get(config_path_atom("database.url"))).toBe("postgres://h/db");
    expect(path_from_atom(config_path_atom("database.url"))).toBe("database.url");
  });

  test("is one gen_server call", async () => {
    await started(spec());
    expect(await gen_server.call("config_manager", [GET_CONFIG, "database.url"])).toBe("postgres://h/db");
    expect(await gen_server.call("config_manager", [GET_CONFIG, config_path_atom("database.url")])).toBe(
      "postgres://h/db",
    );
    expect(await gen_server.call("config_manager", [GET_CONFIG, "database.missing", 10])).toBe(10);
    expect(await gen_server.call(atom.ensure("config_manager"), [GET_CONFIG, ["database", "url"]])).toBe(
      "postgres://h/db",
    );
  });

  test("never creates an atom", async () => {
    await started(spec());
    const before = atom.count();
    for (let i = 0; i < 100; i++) await Config.get(`some.path.that.is.new.${i}`);
    expect(atom.count()).toBe(before);
  });

  test("ignores inherited properties", async () => {
    await started(spec());
    for (const path of [
      "constructor",
      "database.constructor",
      "__proto__",
      "database.__proto__.polluted",
      "toString",
    ]) {
      expect(await Config.get(path)).toBeUndefined();
    }
  });

  test.each(["", "a..b", ".a", "a\\b", 5, null, {}, ["a", ""]])("rejects %j as a path", async (path) => {
    await started(spec());
    await expect(Config.get(path as string)).rejects.toThrow(TypeError);
    expect(() => Config.peek(path as string)).toThrow(TypeError);
    const reply = (await gen_server.call("config_manager", [GET_CONFIG, path as string])) as [Atom, Error];
    expect(reply[0]).toBe(ERROR);
    expect(reply[1]).toBeInstanceOf(TypeError);
  });

  test("exits with noproc if no manager runs", async () => {
    const exit = await Config.get("a").catch((error: unknown) => error as Exit);
    expect((exit as Exit).reason).toEqual([NOPROC, expect.anything()]);
  });
});

describe("put", () => {
  test("replaces the subtree until it is unset", async () => {
    await started(spec());
    expect(await Config.put("database", { url: "other" })).toBe(true);
    expect(await Config.get("database")).toEqual({ url: "other" });
    expect(await Config.put("database.port", 1)).toBe(true);
    expect(await Config.get("database")).toEqual({ url: "other", port: 1 });
    expect(await Config.unset("database")).toBe(true);
    expect(await Config.get("database")).toEqual(tree().database);
    expect(await Config.unset("database")).toBe(true);
  });

  test("is not undone by a later load of a source", async () => {
    const source = new ScriptedSource("base", { a: { b: 1, c: 1 } });
    await started(spec(source));
    await Config.put("a.b", 2);
    source.next = { a: { b: 3, c: 3 } };
    await Config.reload();
    expect(await Config.get("a")).toEqual({ b: 2, c: 3 });
  });

  test("is seen by a get that follows it in the mailbox", async () => {
    await started(spec());
    const put = Config.put("a", 1);
    expect(await Config.get("a")).toBe(1);
    await put;
  });

  test("takes the value as it is at the call, even if the change has to wait for another one", async () => {
    const validating = gate();
    await started(new ConfigSpec({ validators: { slow: () => validating.opened } }));
    const value = { a: 1, list: [1] };
    const puts = [Config.put("slow", 1), Config.put("x", value), Config.merge("y", value)];
    value.a = 2;
    value.list.push(2);
    validating.open();
    await Promise.all(puts);
    expect([await Config.get("x"), await Config.get("y")]).toEqual([
      { a: 1, list: [1] },
      { a: 1, list: [1] },
    ]);
  });

  test("keeps no reference to its argument", async () => {
    await started(spec());
    const value = { list: [1, { x: 1 }] };
    await Config.put("a", value);
    (value.list[1] as { x: number }).x = 2;
    value.list.push(3);
    expect(await Config.get("a")).toEqual({ list: [1, { x: 1 }] });
    expect(Object.isFrozen(value)).toBe(false);
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  let deep: unknown = 1;
  for (let i = 0; i < 10_000; i++) deep = { a: deep };
  test.each<[string, unknown, string]>([
    ["a function", () => 1, '"x" is a function'],
    ["NaN", { a: [NaN] }, '"x.a.0" is NaN'],
    ["Infinity", Infinity, '"x" is Infinity'],
    ["undefined", undefined, "to drop an override use unset"],
    ["a cycle", cyclic, '"x.self" contains itself'],
    ["a Date", { at: new Date() }, '"x.at" is an instance of Date'],
    ["10,000 levels", deep, "nests deeper than 500 levels"],
    ["__proto__", JSON.parse('{"a": {"__proto__": {"polluted": 1}}}'), '"x.a.__proto__"'],
    [
      "an accessor that throws",
      {
        get a() {
          throw new Error("boom");
        },
      },
      '"x.a" is an accessor',
    ],
    [
      "a proxy that throws",
      new Proxy(
        {},
        {
          ownKeys() {
            throw new Error("boom");
          },
        },
      ),
      "cannot be read: reading it throws",
    ],
    ["a lone surrogate", "\ud800", "lone surrogate"],
  ])("refuses %s and changes nothing", async (_, value, message) => {
    await started(spec());
    const before = Config.snapshot();
    const error = await Config.put("x", value).catch((thrown: unknown) => thrown as Error);
    expect((error as Error).message).toContain(message);
    expect(error).toBeInstanceOf(ConfigValidationError);
    expect(Config.snapshot()).toBe(before);
    expect(await Config.get("database.max_connections")).toBe(5);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test.each(["__proto__", "a.__proto__.b", "__proto__.polluted"])("refuses the path %s", async (path) => {
    await started(spec());
    await expect(Config.put(path, 1)).rejects.toThrow(ConfigValidationError);
    await expect(Config.merge("a", JSON.parse('{"__proto__": 1}'))).rejects.toThrow(ConfigValidationError);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  test("refuses the root path", async () => {
    await started(spec());
    await expect(Config.put([], {})).rejects.toThrow("the path must name something below the root");
  });

  test("accepts constructor and the like as keys", async () => {
    await started(spec());
    await Config.put("constructor.prototype", { hasOwnProperty: 1 });
    expect(await Config.get("constructor.prototype.hasOwnProperty")).toBe(1);
    expect(await Config.get("database.constructor")).toBeUndefined();
  });

  test("accepts a string of 10 MB, NUL, and a hundred thousand keys, while the manager goes on serving", async () => {
    await started(spec());
    const big = "x".repeat(10_000_000);
    await Config.put("big", big);
    expect(await Config.get("big")).toBe(big);
    await Config.put("nul", "\u0000");
    expect(await Config.get("nul")).toBe("\u0000");
    const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`key${i}`, i]));
    const put = Config.put("wide", wide);
    expect(await Config.get("database.max_connections")).toBe(5);
    await put;
    expect(await Config.get("wide.key99999")).toBe(99_999);
  });

  test("keeps the value out of the exit if no manager runs", async () => {
    const exit = (await Config.put("a.b", "hunter2").catch((error: unknown) => error)) as Exit;
    expect(exit).toBeInstanceOf(Exit);
    expect(`${exit.message} ${JSON.stringify(exit.reason)}`).not.toContain("hunter2");
    expect(exit.message).toContain('Cannot put "a.b"');
  });
});

describe("merge", () => {
  test("overrides only the given leaves, in one change", async () => {
    const source = new ScriptedSource("base", { a: { b: 1, c: { d: 1, e: 1 } } });
    await started(spec(source));
    const { version } = Config.snapshot();
    await Config.merge("a", { c: { d: 2 }, f: 3 });
    expect(await Config.get("a")).toEqual({ b: 1, c: { d: 2, e: 1 }, f: 3 });
    expect(Config.snapshot().version).toBe(version + 1);
    source.next = { a: { b: 5, c: { d: 5, e: 5 } } };
    await Config.reload();
    expect(await Config.get("a")).toEqual({ b: 5, c: { d: 2, e: 5 }, f: 3 });
    await Config.unset("a");
    expect(await Config.get("a")).toEqual({ b: 5, c: { d: 5, e: 5 } });
  });
});

describe("peek, ref and snapshot", () => {
  test("read the current snapshot without a message", async () => {
    await started(spec());
    const url = Config.ref("database.url");
    const missing = Config.ref("database.missing", "none");
    expect([url.value, missing.value, Config.peek("database.url"), Config.peek("x", 1)]).toEqual([
      "postgres://h/db",
      "none",
      "postgres://h/db",
      1,
    ]);
    const before = Config.snapshot();
    await Config.put("database.url", "new");
    await Config.put("database.missing", "there");
    expect([url.value, missing.value, Config.peek("database.url")]).toEqual(["new", "there", "new"]);
    expect(before.get("database.url")).toBe("postgres://h/db");
    expect(Config.snapshot().version).toBe(before.version + 2);
    expect(Config.snapshot().tree.queuemizer).toBe(before.tree.queuemizer);
  });

  test("make no version of a change without effect", async () => {
    await started(spec());
    const before = Config.snapshot();
    await Config.put("database", tree().database);
    expect(Config.snapshot()).toBe(before);
  });
});

describe("for", () => {
  test("is a client of another manager", async () => {
    const other = new ConfigSpec({ name: "other_manager", sources: [new ScriptedSource("base", { a: "other" })] });
    await started(spec());
    await started(other);
    expect(await Config.for("other_manager").get("a")).toBe("other");
    expect(await Config.for(other).get("a")).toBe("other");
    expect(Config.for(atom.ensure("other_manager")).peek("a")).toBe("other");
    expect(await Config.get("a")).toBeUndefined();
  });
});

describe("the manager", () => {
  test.each([[["no_such_request"]], [[atom.ensure("get")]], ["text"], [undefined], [42], [[]]])(
    "answers %j with an error and lives on",
    async (request) => {
      await started(spec());
      const reply = (await gen_server.call("config_manager", request as never)) as unknown as [Atom, Error];
      expect(reply[0]).toBe(ERROR);
      gen_server.cast("config_manager", request as never);
      expect(await Config.get("database.max_connections")).toBe(5);
    },
  );

  test("answers malformed requests with an error and lives on", async () => {
    await started(spec());
    for (const request of [
      [PUT_CONFIG],
      [SUBSCRIBE],
      [SUBSCRIBE, "a", 5],
      [SUBSCRIBE, "a..b", () => 1],
      [GET_CONFIG],
    ]) {
      const reply = (await gen_server.call("config_manager", request as never)) as unknown as [Atom, Error];
      expect(reply[0]).toBe(ERROR);
    }
    expect(await gen_server.call("config_manager", [STATUS])).toMatchObject({ version: 1 });
  });

  test("refuses an argument that is not a ConfigSpec", async () => {
    await expect(ConfigManager.start({} as never)).rejects.toThrow(TypeError);
    expect(() => new ConfigSpec({ sourcs: [] } as never)).toThrow('unknown option "sourcs"');
    expect(() => new ConfigSpec({ sources: [{}] } as never)).toThrow("has no load function");
    expect(() => new ConfigSpec({ reload_interval: -1 })).toThrow(RangeError);
    const source = new ScriptedSource("twice");
    expect(() => new ConfigSpec({ sources: [source, source] })).toThrow("listed twice");
    expect(() => new ConfigSpec({ sources: [new RuntimeSource(), new RuntimeSource()] })).toThrow(
      "only one RuntimeSource",
    );
  });
});
