import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { erlang, gen_server, KILL, OtpError, type Pid, supervisor, telemetry, atoms } from "@otpts/runtime";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  Config,
  ConfigManager,
  ConfigSourceError,
  ConfigSpec,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
  RELOAD,
  SOURCE_UPDATE,
  TemplateSource,
} from "../../src/index.ts";
import { MemorySource } from "../../src/testing.ts";
import { eachAlone, eventually, gate, inProcess, managerOf, ScriptedSource, sourceWorkerOf, started } from "./kit.ts";

const { DOWN, ERROR, SHUTDOWN } = atoms;

eachAlone();

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "config-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

const failure = (name: string, code = "unreachable"): ConfigSourceError =>
  new ConfigSourceError(`Cannot reach "${name}"`, { source: name, code });

describe("sources", () => {
  test("override each other in the order of the list, with puts above all", async () => {
    const dir = await directory();
    await writeFile(join(dir, "config.toml"), '[database]\nurl = "file"\nmax_connections = 5\nhost = "file"\n');
    await writeFile(join(dir, "t.toml"), '[database]\nhost = "${HOST:template}"\n');
    const env = { MYAPP_DATABASE_MAX_CONNECTIONS: "7" };
    await started(
      new ConfigSpec({
        sources: [
          new FileSource(join(dir, "config.toml")),
          new TemplateSource(join(dir, "t.toml")),
          new EnvironmentSource({ prefix: "MYAPP_" }),
        ],
        env,
      }),
    );
    expect(await Config.get("database")).toEqual({ url: "file", max_connections: 7, host: "template" });
    await Config.put("database.url", "put");
    expect(await Config.get("database.url")).toBe("put");
    const explanation = await Config.explain("database.max_connections");
    expect(explanation.winner).toMatchObject({ value: 7, place: "env:MYAPP_DATABASE_MAX_CONNECTIONS" });
    expect(explanation.shadowed).toMatchObject([{ value: 5, origin: { line: 3 } }]);
  });

  test("with equal names are distinguished by number", async () => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { a: 1 }), new ScriptedSource("x", { a: 2 })] }));
    expect((await Config.status()).sources.map(({ name }) => name)).toEqual(["x", "x#2"]);
    expect((await Config.explain("a")).winner?.source).toBe("x#2");
  });

  test("fail the start if they are required and broken, and leave nothing running", async () => {
    const dir = await directory();
    const path = join(dir, "config.toml");
    await writeFile(path, "a = 1\nb = = 2\n");
    const spec = new ConfigSpec({ sources: [new FileSource(path)] });
    const direct = await ConfigManager.start(spec).catch((error: unknown) => error);
    expect(direct).toBeInstanceOf(ConfigSourceError);
    expect(direct).toMatchObject({ file: path, line: 2 });
    const supervised = await started(spec).catch((error: unknown) => error);
    expect(supervised).toBeInstanceOf(OtpError);
    expect((supervised as Error).message).toContain(path);
    await writeFile(path, "a = 1\n");
    await started(spec);
    expect(await Config.get("a")).toBe(1);
  });

  test("are empty if they are missing at the start", async () => {
    const dir = await directory();
    await started(new ConfigSpec({ sources: [new FileSource(join(dir, "none.toml"))] }));
    expect(await Config.get([])).toEqual({});
    expect((await Config.status()).sources[0]).toMatchObject({ state: "absent" });
  });

  test("are empty if they are optional and broken at the start, and recover", async () => {
    const events: string[] = [];
    telemetry.attach("test", "config.source_*", (event) => void events.push(event));
    onTestFinished(() => void telemetry.detach("test"));
    const source = new ScriptedSource("remote", failure("remote"));
    source.required = false;
    await started(new ConfigSpec({ sources: [source] }));
    expect((await Config.status()).sources[0]).toMatchObject({
      state: "error",
      failures: 1,
      last_error: { code: "unreachable", message: 'Cannot reach "remote"' },
    });
    source.change({ a: 1 });
    await eventually(() => Config.peek("a") === 1);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0 });
    expect(events).toEqual(["config.source_error", "config.source_recovered"]);
  });

  test("fail the start if they are required and answer too late", async () => {
    const never = gate<object>();
    const source = new ScriptedSource("slow", () => never.opened);
    const start = ConfigManager.start(new ConfigSpec({ sources: [source], load_timeout: 20 }));
    await expect(start).rejects.toThrow('Cannot load "slow": no answer within 20 ms');
    never.open({});
  });

  test("keep their last values after an error", async () => {
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source] }));
    source.next = failure("x");
    const report = await Config.reload();
    expect(report.sources).toEqual([{ source: "x", outcome: "error", message: 'Cannot reach "x"' }]);
    expect(await Config.get("a")).toBe(1);
    expect((await Config.status()).sources[0]).toMatchObject({
      state: "error",
      failures: 1,
      stale_for: expect.any(Number) as number,
    });
  });

  test.each([
    ["keep", 1],
    ["clear", undefined],
  ] as const)("that are gone %s their values", async (on_missing, value) => {
    const source = new ScriptedSource("x", { a: 1 });
    source.on_missing = on_missing;
    await started(new ConfigSpec({ sources: [source] }));
    source.next = "absent";
    expect((await Config.reload()).sources[0]!.outcome).toBe("absent");
    expect(await Config.get("a")).toBe(value);
    source.next = { a: 2 };
    await Config.reload();
    expect(await Config.get("a")).toBe(2);
  });

  test("are reloaded when they report a change", async () => {
    const [one, other] = [new ScriptedSource("one", { a: 1 }), new ScriptedSource("other", { b: 1 })];
    await started(new ConfigSpec({ sources: [one, other] }));
    const loads = other.loads;
    one.change({ a: 2 });
    await eventually(() => Config.peek("a") === 2);
    expect(other.loads).toBe(loads);
  });

  test("may be slow without delaying any get", async () => {
    const slow = gate<object>();
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source, new ScriptedSource("y", { b: 1 })] }));
    source.next = () => slow.opened;
    const reload = Config.reload();
    expect(await Config.get("a")).toBe(1);
    expect(await Config.put("c", 1)).toBe(true);
    slow.open({ a: 2 });
    await reload;
    expect(await Config.get([])).toEqual({ a: 2, b: 1, c: 1 });
  });

  test("are taken when they answer, even if late", async () => {
    const slow = gate<object>();
    const [x, y] = [new ScriptedSource("x", { a: 1 }), new ScriptedSource("y", { b: 1 })];
    await started(new ConfigSpec({ sources: [x, y], load_timeout: 20 }));
    x.next = () => slow.opened;
    y.next = { b: 2 };
    expect((await Config.reload()).sources).toEqual([
      { source: "x", outcome: "late" },
      { source: "y", outcome: "data" },
    ]);
    expect(await Config.get("b")).toBe(2);
    slow.open({ a: 2 });
    await eventually(() => Config.peek("a") === 2);
  });

  test("cannot pollute a prototype, and report the attempt", async () => {
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source, new ScriptedSource("y", { b: 1 })] }));
    source.next = JSON.parse('{"c": {"__proto__": {"polluted": 1}}}') as object;
    await Config.reload().catch(() => undefined);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(await Config.get("a")).toBe(1);
    expect((await Config.status()).sources[0]!.last_error).toMatchObject({
      code: "not_plain",
      message: expect.stringContaining('"c.__proto__"') as string,
    });
  });
});

