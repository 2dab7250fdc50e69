/** The table of `otp.*` events in docs/events.md is that of the sources. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

test("docs/events.md has exactly the events that the runtime reports, with their levels", () => {
  const src = join(PACKAGE, "src");
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  const reported = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(src, file), "utf8");
    for (const [, level, event] of text.matchAll(/\breport\(\s*"(error|warning|info)",\s*"([a-z_]+)"/gu))
      reported.add(`otp.${event} ${level}`);
  }
  const page = readFileSync(join(PACKAGE, "docs", "events.md"), "utf8");
  const told = [...page.matchAll(/^\| `(otp\.[a-z_]+)` +\| `([a-z]+)` +\|/gmu)].map(
    ([, event, level]) => `${event} ${level}`,
  );
  expect(reported.size).toBeGreaterThan(8);
  expect(told.toSorted()).toStrictEqual([...reported].toSorted());
});
