import type { Backoff } from "../../core/backoff.ts";
import { must_be_named_values } from "../../core/named_values.ts";
import { typeOf } from "../../core/words.ts";
import { LONGEST_TIMER } from "../../core/longest_timer.ts";
import type { SourceContext } from "../source.ts";
import { REMOTE_FORMATS, type RemoteAnswer, type RemoteFormat } from "./answer.ts";

/** Options of all remote sources. */
export interface RemoteCommonOptions {
  /** `true`: a start fails if neither the place nor `cache_file` has content. Default `false`. */
  readonly required?: boolean;
  /** Whether the last values stay when the place becomes empty. Default `keep`. */
  readonly on_missing?: "keep" | "clear";
  /** File that keeps the last good content for a start while the place is down. Mode 0600. */
  readonly cache_file?: string;
  /** How long after a load the next one is due, in milliseconds, less up to a tenth at random. Default 30,000; 0: no polling. */
  readonly poll_interval?: number;
  /** Time for a load, in milliseconds. Default 5,000: below the manager's `load_timeout`. */
  readonly timeout?: number;
  /** Bounds of the jittered wait between attempts, in milliseconds. Default `{ min: 500, max: 30_000 }`. */
  readonly backoff?: Partial<Backoff>;
  /** How long changes are gathered after a wait has reported one, in milliseconds. Default 20. */
  readonly debounce?: number;
  /** Largest content that is read, in bytes. Default 16 MiB. */
  readonly max_bytes?: number;
  /** Whether all its values are secrets, whatever their names. Default `false`. */
  readonly secret?: boolean;
}

/** Options of `remote_source`: the functions that are specific to a place. */
export interface RemoteOptions extends RemoteCommonOptions {
  /** Name in `status`, and in the places of values. It is shown, so it must contain no credentials. */
  readonly name: string;
  /** For display and metrics, such as `vault`. Default `remote`. */
  readonly kind?: string;
  /**
   * Distinguishes this place from others of the same name, such as an address with its query: the cache file of another
   * place is not used. Not shown, and kept as a digest only. Default: the name.
   */
  readonly place?: string;
  /** The format of documents that come without one. Default `json`. */
  readonly format?: RemoteFormat;
  /**
   * Loads the content. One load runs at a time.
   *
   * The message of a `RemoteFailure` is shown. The message of any other error is shown without credentials of well-known
   * forms.
   *
   * @param signal fires when the source is stopped, or when `timeout` is over: requests must end then
   * @param revision the revision of the last good load; the result may be `{ unchanged: true }` if the place still has it.
   *   Undefined if there was no such load
   * @param env the environment of the manager's sources
   */
  readonly load: (
    signal: AbortSignal,
    revision: string | undefined,
    env: SourceContext["env"],
  ) => Promise<RemoteAnswer>;
  /**
   * Waits until there may be a change: a load follows when it resolves, unless it resolves with `{ unchanged: true }`. It is
   * called again at once, and after failures at growing intervals.
   *
   * With `revision`, it should resolve at once if the place has another revision by now.
   *
   * @param signal fires when the source is stopped, when `watch_timeout` is over, or when a load found another revision
   * @param revision the revision of the last load or the last wait
   */
  readonly watch?: (
    signal: AbortSignal,
    revision: string | undefined,
    env: SourceContext["env"],
  ) => Promise<RemoteNews | undefined | void>;
  /** Longest time for one wait of `watch`, in milliseconds: then that is over, and the next one begins. Default 60,000. */
  readonly watch_timeout?: number;
  /** Releases connections and the like; called when the source is stopped. */
  readonly close?: () => Promise<void>;
  /** Additional data for `status`: plain data without secrets. */
  readonly details?: () => object;
}

/** The result of a wait. */
export interface RemoteNews {
  /** There was no change until the wait was over. */
  readonly unchanged?: boolean;
  /** The revision that the place has now. */
  readonly revision?: string | undefined;
}

/** The options with their defaults. */
export interface RemoteSettings {
  readonly required: boolean;
  readonly on_missing: "keep" | "clear";
  readonly cache_file: string | undefined;
  readonly poll_interval: number;
  readonly timeout: number;
  readonly backoff: Backoff;
  readonly debounce: number;
  readonly max_bytes: number;
  readonly secret: boolean;
  readonly format: RemoteFormat;
  readonly watch_timeout: number;
}

