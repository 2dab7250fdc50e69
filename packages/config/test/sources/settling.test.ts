import { describe, expect, test } from "vitest";

import type { Observation } from "../../src/sources/file_sample.ts";
import { quiet_needed } from "../../src/sources/settling.ts";

const times = { debounce: 50, settle: 1000 };
const file: Observation = { absent: false, size: 100, identity: "1:1", lines: 10, ended: true };
const gone: Observation = { absent: true, size: 0, identity: "", lines: 0, ended: true };

const in_place = { arrival: "in place", resumed: false } as const;
const by_rename = { arrival: "whole", resumed: false } as const;
const by_link = { arrival: "in one moment", resumed: false } as const;

describe("quiet_needed", () => {
  test.each([
    ["the first load of a file", {}, undefined, in_place, 1000],
    ["the first load of no file", gone, undefined, in_place, 0],
    ["the first load of an empty file", { size: 0, lines: 0 }, undefined, in_place, 1000],
    ["the first load of a file that was renamed in", {}, undefined, by_rename, 0],
    ["a change in place", {}, file, in_place, 50],
    ["a longer value", { size: 120 }, file, in_place, 50],
    ["a shorter value", { size: 80 }, file, in_place, 50],
    ["more lines", { size: 200, lines: 12 }, file, in_place, 50],
    ["fewer lines", { size: 120, lines: 9 }, file, in_place, 1000],
    ["no bytes", { size: 0, lines: 0 }, file, in_place, 1000],
    ["no bytes in a file that has just been created", { identity: "1:2", size: 0, lines: 0 }, file, by_rename, 1000],
    ["an end within a line", { size: 120, ended: false }, file, in_place, 1000],
    ["an end within a line, as before", { size: 120, ended: false }, { ...file, ended: false }, in_place, 50],
    ["an end within a line, and shorter", { size: 90, ended: false }, { ...file, ended: false }, in_place, 1000],
    ["a file that has just appeared", {}, gone, in_place, 1000],
    ["a file that was renamed to where none was", {}, gone, by_rename, 0],
    ["another file that was renamed in", { identity: "1:2", size: 10, lines: 1 }, file, by_rename, 0],
    ["another file that was created in place", { identity: "1:2" }, file, in_place, 1000],
    ["a file that a link was pointed to in the same moment", { identity: "1:2", lines: 1 }, file, by_link, 50],
    ["a file that is gone", gone, file, in_place, 1000],
    ["a file that is still gone", gone, gone, in_place, 0],
  ] as const)("is for %s", (_, now, last, how, wanted) => {
    expect(quiet_needed({ ...file, ...now }, last, how, times)).toBe(wanted);
  });

  test("is long for any file that changed again after a pause", () => {
    expect(quiet_needed(file, file, { arrival: "in place", resumed: true }, times)).toBe(1000);
  });
});
