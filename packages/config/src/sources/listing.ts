import { readdir, stat } from "node:fs/promises";

import { UnreadableFile, unreadable } from "./file_sample.ts";

/** The entries of a directory at one moment. */
export interface Listing {
  readonly absent: boolean;
  /** Sorted by code unit, as `ls` does with `LC_ALL=C`. */
  readonly names: readonly string[];
  /** Differs if the names differ, or it is another directory. */
  readonly print: string;
}

/** More entries than a directory of configuration has. */
const MOST = 10_000;

/** @throws UnreadableFile if it is not a directory, or cannot be read */
export async function list_directory(path: string): Promise<Listing> {
  try {
    const names = (await readdir(path)).sort();
    const { dev, ino } = await stat(path, { bigint: true });
    if (names.length > MOST) throw new UnreadableFile("too_large", `it has more than ${MOST} entries`);
    return { absent: false, names, print: `${dev}:${ino}/${names.join("/")}` };
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return { absent: true, names: [], print: "absent" };
    if (code === "ENOTDIR") throw new UnreadableFile("not_a_directory", "it is not a directory", { cause: error });
    throw unreadable(error);
  }
}

/** The print of a listing, or the reason why there is none. */
export async function print_listing(path: string): Promise<string> {
  return list_directory(path).then(
    ({ print }) => print,
    (error: Error) => error.message,
  );
}
