/** Memory is constant over any number of changes: current data keeps no earlier data alive. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Config, ConfigSpec, EnvironmentSource } from "../../src/index.ts";
import type { Contribution, Layer } from "../../src/core/layer.ts";
import { type Configuration, emptyConfiguration } from "../../src/core/configuration.ts";
import { check, complete, prepare } from "../../src/core/proposal.ts";
import { Secrets } from "../../src/core/secrets.ts";
import { Validation } from "../../src/core/validate.ts";
import type { Table } from "../../src/core/value.ts";
import { eachAlone, eventually, ScriptedSource, started } from "../manager/kit.ts";

eachAlone();

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const tree = (version: number): Table =>
  Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key_${i}`, { value: version + i }]));

test("10,000 changes of a source keep none of the earlier ones in memory, even if their origins were read", async () => {
  const rules = { validation: new Validation(undefined), secrets: new Secrets(), shape: undefined };
  let now: Configuration = emptyConfiguration(["file", "env"]);
  const earlier: WeakRef<object>[] = [];
  for (let version = 0; version < 10_000; version++) {
    const content = tree(version);
    const file: Layer = {
      source: "file",
      tree: content,
      origin: (path) => ({ source: "file", line: Object.keys(content).indexOf(path[0] ?? "") }),
      diagnostics: [],
    };
    const env: Contribution = (lower) => ({
      source: "env",
      tree: { other: version },
      origin: () => ({ source: "env", variable: String(lower.paths("key_0").length) }),
      diagnostics: [],
    });
    const prepared = prepare(now, { kind: "sources", contributions: [file, env] }, rules);
    now = complete(now, prepared, await check(now, prepared, rules));
    for (const layer of now.layers) layer.origin(["key_1", "value"]);
    if (version % 100 === 0)
      earlier.push(new WeakRef(file), new WeakRef(content), ...now.layers.map((one) => new WeakRef(one)));
  }
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(earlier).toHaveLength(400);
  expect(earlier.filter((ref) => ref.deref() !== undefined)).toHaveLength(0);
  expect(now.layers[0]!.origin(["key_1"]).line).toBe(1);
});

test("earlier loads and puts of a manager are released after the next ones", async () => {
  const source = new ScriptedSource("x", tree(0));
  const sources = [source, new EnvironmentSource({ prefix: "MYAPP_", env: { MYAPP_KEY_1_VALUE: "5" } })];
  await started(new ConfigSpec({ sources, reload_interval: 0 }));
  await Config.subscribe("key_2.value", () => undefined);
  const earlier: WeakRef<object>[] = [];
  for (let version = 1; version <= 200; version++) {
    const content = tree(version);
    source.next = content;
    await Config.reload();
    await Config.put("put", { version });
    await Config.explain("key_0.value");
    earlier.push(new WeakRef(content), new WeakRef(Config.snapshot()), new WeakRef(Config.snapshot().tree));
  }
  source.next = tree(0);
  await Config.reload();
  await Config.put("put", { version: 0 });
  await eventually(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
    // Queues keep some of the last ones until they are filled again; of all before them, nothing is left.
    return earlier.slice(0, -60).every((ref) => ref.deref() === undefined);
  });
});
