import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { TemplateSource } from "../../src/sources/template.ts";
import { Driver, context, eventually, first_tree, layer_of, rejection } from "./loading.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-template-"));
  path = join(folder, "config.toml.template");
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("TemplateSource", () => {
  test("takes values from the substitutions, then the environment, then the default", async () => {
    await writeFile(path, 'a = "${A:0}"\nb = "${B:0}"\nc = "${C:0}"\n');
    const env = { A: "env", B: "env" };
    const layer = layer_of(await new TemplateSource(path, { A: "given" }).load(context({ env })));
    expect(layer.tree).toEqual({ a: "given", b: "env", c: "0" });
    const placeholders = (key: string) => layer.origin([key]).placeholders;
    expect(placeholders("a")).toEqual([{ name: "A", from: "substitutions" }]);
    expect(placeholders("b")).toEqual([{ name: "B", from: "environment" }]);
    expect(placeholders("c")).toEqual([{ name: "C", from: "default" }]);
  });

  test("takes substitutions as an option, and its variables from the option env", async () => {
    await writeFile(path, 'a = ["${A}"]\nb = "${B}"\n');
    const source = new TemplateSource(path, { substitutions: { A: ["x", "y"] }, env: { B: "1" } });
    expect(await first_tree(source)).toEqual({ a: ["x", "y"], b: "1" });
  });

  test("reports line and column in the template, not in the result", async () => {
    await writeFile(path, '\ufeffa = ["${A:1,2,3}", "z"]\nb = { c = "${A:x}", d = 1 }\n  e = """\n${A:}\n"""\nf = 1\n');
    const layer = layer_of(await new TemplateSource(path).load(context()));
    expect(layer.tree).toEqual({ a: ["1", "2", "3", "z"], b: { c: "x", d: 1 }, e: "\n", f: 1 });
    const place = (...at: string[]) => [layer.origin(at).line, layer.origin(at).column];
    expect(place("a", "2")).toEqual([1, 6]);
    expect(place("a", "3")).toEqual([1, 20]);
    expect(place("b", "d")).toEqual([2, 21]);
    expect(place("e")).toEqual([3, 3]);
    expect(place("f")).toEqual([6, 1]);
    expect(layer.origin(["f"])).toEqual({ source: `template:${path}`, file: path, line: 6, column: 1 });
  });

  test("fails with all names without a value, each with its place", async () => {
    await writeFile(path, 'a = "${A}"\n# ${X}\nb = [${B}, "${C:}"]\n');
    const error = await rejection(new TemplateSource(path, { settle: 0 }).load(context()));
    expect(error).toMatchObject({ code: "unresolved", file: path, line: 1, column: 6 });
    expect(error.message).toBe(
      `Cannot read "${path}": no substitution, environment variable or default for "A" at line 1, column 6, "B" at line 3, column 6`,
    );
  });

  test("reports the first twenty mistakes of many", async () => {
    const lines = (count: number, value: string) => Array.from({ length: count }, (_, i) => `k${i} = "${value}"\n`);
    const refusal = async (text: string): Promise<string> => {
      await writeFile(path, text);
      return (await rejection(new TemplateSource(path, { settle: 0 }).load(context()))).message;
    };
    const unset = await refusal(lines(5_000, "${A}").join(""));
    expect(unset.match(/"A" at line/g)).toHaveLength(20);
    expect(unset).toMatch(/"A" at line 20, column 8; and 4980 more$/);
    const malformed = await refusal(lines(5_000, "${A B}").join(""));
    expect(malformed.match(/at line/g)).toHaveLength(20);
    expect(malformed).toMatch(/and 4980 more$/);
    expect(await refusal(lines(20, "${A}").join(""))).toMatch(/"A" at line 20, column 8$/);
  });

  test("reports a hundred defaults of shells at most", async () => {
    await writeFile(path, Array.from({ length: 500 }, (_, i) => `k${i} = "\${A:-x}"\n`).join(""));
    const { diagnostics } = layer_of(await new TemplateSource(path, { settle: 0 }).load(context()));
    expect(diagnostics).toHaveLength(100);
  });

  test("fails with the template's place, and quotes no value", async () => {
    const env = { A: "hunter2", LONG: "x".repeat(100) };
    for (const [text, line, column] of [
      ['x = "${LONG}"\na = ${A}\n', 2, 5],
      ['x = "${LONG}${LONG}"\na = "${A}" oops\n', 2, 12],
      ['x = 1\n"${A}" = 1\n', 2, 2],
    ] as const) {
      await writeFile(path, text);
      const error = await rejection(
        new TemplateSource(path, { settle: 0 }).load(context({ env })).then((loaded) => layer_of(loaded)),
      );
      expect(error).toMatchObject({ file: path, line, column });
      expect(`${error.message}${error.stack}${String(error.cause)}`).not.toContain("hunter2");
    }
  });

  test("answers unchanged until the template or one of its variables changes", async () => {
    await writeFile(path, 'a = "${A:0}"\n');
    const source = new TemplateSource(path);
    const load = (env: Record<string, string>) => source.load(context({ first: false, env }));
    await source.load(context({ env: { A: "1" } }));
    expect(await load({ A: "1", B: "1" })).toEqual({ outcome: "unchanged" });
    expect(layer_of(await load({ A: "2" })).tree).toEqual({ a: "2" });
    expect(layer_of(await load({})).tree).toEqual({ a: "0" });
    expect(await load({})).toEqual({ outcome: "unchanged" });
    await writeFile(path, 'a = "${A:9}"\n');
    expect(layer_of(await load({})).tree).toEqual({ a: "9" });
  });

  test("fills a large template, and reports places and mistakes in it", async () => {
    const filler = Array.from({ length: 5000 }, (_, n) => `key_${n} = "value ${n}"\n`).join("");
    await writeFile(path, `a = "\${A:x}"\n${filler}b = \${B:1}\n`);
    const layer = layer_of(await new TemplateSource(path).load(context()));
    expect(layer.tree).toMatchObject({ a: "x", key_4999: "value 4999", b: 1 });
    expect(layer.origin(["b"])).toMatchObject({
      line: 5002,
      column: 1,
      placeholders: [{ name: "B", from: "default" }],
    });
    await writeFile(path, `a = "\${A:x}"\n${filler}b = "\${B:1}" oops\n`);
    const error = await rejection(new TemplateSource(path, { settle: 0 }).load(context()));
    expect(error).toMatchObject({ code: "syntax", line: 5002, column: 14 });
  });

  test("ignores inherited properties of the substitutions", async () => {
    await writeFile(path, 'a = "${constructor:x}"\nb = "${toString:y}"\n');
    expect(await first_tree(new TemplateSource(path, { A: "1" }))).toEqual({ a: "x", b: "y" });
  });

  test("is watched", async () => {
    await writeFile(path, 'a = "${A:1}"\n');
    const driver = new Driver(new TemplateSource(path));
    await driver.start();
    await writeFile(path, 'a = "${A:2}"\n');
    await eventually(() => (driver.last as { a?: string }).a === "2");
    await driver.stop();
  });

  test("refuses invalid options and substitutions", () => {
    expect(() => new TemplateSource(path, { substitutions: {}, nmae: 1 } as never)).toThrow(
      'there is no option "nmae"',
    );
    expect(() => new TemplateSource(path, { A: { b: 1 } } as never)).toThrow(
      'substitution "A" must be a string, a number, a boolean or a list of these, got object',
    );
    expect(() => new TemplateSource(path, { A: Number.NaN })).toThrow(TypeError);
  });
});
