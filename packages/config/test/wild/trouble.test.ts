/** Never silent: trouble is logged by default, one readable line each, without secrets, and not more than anybody would read. */
import * as node_fs from "node:fs/promises";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { erlang, gen_server, KILL, logger } from "@otpts/runtime";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import {
  Config,
  ConfigSpec,
  type ConfigSpecOptions,
  EnvironmentSource,
  FileSource,
  MERGE_CONFIG,
  PUT_CONFIG,
  RuntimeSource,
} from "../../src/index.ts";
import { eachAlone, eventually, gate, managerOf, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

let lines: string[];
beforeEach(() => {
  lines = [];
  logger.set_handler(({ level, text }) => void lines.push(`${level}: ${text}`));
});

const spec = (options: ConfigSpecOptions): ConfigSpec => new ConfigSpec({ reload_interval: 0, ...options });

async function directory(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "trouble-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

describe("the log has one line for", () => {
  test("a source that fails, and one when it recovers", async () => {
    const source = new ScriptedSource("remote", { a: 1 });
    await started(spec({ sources: [source] }));
    source.next = new Error("connection\n  refused");
    await Config.reload();
    expect(lines).toEqual(["error: config_manager: remote: connection refused"]);
    source.next = { a: 2 };
    await Config.reload();
    expect(lines[1]).toMatch(/^info: config_manager: "remote" works again after \d+ ms$/);
  });

  test.each([
    ["keep", "its last values stay in effect while the program runs"],
    ["clear", "its values are no longer in effect"],
  ] as const)(
    "a file that is deleted, with what becomes of its values (on_missing: %s)",
    async (on_missing, values) => {
      const file = join(await directory(), "app.toml");
      await writeFile(file, "a = 1\n");
      await started(spec({ sources: [new FileSource(file, { on_missing })] }));
      await rm(file);
      await Config.reload();
      await Config.reload();
      expect(lines).toEqual([
        `warning: config_manager: "${(await Config.status()).sources[0]!.name}" is gone: ${values}`,
      ]);
    },
  );

  test("a value that cannot be read as it is", async () => {
    await started(spec({ sources: [new EnvironmentSource("MYAPP_")], env: { MYAPP_A: "x\ufffd" } }));
    await eventually(() => lines.length > 0);
    expect(lines).toEqual(['warning: config_manager: "MYAPP_A" has bytes that are not UTF-8: they are read as U+FFFD']);
  });

  test("no line for a file that is absent at the start", async () => {
    const file = join(await directory(), "app.toml");
    await started(spec({ sources: [new FileSource(file)] }));
    await Config.reload();
    expect(lines).toEqual([]);
  });

  test("a message with escape sequences of terminals, which are written out", async () => {
    const source = new ScriptedSource("remote", { a: 1 });
    await started(spec({ sources: [source] }));
    source.next = new Error("\u001b[2Jrefused\r\u202e\tby \u009bx");
    await Config.reload();
    expect(lines).toEqual(["error: config_manager: remote: \\u001b[2Jrefused\\u000d\\u202e\\u0009by \\u009bx"]);
  });

  test("a refused put, and one for a refused reload", async () => {
    const source = new ScriptedSource("base", { a: 1 });
    await started(spec({ sources: [source], validators: { a: (value) => value !== 5 || "must not be 5" } }));
    await Config.put("a", 5).catch(() => undefined);
    source.next = { a: 5 };
    await Config.reload().catch(() => undefined);
    expect(lines).toEqual([
      expect.stringMatching(/^warning: config_manager: Cannot put "a": .*must not be 5/),
      expect.stringMatching(/^error: config_manager: Cannot load the configuration: .*must not be 5/),
    ]);
  });

  test("a callback that throws, and one for a callback that hangs", async () => {
    await started(spec({ notify_timeout: 10 }));
    const hanging = gate();
    await Config.subscribe("a", () => {
      throw new Error("at once");
    });
    await Config.subscribe("b", () => hanging.opened);
    await Config.put("a", 1);
    await Config.put("b", 1);
    await eventually(() => lines.length === 2);
    hanging.open();
    expect(lines).toEqual([
      'error: config_manager: A callback subscribed to "a" failed on "a": at once',
      expect.stringMatching(
        /^warning: config_manager: A callback subscribed to "b" has been running on "b" for \d+ ms/,
      ),
    ]);
  });

  test("a damaged file of overrides, and one for a file that cannot be written", async () => {
    const file = join(await directory(), "overrides");
    await writeFile(file, "damaged");
    let isFull = false;
    const file_system = {
      ...node_fs,
      open: async (...given: Parameters<typeof node_fs.open>) => {
        if (isFull) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        return node_fs.open(...given);
      },
    };
    await started(spec({ sources: [new RuntimeSource({ file, file_system })] }));
    expect(lines).toEqual([expect.stringMatching(/^error: config_manager: .*damaged.*kept as/)]);
    isFull = true;
    for (let i = 0; i < 3; i++) await Config.put("a", 1).catch(() => undefined);
    expect(lines[1]).toMatch(/^error: config_manager: Cannot save the runtime overrides .*no space is left/);
    expect((await Config.status()).sources[0]).toMatchObject({
      state: "error",
      failures: 3,
      last_error: { code: "disk_full" },
    });
    isFull = false;
    await Config.put("a", 1);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "ok", failures: 0 });
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^info: config_manager: "runtime" works again after \d+ ms$/),
    ]);
  });
});

