/** Names and values as other tools write them are used, or reported with their place, and never lost silently. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";

import { otherwiseSpelt } from "../../src/core/environment.ts";
import { Config, ConfigSpec, EnvironmentSource, FileSource } from "../../src/index.ts";
import { eachAlone, started } from "../manager/kit.ts";

eachAlone();

const file = (name: string, text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "otpts-names-")), name);
  writeFileSync(path, text);
  return path;
};

test("a variable whose prefix has other capitals is reported with the right spelling", async () => {
  const env = { MyApp_Port: "1", myapp_host: "h", MYAPP_OK: "1", MYAPPLE: "x", OTHER: "x" };
  const source = new EnvironmentSource({ prefix: "MYAPP", env });
  await started(new ConfigSpec({ sources: [source], reload_interval: 0, log: false }));
  expect(Config.snapshot().tree).toEqual(process.platform === "win32" ? { ok: 1, port: 1, host: "h" } : { ok: 1 });
  if (process.platform === "win32") return;
  expect((await Config.status()).diagnostics.map(({ code, message }) => [code, message])).toEqual([
    ["case", '"MyApp_Port" is not used, as capitals count and the prefix is "MYAPP_"; write "MYAPP_Port"'],
    ["case", '"myapp_host" is not used, as capitals count and the prefix is "MYAPP_"; write "MYAPP_host"'],
  ]);
  Object.assign(env, { MYAPP_OK: "2" });
  await Config.reload();
  expect(await Config.get("ok")).toBe(2);
});

test("a prefix with other capitals counts as the prefix, but not inside another word", () => {
  expect(otherwiseSpelt("MyApp_Port", "MYAPP")).toBe("MYAPP_Port");
  expect(otherwiseSpelt("MYAPP_PORT", "MYAPP_")).toBeUndefined();
  expect(otherwiseSpelt("MyAppPort", "MYAPP_")).toBeUndefined();
  expect(otherwiseSpelt("Port", "")).toBeUndefined();
});

test("a name in a .env file has no blanks around it, whatever precedes it", async () => {
  const path = file("a.env", "export A=1\nexport  B = 'x' # c\nexport\tC=3\n  D=4\n");
  await started(new ConfigSpec({ sources: [new FileSource(path, { settle: 0 })], reload_interval: 0 }));
  expect(Object.keys(Config.snapshot().tree).sort()).toEqual(["a", "b", "c", "d"]);
});

test.each([
  ["a lone surrogate", "a.json", '{\n "a": "\\ud800"\n}', 2],
  ["a lone surrogate in YAML", "a.yaml", 'x: 1\na: "\\ud800"\n', 2],
])("an invalid value is refused with its line: %s", async (_, name, text, line) => {
  const path = file(name, text);
  const spec = new ConfigSpec({ sources: [new FileSource(path, { settle: 0 })], reload_interval: 0, log: false });
  await expect(started(spec)).rejects.toThrow(`(from file:${path}:${line})`);
});

test("a refusal for a missing value names the empty variable that counts as not set", async () => {
  const env = { MYAPP_PORT: "" };
  const schema = z.object({ port: z.number(), host: z.string() });
  const sources = [new EnvironmentSource({ prefix: "MYAPP", env })];
  const spec = new ConfigSpec({ sources, schema, reload_interval: 0, log: false });
  await expect(started(spec)).rejects.toThrow(
    '"port" Invalid input: expected number, received undefined; "MYAPP_PORT" is empty and "port" is not a text: it counts as not set; "host" Invalid input: expected string, received undefined',
  );
});
