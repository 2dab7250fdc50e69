/** Templates by people who know the shell, and bare values by the one rule for texts. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import * as z from "zod";

import { knownPaths } from "../../src/core/known_paths.ts";
import { shapeOf } from "../../src/core/schema_shape.ts";
import { TemplateSource } from "../../src/sources/template.ts";
import { context, layer_of } from "../sources/loading.ts";

async function layer(text: string, env: Record<string, string>, lower = knownPaths([])) {
  const path = join(mkdtempSync(join(tmpdir(), "otpts-template-")), "app.toml.template");
  writeFileSync(path, text);
  const loaded = await new TemplateSource(path, { settle: 0 } as never).load(context({ env }));
  return { path, ...layer_of(loaded, lower) };
}

test.each(["-", "=", "?", "+"])("the shell's ${PORT:%s…} is reported with its place and no value", async (sign) => {
  const text = `a = 1\nurl = "http://h:\${PORT:${sign}hunter2}"\nb = "\${B:plain-x}"\n`;
  const { diagnostics, path, tree } = await layer(text, {});
  expect(tree).toStrictEqual({ a: 1, url: `http://h:${sign}hunter2`, b: "plain-x" });
  expect(diagnostics).toStrictEqual([
    {
      source: expect.stringContaining("template:"),
      code: "shell_default",
      message: `"\${PORT:${sign}…}" is read as a default that begins with "${sign}", and not as in a shell; write "\${PORT:…}" for a default (${path}, line 2, column 17)`,
    },
  ]);
});

test("a bare value is read as the schema, or the value below, expects it", async () => {
  const schema = z.object({
    zip: z.string(),
    id: z.bigint(),
    hosts: z.array(z.string()),
    flag: z.boolean(),
    mode: z.literal("1"),
  });
  const text = "zip = ${ZIP}\nid = ${ID}\nhosts = ${HOSTS}\nflag = ${FLAG}\nmode = ${MODE}\n";
  const env = { ZIP: "12345678", ID: "5", HOSTS: "7", FLAG: "1", MODE: "1" };
  expect((await layer(text, env)).tree).toStrictEqual({ zip: 12345678, id: 5, hosts: 7, flag: 1, mode: 1 });
  const typed = await layer(text, env, knownPaths([], shapeOf(schema)));
  expect(typed.tree).toStrictEqual({ zip: "12345678", id: 5n, hosts: ["7"], flag: true, mode: "1" });
  const below = await layer("zip = ${ZIP}\n", env, knownPaths([{ zip: "01234" }]));
  expect(below.tree).toStrictEqual({ zip: "12345678" });
  expect(below.origin(["zip"])).toMatchObject({ line: 1, placeholders: [{ name: "ZIP", from: "environment" }] });
});

test("a TOML value that fits is taken unchanged", async () => {
  const schema = z.object({ a: z.string(), b: z.array(z.number()) });
  const { tree } = await layer("a = ${A}\nb = ${B}\n", { A: '"x"', B: "[1, 2]" }, knownPaths([], shapeOf(schema)));
  expect(tree).toStrictEqual({ a: "x", b: [1, 2] });
});

test("lists from a placeholder lose no digits, and a number out of range is refused", async () => {
  const { tree } = await layer('ids = ["${IDS}"]\nmore = [${IDS}]\n', { IDS: "[12345678901234567890, 1]" });
  expect(tree).toStrictEqual({ ids: ["12345678901234567890", "1"], more: [12345678901234567890n, 1] });
  await expect(layer("a = 1\nb = ${N}\n", { N: "1e999" })).rejects.toThrow(/must be one TOML value/u);
});

describe("a bare text that is no TOML value", () => {
  const schema = z.object({ a: z.union([z.string(), z.number()]), b: z.string(), c: z.array(z.string()), d: z.int() });
  const text = "a = ${A}\nb = ${B}\nc = ${C}\nd = ${D}\n";

  test("is read as the schema's type", async () => {
    const env = { A: "hello world", B: "007", C: "01,02", D: "007\n" };
    const { tree } = await layer(text, env, knownPaths([], shapeOf(schema)));
    expect(tree).toStrictEqual({ a: "hello world", b: "007", c: ["01", "02"], d: 7 });
  });

  test("is read as the type of the value below", async () => {
    const below = knownPaths([{ a: "x", c: ["y"] }]);
    expect((await layer("a = ${A}\nc = ${C}\n", { A: "hello", C: "p,q" }, below)).tree).toStrictEqual({
      a: "hello",
      c: ["p", "q"],
    });
  });

  test("adds no key, whatever it contains and whatever is expected", async () => {
    const open = knownPaths([], shapeOf(z.object({ a: z.record(z.string(), z.unknown()), b: z.string() })));
    await expect(layer("a = ${A}\n", { A: '{"admin": true}' }, open)).rejects.toThrow(/must be one TOML value/u);
    const { tree } = await layer("b = ${B}\n", { B: '"x"\nadmin = true' }, open);
    expect(tree).toStrictEqual({ b: '"x"\nadmin = true' });
  });

  test("is refused if no type is known, or if it cannot be read as the expected one", async () => {
    await expect(layer("a = ${A}\n", { A: "hello" })).rejects.toThrow(/line 1, column 5/u);
    const typed = knownPaths([], shapeOf(schema));
    await expect(layer("d = ${D}\n", { D: "seven" }, typed)).rejects.toThrow(/line 1, column 5/u);
    await expect(layer("d = ${D}\n", { D: "" }, typed)).rejects.toThrow(/line 1, column 5/u);
  });
});
