import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { test } from "vitest";

import { type FileOptions, FileSource } from "../../src/sources/file.ts";
import { Driver } from "./loading.ts";

interface WatchedFile {
  /** The test's folder. */
  readonly folder: string;
  /** The file in it. */
  readonly path: string;
  /** Starts a source of the file, or of another one. It is stopped after the test. */
  readonly start: (options?: FileOptions, at?: string) => Promise<Driver>;
}

/**
 * Tests of a watched file, each with a folder and sources for itself: most of its time is waiting, so tests may run side
 * by side.
 *
 * @param options defaults for the sources
 */
export function testWatched(options: FileOptions) {
  return test.extend<WatchedFile>({
    folder: async ({ task: _task }, use) => {
      const folder = await mkdtemp(join(tmpdir(), "otpts-watched-"));
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
    path: async ({ folder }, use) => use(join(folder, "config.toml")),
    start: async ({ path }, use) => {
      const drivers: Driver[] = [];
      await use(async (more = {}, at = path) => {
        const driver = new Driver(new FileSource(at, { ...options, ...more }));
        drivers.push(driver);
        await driver.start();
        return driver;
      });
      await Promise.all(drivers.map((driver) => driver.stop()));
    },
  });
}
