import type { Secrets } from "./core/secrets.ts";
import type { Snapshot } from "./core/snapshot.ts";

/**
 * The place where a manager publishes its current snapshot, under its name, for readers without messages (`peek`,
 * `ref`, `snapshot`), like Erlang's `persistent_term`. Only the manager writes to it, one reference at a time. The last
 * snapshot stays while a manager restarts.
 */
export interface Published {
  current: Snapshot | undefined;
  /** The secrets in it. */
  secrets: Secrets | undefined;
}

// On globalThis, so that two copies of this package share it.
const KEY = Symbol.for("@otpts/config/published/1");
const shared = globalThis as typeof globalThis & { [KEY]?: Map<string, Published> };
const all = (shared[KEY] ??= new Map<string, Published>());

/** The published data of a manager's name, even before that manager exists. */
export function publishedBy(name: string): Published {
  let published = all.get(name);
  if (published === undefined) all.set(name, (published = { current: undefined, secrets: undefined }));
  return published;
}
