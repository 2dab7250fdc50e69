import type { Snapshot } from "./core/snapshot.ts";

/**
 * Where a manager of a name shows its current snapshot to readers that send no message (`peek`, `ref`, `snapshot`): what
 * `persistent_term` is in Erlang. Only the manager writes to it, one reference at a time. It keeps the last snapshot while a
 * manager restarts.
 */
export interface Board {
  current: Snapshot | undefined;
  /** Whose snapshot it is. */
  owner: object | undefined;
}

// On globalThis, so that two copies of this package read the same boards.
const KEY = Symbol.for("@otpts/config/boards/1");
const shared = globalThis as typeof globalThis & { [KEY]?: Map<string, Board> };
const boards = (shared[KEY] ??= new Map<string, Board>());

/** The board of a manager's name, also before there is such a manager. */
export function boardOf(name: string): Board {
  let board = boards.get(name);
  if (board === undefined) boards.set(name, (board = { current: undefined, owner: undefined }));
  return board;
}
