import { describe, expect, test } from "vitest";
import { Config, ConfigConflictError, ConfigSpec, ConfigValidationError } from "../../src/index.ts";
import { eachAlone, eventually, ScriptedSource, started } from "./kit.ts";

eachAlone();

const spec = (): ConfigSpec =>
  new ConfigSpec({
    sources: [new ScriptedSource("base", { a: 1, db: { password: "first-one" } })],
    reload_interval: 0,
    log: false,
    validators: { a: (value) => value !== 13 || "must not be 13" },
  });

describe("Config.put", () => {
  test("with if_version is refused if the configuration has another version by its turn", async () => {
    await started(spec());
    const { version } = Config.snapshot();
    const [first, second] = await Promise.allSettled([
      Config.put("a", 2, { if_version: version }),
      Config.put("a", 3, { if_version: version }),
    ]);
    expect(first.status).toBe("fulfilled");
    const { reason } = second as PromiseRejectedResult;
    expect(reason).toBeInstanceOf(ConfigConflictError);
    expect(reason).toMatchObject({
      message: 'Cannot put "a": the configuration is at version 2 now, not at 1',
      expected: 1,
      current: 2,
    });
    expect(await Config.get("a")).toBe(2);
  });

  test("with dry_run reports the changes with secrets redacted, and makes none", async () => {
    await started(spec());
    const told: unknown[] = [];
    await Config.subscribe("**", (path) => void told.push(path));
    const preview = await Config.put("db", { password: "second-one", url: "x" }, { dry_run: true });
    expect(preview).toEqual({
      version: 1,
      changes: [
        { path: "db.password", old_value: "[redacted]", new_value: "[redacted]" },
        { path: "db.url", old_value: undefined, new_value: "x" },
      ],
    });
    await expect(Config.put("a", 13, { dry_run: true })).rejects.toThrow(ConfigValidationError);
    expect([Config.snapshot().version, (await Config.status()).overrides, told]).toEqual([1, [], []]);
    expect(await Config.merge("db", { url: "y" }, { dry_run: true })).toMatchObject({ version: 1 });
    expect(await Config.unset("a", { dry_run: true })).toEqual({ version: 1, changes: [] });
  });

  test("refuses invalid options", async () => {
    await started(spec());
    await expect(Config.put("a", 2, { dryrun: true } as never)).rejects.toThrow(
      'Cannot put: unknown option "dryrun", known are actor, reason, if_version, dry_run',
    );
    await expect(Config.unset("a", { if_version: "1" as never })).rejects.toThrow(
      "if_version must be a number, got string",
    );
  });
});

describe("Config.history", () => {
  test("has the last versions with cause, actor and reason", async () => {
    await started(spec());
    await Config.put("a", 2, { actor: "ada", reason: "load test" });
    await Config.unset("a");
    expect(await Config.history()).toEqual([
      { version: 1, at: expect.any(String) as string, cause: "start" },
      { version: 2, at: expect.any(String) as string, cause: "put", actor: "ada", reason: "load test" },
      { version: 3, at: expect.any(String) as string, cause: "unset" },
    ]);
    for (let i = 0; i < 30; i++) await Config.put("a", i + 10_000);
    const kept = (await Config.history()).map(({ version }) => version);
    expect(kept).toEqual(Array.from({ length: 20 }, (_, i) => 14 + i));
  });

  test("outlives a killed manager", async () => {
    const { sup } = await started(spec());
    await Config.put("a", 2, { actor: "ada" });
    const { erlang, KILL } = await import("@otpts/runtime");
    erlang.exit(erlang.whereis("config_manager")!, KILL);
    await eventually(() => erlang.whereis("config_manager") !== undefined);
    expect((await Config.history()).at(-1)).toMatchObject({ version: 2, actor: "ada" });
    expect(erlang.is_process_alive(sup)).toBe(true);
  });
});

test("Config.diff shows the changes between two versions with secrets redacted", async () => {
  await started(spec());
  await Config.put("a", 2);
  await Config.put("db.password", "second-one");
  expect(await Config.diff(1)).toEqual([
    { path: "a", old_value: 1, new_value: 2 },
    { path: "db.password", old_value: "[redacted]", new_value: "[redacted]" },
  ]);
  expect(await Config.diff(2, 1)).toEqual([{ path: "a", old_value: 2, new_value: 1 }]);
  await expect(Config.diff(99)).rejects.toThrow(
    new RangeError("Cannot compare with version 99: only versions 1 to 3 are kept"),
  );
});

test("Config.rollback restores the overrides of a version as a validated, notified change", async () => {
  await started(spec());
  await Config.put("a", 2);
  await Config.put("b", { c: 1 });
  await Config.put("a", 3);
  const told: unknown[] = [];
  await Config.subscribe(
    "*",
    (path, old_value, new_value, { cause }) => void told.push([path, old_value, new_value, cause]),
  );
  expect(await Config.rollback(2, { dry_run: true })).toMatchObject({
    version: 4,
    changes: [{ path: "a", new_value: 2 }, { path: "b.c" }],
  });
  expect(await Config.rollback(2, { actor: "ada" })).toBe(true);
  expect(await Config.get([])).toMatchObject({ a: 2 });
  expect(await Config.get("b")).toBeUndefined();
  expect(told).toEqual([
    ["a", 3, 2, "rollback"],
    ["b", { c: 1 }, undefined, "rollback"],
  ]);
  expect((await Config.history()).at(-1)).toMatchObject({ version: 5, cause: "rollback", actor: "ada" });
  await expect(Config.rollback(99)).rejects.toThrow(RangeError);
});
