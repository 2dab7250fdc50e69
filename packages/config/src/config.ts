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

/** Reads one setting without a message: `value` is that of the current snapshot, whenever it is looked at. */
export interface ConfigRef<V = unknown> {
  readonly value: V;
}

/**
 * The client of a configuration manager. All but `peek`, `ref`, `snapshot` and `content_hash` are one `gen_server` call each, and reject
 * with `Exit` (`noproc`, `timeout`) as calls do. Paths that are none reject with TypeError.
 */
export class ConfigClient<T = unknown, I = T> {
  readonly name: string;
  /** The same: whatever it is called, it answers as "config_manager" does. */
  readonly #manager: "config_manager";
  readonly #published: Published;

  constructor(name: string) {
    this.name = name;
    this.#manager = name as "config_manager";
    this.#published = publishedBy(name);
  }

  /**
   * The value at a path: a frozen table for an inner node; `fallback`, or undefined, where there is none. Without a schema
   * nothing checks that what is there has the fallback's type: `Promise<number>` is then a wish.
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
   * Sets a runtime override: a copy of the value, as it is now, replaces what is at the path until `unset`. Resolves when it
   * is committed, on disk if overrides are durable, and the callbacks it triggers have run (or `notify_timeout` is over).
   *
   * @throws ConfigValidationError when it is refused: nothing changed then
   * @throws ConfigSourceError when it cannot be saved: nothing changed then
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

  /** Overrides each leaf of a partial table, all in one change; what it does not name stays as it is. Else like `put`; refuses what is no table. */
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

  /** Drops the runtime overrides at a path and below: what the sources say shows again. Also true where there was none. */
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

