import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { begin, end, figures, insert, pages, type Page } from "./figures.ts";
import { packageFolder } from "./process.ts";
import type { Results } from "./results.ts";

const results: Results = {
  date: "2026-01-02",
  machine: { cpu: "a processor", cores: 2, node: "v20.0.0", platform: "linux x64" },
  rounds: 5,
  quick: false,
  contenders: [{ name: "BEAM", notes: ["25 jit"] }],
  skipped: {},
  rows: [
    {
      id: "call",
      section: "runtime",
      group: "Calls",
      title: "call, one at a time",
      unit: "ns",
      target: 0.25,
      figures: {
        "@otpts/runtime": { median: 250, samples: [250] },
        BEAM: { median: 2000, samples: [2000] },
        nact: { absent: "a reason" },
      },
    },
  ],
};

const short: Page = { path: "README.md", sections: ["runtime"], groups: ["Calls"], whole: false };
const whole: Page = { ...short, whole: true };

describe("figures", () => {
  test("figures shows each row with its ratio to the BEAM, and a dash where a peer has no figure", () => {
    expect(figures(results, short)).toContain("| call, one at a time |         **250 ns** | 2.00 µs | 0.13× |    – |");
  });

  test("figures shows on a whole page the targets, and why a peer has no figure", () => {
    expect(figures(results, whole)).toContain("| 0.13× | ≤ 0.25× |    – |");
    expect(figures(results, whole)).toContain("- nact has no figure (a reason): call, one at a time");
  });

  test("figures shows the groups of a page and no others", () => {
    expect(figures(results, { ...short, groups: ["Life"] })).not.toContain("call, one at a time");
  });

  test("insert replaces the text between the markers and nothing else", () => {
    const page = `before\n${begin}\nold\n${end}\nafter\n`;
    const inserted = insert(page, results, short);
    expect(inserted).toBe(`before\n${begin}\n\n${figures(results, short)}\n\n${end}\nafter\n`);
    expect(insert(inserted, results, short)).toBe(inserted);
  });

  test("insert refuses a page without both markers in order", () => {
    expect(() => insert(`only ${begin}`, results, short)).toThrow('must hold "<!-- bench:begin -->"');
    expect(() => insert(`${end} ${begin}`, results, short)).toThrow('must hold "<!-- bench:begin -->"');
  });
});

describe.each(pages)("$path", (page) => {
  const file = path.join(packageFolder(), "..", page.path);
  const json = path.join(packageFolder(), "bench", "results.json");

  test("shows the figures of the committed results.json, a full run", { skip: !existsSync(file) }, () => {
    const markdown = readFileSync(file, "utf8");
    const recorded = JSON.parse(readFileSync(json, "utf8")) as Results;
    expect(recorded.quick).toBe(false);
    expect(insert(markdown, recorded, page)).toBe(markdown);
  });
});