describe("the log", () => {
  test("reports trouble of a source once, however often it is tried again, and once more when it changes or comes back", async () => {
    const source = new ScriptedSource("remote", { a: 1 });
    await started(spec({ sources: [source] }));
    const failing = async (message: string) => {
      source.next = new Error(message);
      for (let i = 0; i < 4; i++) await Config.reload();
    };
    await failing("connection refused");
    await failing("no such host");
    source.next = { a: 2 };
    await Config.reload();
    await failing("no such host");
    expect(lines).toEqual([
      "error: config_manager: remote: connection refused",
      "error: config_manager: remote: no such host",
      expect.stringMatching(/works again/),
      "error: config_manager: remote: no such host",
    ]);
    expect((await Config.status()).sources[0]!.failures).toBe(4);
  });

  test("holds back lines of one kind that differ only a little", async () => {
    const source = new ScriptedSource("remote", { a: 1 });
    await started(spec({ sources: [source] }));
    for (let i = 0; i < 50; i++) {
      source.next = new Error(`request ${i} was refused`);
      await Config.reload();
    }
    expect(lines).toHaveLength(5);
  });

  test.each([-1, 1])(
    "and durations do not depend on the machine's time, which may be set (%s years)",
    async (years) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      onTestFinished(() => void vi.useRealTimers());
      const source = new ScriptedSource("remote", { a: 1 });
      await started(spec({ sources: [source] }));
      for (let i = 0; i < 3; i++) {
        source.next = new Error(`request ${i} was refused`);
        await Config.reload();
        vi.setSystemTime(Date.now() + years * 365 * 86_400_000);
        const { stale_for } = (await Config.status()).sources[0]!;
        expect(stale_for).toBeGreaterThanOrEqual(0);
        expect(stale_for).toBeLessThan(60_000);
        source.next = { a: i };
        await Config.reload();
      }
      expect(lines).toHaveLength(6);
      for (const line of lines.filter((_, i) => i % 2 === 1))
        expect(line).toMatch(/"remote" works again after \d{1,5} ms$/);
    },
  );

  test("is silenced or redirected in one line", async () => {
    const elsewhere: string[] = [];
    await started(spec({ name: "silent", log: false }));
    await started(spec({ name: "redirected", log: (line, level) => void elsewhere.push(`${level} ${line}`) }));
    for (const name of ["silent", "redirected"])
      await Config.for(name)
        .put("a", () => 1)
        .catch(() => undefined);
    expect(lines).toEqual([]);
    expect(elsewhere).toEqual([expect.stringMatching(/^warning redirected: Cannot put "a": .*is a function/)]);
  });

  test("outlives a failing function that it is redirected to", async () => {
    await started(
      spec({
        log: () => {
          throw new Error("the log is full");
        },
      }),
    );
    const manager = managerOf();
    await Config.put("a", () => 1).catch(() => undefined);
    expect(await Config.put("a", 1)).toBe(true);
    expect(managerOf()).toBe(manager);
    expect(lines).toEqual([
      "error: config_manager: The log function of the specification failed: the log is full",
      expect.stringMatching(/^warning: config_manager: Cannot put "a"/),
    ]);
  });

  test("and telemetry show no secret that a layer hides, that was just replaced, or that was refused", async () => {
    const low = new ScriptedSource("low", { db: { password: "shadowed-one" } });
    const high = new ScriptedSource("high", { db: { password: "current-one" } });
    await started(spec({ sources: [low, high] }));
    high.next = { db: { password: "rotated-one" } };
    await Config.reload();
    for (const secret of ["shadowed-one", "current-one", "rotated-one"]) {
      high.next = new Error(`login with ${secret} failed`);
      await Config.reload();
    }
    const { last_error } = (await Config.status()).sources[1]!;
    expect([...lines, last_error!.message].join("\n")).not.toMatch(/shadowed-one|current-one|rotated-one/);
    expect(lines[0]).toBe("error: config_manager: high: login with [redacted] failed");
  });
});