describe("reload", () => {
  test("takes all sources together and returns a report", async () => {
    const [x, y] = [new ScriptedSource("x", { a: 1 }), new ScriptedSource("y", { b: 1 })];
    await started(new ConfigSpec({ sources: [x, y] }));
    const versions: unknown[] = [];
    await Config.subscribe("*", (path, _old, _new, { version }) => void versions.push([path, version]));
    x.next = { a: 2 };
    y.next = { b: 2, c: { d: 1 } };
    expect(await gen_server.call("config_manager", [RELOAD])).toEqual({
      version: 2,
      changed: ["a", "b", "c.d"],
      sources: [
        { source: "x", outcome: "data" },
        { source: "y", outcome: "data" },
      ],
    });
    expect(versions).toEqual([
      ["a", 2],
      ["b", 2],
      ["c", 2],
    ]);
    expect(await Config.reload()).toMatchObject({
      version: 2,
      changed: [],
      sources: [{ outcome: "unchanged" }, { outcome: "unchanged" }],
    });
  });

  test("works as a cast, as a tuple and as the bare atom", async () => {
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source] }));
    source.next = { a: 2 };
    gen_server.cast("config_manager", [RELOAD]);
    await eventually(() => Config.peek("a") === 2);
    source.next = { a: 3 };
    gen_server.cast("config_manager", RELOAD as never);
    await eventually(() => Config.peek("a") === 3);
  });

  test("runs one at a time, and once more for all requests meanwhile", async () => {
    const first = gate<object>();
    const source = new ScriptedSource("x", { a: 0 });
    await started(new ConfigSpec({ sources: [source] }));
    await eventually(() => source.loads > 0);
    source.next = () => first.opened;
    const before = source.loads;
    const running = Config.reload();
    await eventually(() => source.loads === before + 1);
    source.next = { a: 2 };
    const waiting = [Config.reload(), Config.reload(), Config.reload()];
    first.open({ a: 1 });
    expect((await running).changed).toEqual(["a"]);
    const reports = await Promise.all(waiting);
    expect(reports.every((report) => report.version === 3)).toBe(true);
    expect(source.loads).toBe(before + 2);
  });

  test("repeats after each interval", async () => {
    const source = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0.01 }));
    source.next = { a: 2 };
    await eventually(() => Config.peek("a") === 2);
    source.next = { a: 3 };
    await eventually(() => Config.peek("a") === 3);
  });

  test("accepts a layer from a program until its source has new data", async () => {
    const source = new ScriptedSource("x", { a: 1, b: 1 });
    await started(new ConfigSpec({ sources: [source] }));
    gen_server.cast("config_manager", [SOURCE_UPDATE, "x", { a: 2 }]);
    await eventually(() => Config.peek("a") === 2);
    expect(await Config.get("b")).toBeUndefined();
    await Config.reload();
    expect(await Config.get("a")).toBe(2);
    source.next = { a: 3 };
    await Config.reload();
    expect(await Config.get("a")).toBe(3);
    gen_server.cast("config_manager", [SOURCE_UPDATE, "nobody", { a: 9 }]);
    gen_server.cast("config_manager", [SOURCE_UPDATE, "x", JSON.parse('{"__proto__": 1}') as never]);
    gen_server.cast("config_manager", [SOURCE_UPDATE, "x", "text" as never]);
    gen_server.cast("config_manager", [SOURCE_UPDATE] as never);
    expect(await Config.get("a")).toBe(3);
  });

  test("does not block the event loop for long with a hundred thousand leaves", async () => {
    const big = (offset: number): object => {
      const tree: Record<string, Record<string, number>> = {};
      for (let i = 0; i < 1000; i++) {
        const section: Record<string, number> = (tree[`section${i}`] = {});
        for (let k = 0; k < 100; k++) section[`key${k}`] = i + k + offset;
      }
      return tree;
    };
    const source = new ScriptedSource("x", big(0));
    await started(new ConfigSpec({ sources: [source] }));
    source.next = big(1);
    let turns = 0;
    let waiting = true;
    const count = (): void => {
      turns++;
      if (waiting) setImmediate(count);
    };
    setImmediate(count);
    expect((await Config.reload()).changed).toHaveLength(100_000);
    waiting = false;
    // The slices are of 5 ms; a reload in one go would leave the loop no turn but the first.
    expect(turns).toBeGreaterThan(2);
  });
});

