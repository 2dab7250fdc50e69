import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import fc from "fast-check";
import { stringify } from "smol-toml";
import { describe, expect, test } from "vitest";

import type { Table, Value } from "../../src/core/value.ts";
import { parse_bytes, parse_text } from "../../src/formats/parse.ts";
import { parse_aside } from "../../src/formats/parse_aside.ts";
import { Assembly, slices_of } from "../../src/formats/slices.ts";
import { eventually, rejection } from "../sources/loading.ts";
import { FORMAT_NAMES, load_format } from "../../src/formats/by_extension.ts";

for (const name of FORMAT_NAMES) await load_format(name);

const run = promisify(execFile);
const never = new AbortController().signal;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const large: Record<string, Record<string, Value>> = {};
for (let n = 0; n < 100_000; n += 1) (large[`table${n % 100}`] ??= {})[`key_${n}`] = n % 2 === 0 ? n : `value ${n}`;

describe("slices", () => {
  test("rebuild the same tree, in the same order, however small they are", () => {
    const { value } = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { depthSize: "medium" },
        fc.oneof(fc.string(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constant(null)),
        fc.array(tie("value"), { maxLength: 6 }),
        fc.dictionary(fc.string(), tie("value"), { maxKeys: 6, noNullPrototype: true }),
      ) as fc.Arbitrary<Value>,
    }));
    const table = fc
      .dictionary(fc.string(), value, { noNullPrototype: true })
      .filter(
        (tree) =>
          !JSON.stringify(tree, (_, inner: unknown) => (typeof inner === "bigint" ? 0 : inner)).includes("__proto__"),
      );
    fc.assert(
      fc.property(table, fc.integer({ min: 1, max: 20 }), (tree, limit) => {
        const assembly = new Assembly();
        for (const slice of slices_of(tree as Table, limit)) {
          // As a message makes it: nothing is shared between slices.
          assembly.add(structuredClone(slice));
        }
        expect(assembly.tree).toEqual(tree);
        expect(String(Object.keys(assembly.tree))).toBe(String(Object.keys(tree)));
      }),
    );
  });
});

describe("parse_aside", () => {
  test("parses and locates like the direct parser, for every format", async () => {
    const tree = { z: 1, a: { list: [1, { b: 2n ** 60n }], "10": "x", "2": "y" } };
    for (const [format, text] of [
      ["toml", stringify(tree)],
      ["json", '{"z": 1,\n"a": {"list": [1,\n{"b": 1152921504606846976}],\n"10": "x",\n"2": "y"}}'],
      ["yaml", "z: 1\na:\n  list:\n    - 1\n    - b: 1152921504606846976\n  10: x\n  2: y\n"],
    ] as const) {
      const here = parse_text(text, format);
      const { tree: aside, positions } = await parse_aside(bytes(text), format, never);
      expect(aside).toStrictEqual(here.tree);
      expect(aside).toEqual(tree);
      expect(positions.length).toBe(2 * 9);
    }
  });

  test("sends nothing of a tree that is larger than a configuration may be, and locates the reason", async () => {
    const keys = Array.from({ length: 100_001 }, (_, n) => `k${n} = 1`).join("\n");
    await expect(parse_aside(bytes(`[a]\nb = 1\n[a.c]\n${keys}`), "toml", never)).rejects.toMatchObject({
      code: "too_large",
      message: "a table with 100001 keys, at most 100000 are allowed in one table",
      position: { line: 3, column: 4 },
    });
    await expect(parse_aside(bytes(`{"a": [${"1,".repeat(2_000_000)}1]}`), "json", never)).rejects.toMatchObject({
      code: "too_large",
      message: "2000003 values, at most 2000000 are allowed",
    });
  });

  test("lets the event loop turn while a file of 100,000 leaves is parsed", async () => {
    const text = stringify(large);
    let turns = 0;
    let done = false;
    const turn = () => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    turn();
    const { tree, locate, held_up } = await parse_bytes(bytes(text), "toml", never);
    done = true;
    expect(held_up).toBeUndefined();
    // The tree alone arrives in as many pieces.
    expect(turns).toBeGreaterThan(100);
    expect(tree).toEqual(large);
    const lines = text.split("\n");
    for (const path of [
      ["table0", "key_0"],
      ["table99", "key_99999"],
      ["table50", "key_50050"],
    ]) {
      expect(lines[locate(path)!.line - 1]).toMatch(new RegExp(`^${path[1]} = `));
    }
  });

  test("reports the place of a mistake in a large file, and nothing of its content", async () => {
    const text = `${stringify(large)}\nsecret = hunter2\n`;
    const line = text.split("\n").length - 1;
    const error = await rejection(parse_bytes(bytes(text), "toml", never));
    expect(error).toMatchObject({ name: "SyntaxFault", code: "syntax", position: { line, column: 10 } });
    expect(`${error.message}${error.stack}`).not.toContain("hunter2");
    const cut = await rejection(
      parse_bytes(Buffer.concat([bytes(stringify(large)), Buffer.from([0xff])]), "toml", never),
    );
    expect(cut).toMatchObject({ name: "SyntaxFault", code: "not_utf8", position: { line: line - 1 } });
  });

  test("stops and leaves no thread when its signal aborts", async () => {
    const abort = new AbortController();
    const parsing = rejection(parse_aside(bytes(stringify(large)), "toml", abort.signal));
    abort.abort();
    expect(await parsing).toMatchObject({ name: "AbortError" });
    await eventually(
      () => !process.getActiveResourcesInfo().some((kind) => kind === "Worker" || kind === "MessagePort"),
    );
  });

  test("parses without a thread if none is available, and reports that", async () => {
    const folder = await mkdtemp(join(tmpdir(), "otpts-thread-"));
    const built = fileURLToPath(new URL("../../dist", import.meta.url));
    try {
      await cp(built, join(folder, "dist"), { recursive: true });
      await writeFile(join(folder, "package.json"), '{ "type": "module" }');
      await symlink(join(built, "../node_modules"), join(folder, "node_modules"));
      await rm(join(folder, "dist", "formats", "parser_thread.js"));
      const script = `
        import { parse_bytes } from "./dist/formats/parse.js";
        const text = "a = 1\\n".concat("# filler\\n".repeat(50_000), "b = 2\\n");
        const { tree, locate, held_up } = await parse_bytes(new TextEncoder().encode(text), "toml", new AbortController().signal);
        console.log(JSON.stringify([tree, locate(["b"]), held_up]));
      `;
      const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: folder });
      expect(JSON.parse(stdout)).toEqual([{ a: 1, b: 2 }, { line: 50_002, column: 1 }, true]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