describe("the status", () => {
  test("shows when a source was last checked, whatever the outcome", async () => {
    const source = new ScriptedSource("remote", { a: 1 });
    await started(spec({ sources: [source] }));
    const before = (await Config.status()).sources[0]!;
    expect(before.last_checked).toBe(before.last_success);
    source.next = new Error("refused");
    await eventually(async () => {
      await Config.reload();
      const { last_checked, last_success } = (await Config.status()).sources[0]!;
      return last_checked! > last_success!;
    });
  });

  test("is in error for a source that refuses writes", async () => {
    const source = new ScriptedSource("store", { a: 1 }).writable();
    await started(spec({ sources: [source] }));
    const write = source.write!;
    source.write = () => Promise.reject(new Error("read-only"));
    await Config.put("a", 2).catch(() => undefined);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "error", last_error: { message: "read-only" } });
    source.write = write;
    await Config.put("a", 2);
    expect((await Config.status()).sources[0]).toMatchObject({ state: "ok" });
  });

  test("lists subscriptions that reach no process", async () => {
    await started(spec({}));
    await Config.subscribe("a.*", "nobody");
    await Config.subscribe("b", () => undefined);
    await eventually(async () => (await Config.status()).subscribers.unserved.length === 1);
    expect((await Config.status()).subscribers.unserved).toEqual([{ pattern: "a.*", subscriber: "nobody" }]);
    const somebody = erlang.spawn(async () => void (await erlang.receive()));
    erlang.register("nobody", somebody);
    expect((await Config.status()).subscribers.unserved).toEqual([]);
    erlang.exit(somebody, KILL);
  });

  test("has the current error of a source, not that of its previous content", async () => {
    const source = new ScriptedSource("base", { a: 1 });
    await started(spec({ sources: [source] }));
    source.next = { z: { "": 1, __proto__: undefined }, bad: () => 1 };
    await Config.reload().catch(() => undefined);
    source.next = new Error("second");
    await Config.reload().catch(() => undefined);
    const report = await Config.reload();
    expect(report.sources[0]).toMatchObject({ outcome: "error", message: "second" });
    expect((await Config.status()).sources[0]!.last_error!.message).toBe("second");
  });
});

describe("a start with an invalid configuration", () => {
  test("names the source that was absent", async () => {
    const { ConfigManager } = await import("../../src/index.ts");
    const source = new ScriptedSource("file:missing.toml", "absent");
    const failing = spec({ sources: [source], validators: { "**": () => true }, schema: needs("db") });
    await expect(ConfigManager.start(failing)).rejects.toThrow(/\(file:missing\.toml is absent\)$/);
  });
});

function needs(key: string): NonNullable<ConfigSpecOptions["schema"]> {
  return {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        Object.hasOwn(value as object, key) ? { value } : { issues: [{ message: "is missing", path: [key] }] },
    },
  };
}

test("reload_interval is in seconds, and a value obviously meant in milliseconds is refused", () => {
  for (const good of [0, 0.05, 30, 3_600, 86_400, Infinity])
    expect(spec({ reload_interval: good }).reload_interval).toBe(good);
  for (const bad of [5_000, 30_000, 60_000, 100_000]) {
    expect(() => spec({ reload_interval: bad })).toThrow(`is in seconds and at most 86400 (or Infinity), got ${bad}`);
  }
});

test("a failing direct call shows no value in its message or its reason", async () => {
  for (const tag of [PUT_CONFIG, MERGE_CONFIG]) {
    const error: unknown = await gen_server
      .call("config_manager", [tag, "db.password", "hunter22"] as never)
      .catch((thrown: unknown) => thrown);
    expect(String(error)).toContain("noproc");
    expect(inspect(error, { depth: 10 })).not.toContain("hunter22");
  }
});

test("a printed specification, source, status or error shows no secret and no private field", async () => {
  const file = join(await directory(), "overrides");
  const env = { P_DB_PASSWORD: "from-the-environment" };
  const sources = [new EnvironmentSource({ prefix: "P_", env }), new RuntimeSource({ file })];
  const one = spec({ sources, env, log: false });
  await started(one);
  const refused = await Config.put("db.password", { not: "hunter22", itself: () => 1 }).catch(
    (thrown: unknown) => thrown,
  );
  const shown = [one, ...sources, Config, Config.snapshot(), Config.ref("db"), await Config.status(), refused];
  const text = shown.map((each) => inspect(each, { depth: 20, showHidden: true })).join("\n");
  expect(text).not.toMatch(/from-the-environment|hunter22/);
});