/** The names of the common options. */
export const COMMON = {
  required: true,
  on_missing: true,
  cache_file: true,
  poll_interval: true,
  timeout: true,
  backoff: true,
  debounce: true,
  max_bytes: true,
  secret: true,
} satisfies Record<keyof RemoteCommonOptions, true>;

const KNOWN = {
  name: true,
  kind: true,
  place: true,
  format: true,
  load: true,
  watch: true,
  watch_timeout: true,
  close: true,
  details: true,
  ...COMMON,
} satisfies Record<keyof RemoteOptions, true>;

/** Checks the options and fills in the defaults. @param owner the name for error messages. @throws TypeError, RangeError */
export function remote_settings(owner: string, given: RemoteOptions): RemoteSettings {
  const check = new Check(`Cannot make ${owner}`);
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`${check.action}: options must be an object, got ${typeOf(given)}`);
  }
  check.known(given, KNOWN);
  const { name, kind = "remote", place = name, load, watch, close, details, cache_file, backoff = {} } = given;
  for (const [key, text] of Object.entries({ name, kind, place })) {
    if (typeof text !== "string" || text === "") {
      throw new TypeError(`${check.action}: "${key}" must be a text that is not empty, got ${typeOf(text)}`);
    }
  }
  if (typeof load !== "function")
    throw new TypeError(`${check.action}: "load" must be a function, got ${typeOf(load)}`);
  for (const [key, value] of Object.entries({ watch, close, details })) {
    if (value === undefined || typeof value === "function") continue;
    throw new TypeError(`${check.action}: "${key}" must be a function, got ${typeOf(value)}`);
  }
  if (cache_file !== undefined && (typeof cache_file !== "string" || cache_file === "" || cache_file.includes("\0"))) {
    throw new TypeError(`${check.action}: "cache_file" must be a path, got ${typeOf(cache_file)}`);
  }
  check.named_values("backoff", backoff);
  const min = check.within("backoff.min", backoff.min ?? 500, 1, 3_600_000);
  return {
    required: check.boolean("required", given.required ?? false),
    on_missing: check.one_of("on_missing", given.on_missing ?? "keep", ["keep", "clear"]),
    cache_file,
    poll_interval: check.within("poll_interval", given.poll_interval ?? 30_000, 0, LONGEST_TIMER),
    timeout: check.within("timeout", given.timeout ?? 5_000, 1, LONGEST_TIMER),
    backoff: { min, max: check.within("backoff.max", backoff.max ?? Math.max(30_000, min), min, LONGEST_TIMER) },
    debounce: check.within("debounce", given.debounce ?? 20, 0, 60_000),
    max_bytes: check.within("max_bytes", given.max_bytes ?? 16 * 1024 * 1024, 1, Number.MAX_SAFE_INTEGER),
    secret: check.boolean("secret", given.secret ?? false),
    format: check.one_of("format", given.format ?? "json", REMOTE_FORMATS),
    watch_timeout: check.within("watch_timeout", given.watch_timeout ?? 60_000, 1, LONGEST_TIMER),
  };
}

/** Checks options. Its errors begin with `action`. */
export class Check {
  readonly action: string;

  constructor(action: string) {
    this.action = action;
  }

  /** @throws TypeError for an unknown option */
  known(given: object, known: object): void {
    for (const key of Object.keys(given)) {
      if (Object.hasOwn(known, key)) continue;
      throw new TypeError(`${this.action}: unknown option "${key}", known are ${Object.keys(known).join(", ")}`);
    }
  }

  /** @throws TypeError */
  named_values(option: string, value: unknown): void {
    must_be_named_values(this.action, `"${option}"`, value);
  }

  /** @throws TypeError */
  boolean(option: string, value: unknown): boolean {
    if (typeof value === "boolean") return value;
    throw new TypeError(`${this.action}: "${option}" must be a boolean, got ${typeOf(value)}`);
  }

  /** @throws TypeError */
  one_of<T extends string>(option: string, value: unknown, known: readonly T[]): T {
    const found = known.find((one) => one === value);
    if (found !== undefined) return found;
    const words = known.map((word) => `"${word}"`).join(" or ");
    throw new TypeError(`${this.action}: "${option}" must be ${words}, got ${typeOf(value)}`);
  }

  /** @throws RangeError */
  within(option: string, value: unknown, least: number, most: number): number {
    if (typeof value === "number" && value >= least && value <= most) return value;
    const got = typeof value === "number" ? String(value) : typeOf(value);
    throw new RangeError(`${this.action}: "${option}" must be a number from ${least} to ${most}, got ${got}`);
  }
}
