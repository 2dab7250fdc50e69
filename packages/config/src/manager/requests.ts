import { erlang, Pid } from "@otpts/runtime";
import { path_from_atom } from "../atoms.ts";
import { Aliases } from "../core/aliases.ts";
import { parsePath } from "../core/path.ts";
import { parsePattern } from "../core/pattern.ts";
import type { Segments } from "../core/value.ts";
import { isRevoked, typeOf } from "../core/words.ts";
import type { Path, PutOptions, SubscribeOptions, Subscriber } from "../protocol.ts";
import { isAtom } from "./identity.ts";
import type { Wanted } from "./state.ts";

/** Checks of requests, whose senders may be any code. */

/** The segments of a path. @throws TypeError if it is not a path */
export function readPath(path: Path, action: string): Segments {
  return parsePath(isAtom(path) ? path_from_atom(path) : path, action);
}

/** The segments, with new names, of a path below the root. @throws TypeError if it is not one */
export function readPathBelow(path: Path, action: string, aliases: Aliases): Segments {
  const segments = readPath(path, action);
  if (segments.length === 0) throw new TypeError(`Cannot ${action}: the path must name something below the root`);
  return aliases.rename(segments);
}

/**
 * Reads a subscription; old names at the beginning of its pattern become new ones. @throws TypeError if it is invalid
 */
export function readWanted(
  pattern: Path,
  subscriber: Subscriber,
  options: unknown,
  action: string,
  aliases: Aliases = Aliases.none,
): Wanted {
  const written = isAtom(pattern) ? path_from_atom(pattern) : pattern;
  const asked = parsePattern(written, action);
  const renamed = aliases.renamePattern(written);
  const parsed = renamed === written ? asked : parsePattern(renamed, action);
  const target = isAtom(subscriber) ? subscriber.name : subscriber;
  const isCallback = typeof target === "function" && !isRevoked(target);
  if (!isCallback && !isPid(target) && (typeof target !== "string" || target === "")) {
    const got = typeOf(target);
    throw new TypeError(`Cannot ${action} "${parsed.source}": a subscriber is a callback, a pid or a name, got ${got}`);
  }
  return { pattern: parsed, target, options: readOptions(options, `Cannot ${action} "${parsed.source}"`) };
}

/** Not an object that only looks like one: that has no process. */
function isPid(value: unknown): value is Pid {
  try {
    return value instanceof Pid && typeof erlang.is_process_alive(value) === "boolean";
  } catch {
    return false;
  }
}

/** A copy, so that the caller's object is not read later. */
function readOptions(options: unknown, action: string): SubscribeOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null || isRevoked(options)) {
    throw new TypeError(`${action}: options must be an object, got ${typeOf(options)}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== "initial" && key !== "signal") {
      throw new TypeError(`${action}: unknown option "${key}", known are initial and signal`);
    }
  }
  const { initial, signal } = options as { readonly [key in keyof SubscribeOptions]?: unknown };
  if (initial !== undefined && typeof initial !== "boolean") {
    throw new TypeError(`${action}: initial must be a boolean, got ${typeof initial}`);
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`${action}: signal must be an AbortSignal, got ${signal === null ? "null" : typeof signal}`);
  }
  return { ...(initial === undefined ? {} : { initial }), ...(signal === undefined ? {} : { signal }) };
}

/** Not an object that only looks like one: the getter throws for anything but a signal. */
function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal && typeof value.aborted === "boolean";
}

/** A copy of the options of a put. @throws TypeError if one is invalid */
export function readPutOptions(options: unknown, action: string): PutOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null || isRevoked(options)) {
    throw new TypeError(`Cannot ${action}: options must be an object, got ${typeOf(options)}`);
  }
  const copy: Record<string, unknown> = { ...options };
  for (const [key, value] of Object.entries(copy)) {
    const type = PUT_OPTIONS.get(key);
    if (type === undefined) {
      throw new TypeError(`Cannot ${action}: unknown option "${key}", known are ${[...PUT_OPTIONS.keys()].join(", ")}`);
    }
    if (value === undefined) delete copy[key];
    else if (typeof value !== type) {
      throw new TypeError(`Cannot ${action}: ${key} must be a ${type}, got ${value === null ? "null" : typeof value}`);
    }
  }
  return copy;
}

const PUT_OPTIONS: ReadonlyMap<string, string> = new Map<keyof PutOptions, string>([
  ["actor", "string"],
  ["reason", "string"],
  ["if_version", "number"],
  ["dry_run", "boolean"],
]);

/** The error for an unknown request. */
export function unknownRequest(request: unknown): TypeError {
  const tag: unknown = !isRevoked(request) && Array.isArray(request) ? request[0] : request;
  const shown = isAtom(tag)
    ? `[${tag.name}, …]`
    : tag !== request
      ? `a tuple that starts with ${typeof tag}`
      : typeof tag;
  return new TypeError(
    `Cannot answer this request: config_manager knows get_config, put_config, unset_config, merge_config, rollback, history, diff, subscribe, unsubscribe, reload, status and explain, got ${shown}`,
  );
}