describe("a reload that is not valid", () => {
  const limits = { a: (value: unknown) => (value as number) < 10 || "must be below 10" };

  test("is refused as a whole, and the status names the source to blame", async () => {
    const failed: unknown[] = [];
    telemetry.attach(
      "test",
      "config.validation_failed",
      (_event, _measurements, metadata) => void failed.push(metadata),
    );
    onTestFinished(() => void telemetry.detach("test"));
    const [x, y] = [new ScriptedSource("x", { a: 1 }), new ScriptedSource("y", { b: 1 })];
    await started(new ConfigSpec({ sources: [x, y], validators: limits }));
    x.next = { a: 11 };
    y.next = { b: 2 };
    const error = await Config.reload().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConfigValidationError);
    expect((error as ConfigValidationError).problems).toEqual([
      { path: "a", message: "must be below 10", origin: "x", source: "x" },
    ]);
    expect(await Config.get([])).toEqual({ a: 1, b: 1 });
    const status = await Config.status();
    expect(status.refused).toMatchObject({ sources: ["x"], problems: [{ path: "a" }] });
    expect(failed).toHaveLength(1);
    x.next = { a: 2 };
    await Config.reload();
    expect(await Config.get([])).toEqual({ a: 2, b: 2 });
    expect((await Config.status()).refused).toBeUndefined();
  });

  test("does not hold back a later change of another source, nor a put", async () => {
    const [x, y] = [new ScriptedSource("x", { a: 1 }), new ScriptedSource("y", { b: 1 })];
    await started(new ConfigSpec({ sources: [x, y], validators: limits }));
    x.change({ a: 11 });
    await eventually(async () => (await Config.status()).refused !== undefined);
    await Config.put("c", 1);
    y.change({ b: 2 });
    await eventually(() => Config.peek("b") === 2);
    expect(await Config.get("a")).toBe(1);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "refused" });
  });

  test("fails the start", async () => {
    const spec = new ConfigSpec({ sources: [new ScriptedSource("x", { a: 11 })], validators: limits });
    await expect(ConfigManager.start(spec)).rejects.toThrow(ConfigValidationError);
  });

  test("starts without an optional source whose content is not valid, until that is corrected", async () => {
    const file = new ScriptedSource("file", { port: 1 });
    const consul = Object.assign(new ScriptedSource("consul", { port: -1, other: 1 }), { required: false });
    const good = Object.assign(new ScriptedSource("good", { more: 1 }), { required: false });
    const positive = (value: unknown): void => {
      if ((value as number) < 0) throw new Error("must be positive");
    };
    await started(new ConfigSpec({ sources: [file, consul, good], validators: { port: positive } }));
    expect(Config.snapshot().tree).toEqual({ port: 1, more: 1 });
    const status = await Config.status();
    expect(status.sources.map(({ state }) => state)).toEqual(["ok", "refused", "ok"]);
    expect(status.refused).toMatchObject({ sources: ["consul"], problems: [{ path: "port", origin: "consul" }] });
    good.next = { more: 2 };
    await Config.reload();
    expect(Config.snapshot().tree).toEqual({ port: 1, more: 2 });
    consul.next = { port: 2 };
    await Config.reload();
    expect(Config.snapshot().tree).toEqual({ port: 2, more: 2 });
    expect((await Config.status()).refused).toBeUndefined();
  });

  test("fails the start with the error of the source that cannot make its layer, whatever else runs", async () => {
    const starts = Array.from({ length: 20 }, (_, i) => {
      const sources = [new MemorySource({ hosts: ["a"] }), new EnvironmentSource("A")];
      return ConfigManager.start(new ConfigSpec({ name: `busy_${i}`, sources, env: { A_HOSTS_0: "b" } }));
    });
    const outcomes = await Promise.allSettled(starts);
    const reasons = outcomes.map((outcome) => outcome.status === "rejected" && (outcome.reason as Error).constructor);
    expect(new Set(reasons)).toEqual(new Set([ConfigSourceError]));
  });

  test("starts without an optional source that is blamed by no problem, and omits no other", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) =>
      Object.assign(new ScriptedSource(name, { [name]: 1 }), { required: false }),
    );
    const most = (value: unknown): void => {
      if (Object.keys(value as object).includes("b")) throw new Error("no b");
    };
    a!.next = b!.next = c!.next = {};
    b!.next = { all: { b: 1 } };
    a!.next = { all: { a: 1 } };
    c!.next = { all: { c: 1 } };
    await started(new ConfigSpec({ sources: [a!, b!, c!], validators: { all: most } }));
    expect(Config.snapshot().tree).toEqual({ all: { a: 1, c: 1 } });
  });

  test("replies to a raw call with the error", async () => {
    const x = new ScriptedSource("x", { a: 1 });
    await started(new ConfigSpec({ sources: [x], validators: limits }));
    x.next = { a: 11 };
    const reply = await gen_server.call("config_manager", [RELOAD]);
    expect(reply).toEqual([ERROR, expect.any(ConfigValidationError)]);
  });
});

