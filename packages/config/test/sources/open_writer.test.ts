/** Who asks for the writers of files at the same time shares one search, and gets the answer of his own file. */
import { open } from "node:fs/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { has_open_writer } from "../../src/sources/open_writer.ts";
import { setup } from "../../src/testing.ts";

const kit = setup({ beforeEach, afterEach });

/** The answer of a search that had time enough: on a busy machine not every one has. */
async function hasWriter(path: string): Promise<boolean> {
  for (;;) {
    const answer = await has_open_writer(path);
    if (answer !== undefined) return answer;
  }
}

test.runIf(process.platform === "linux")(
  "a file has an open writer exactly while a process has it open for writing",
  async () => {
    const folder = await kit.temporary_directory({ read: "1", written: "1", both: "1", idle: "1" });
    const reader = await open(folder.file("read"), "r");
    const writers = [await open(folder.file("written"), "w"), await open(folder.file("both"), "r+")];
    const names = ["read", "written", "both", "idle", "missing"];
    const ask = () => Promise.all(names.map((name) => hasWriter(folder.file(name))));
    const expected = [false, true, true, false, false];
    // The second one asks while the first one's search runs.
    const first = ask();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await Promise.all([first, ask()])).toEqual([expected, expected]);
    await Promise.all([reader, ...writers].map((file) => file.close()));
    expect(await ask()).toEqual(names.map(() => false));
  },
);

test.runIf(process.platform === "linux")(
  "a search that takes too long does not claim that there is no writer",
  async () => {
    const folder = await kit.temporary_directory({ file: "1" });
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 1_000));
    try {
      expect(await has_open_writer(folder.file("file"))).toBeUndefined();
    } finally {
      clock.mockRestore();
    }
    expect(await hasWriter(folder.file("file"))).toBe(false);
  },
);
