/** Every case of OTP's suites that applies has a test here, or a reason for its absence. */
import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { additionalScenarios } from "../conformance/catalog.ts";

/** Cases that apply partly and have no test, with the reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  spec_init: "enter_loop is not implemented: a server is started by gen_server",
  spec_init_local_registered_parent: "enter_loop is not implemented",
  otp_5854: "enter_loop is not implemented",
  reply_by_alias_with_payload: "a tag is a reference that is an alias, not the improper list [alias|Ref]",
};

interface Case {
  readonly name: string;
  readonly applies: string;
}

function cases(): readonly Case[] {
  const text = readFileSync(new URL("inventory.md", import.meta.url), "utf8");
  const rows = text.matchAll(/^\|\s*`(\w+)`\s*\|.*?\|\s*(yes|partly|no)\s*\|/gm);
  const points = text.matchAll(/^- \*\*(P\d+)\*\*/gm);
  return [
    ...[...rows].map(([, name, applies]) => ({ name: name!, applies: applies! })),
    ...[...points].map(([, name]) => ({ name: name!, applies: "yes" })),
  ];
}

/** The names that test titles begin with: those written here, and those of the recorded scenarios. */
function tested(): ReadonlySet<string> {
  const here = new URL(".", import.meta.url);
  const names = new Set(additionalScenarios().map(({ id }) => id.replace(/^(gsx|svx)_/, "")));
  for (const file of readdirSync(here)) {
    if (!file.endsWith(".test.ts")) continue;
    for (const [, name] of readFileSync(new URL(file, here), "utf8").matchAll(/^\s*"(\w+): /gm)) names.add(name!);
    for (const [, name] of readFileSync(new URL(file, here), "utf8").matchAll(/\btest\("(\w+): /g)) names.add(name!);
  }
  return names;
}

describe("inventory.md", () => {
  test("lists 60 cases of gen_server, 88 of supervisor and 66 points of processes", () => {
    expect(cases()).toHaveLength(60 + 88 + 66);
  });

  test("has a test for every case that applies, or a reason why not", () => {
    const names = tested();
    const missing = cases().filter(
      ({ name, applies }) => applies !== "no" && !names.has(name) && EXCEPTIONS[name] === undefined,
    );
    expect(missing).toEqual([]);
  });

  test("excludes no case that has a test or that is unknown", () => {
    const names = tested();
    const known = new Map(cases().map(({ name, applies }) => [name, applies]));
    for (const name of Object.keys(EXCEPTIONS)) {
      expect(known.get(name), name).toBe("partly");
      expect(names.has(name), name).toBe(false);
    }
  });
});
