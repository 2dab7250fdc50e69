import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REDACTED, type SecretPlace, Secrets } from "../../src/core/secrets.ts";
import { Snapshot, valueAt } from "../../src/core/snapshot.ts";
import type { Table, Value } from "../../src/core/value.ts";
import { anyTree, plain } from "./trees.ts";

const secrets = new Secrets();

describe("Secrets", () => {
  test("cover a secret's path and every path below it", () => {
    expect(secrets.covers(["db", "password"])).toBe(true);
    expect(secrets.covers(["password"])).toBe(true);
    expect(secrets.covers(["db", "secret", "deep", "inside"])).toBe(true);
    expect(secrets.covers(["db"])).toBe(false);
    expect(secrets.covers(["db", "password_file"])).toBe(false);
  });

  test("redact at, below and above a secret", () => {
    const tree = plain({ db: { host: "h", password: "hunter2" }, servers: [{ token: "t" }, { name: "n" }] });
    expect(secrets.redact(["db", "password"], "hunter2")).toBe(REDACTED);
    expect(secrets.redact(["db", "password", "x"], 1)).toBe(REDACTED);
    expect(secrets.redact(["db"], tree.db)).toEqual({ host: "h", password: REDACTED });
    expect(secrets.redact([], tree)).toEqual({
      db: { host: "h", password: REDACTED },
      servers: [{ token: REDACTED }, { name: "n" }],
    });
    expect(secrets.redact(["db", "password"], undefined)).toBeUndefined();
  });

  test("return a tree without secrets as it is", () => {
    const tree = plain({ a: { b: [1] } });
    expect(secrets.redact([], tree)).toBe(tree);
  });

  test("accept additional patterns", () => {
    const own = new Secrets(["a.*.key", "x"]);
    expect(own.redact([], plain({ a: { b: { key: 1 }, c: 2 }, x: { y: 1 } }))).toEqual({
      a: { b: { key: REDACTED }, c: 2 },
      x: REDACTED,
    });
    expect(() => new Secrets([""])).toThrow(TypeError);
  });

  test("leave no planted secret anywhere", () => {
    const planted = "5ECRET-5ECRET";
    fc.assert(
      fc.property(anyTree, anyTree, fc.constantFrom("password", "token", "secret"), (tree, inner, key) => {
        const whole = plain({ ...tree, here: { [key]: { ...inner, planted } }, list: [[{ [key]: [planted] }]] });
        expect(JSON.stringify(secrets.redact([], whole))).not.toContain(planted);
        for (const path of [["here"], ["here", key], ["here", key, "planted"], ["list"]]) {
          expect(JSON.stringify(secrets.redact(path, valueAt(whole, path) as Value))).not.toContain(planted);
        }
        expect(new Secrets().scrub(`got ${planted}`, [[[], whole]])).toBe(`got ${REDACTED}`);
      }),
    );
  });
});

describe("Secrets.scrub", () => {
  test("removes secrets from a message, also in their JSON spelling", () => {
    const tree = plain({ a: { password: 'qu"ote' }, token: 123456, secret: "abc" });
    expect(secrets.scrub(`Invalid abc: received ${JSON.stringify('qu"ote')} and 123456`, [[[], tree]])).toBe(
      `Invalid abc: received "${REDACTED}" and ${REDACTED}`,
    );
  });

  test("applies to paths that are learned later, also where an earlier result was kept", () => {
    const learning = new Secrets();
    const snapshot = new Snapshot(1, plain({ a: { "b.c": "scarlet" }, d: "emerald" }), learning);
    const { generation } = learning;
    expect(snapshot.redacted()).toBe(snapshot.redacted());
    expect(snapshot.redacted()).toEqual({ a: { "b.c": "scarlet" }, d: "emerald" });
    learning.learn([["a", "b.c"]]);
    expect(learning.generation).not.toBe(generation);
    expect(snapshot.redacted()).toEqual({ a: { "b.c": REDACTED }, d: "emerald" });
    expect(learning.covers(["a", "b.c", "below"])).toBe(true);
    expect(learning.covers(["a", "b"])).toBe(false);
    const later = learning.generation;
    learning.learn([["a", "b.c"], []]);
    expect(learning.generation).toBe(later);
    expect(learning.covers(["d"])).toBe(false);
  });

  test("removes the longer of two secrets first", () => {
    const tree = plain({ a: { password: "pass" }, b: { password: "password1" } });
    expect(secrets.scrub("got password1", [[[], tree]])).toBe(`got ${REDACTED}`);
  });

  test("forgets the secrets of a configuration that is long gone", () => {
    const one = new Secrets();
    const treeOf = (version: number) =>
      plain(Object.fromEntries(Array.from({ length: 11_000 }, (_, i) => [`secret_${i}`, `${version}-of-${i}`])));
    expect(one.scrub("0-of-7", [[[], treeOf(0)]])).toBe(REDACTED);
    for (let version = 1; version < 5; version++) one.scrub("", [[[], treeOf(version)]]);
    expect(one.scrub("0-of-7 and 4-of-7", [[[], treeOf(4)]])).toBe(`0-of-7 and ${REDACTED}`);
  });

  test("visits a subtree once, however many trees share it", () => {
    const one = new Secrets();
    const looked = (...trees: Table[]): number => {
      let places = 0;
      const search = (place: SecretPlace): void => (places++, one.look(place, search));
      one.unmet(trees.map((tree) => [[], tree])).forEach(search);
      return places;
    };
    const shared = plain({ a: { b: { password: "scarlet" } } });
    expect(looked(shared)).toBe(3);
    expect(looked(shared, Object.freeze({ ...shared, c: plain({ token: "emerald" }) }))).toBe(3);
    expect(one.scrub("scarlet emerald", [])).toBe(`${REDACTED} ${REDACTED}`);
  });
});
