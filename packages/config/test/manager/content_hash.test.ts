import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Secrets } from "../../src/core/secrets.ts";
import { contentHash } from "../../src/content_hash.ts";
import { Config, ConfigSpec } from "../../src/index.ts";
import { plain } from "../core/trees.ts";
import { eachAlone, ScriptedSource, started } from "./kit.ts";

eachAlone();

const sha = (text: string): string => createHash("sha256").update(text).digest("hex");

function large(count: number): Record<string, Record<string, number>> {
  const sections = Array.from({ length: count / 100 }, (_, i): [string, Record<string, number>] => [
    `section${i}`,
    Object.fromEntries(Array.from({ length: 100 }, (_, k) => [`key${k}`, i + k])),
  ]);
  return Object.fromEntries(sections);
}

describe("the content hash", () => {
  test("is the SHA-256 of the canonical text, in the status and in the client alike", async () => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", { b: 1, a: { password: "p" } })] }));
    const expected = sha('{"a":{"password":"[redacted]"},"b":1}');
    expect((await Config.status()).content_hash).toBe(expected);
    expect(await Config.content_hash()).toBe(expected);
  });

  test("is equal for equal configurations, whatever the order of keys and sources and the version", async () => {
    const [x, y] = [
      { a: 1, t: { u: "v" } },
      { b: [1, 2], t: { w: true } },
    ];
    const hashes: string[] = [];
    for (const [name, trees] of [
      ["one", [x, y]],
      ["two", [y, x]],
      ["three", [{ t: { w: true, u: "v" }, b: [1, 2], a: 1 }]],
    ] as const) {
      const sources = trees.map((tree, i) => new ScriptedSource(`s${i}`, tree));
      await started(new ConfigSpec({ name, sources }));
      hashes.push(await Config.for(name).content_hash());
    }
    const three = Config.for("three");
    await three.put("a", 2);
    expect(await three.content_hash()).not.toBe(hashes[2]);
    await three.put("a", 1);
    expect((await three.status()).version).toBe(3);
    expect(new Set([...hashes, await three.content_hash()]).size).toBe(1);
  });

  test("depends on no secret, not even one that became secret later", async () => {
    const source = new ScriptedSource("x", { pin: "1234", open: 1 });
    await started(new ConfigSpec({ sources: [source], secrets: ["pin"] }));
    const before = await Config.content_hash();
    await Config.put("pin", "9999");
    expect(await Config.content_hash()).toBe(before);

    const secrets = new Secrets();
    const tree = plain({ pin: "1234" });
    expect(contentHash(tree, secrets)).toBe(sha('{"pin":"1234"}'));
    secrets.learn([["pin"]]);
    expect(contentHash(tree, secrets)).toBe(sha('{"pin":"[redacted]"}'));
  });

  test("of a large configuration is computed in slices, once, with the same result", async () => {
    const tree = plain(large(100_000));
    const secrets = new Secrets();
    let turns = 0;
    let waiting = true;
    const count = (): void => {
      turns++;
      if (waiting) setImmediate(count);
    };
    setImmediate(count);
    const hash = contentHash(tree, secrets);
    expect(hash).toBeInstanceOf(Promise);
    expect(contentHash(tree, secrets)).toBe(hash);
    const found = await hash;
    waiting = false;
    expect(turns).toBeGreaterThan(2);
    expect(contentHash(tree, secrets)).toBe(found);
    const sorted = Object.fromEntries(
      Object.entries(large(100_000))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, section]) => [
          key,
          Object.fromEntries(Object.entries(section).sort(([a], [b]) => (a < b ? -1 : 1))),
        ]),
    );
    expect(found).toBe(sha(JSON.stringify(sorted)));
  });

  test("of a large configuration with a new secret meanwhile reveals nothing of it", async () => {
    const tree = plain({ ...large(10_000), zone: { pin: "1234" } });
    const secrets = new Secrets();
    const hash = contentHash(tree, secrets);
    secrets.learn([["zone", "pin"]]);
    const other = new Secrets(["zone.pin"]);
    expect(await hash).toBe(await contentHash(plain({ zone: { pin: "9999" }, ...large(10_000) }), other));
  });

  test("does not keep the manager from other work", async () => {
    await started(new ConfigSpec({ sources: [new ScriptedSource("x", large(100_000))] }));
    const answers: string[] = [];
    const status = Config.status().then(({ content_hash }) => {
      answers.push("status");
      return content_hash;
    });
    const value = Config.get("section1.key1").then((found) => {
      answers.push("get");
      return found;
    });
    expect(await value).toBe(2);
    expect(await status).toMatch(/^[0-9a-f]{64}$/);
    expect(answers).toEqual(["get", "status"]);
  });
});
