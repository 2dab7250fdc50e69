import { Atom, atoms, Exit, gen_server, type MessageOf } from "@otpts/runtime";
import {
  DIFF,
  EXPLAIN,
  GET_CONFIG,
  HISTORY,
  MERGE_CONFIG,
  path_from_atom,
  PUT_CONFIG,
  RELOAD,
  ROLLBACK,
  STATUS,
  SUBSCRIBE,
  UNSET_CONFIG,
  UNSUBSCRIBE,
} from "./atoms.ts";
import { contentHash } from "./content_hash.ts";
import { type Published, publishedBy } from "./published.ts";
import type { Explanation } from "./core/explain.ts";
import { formatPath, parsePath } from "./core/path.ts";
import { admitSliced } from "./core/sliced.ts";
import { Secrets } from "./core/secrets.ts";
import { Snapshot } from "./core/snapshot.ts";
import { isRevoked } from "./core/words.ts";
import { newBudget } from "./budget.ts";
import type { Segments } from "./core/value.ts";
import type {
  ChangeCallback,
  ChangeContext,
  ChangedValue,
  ConfigCalls,
  HistoryEntry,
  Path,
  Preview,
  PutOptions,
  Refusal,
  ReloadReport,
  SubscribeOptions,
  Subscriber,
} from "./protocol.ts";
import { ConfigSpec } from "./spec.ts";
import type { ConfigStatus } from "./status.ts";
import type {
  KnownPath,
  KnownPattern,
  KnownSegments,
  Partially,
  RegisteredInput,
  RegisteredTree,
  ValueAt,
  ValueAtSegments,
  ValueMatching,
} from "./typed_path.ts";

const { ERROR } = atoms;

/** Reads one setting without a message: `value` is always the value in the current snapshot. */
export interface ConfigRef<V = unknown> {
  readonly value: V;
}

/**
 * The client of a configuration manager. All functions but `peek`, `ref`, `snapshot` and `content_hash` are one
 * `gen_server` call each, and reject with `Exit` (`noproc`, `timeout`) like calls. Invalid paths reject with TypeError.
 */
export class ConfigClient<T = unknown, I = T> {
  readonly name: string;
  /** The manager's name, with the type of the protocol that every manager has. */
  readonly #manager: "config_manager";
  readonly #published: Published;

  constructor(name: string) {
    this.name = name;
    this.#manager = name as "config_manager";
    this.#published = publishedBy(name);
  }

