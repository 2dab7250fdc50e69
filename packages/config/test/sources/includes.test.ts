/** Files that include others: which ones, in which order, with their places; circles and missing files are refused. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { placeOf } from "../../src/core/layers.ts";
import { FileSource } from "../../src/index.ts";
import { eventually, setup, source_contract, type TemporaryDirectory } from "../../src/testing.ts";
import { context, first_tree, layer_of, rejection } from "./loading.ts";

const kit = setup({ beforeEach, afterEach });
const at_once = { debounce: 0, settle: 0 };

let folder: TemporaryDirectory;
beforeEach(async () => {
  folder = await kit.temporary_directory();
});

function including(name = "main.toml", includes: boolean | string = true): FileSource {
  return new FileSource(join(folder.path, name), { ...at_once, includes });
}

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await folder.write(name, text);
}

describe("a file that includes others", () => {
  test("overrides the included files, the last one of a list on top, and each value has its file", async () => {
    await write({
      "main.toml": 'include = ["base/first.yaml", "second.json"]\nd = 4\n',
      "base/first.yaml": "include: deep.toml\na: 1\nb: 1\nc: 1\nd: 1\n",
      "base/deep.toml": "a = 0\nz = 0\n",
      "second.json": '{"c": 2,\n"d": 2}',
    });
    const layer = layer_of(await including().load(context()));
    expect(layer.tree).toEqual({ z: 0, a: 1, b: 1, c: 2, d: 4 });
    const place = (key: string) => placeOf(layer.origin([key])).replace(`${folder.path}/`, "");
    expect(["z", "a", "c", "d"].map(place)).toEqual([
      "file:base/deep.toml:2",
      "file:base/first.yaml:2",
      "file:second.json:1",
      "file:main.toml:2",
    ]);
  });

  test("includes nothing and keeps the key unless asked to; the key's name can be chosen", async () => {
    await write({ "main.toml": 'include = "x"\nimport = "base.toml"\n', "base.toml": "a = 1\n" });
    expect(await first_tree(new FileSource(join(folder.path, "main.toml"), at_once))).toEqual({
      include: "x",
      import: "base.toml",
    });
    expect(await first_tree(including("main.toml", "import"))).toEqual({ include: "x", a: 1 });
  });

  test("accepts patterns: sorted, without hidden files, with a diagnostic for an unknown extension, or without a match", async () => {
    await write({
      "main.toml": 'include = ["conf.d/*", "none/*.toml", "*/{x,y}.json", "[[:alpha:]]ther/[xy].jso?"]\n',
      "conf.d/20.toml": "a = 20\n",
      "conf.d/10.toml": "a = 10\nb = 10\n",
      "conf.d/.hidden.toml": "a = 99\n",
      "conf.d/30.rpmnew": "a = 30\n",
      "other/x.json": '{"c": 1}',
      "other/z.json": '{"c": 2}',
    });
    const layer = layer_of(await including().load(context()));
    expect(layer.tree).toEqual({ a: 20, b: 10, c: 1 });
    expect(layer.diagnostics).toMatchObject([{ code: "unknown_format" }]);
    expect(layer.diagnostics[0]?.message).toContain(`${folder.path}/conf.d/30.rpmnew" is not read`);
  });

  test("is an error with the place if a named file is missing, unless it is marked with a dash", async () => {
    await write({ "main.toml": 'a = 1\ninclude = ["none.toml"]\n' });
    const error = await rejection(including().load(context()));
    const [main, none] = ["main.toml", "none.toml"].map((name) => join(folder.path, name));
    expect(error.message).toBe(
      `Cannot read "${main}": it includes "${none}", which does not exist (write "-none.toml" if it is optional), at line 2, column 1`,
    );
    expect(error).toMatchObject({ code: "missing", file: main, line: 2 });
    await write({ "main.toml": 'a = 1\ninclude = ["-none.toml"]\n' });
    expect(await first_tree(including())).toEqual({ a: 1 });
  });

  test("is refused with the whole chain if files include one another in a circle, or too deep", async () => {
    await write({
      "main.toml": 'include = "a.toml"\n',
      "a.toml": 'x = 1\ninclude = "sub/b.toml"\n',
      "sub/b.toml": 'include = "../a.toml"\n',
    });
    const error = await rejection(including().load(context()));
    const [a, b] = ["a.toml", "sub/b.toml"].map((name) => join(folder.path, name)) as [string, string];
    expect(error.message).toBe(
      `Cannot read "${b}": files include one another in a circle: "${a}" → "${b}" → "${a}", at line 1, column 1`,
    );
    expect(error).toMatchObject({ code: "include_cycle" });
    for (let n = 0; n < 12; n += 1) await write({ [`${n}.toml`]: `include = "${n + 1}.toml"\n` });
    expect((await rejection(including("0.toml").load(context()))).message).toContain("deeper than 10 levels");
  });

  test("may be included twice, and in at most a thousand ways", async () => {
    await write({ "main.toml": 'include = ["a.toml", "b.toml"]\n', "a.toml": 'include = "c.toml"\nx = 1\n' });
    await write({ "b.toml": 'include = "c.toml"\n', "c.toml": "x = 3\n" });
    expect(await first_tree(including())).toEqual({ x: 3 });
    for (let n = 0; n < 9; n += 1) await write({ [`${n}.toml`]: `include = [${`"${n + 1}.toml",`.repeat(4)}]\n` });
    await write({ "9.toml": "" });
    expect((await rejection(including("0.toml").load(context()))).message).toContain("more than 1000 files are merged");
  });

  test.each([
    ["include = 1\n", '"include" must be a path or a list of paths'],
    ["include = [[]]\n", '"include" must be a path or a list of paths'],
    ['include = ""\n', '"include" must be a path or a list of paths'],
    ['include = "**/*.toml"\n', '"**" is not known'],
    ['include = "{a,b.toml"\n', "Cannot include files"],
    ['include = "x.ini"\n', "is unknown, use one of .toml"],
  ])("is refused: %s", async (text, message) => {
    await write({ "main.toml": text });
    expect((await rejection(including().load(context()))).message).toContain(message);
  });

  test("notices changes of the included files, added and removed files, and a new list", async () => {
    await write({ "main.toml": 'include = ["-mine.toml", "conf.d/*.toml"]\n' });
    const config = await kit.start_manager({ sources: [including()], log: false });
    const shows = (tree: object) => eventually(() => expect(config.snapshot().tree).toEqual(tree));
    await write({ "mine.toml": "a = 1\n" });
    await shows({ a: 1 });
    await write({ "conf.d/1.toml": "a = 2\n" });
    await shows({ a: 2 });
    await write({ "conf.d/1.toml": "a = 3\n" });
    await shows({ a: 3 });
    await rm(join(folder.path, "conf.d"), { recursive: true });
    await shows({ a: 1 });
    await write({ "conf.d/2.toml": "a = 4\n" });
    await shows({ a: 4 });
    await write({ "main.toml": 'include = "missing.toml"\n' });
    await eventually(async () =>
      expect((await config.status()).sources[0]?.last_error?.message).toContain("missing.toml"),
    );
    expect(config.snapshot().tree).toEqual({ a: 4 });
    await write({ "missing.toml": "a = 5\n" });
    await shows({ a: 5 });
    await write({ "main.toml": "b = 1\n" });
    await shows({ b: 1 });
    expect((await config.status()).sources[0]?.details).toEqual({
      last_looked: expect.any(String),
      watched: "events",
      files: [join(folder.path, "main.toml")],
    });
  });

  test("may belong to a family", async () => {
    await write({ "config.toml": 'include = "base.toml"\nb = 2\n', "base.toml": "a = 1\nb = 1\nc = 1\n" });
    await write({ "config.local.yaml": 'include: "more.toml"\n', "more.toml": "c = 3\n" });
    const source = FileSource.family(join(folder.path, "config"), { ...at_once, includes: true });
    expect(await first_tree(source)).toEqual({ a: 1, b: 2, c: 3 });
  });

  test("refuses an invalid option", () => {
    expect(() => including("main.toml", 1 as never)).toThrow(
      "includes must be true or the key that lists them, got number",
    );
  });
});

source_contract({ describe, test }, "FileSource with includes", async () => {
  const directory = await kit.temporary_directory({ "main.toml": 'include = "x.toml"\na = 1\n', "x.toml": "b = 1\n" });
  return {
    source: new FileSource(join(directory.path, "main.toml"), { ...at_once, includes: true }),
    change: () => directory.write("x.toml", `b = ${Math.random()}\n`),
    break: () => directory.write("x.toml", "b = \n"),
    mend: () => directory.write("x.toml", "b = 2\n"),
    dispose: async () => undefined,
  };
});
