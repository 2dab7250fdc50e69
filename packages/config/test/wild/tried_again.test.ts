/** What failed is tried again, and not parsed again as long as it has not changed. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConfigSourceError, TemplateSource } from "../../src/index.ts";
import { SyntaxFault } from "../../src/formats/format.ts";
import { BlobContent } from "../../src/sources/consul/blob_content.ts";
import type { SourceContext } from "../../src/sources/source.ts";
import { WatchedFile } from "../../src/sources/watched_file.ts";

const context = (env: Record<string, string> = {}): SourceContext => ({
  signal: new AbortController().signal,
  env,
  first: true,
});

async function fileOf(name: string, content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "config-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("a file that could not be parsed is parsed once, until its content changes", async () => {
  const path = await fileOf("broken.toml", "broken");
  const file = new WatchedFile("FileSource", path, { settle: 0, debounce: 0 });
  let parsed = 0;
  const load = () =>
    file.load("x", context(), async (bytes) => {
      parsed++;
      if (Buffer.from(bytes).toString() !== "whole")
        throw new SyntaxFault("syntax", "is broken", { line: 1, column: 1 });
      return { source: "x", tree: { a: 1 }, origin: () => ({ source: "x" }), diagnostics: [] };
    });
  for (let i = 0; i < 3; i++) {
    await expect(load()).rejects.toThrow("is broken, at line 1, column 1");
    expect(parsed).toBe(1);
  }
  await writeFile(path, "broken again");
  await expect(load()).rejects.toBeInstanceOf(ConfigSourceError);
  expect(parsed).toBe(2);
  await writeFile(path, "whole");
  expect((await load()).outcome).toBe("data");
  expect(parsed).toBe(3);
});

test("a template that could not be filled is filled again when one of its variables changes", async () => {
  const source = new TemplateSource(await fileOf("t.toml", "a = ${COUNT}\n"), { settle: 0 });
  await expect(source.load(context())).rejects.toThrow("COUNT");
  await expect(source.load(context())).rejects.toThrow("COUNT");
  expect((await source.load(context({ COUNT: "1" }))).outcome).toBe("data");
});

test("a document in Consul that could not be parsed is parsed once, until it changes", async () => {
  const content = new BlobContent("app.json", "consul:app.json", undefined);
  const read = async (text: string) => {
    const reading = content.begin();
    const Value = Buffer.from(text).toString("base64");
    reading.reader.write(Buffer.from(JSON.stringify([{ Key: "app.json", Value, ModifyIndex: 1 }])));
    reading.reader.end();
    return reading.commit(new AbortController().signal);
  };
  const faultOf = (text: string) => read(text).catch((error: unknown) => error);
  const first = await faultOf("{");
  expect(first).toBeInstanceOf(SyntaxFault);
  // The very same error: nothing was parsed to make it.
  expect(await faultOf("{")).toBe(first);
  expect(await faultOf("{{")).not.toBe(first);
  expect(await read("{}")).toEqual({ keys: 1, changed: true });
});