  /**
   * The value at a path: a frozen table for an inner node; `fallback`, or undefined, if there is none. Without a schema
   * it is not checked that the value has the fallback's type: `Promise<number>` may then be wrong.
   *
   * @param path a dotted string, a path atom or an array of segments
   */
  get(path: Atom, fallback?: unknown): Promise<unknown>;
  get<const S extends Segments>(path: Typed<S, KnownSegments<T, S>>): Promise<ValueAtSegments<T, S>>;
  get<const S extends Segments, D>(
    path: Typed<S, KnownSegments<T, S>>,
    fallback: D,
  ): Promise<Fallen<ValueAtSegments<T, S>, D>>;
  get<const P extends string, D>(path: Typed<P, KnownPath<T, P>>, fallback: D): Promise<Fallen<ValueAt<T, P>, D>>;
  get<const P extends string>(path: Typed<P, KnownPath<T, P>>): Promise<ValueAt<T, P>>;
  get(path: Path, fallback?: unknown): Promise<unknown> {
    if (typeof path !== "string" || !readable.has(path)) {
      try {
        check(path, "get");
      } catch (error) {
        return Promise.reject(error as Error);
      }
    }
    return gen_server.call(this.#manager, [GET_CONFIG, path, fallback]);
  }

  /**
   * Sets a runtime override: a copy of the value, made now, replaces the subtree at the path until `unset`. Resolves
   * when it is committed, on disk if overrides are durable, and the callbacks it triggers have run (or `notify_timeout`
   * is over).
   *
   * @throws ConfigValidationError if it is refused; nothing has changed
   * @throws ConfigSourceError if it cannot be saved; nothing has changed
   */
  put(path: Atom, value: unknown, options?: Carried): Promise<true>;
  put(path: Atom, value: unknown, options: PutOptions): Promise<true | Preview>;
  put<const S extends Segments>(
    path: Typed<S, KnownSegments<I, S>>,
    value: Put<ValueAtSegments<I, S>>,
    options?: Carried,
  ): Promise<true>;
  put<const S extends Segments>(
    path: Typed<S, KnownSegments<I, S>>,
    value: Put<ValueAtSegments<I, S>>,
    options: PutOptions,
  ): Promise<true | Preview>;
  put<const P extends string>(
    path: Typed<P, KnownPath<I, P>>,
    value: Put<ValueAt<I, P>>,
    options: PutOptions & { readonly dry_run: boolean },
  ): Promise<true | Preview>;
  put<const P extends string>(
    path: Typed<P, KnownPath<I, P>>,
    value: Put<ValueAt<I, P>>,
    options?: Carried,
  ): Promise<true>;
  put(path: Path, value: unknown, options?: PutOptions): Promise<true | Preview> {
    return this.#write("put", path, [value], (copy) => [PUT_CONFIG, path, copy, options]);
  }

  /**
   * Overrides each leaf of a partial table, all in one change; other leaves stay unchanged. Otherwise like `put`;
   * refuses values that are not tables.
   */
  merge(path: Atom | Segments, partial: unknown, options?: Carried): Promise<true>;
  merge(path: Atom | Segments, partial: unknown, options: PutOptions): Promise<true | Preview>;
  merge<const P extends string>(
    path: Typed<P, KnownPath<I, P>>,
    partial: Partially<Put<ValueAt<I, P>>>,
    options: PutOptions & { readonly dry_run: boolean },
  ): Promise<true | Preview>;
  merge<const P extends string>(
    path: Typed<P, KnownPath<I, P>>,
    partial: Partially<Put<ValueAt<I, P>>>,
    options?: Carried,
  ): Promise<true>;
  merge(path: Path, partial: unknown, options?: PutOptions): Promise<true | Preview> {
    return this.#write("merge", path, [partial], (copy) => [MERGE_CONFIG, path, copy, options]);
  }

  /**
   * Drops the runtime overrides at a path and below, so that the sources' values show again. True even if there were
   * none.
   */
  unset(path: Atom | Segments, options?: Carried): Promise<true>;
  unset(path: Atom | Segments, options: PutOptions): Promise<true | Preview>;
  unset<const P extends string>(
    path: Typed<P, KnownPath<I, P>>,
    options: PutOptions & { readonly dry_run: boolean },
  ): Promise<true | Preview>;
  unset<const P extends string>(path: Typed<P, KnownPath<I, P>>, options?: Carried): Promise<true>;
  unset(path: Path, options?: PutOptions): Promise<true | Preview> {
    return this.#write("unset", path, [], () => [UNSET_CONFIG, path, options]);
  }

  /** The last twenty versions, oldest first, each with time, reason and actor. */
  history(): Promise<readonly HistoryEntry[]> {
    return gen_server.call(this.#manager, [HISTORY]);
  }

  /**
   * What changed from one version to another, leaf by leaf, secrets redacted.
   *
   * @param to default: the current version
   * @throws RangeError if one of them is no longer kept
   */
  async diff(from: number, to?: number): Promise<readonly ChangedValue[]> {
    return taken(await gen_server.call(this.#manager, [DIFF, from, to]));
  }

  /**
   * Restores the runtime overrides of a version, as one change that is validated like a put. The sources' values do not
   * change.
   *
   * @throws RangeError if the version is no longer kept; otherwise like `put`
   */
  rollback(version: number, options?: PutOptions & { readonly dry_run?: false }): Promise<true>;
  rollback(version: number, options: PutOptions): Promise<true | Preview>;
  async rollback(version: number, options?: PutOptions): Promise<true | Preview> {
    return taken(await gen_server.call(this.#manager, [ROLLBACK, version, options], Infinity));
  }

  /**
   * Subscribes to changes of the nodes that a pattern matches. The subscription ends with the calling process; made
   * outside processes, it lasts until `unsubscribe`, or until the `signal` in the options aborts. Subscribing twice
   * makes one subscription: the second time adds its `signal`, and notifies again with `initial`. A put waits for the
   * callbacks it triggers, for up to `notify_timeout`; a callback that is already known to hang is not waited for again
   * until it returns.
   *
   * @param pattern `*` is one segment, `**` any number; braces and character classes as in minimatch
   * @param subscriber a callback, or a process, by pid or name, which gets `[CONFIG_CHANGED, path, old_value, new_value]`
   */
  subscribe(pattern: Atom | Segments, subscriber: Subscriber, options?: SubscribeOptions): Promise<true>;
  subscribe<const P extends string>(
    pattern: Typed<P, KnownPattern<T, P>>,
    subscriber: SubscriberOf<ValueMatching<T, P>>,
    options?: SubscribeOptions,
  ): Promise<true>;
  async subscribe(pattern: Path, subscriber: Subscriber, options?: SubscribeOptions): Promise<true> {
    return taken(await gen_server.call(this.#manager, [SUBSCRIBE, pattern, subscriber, options]));
  }

  /** Ends a subscription. True even if there was none. */
  unsubscribe(pattern: Atom | Segments, subscriber: Subscriber): Promise<true>;
  unsubscribe<const P extends string>(
    pattern: Typed<P, KnownPattern<T, P>>,
    subscriber: SubscriberOf<ValueMatching<T, P>>,
  ): Promise<true>;
  async unsubscribe(pattern: Path, subscriber: Subscriber): Promise<true> {
    return taken(await gen_server.call(this.#manager, [UNSUBSCRIBE, pattern, subscriber]));
  }

  /**
   * Loads all sources again. Resolves when the result is committed and subscribers have been notified.
   *
   * @throws ConfigValidationError if the result is not valid, ConfigSourceError if it is not plain data or changes a
   *   list of another source: the last good configuration stays. A failure of a single source is in the report
   */
  async reload(): Promise<ReloadReport> {
    return taken(await gen_server.call(this.#manager, [RELOAD], Infinity));
  }

  /** The state of the manager, its sources and its subscribers. */
  async status(): Promise<ConfigStatus> {
    return taken(await gen_server.call(this.#manager, [STATUS]));
  }

  /**
   * The hash of the current `snapshot`: 64 hexadecimal digits, equal for equal configurations, whatever the order of
   * their keys and sources, their version and their machine. Secrets are not part of it, since a reader could use it to
   * test guesses of them. It is the SHA-256 of the redacted tree as canonical JSON (RFC 8785). Computed once, in slices
   * if the configuration is large.
   */
  async content_hash(): Promise<string> {
    return contentHash(this.snapshot().tree, this.#published.secrets ?? NAMED_SECRETS);
  }

  /** Why a path has its value: the winner, the values it shadows, and the origin of each. */
  explain(path: Atom | Segments): Promise<Explanation>;
  explain<const P extends string>(path: Typed<P, KnownPath<T, P>>): Promise<Explanation>;
  async explain(path: Path): Promise<Explanation> {
    return taken(await gen_server.call(this.#manager, [EXPLAIN, path]));
  }

  /** The whole configuration at one version: immutable, and the same object until it changes. */
  snapshot(): Snapshot {
    return this.#published.current ?? NOTHING;
  }

  /** Like `get`, but synchronous: the value in the current snapshot, or the fallback before a manager has started. */
  peek(path: Atom, fallback?: unknown): unknown;
  peek<const S extends Segments>(path: Typed<S, KnownSegments<T, S>>): ValueAtSegments<T, S>;
  peek<const S extends Segments, D>(path: Typed<S, KnownSegments<T, S>>, fallback: D): Fallen<ValueAtSegments<T, S>, D>;
  peek<const P extends string, D>(path: Typed<P, KnownPath<T, P>>, fallback: D): Fallen<ValueAt<T, P>, D>;
  peek<const P extends string>(path: Typed<P, KnownPath<T, P>>): ValueAt<T, P>;
  peek(path: Path, fallback?: unknown): unknown {
    const snapshot = this.#published.current;
    if (snapshot === undefined) {
      check(path, "peek");
      return fallback;
    }
    const value = typeof path === "string" ? snapshot.lookup(path) : snapshot.at(segmentsOf(path, "peek"));
    return value === undefined ? fallback : value;
  }

  /** A handle on one setting, for code that reads it often. */
  ref(path: Atom, fallback?: unknown): ConfigRef;
  ref<const S extends Segments>(path: Typed<S, KnownSegments<T, S>>): ConfigRef<ValueAtSegments<T, S>>;
  ref<const S extends Segments, D>(
    path: Typed<S, KnownSegments<T, S>>,
    fallback: D,
  ): ConfigRef<Fallen<ValueAtSegments<T, S>, D>>;
  ref<const P extends string, D>(path: Typed<P, KnownPath<T, P>>, fallback: D): ConfigRef<Fallen<ValueAt<T, P>, D>>;
  ref<const P extends string>(path: Typed<P, KnownPath<T, P>>): ConfigRef<ValueAt<T, P>>;
  ref(path: Path, fallback?: unknown): ConfigRef {
    return new SnapshotRef(this.#published, segmentsOf(path, "ref"), fallback);
  }

  /** The client of another manager: by its name, or typed by its specification. */
  for<S extends ConfigSpec>(spec: S): ConfigClient<TreeOf<S>, InputOf<S>>;
  for(name: string | Atom): ConfigClient;
  for(manager: string | Atom | ConfigSpec): ConfigClient {
    if (typeof manager === "string") return new ConfigClient(manager);
    if (manager instanceof ConfigSpec || manager instanceof Atom) return new ConfigClient(manager.name);
    throw new TypeError(`Cannot make a client: for takes a name or a ConfigSpec, got ${typeof manager}`);
  }

  async #write(
    action: string,
    path: Path,
    values: readonly unknown[],
    request: (copy: unknown) => MessageOf<ConfigCalls>,
  ): Promise<true | Preview> {
    check(path, action);
    const copy = copied(values[0]);
    const message = request(isPromise(copy) ? await copy : copy);
    try {
      return taken((await gen_server.call(this.#manager, message, Infinity)) as true | Preview | Refusal);
    } catch (error) {
      throw error instanceof Exit ? inWords(error, action, path) : error;
    }
  }
}

/** The client of `"config_manager"`. */
export const Config: ConfigClient<RegisteredTree, RegisteredInput> = new ConfigClient<RegisteredTree, RegisteredInput>(
  "config_manager",
);

/** The type itself if it is known; otherwise the known ones, for the compiler's error message. */
type Typed<G, Known> = G extends Known ? G : Known;

/** Options of a change that is carried out. */
type Carried = PutOptions & { readonly dry_run?: false };

/** A value that may be put: not undefined, for which there is `unset`. */
type Put<V> = unknown extends V ? unknown : Exclude<V, undefined>;

/** A subscriber to values of this type. */
type SubscriberOf<V> = unknown extends V
  ? Subscriber
  : | Exclude<Subscriber, ChangeCallback>
    | ((path: string, old_value: V | undefined, new_value: V | undefined, context: ChangeContext) => unknown);

/** The result of `get` with a fallback. */
export type Fallen<V, D> = unknown extends V ? Widened<D> : Exclude<V, undefined> | (undefined extends V ? D : never);

type Widened<D> = D extends string ? string : D extends number ? number : D extends boolean ? boolean : D;

/** The tree that a specification's schema makes. */
export type TreeOf<S> = S extends { readonly schema: (infer V) | undefined }
  ? V extends { readonly "~standard": { readonly types?: { readonly output: infer O } | undefined } }
    ? O
    : unknown
  : unknown;

/** The input type of a specification's schema, which may be put. */
export type InputOf<S> = S extends { readonly schema: (infer V) | undefined }
  ? V extends { readonly "~standard": { readonly types?: { readonly input: infer I } | undefined } }
    ? I
    : unknown
  : unknown;

const NOTHING = new Snapshot(0, Object.freeze({}));
const NAMED_SECRETS = new Secrets();

/** Paths already found to be valid. */
const readable = new Set<string>();
const MOST_READABLE = 8192;

class SnapshotRef implements ConfigRef {
  readonly #published: Published;
  readonly #path: Segments;
  readonly #fallback: unknown;
  #seen: Snapshot | undefined = undefined;
  #value: unknown;

  constructor(published: Published, path: Segments, fallback: unknown) {
    this.#published = published;
    this.#path = path;
    this.#fallback = fallback;
    this.#value = fallback;
  }

  get value(): unknown {
    const { current } = this.#published;
    return current === this.#seen ? this.#value : this.#look(current);
  }

  #look(current: Snapshot | undefined): unknown {
    const value = current?.at(this.#path);
    this.#seen = current;
    return (this.#value = value === undefined ? this.#fallback : value);
  }
}

function check(path: Path, action: string): void {
  segmentsOf(path, action);
  if (typeof path !== "string") return;
  if (readable.size >= MOST_READABLE) readable.clear();
  if (path.length <= 1024) readable.add(path);
}

/**
 * A message is a copy, so later changes of the value have no effect. Only a large value is copied in slices, and must
 * not change meanwhile. A value that cannot be copied will be refused.
 */
function copied(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  try {
    const copy = admitSliced(value, undefined, { strict: true }, newBudget());
    return copy instanceof Promise ? copy.catch(() => value) : copy;
  } catch {
    return value;
  }
}

/** A value that could not be copied is passed on as it is, and may throw on inspection. */
function isPromise(copy: unknown): copy is Promise<unknown> {
  return !isRevoked(copy) && copy instanceof Promise;
}

function segmentsOf(path: Path, action: string): Segments {
  return parsePath(!isRevoked(path) && path instanceof Atom ? path_from_atom(path) : path, action);
}

/** Returns a reply, or throws its refusal. */
function taken<R>(reply: R | Refusal): R {
  if (isRefusal(reply)) throw reply[1];
  return reply;
}

function isRefusal(reply: unknown): reply is Refusal {
  return Array.isArray(reply) && reply[0] === ERROR;
}

/** The exit of a call that could not be made, in words. */
function inWords(exit: Exit, action: string, path: Path): Exit {
  const [why] = (Array.isArray(exit.reason) ? exit.reason : [exit.reason]) as [unknown];
  const at = formatPath(segmentsOf(path, action));
  const word = why instanceof Atom ? why.name : "an error in the manager";
  const hint = word === "noproc" ? ": no manager of this name runs, start one under your supervisor" : "";
  return new Exit(exit.reason, `Cannot ${action} "${at}": the call exited with ${word}${hint}`);
}
