import { mkdir as node_mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Makes a directory, and the missing ones above it. Node's `recursive` never returns where the system answers ENOENT in
 * a directory that exists, as `/proc` does.
 *
 * @param mode of each new directory
 * @param mkdir Node's, or a stand-in
 * @throws the system's error
 */
export async function make_directory(
  path: string,
  mode: number,
  mkdir: (path: string, mode: number) => Promise<unknown> = node_mkdir,
): Promise<void> {
  const make = async (): Promise<void> => {
    try {
      await mkdir(path, mode);
    } catch (error) {
      if (!(await isDirectory(path))) throw error;
    }
  };
  try {
    await make();
  } catch (error) {
    const above = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || above === path) throw error;
    await make_directory(above, mode, mkdir);
    await make();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
