/** If no search can find out whether a file is still being written, it counts as being written. */
import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { sample_file } from "../../src/sources/file_sample.ts";
import { type Judge, read_settled } from "../../src/sources/settling.ts";
import { eventually, setup } from "../../src/testing.ts";

const kit = setup({ beforeEach, afterEach });
const search = vi.hoisted(() => ({ asked: 0, answer: undefined as boolean | undefined }));

/** A machine with so many processes that no search ends in time, until it does. */
vi.mock("../../src/sources/open_writer.ts", () => ({
  has_open_writer: () => {
    search.asked++;
    return Promise.resolve(search.answer);
  },
}));

test("a change in place waits to be completed while no search for its writer ends in time", async () => {
  const folder = await kit.temporary_directory({ file: "a = 1\n" });
  const path = folder.file("file");
  const last = await sample_file(path, 100);
  const judge: Judge<string> = {
    last,
    known: undefined,
    bound: () => 0,
    arrival: () => Promise.resolve("in place"),
    parse: () => Promise.resolve("parsed"),
  };
  await writeFile(path, "a = 2\n");
  let isOver = false;
  const options = { debounce: 0, settle: 60_000, max_bytes: 100 };
  const reading = read_settled(path, options, judge, new AbortController().signal).finally(() => (isOver = true));
  await eventually(() => search.asked > 2);
  expect(isOver).toBe(false);
  search.answer = false;
  expect((await reading).parsed).toBe("parsed");
});
