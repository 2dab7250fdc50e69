import type * as node_fs from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** The object at a path is not a regular file: it is neither opened, nor written, nor renamed over. */
export class NotRegular extends Error {
  override readonly name = "NotRegular";
  readonly code = "not_a_file";

  constructor(what: string) {
    super(`it is ${what}, must be a regular file`);
  }
}

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
}

/** @throws NotRegular */
export function must_be_regular(stats: Kind): void {
  if (stats.isFile()) return;
  throw new NotRegular(
    stats.isDirectory() ? "a directory" : stats.isFIFO() ? "a pipe" : stats.isSocket() ? "a socket" : "a device",
  );
}

/** More links than the system itself follows. */
const HOPS = 40;

/**
 * The path at the end of a path's symbolic links, where there is a regular file or nothing yet.
 *
 * @throws NotRegular, or the system's error
 */
export async function regular_place(
  path: string,
  { lstat, readlink }: Pick<typeof node_fs, "lstat" | "readlink">,
): Promise<string> {
  let place = path;
  for (let hops = 0; hops <= HOPS; hops += 1) {
    let stats;
    try {
      stats = await lstat(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return place;
      throw error;
    }
    if (!stats.isSymbolicLink()) {
      must_be_regular(stats);
      return place;
    }
    place = resolve(dirname(place), await readlink(place));
  }
  throw Object.assign(new Error("ELOOP: too many symbolic links"), { code: "ELOOP" });
}
