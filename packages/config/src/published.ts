import type { Secrets } from "./core/secrets.ts";
import type { Snapshot } from "./core/snapshot.ts";

/**
 * Where the manager of a name publishes its current snapshot for readers that send no message (`peek`, `ref`, `snapshot`):
 * what `persistent_term` is in Erlang. Only the manager writes to it, one reference at a time. The last snapshot stays while
 * a manager restarts.
 */
export interface Published {
  current: Snapshot | undefined;
  /** What is secret in it. */
  secrets: Secrets | undefined;
}

// On globalThis, so that two copies of this package read the same.
const KEY = Symbol.for("@otpts/config/published/1");
const shared = globalThis as typeof globalThis & { [KEY]?: Map<string, Published> };
const all = (shared[KEY] ??= new Map<string, Published>());

/** What is published under a manager's name, also before there is such a manager. */
export function publishedBy(name: string): Published {
  let published = all.get(name);
  if (published === undefined) all.set(name, (published = { current: undefined, secrets: undefined }));
  return published;
}