describe("writing through", () => {
  test("puts into the source, and the get that follows sees it", async () => {
    const source = new ScriptedSource("kv", { a: { b: 1 } }).writable();
    await started(new ConfigSpec({ sources: [new ScriptedSource("base", { a: { c: 1 } }), source] }));
    expect(await Config.put("a.b", 2)).toBe(true);
    expect(source.writes).toEqual([[["a", "b"], 2]]);
    expect(await Config.get("a")).toEqual({ b: 2, c: 1 });
    expect((await Config.status()).overrides).toEqual([]);
    await Config.merge("a", { d: 1, e: { f: 2 } });
    expect(await Config.get("a")).toEqual({ b: 2, c: 1, d: 1, e: { f: 2 } });
    await Config.unset("a.b");
    expect(await Config.get("a.b")).toBeUndefined();
  });

  test("refuses the put if the source does", async () => {
    const source = new ScriptedSource("kv", { a: 1 });
    source.write = () =>
      Promise.reject(new ConfigSourceError("Cannot write: denied", { source: "kv", code: "denied" }));
    await started(new ConfigSpec({ sources: [source] }));
    await expect(Config.put("a", 2)).rejects.toThrow("denied");
    expect(await Config.get("a")).toBe(1);
  });
});

test("a stop closes every watch and leaves no process", async () => {
  const sources = [new ScriptedSource("x", {}), new ScriptedSource("y", {})];
  const { sup } = await started(new ConfigSpec({ sources }));
  await supervisor.stop(sup);
  expect(sources.map(({ closed }) => closed)).toEqual([1, 1]);
});