  /** The last twenty versions, oldest first: when, why and by whom. */
  history(): Promise<readonly HistoryEntry[]> {
    return gen_server.call(this.#manager, [HISTORY]);
  }

  /**
   * What changed from one version to another, leaf by leaf, secrets redacted.
   *
   * @param to default: the current version
   * @throws RangeError when one of them is not kept any more
   */
  async diff(from: number, to?: number): Promise<readonly ChangedValue[]> {
    return taken(await gen_server.call(this.#manager, [DIFF, from, to]));
  }

  /**
   * Makes the runtime overrides what they were at a version, as one change that is validated like a put. What sources say
   * stays as it is.
   *
   * @throws RangeError when the version is not kept any more; else as `put`
   */
  rollback(version: number, options?: PutOptions & { readonly dry_run?: false }): Promise<true>;
  rollback(version: number, options: PutOptions): Promise<true | Preview>;
  async rollback(version: number, options?: PutOptions): Promise<true | Preview> {
    return taken(await gen_server.call(this.#manager, [ROLLBACK, version, options], Infinity));
  }

  /**
   * Subscribes to changes of what a pattern matches. The subscription ends with the calling process; made outside of any, it
   * lasts until `unsubscribe`, or until the `signal` in the options aborts. Subscribing twice is one subscription: the second
   * time adds its `signal`, and tells again with `initial`. A put waits for the callbacks it triggers, for up to
   * `notify_timeout`; one that is known to hang is not waited for again until it answers.
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

  /** Ends a subscription. Also true where there was none. */
  unsubscribe(pattern: Atom | Segments, subscriber: Subscriber): Promise<true>;
  unsubscribe<const P extends string>(
    pattern: Typed<P, KnownPattern<T, P>>,
    subscriber: SubscriberOf<ValueMatching<T, P>>,
  ): Promise<true>;
  async unsubscribe(pattern: Path, subscriber: Subscriber): Promise<true> {
    return taken(await gen_server.call(this.#manager, [UNSUBSCRIBE, pattern, subscriber]));
  }

  /**
   * Asks all sources again. Resolves when what they brought is committed and told.
   *
   * @throws ConfigValidationError when what they brought is not valid, ConfigSourceError when it cannot be: the last good
   *   configuration stays. A source that fails by itself is told in the report
   */
  async reload(): Promise<ReloadReport> {
    return taken(await gen_server.call(this.#manager, [RELOAD], Infinity));
  }

  /** How the manager, its sources and its subscribers are. */
  async status(): Promise<ConfigStatus> {
    return taken(await gen_server.call(this.#manager, [STATUS]));
  }

  /**
   * The hash of what `snapshot` returns: 64 hexadecimal digits, equal where configurations are equal, whatever the order of
   * their keys and sources, their version and their machine. Secrets are not in it: who reads it could try guesses of them.
   * It is the SHA-256 of the redacted tree as canonical JSON (RFC 8785). Found once, in slices where the configuration is
   * large.
   */
  async content_hash(): Promise<string> {
    return contentHash(this.snapshot().tree, this.#published.secrets ?? NAMED_SECRETS);
  }

  /** Why a path has the value it has: the winner, what it shadows, and where each comes from. */
  explain(path: Atom | Segments): Promise<Explanation>;
  explain<const P extends string>(path: Typed<P, KnownPath<T, P>>): Promise<Explanation>;
  async explain(path: Path): Promise<Explanation> {
    return taken(await gen_server.call(this.#manager, [EXPLAIN, path]));
  }

  /** The whole configuration at one version: immutable, and the same object until something changes. */
  snapshot(): Snapshot {
    return this.#published.current ?? NOTHING;
  }

  /** Like `get`, at once: what the current snapshot has. Where no manager has started yet, the fallback. */
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

  /** The client of another manager: by name, or typed, by its specification. */
  for<S extends ConfigSpec>(spec: S): ConfigClient<TreeOf<S>, InputOf<S>>;
  for(name: string | Atom): ConfigClient;
  for(manager: string | Atom | ConfigSpec): ConfigClient {
    if (typeof manager === "string") return new ConfigClient(manager);
    if (manager instanceof ConfigSpec || manager instanceof Atom) return new ConfigClient(manager.name);
    throw new TypeError(`Cannot make a client: for wants a name or a ConfigSpec, got ${typeof manager}`);
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

/** Itself where it is one of what is known; else what is known, for the compiler to name in its error. */
type Typed<G, Known> = G extends Known ? G : Known;

/** Options with which a change is carried out. */
type Carried = PutOptions & { readonly dry_run?: false };

/** What may be put: nothing is put by unset. */
type Put<V> = unknown extends V ? unknown : Exclude<V, undefined>;

/** Who is told of values of this type. */
type SubscriberOf<V> = unknown extends V
  ? Subscriber
  : | Exclude<Subscriber, ChangeCallback>
    | ((path: string, old_value: V | undefined, new_value: V | undefined, context: ChangeContext) => unknown);

/** What `get` gives with a fallback. */
export type Fallen<V, D> = unknown extends V ? Widened<D> : Exclude<V, undefined> | (undefined extends V ? D : never);

type Widened<D> = D extends string ? string : D extends number ? number : D extends boolean ? boolean : D;

/** The tree that a specification's schema makes. */
export type TreeOf<S> = S extends { readonly schema: (infer V) | undefined }
  ? V extends { readonly "~standard": { readonly types?: { readonly output: infer O } | undefined } }
    ? O
    : unknown
  : unknown;

/** What a specification's schema takes in: what may be put. */
export type InputOf<S> = S extends { readonly schema: (infer V) | undefined }
  ? V extends { readonly "~standard": { readonly types?: { readonly input: infer I } | undefined } }
    ? I
    : unknown
  : unknown;

const NOTHING = new Snapshot(0, Object.freeze({}));
const NAMED_SECRETS = new Secrets();

/** Paths that were found to be paths. */
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
 * A message is a copy: what becomes of the value after the call is of no account. Only what is large is copied in slices, and
 * must stay as it is meanwhile. What cannot be copied will be refused.
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

/** What could not be copied is the value itself, which may not let itself be looked at. */
function isPromise(copy: unknown): copy is Promise<unknown> {
  return !isRevoked(copy) && copy instanceof Promise;
}

function segmentsOf(path: Path, action: string): Segments {
  return parsePath(!isRevoked(path) && path instanceof Atom ? path_from_atom(path) : path, action);
}

/** A reply, or what it refuses with. */
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
