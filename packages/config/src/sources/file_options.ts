import { fileURLToPath } from "node:url";

/** Options of a source that reads and watches files. */
export interface WatchedFileOptions {
  /** How long (ms, default 50) a file must be quiet before a change made in place is accepted. */
  readonly debounce?: number;
  /**
   * The same for a file that looks half-written (emptied, shorter, broken, just created) or gone (ms, default 1000).
   */
  readonly settle?: number;
  /**
   * How often (ms) the watch checks for changes that the system did not report: 5000 by default, 250 with
   * `use_polling`.
   */
  readonly poll_interval?: number;
  /**
   * Whether to poll only, for file systems that report no changes (network shares, some containers). Default `false`.
   */
  readonly use_polling?: boolean;
  /** Whether a missing file is an error. By default (`false`) it counts as an empty one. */
  readonly must_exist?: boolean;
  /** Files larger than this many bytes are refused (default 16 MiB). */
  readonly max_bytes?: number;
}

const numbers = ["debounce", "settle", "poll_interval", "max_bytes"] as const;

/**
 * A file's path as given, and its options with defaults filled in.
 *
 * @throws TypeError if it is no path, or for an unknown option or one of the wrong type, RangeError for an invalid time
 *   or size
 */
export function checked_options(
  owner: string,
  path: string | URL,
  options: WatchedFileOptions,
): { readonly shown: string; readonly options: Required<WatchedFileOptions> } {
  if (typeof path !== "string" && !(path instanceof URL)) {
    throw new TypeError(`Cannot make a ${owner}: path must be a string or a file URL, got ${typeof path}`);
  }
  const shown = typeof path === "string" ? path : fileURLToPath(path);
  if (shown === "" || shown.includes("\0")) {
    throw new TypeError(`Cannot make a ${owner}: path must be a path, got ${JSON.stringify(shown)}`);
  }
  const { debounce = 50, settle = 1000, use_polling = false, must_exist = false, ...others } = options;
  const { max_bytes = 16 * 1024 * 1024, ...rest } = others;
  const { poll_interval = use_polling ? 250 : 5000, ...unknown } = rest;
  for (const name of Object.keys(unknown)) {
    throw new TypeError(`Cannot make a ${owner} of "${shown}": there is no option "${name}"`);
  }
  for (const [name, value] of Object.entries({ use_polling, must_exist })) {
    if (typeof value === "boolean") continue;
    throw new TypeError(`Cannot make a ${owner} of "${shown}": ${name} must be a boolean, got ${typeof value}`);
  }
  const checked = { debounce, settle, use_polling, must_exist, max_bytes, poll_interval };
  for (const name of numbers) {
    const value = checked[name];
    if (typeof value !== "number" || !(value >= 0) || (name === "poll_interval" && value < 10)) {
      const wanted = name === "poll_interval" ? "a number of ms, at least 10" : "a number, at least 0";
      throw new RangeError(`Cannot make a ${owner} of "${shown}": ${name} must be ${wanted}, got ${String(value)}`);
    }
  }
  return { shown, options: checked };
}
