import { atom, Atom, gen_server } from "@otpts/runtime";
import { REDACTED } from "./core/secrets.ts";
import { formatPath, parsePath } from "./core/path.ts";
import type { Segments } from "./core/value.ts";

/** `[GET_CONFIG, path, default?]`, a call: the value at the path. */
export const GET_CONFIG = atom.ensure("get_config");
/** `[PUT_CONFIG, path, value]`, a call: sets a runtime override. */
export const PUT_CONFIG = atom.ensure("put_config");
/** `[UNSET_CONFIG, path]`, a call: drops the runtime overrides at the path and below. */
export const UNSET_CONFIG = atom.ensure("unset_config");
/** `[MERGE_CONFIG, path, partial]`, a call: overrides each leaf of a partial table. */
export const MERGE_CONFIG = atom.ensure("merge_config");
/** `[ROLLBACK, version, options?]`, a call: restores the runtime overrides of a version. */
export const ROLLBACK = atom.ensure("rollback");
/** `[HISTORY]`, a call: the last versions. */
export const HISTORY = atom.ensure("history");
/** `[DIFF, from, to?]`, a call: what changed from one version to another. */
export const DIFF = atom.ensure("diff");
/** `[SUBSCRIBE, pattern, subscriber, options?]`, a call. */
export const SUBSCRIBE = atom.ensure("subscribe");
/** `[UNSUBSCRIBE, pattern, subscriber]`, a call or a cast. */
export const UNSUBSCRIBE = atom.ensure("unsubscribe");
/** `[RELOAD]`, a call or a cast. */
export const RELOAD = atom.ensure("reload");
/** `[STATUS]`, a call. */
export const STATUS = atom.ensure("status");
/** `[EXPLAIN, path]`, a call. */
export const EXPLAIN = atom.ensure("explain");
/** `[CONFIG_CHANGED, path, old_value, new_value]`, the message to a subscribed process. */
export const CONFIG_CHANGED = atom.ensure("config_changed");
/** `[SOURCE_UPDATE, source_name, tree]`, a cast: replaces that source's layer. */
export const SOURCE_UPDATE = atom.ensure("source_update");

// A failed call shows its request, but not the value in it.
for (const tag of [PUT_CONFIG, MERGE_CONFIG]) gen_server.sensitive(tag, ([, path]) => [tag, path, REDACTED]);

const PREFIX = "config.";

/**
 * The atom of a path: `config.database.url`. Created if it does not exist, so do not use it for paths from outside:
 * keep those as strings.
 *
 * @throws TypeError if it is not a path; ErlangError `system_limit` if it is too long for an atom or the table is full
 */
export function config_path_atom(path: string | Segments): Atom {
  return atom.ensure(PREFIX + (typeof path === "string" ? path : formatPath(parsePath(path))));
}

/** The dotted path of a path atom. For any other atom, its name. */
export function path_from_atom(path_atom: Atom): string {
  const { name } = path_atom;
  return name.startsWith(PREFIX) ? name.slice(PREFIX.length) : name;
}
