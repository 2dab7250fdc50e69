import { describe, expect, test } from "vitest";
import { ahead, derive, line, ratio, reached } from "./results.ts";
import { derived, probes } from "./rows.ts";
import { median, percentile } from "./stopwatch.ts";
import { figure, table } from "./table.ts";

const spec = {
  section: "runtime",
  group: "Calls",
  probe: "call",
  size: {},
  quick: {},
  rows: [{ id: "call", title: "call", unit: "ns", metric: "ns", target: 0.25 }],
} as const;

const measured = (own: number[], peer: number[] | string) =>
  line(
    spec,
    spec.rows[0],
    new Map<string, number[] | string>([
      ["@otpts/runtime", own],
      ["BEAM", [900, 1000, 5000]],
      ["nact", peer],
    ]),
  );

describe("results", () => {
  test("line takes the median of each contender's samples, and keeps the reason of a contender without samples", () => {
    const { figures } = measured([200, 100, 150], "a reason");
    expect(figures["@otpts/runtime"]).toEqual({ median: 150, samples: [200, 100, 150] });
    expect(figures["nact"]).toEqual({ absent: "a reason" });
  });

  test("ratio and reached compare the runtime's median with the BEAM's", () => {
    expect(ratio(measured([250], []), "@otpts/runtime")).toBe(0.25);
    expect(reached(measured([250], []))).toBe(true);
    expect(reached(measured([251], []))).toBe(false);
  });

  test("ahead names a peer with a better figure, and never the BEAM", () => {
    expect(ahead(measured([100], [99]))).toEqual(["nact"]);
    expect(ahead(measured([100], [101]))).toEqual([]);
    expect(ahead(measured([2000], "a reason"))).toEqual([]);
  });

  test("derive divides one row by another if a contender has both", () => {
    const [of, over] = [measured([300], "a reason"), { ...measured([200], [100]), id: "other" }];
    const found = derive(
      { ...spec.rows[0], section: "runtime", group: "Calls", id: "flat", of: "call", over: "other" },
      [of, over],
    );
    expect(found?.figures["@otpts/runtime"]).toEqual({ median: 1.5, samples: [] });
    expect(found?.figures["nact"]).toBeUndefined();
  });

  test("rows have unique ids, and each derived row is made of two existing ones", () => {
    const ids = probes.flatMap(({ rows }) => rows.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    for (const { of, over } of derived) expect(ids).toEqual(expect.arrayContaining([of, over]));
  });
});

describe("stopwatch", () => {
  test("median is the middle sample, or the mean of the middle two", () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
  });

  test("percentile is the smallest sample that the given share does not exceed", () => {
    const samples = Array.from({ length: 100 }, (_, i) => i + 1);
    expect(percentile(samples, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
  });
});

describe("table", () => {
  test("figure writes three digits and a suitable unit", () => {
    expect(figure(4.2, "ns")).toBe("4.20 ns");
    expect(figure(182, "ns")).toBe("182 ns");
    expect(figure(1719, "ns")).toBe("1.72 µs");
    expect(figure(50e6, "ns")).toBe("50.0 ms");
    expect(figure(26_400_000, "/s")).toBe("26.4 M/s");
    expect(figure(2898.2, "bytes")).toBe("2,898 B");
  });

  test("table shows whether a row reached its target, which peer is ahead, and why a figure is missing", () => {
    const text = table({
      date: "2026-01-02",
      machine: { cpu: "a processor", cores: 2, node: "v20.0.0", platform: "linux x64" },
      rounds: 3,
      quick: true,
      contenders: [{ name: "nact", notes: ["no monitor"] }],
      skipped: { beam: "not installed" },
      rows: [measured([400], [399]), { ...measured([100], "a reason"), id: "other", title: "other" }],
    });
    expect(text).toMatch(/call .*0\.40×.*≤ 0\.25×.*MISSED.*399 ns.*nact/);
    expect(text).toMatch(/other .*0\.10×.*reached.*–/);
    expect(text).toContain("nact: no monitor");
    expect(text).toContain("beam: left out, not installed");
    expect(text).toContain("nact has no figure (a reason): other");
  });
});