describe("a source that breaks the contract", () => {
  const nonsense: [string, unknown][] = [
    ["nothing", undefined],
    ["a number", 5],
    ["an unknown outcome", { outcome: "banana" }],
    ["no contribution", { outcome: "data" }],
    ["a contribution without a tree", { outcome: "data", contribution: { source: "x" } }],
    ["a contribution without an origin", { outcome: "data", contribution: { source: "x", tree: {}, diagnostics: [] } }],
    ["a contribution that makes nothing", { outcome: "data", contribution: () => undefined }],
    [
      "a contribution that throws",
      {
        outcome: "data",
        contribution: () => {
          throw new Error("oh");
        },
      },
    ],
  ];

  test.each(nonsense)("and answers %s keeps its last layer, is named, and delays no other", async (_, answer) => {
    const bad = new ScriptedSource("bad", { a: 1 });
    const good = new ScriptedSource("good", { b: 1 });
    await started(new ConfigSpec({ sources: [bad, good], reload_interval: 0 }));
    bad.load = async () => answer as never;
    good.next = { b: 2 };
    const { sources } = await Config.reload();
    expect(sources).toEqual([
      { source: "bad", outcome: "error", message: expect.stringContaining('Cannot load "bad": ') as string },
      { source: "good", outcome: "data" },
    ]);
    expect([await Config.get("a"), await Config.get("b")]).toEqual([1, 2]);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "error", failures: 1 });
  });

  test("and cannot name the origin of a value is itself named", async () => {
    const bad = new ScriptedSource("bad", {});
    bad.load = async () => ({
      outcome: "data",
      contribution: {
        source: "bad",
        tree: { a: 1 },
        origin: () => {
          throw new Error("oh");
        },
        diagnostics: [],
      },
    });
    await started(new ConfigSpec({ sources: [bad] }));
    expect((await Config.explain("a")).winner).toMatchObject({ source: "bad", value: 1 });
  });

  test("and hangs is in state error until it answers", async () => {
    const source = new ScriptedSource("slow", { a: 1 });
    await started(new ConfigSpec({ sources: [source], reload_interval: 0, load_timeout: 20 }));
    const answer = gate<object>();
    source.next = () => answer.opened;
    expect((await Config.reload()).sources).toEqual([{ source: "slow", outcome: "late" }]);
    const [late] = (await Config.status()).sources;
    expect(late).toMatchObject({ state: "error", failures: 1, last_error: { code: "timeout" } });
    expect(late!.stale_for).toBeGreaterThanOrEqual(0);
    answer.open({ a: 2 });
    await eventually(async () => (await Config.get("a")) === 2);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0 });
  });
});

