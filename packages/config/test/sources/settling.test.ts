import { describe, expect, test } from "vitest";

import { type Observation, quiet_needed } from "../../src/sources/settling.ts";

const times = { debounce: 50, settle: 1000 };
const file: Observation = { absent: false, size: 100, identity: "1:1", moved: false, lines: 10, ended: true };
const gone: Observation = { absent: true, size: 0, identity: "", moved: false, lines: 0, ended: true };

describe("quiet_needed", () => {
  test.each([
    ["the first load of a file", {}, undefined, 50],
    ["the first load of no file", gone, undefined, 0],
    ["the first load of an empty file", { size: 0, lines: 0 }, undefined, 1000],
    ["the first load of a file that was moved in", { moved: true }, undefined, 0],
    ["a change in place", {}, file, 50],
    ["a longer value", { size: 120 }, file, 50],
    ["a shorter value", { size: 80 }, file, 50],
    ["more lines", { size: 200, lines: 12 }, file, 50],
    ["fewer lines", { size: 120, lines: 9 }, file, 1000],
    ["no bytes", { size: 0, lines: 0 }, file, 1000],
    ["an end within a line", { size: 120, ended: false }, file, 1000],
    ["an end within a line, as before", { size: 120, ended: false }, { ...file, ended: false }, 50],
    ["an end within a line, as before, but shorter", { size: 90, ended: false }, { ...file, ended: false }, 1000],
    ["a file that has just appeared", {}, gone, 1000],
    ["a file that was moved to where none was", { moved: true }, gone, 0],
    ["another file that was moved in", { moved: true, identity: "1:2", size: 10, lines: 1 }, file, 0],
    ["the same file with another mode or time", { moved: true, lines: 9 }, file, 1000],
    ["a file that is gone", gone, file, 1000],
    ["a file that is still gone", gone, gone, 0],
  ] as [string, Partial<Observation>, Observation | undefined, number][])("is for %s", (_, now, last, wanted) => {
    expect(quiet_needed({ ...file, ...now }, last, false, times)).toBe(wanted);
  });

  test("is long for whatever changed again after a pause", () => {
    expect(quiet_needed(file, file, true, times)).toBe(1000);
    expect(quiet_needed(file, undefined, true, times)).toBe(1000);
  });
});
