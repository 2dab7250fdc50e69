import type { FSWatcher } from "chokidar";

import type { EntryListener } from "./directory_watch.ts";

/**
 * Watches a file by its inode, for writes under another of its names: a hard link, the other side of a bind mount.
 * Returns at once; chokidar is loaded with the first watch. The listener gets an event without a name when the watch is
 * ready, because something may have changed before.
 *
 * @param path without symbolic links
 * @returns a function that ends it and resolves when nothing of it is left
 */
export function watch_inode(path: string, listener: EntryListener & { flows(): void }): () => Promise<void> {
  let ended = false;
  const watching = import("chokidar").then(
    ({ watch }): FSWatcher | undefined => {
      if (ended) return undefined;
      const watcher = watch(path, {
        // See directory_watch.ts.
        persistent: process.platform === "win32",
        ignoreInitial: true,
        followSymlinks: false,
        depth: 0,
        atomic: false,
        ignorePermissionErrors: true,
        // Without this, chokidar would read the whole directory when the file is removed.
        ignored: (entry) => entry !== path,
      });
      watcher.on("raw", (type) => listener.event(type === "rename" ? "rename" : "change", undefined));
      watcher.on("error", (error) => listener.gone(error));
      watcher.once("ready", () => listener.flows());
      return watcher;
    },
    (error: unknown) => {
      listener.gone(error);
      return undefined;
    },
  );
  return async () => {
    ended = true;
    await (await watching)?.close();
  };
}