describe("a load that hangs", () => {
  function hanging(heeds: boolean): { source: ScriptedSource; signals: AbortSignal[]; mend: () => void } {
    const source = new ScriptedSource("x", { a: 1 });
    const signals: AbortSignal[] = [];
    let hang = true;
    const load = source.load.bind(source);
    source.load = async (context) => {
      if (context.first && signals.length === 0 && source.loads === 0) return load(context);
      if (!hang) return load(context);
      signals.push(context.signal);
      return new Promise((_, reject) => {
        if (heeds) context.signal.addEventListener("abort", () => reject(new Error("This operation was aborted")));
      });
    };
    return { source, signals, mend: () => void (hang = false) };
  }

  test.each([true, false])(
    "is aborted at load_timeout, and a later reload succeeds (it obeys the signal: %s)",
    async (heeds) => {
      const { source, signals, mend } = hanging(heeds);
      const codes: unknown[] = [];
      telemetry.attach("hangs", "config.source_error", (_event, _measurements, { code }) => void codes.push(code));
      onTestFinished(() => void telemetry.detach("hangs"));
      await started(new ConfigSpec({ sources: [source], reload_interval: 0, load_timeout: 20 }));
      expect((await Config.reload()).sources).toEqual([{ source: "x", outcome: "late" }]);
      await eventually(() => signals[0]!.aborted);
      expect((await Config.status()).sources[0]).toMatchObject({ state: "error", last_error: { code: "timeout" } });
      mend();
      source.next = { a: 2 };
      await eventually(async () => (await Config.reload()).sources[0]!.outcome === "data" || Config.peek("a") === 2);
      expect(await Config.get("a")).toBe(2);
      expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0, alive: true });
      expect(codes.filter((code) => code !== "timeout" && code !== "process_ended")).toEqual([]);
    },
  );

  test("does not make a stop wait until the supervisor kills the source's process", async () => {
    const { source } = hanging(false);
    const { sup } = await started(new ConfigSpec({ sources: [source], reload_interval: 0, load_timeout: 20 }));
    await Config.reload();
    const worker = await sourceWorkerOf(sup);
    const ended = await inProcess(async () => {
      erlang.monitor(atoms.PROCESS, worker);
      await supervisor.stop(sup);
      return (await erlang.receive()) as readonly unknown[];
    });
    expect(ended[0]).toBe(DOWN);
    expect(ended[4]).toBe(SHUTDOWN);
  });

  test("refuses the put that is written through", async () => {
    const { source } = hanging(false);
    await started(new ConfigSpec({ sources: [source.writable()], reload_interval: 0, load_timeout: 20 }));
    await expect(Config.put("a", 2)).rejects.toThrow('Cannot write to "x": its process ended meanwhile');
    expect(await Config.get("a")).toBe(1);
  });
});

test("a source that is loading when its tree is killed is reported neither as failed nor as recovered", async () => {
  const source = new ScriptedSource("x", { a: 1 });
  const events: string[] = [];
  telemetry.attach("killed", "config.source_*", (event) => void events.push(event));
  onTestFinished(() => void telemetry.detach("killed"));
  const { sup } = await started(new ConfigSpec({ sources: [source], reload_interval: 0 }));
  const load = source.load.bind(source);
  let loading = false;
  source.load = (context) =>
    loading
      ? load(context)
      : new Promise((_, reject) => {
          loading = true;
          context.signal.addEventListener("abort", () => {
            void eventually(() => ![undefined, manager].includes(erlang.whereis("config_manager"))).then(() =>
              reject(new Error("This operation was aborted")),
            );
          });
        });
  const manager = managerOf();
  void Config.reload().catch(() => undefined);
  await eventually(() => loading);
  const [child] = await supervisor.which_children(sup);
  erlang.exit(child![1] as Pid, KILL);
  await eventually(() => erlang.whereis("config_manager") !== undefined && source.loads >= 2);
  await Config.reload();
  expect(events).toEqual([]);
});

test("a malformed SOURCE_UPDATE is reported as an error of its source, and the manager lives on", async () => {
  await started(new ConfigSpec({ sources: [new ScriptedSource("x", { a: 1 })] }));
  const manager = managerOf();
  const codes: unknown[] = [];
  telemetry.attach("nonsense", "config.source_error", (_event, _measurements, { code }) => void codes.push(code));
  onTestFinished(() => void telemetry.detach("nonsense"));
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const throwing = new Proxy({}, { ownKeys: () => expect.unreachable() });
  for (const name of [10n, cyclic, Object.create(null), Symbol("x"), undefined]) {
    gen_server.cast("config_manager", [SOURCE_UPDATE, name, {}] as never);
  }
  for (const tree of [cyclic, throwing, 5, undefined])
    gen_server.cast("config_manager", [SOURCE_UPDATE, "x", tree] as never);
  expect(await Config.get("a")).toBe(1);
  await eventually(() => codes.length === 9);
  expect(codes).toEqual([
    ...Array.from({ length: 5 }, () => "unknown_source"),
    ...Array.from({ length: 4 }, () => "not_plain"),
  ]);
  expect(managerOf()).toBe(manager);
});

test("a variable whose value cannot be read is named", async () => {
  const source = new EnvironmentSource({ prefix: "P_", env: { P_J: '{"__proto__": {"a": 1}}' } });
  await expect(ConfigManager.start(new ConfigSpec({ sources: [source] }))).rejects.toThrow(/"j\.__proto__" .*env:P_J/);
});
