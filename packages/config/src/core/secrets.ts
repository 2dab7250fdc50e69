import { credentialsIn } from "./credentials.ts";
import type { Making } from "./making.ts";
import { formatPath, parsePath } from "./path.ts";
import { parsePattern, type Pattern } from "./pattern.ts";
import { REDACTED, redacted, redaction, type Shown } from "./redaction.ts";
import { isSecretName } from "./secret_names.ts";
import { SecretTexts } from "./secret_texts.ts";
import type { Standing } from "./standing.ts";
import { PatternIndex } from "./subscriptions.ts";
import { keysOf } from "./table.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Secrets: a value at a path that a pattern matches, or whose last segment names a secret (`secret_names.ts`), and
 * everything below it, never leaves the process in telemetry, errors, status, explanations or logs. A value above a
 * secret is shown with the secret replaced, and a text with credentials, such as a URL with a user part, with these
 * replaced (`credentials.ts`).
 */
export class Secrets {
  private readonly index = new PatternIndex<Pattern>();
  private readonly learnt = new Set<string>();
  private met = new MetTexts();
  /** A new object whenever more paths become secret: results obtained with an earlier one are out of date. */
  generation: object = {};

  /**
   * @param patterns as for `subscribe`, in addition to the names of secrets. @throws TypeError if one is not a pattern
   */
  constructor(patterns: Iterable<unknown> = []) {
    this.index.add(NAMED, NAMED);
    for (const pattern of patterns) {
      const parsed = parsePattern(pattern, "read secret pattern");
      this.index.add(parsed, parsed);
    }
  }

  /** Marks these paths as secret from now on, as declared by a source for its values. */
  learn(paths: readonly Segments[]): void {
    for (const path of paths) {
      const dotted = formatPath(path);
      if (path.length === 0 || this.learnt.has(dotted)) continue;
      this.learnt.add(dotted);
      const pattern: Pattern = { source: dotted, alternatives: [path.map((text) => ({ kind: "literal", text }))] };
      this.index.add(pattern, pattern);
      this.generation = {};
      this.met = new MetTexts();
    }
  }

  /** Whether the path is that of a secret, or below one. */
  covers(path: Segments): boolean {
    return this.index.covers(path);
  }

  /** The value at `path` as it may be shown. The same object if it contains no secret; undefined stays undefined. */
  redact(path: Segments, value: Value | undefined): Value | undefined {
    if (value === undefined) return undefined;
    return this.covers(path) ? REDACTED : redacted(value, this.index.standing(path));
  }

  /** The same, made piece by piece. @param was the previous value there and its result, which equal parts reuse */
  redaction(path: Segments, value: Value, was?: Shown): Making {
    return this.covers(path) ? redaction(REDACTED, COVERED) : redaction(value, this.index.standing(path), was);
  }

  /** The mask of secrets at the root of a tree, for walking down. */
  get mask(): Mask {
    return this.index.standing();
  }

  /** Like `redact`, for a path that may be invalid: a value counts as secret unless it is known not to be. */
  redactAt(path: unknown, value: unknown): unknown {
    try {
      return this.redact(parsePath(path), value as Value);
    } catch {
      return REDACTED;
    }
  }

  /**
   * A message without the secrets of these values, each at its path, and of values passed earlier: of all layers,
   * shadowed ones included, and of recent configurations.
   */
  scrub(message: string, values: Iterable<ValueAtPath>): string {
    for (const place of this.unmet(values)) this.met.meet(place);
    this.met.settle();
    return this.met.texts.scrub(message);
  }

  /** The places that `look` must search for secrets before a message about these values can be scrubbed synchronously. */
  unmet(values: Iterable<ValueAtPath>): readonly SecretPlace[] {
    if (this.met.isFull) this.met = new MetTexts();
    const places: SecretPlace[] = [];
    for (const [path, value] of values) {
      const at = this.covers(path) ? COVERED : this.index.standing(path);
      if (value !== undefined && !this.met.knows(value, at)) places.push({ value, at, from: 0 });
    }
    return places;
  }

  /** One step of that search; the next ones are added to `deeper`. */
  look(place: SecretPlace, deeper: (place: SecretPlace) => void): void {
    this.met.look(place, deeper);
  }
}

/** The mask of secrets below a node. */
export type Mask = Standing;

/** The mask below a key of that node; undefined if everything there is secret. */
export function maskBelow(mask: Mask, key: string): Mask | undefined {
  const below = mask.next(key);
  return below.isMatched ? undefined : below;
}

export { REDACTED };

export type ValueAtPath = readonly [path: Segments, value: Value | undefined];

/** No pattern leads further: the place is a secret, or below one. */
const COVERED = new PatternIndex().standing();

/** A place to search for secrets: a value, or its entries from an index on. */
export interface SecretPlace {
  readonly value: Value;
  readonly at: Standing;
  readonly from: number;
  /** The keys of a table, listed once. Those of a table that is not frozen are cached nowhere else. */
  readonly keys?: readonly string[] | undefined;
}

/** Number of entries of a table or list that one step searches. */
const PIECE = 2_000;

/** Maximum number of texts that are kept for past configurations. */
const FEW = 10_000;

/** The texts of the secrets found so far. An unchanged subtree is searched once. */
class MetTexts {
  readonly texts = new SecretTexts();
  private readonly seen = new WeakMap<object, Standing>();
  private most: number | undefined = undefined;

  /** Whether most of it belongs to past configurations. */
  get isFull(): boolean {
    return this.most !== undefined && this.texts.size > this.most;
  }

  /** Everything has been searched. */
  settle(): void {
    this.most ??= 2 * this.texts.size + FEW;
  }

  knows(value: Value, at: Standing): boolean {
    return typeof value === "object" && value !== null && this.seen.get(value) === at;
  }

  meet(start: SecretPlace): void {
    const left = [start];
    for (let place = left.pop(); place !== undefined; place = left.pop())
      this.look(place, (one) => void left.push(one));
  }

  look(place: SecretPlace, deeper: (place: SecretPlace) => void): void {
    const { value, at, from } = place;
    if (typeof value !== "object" || value === null) return this.scalar(value, at);
    if (from === 0) {
      if (this.seen.get(value) === at) return;
      this.seen.set(value, at);
    }
    try {
      this.entries(place, deeper);
    } catch {
      // A source's object is foreign, and reading it may fail.
    }
  }

  private entries(place: SecretPlace, deeper: (place: SecretPlace) => void): void {
    const { value, at, from } = place;
    const keys = Array.isArray(value) ? undefined : (place.keys ?? keysIn(value as Table));
    const { length } = keys ?? (value as readonly Value[]);
    const end = Math.min(length, from + PIECE);
    if (end < length) deeper({ value, at, from: end, keys });
    for (let i = from; i < end; i++) {
      const below = (value as { readonly [key: string | number]: Value })[keys?.[i] ?? i];
      const found = at === COVERED ? at : keys === undefined ? at.at(i) : at.next(keys[i]!);
      const next = found.isMatched ? COVERED : found;
      if (typeof below === "object" && below !== null) deeper({ value: below, at: next, from: 0 });
      else if (below !== undefined) this.scalar(below, next);
    }
  }

  private scalar(value: Value, at: Standing): void {
    if (at === COVERED && value !== null && typeof value !== "boolean") this.texts.add(String(value));
    if (typeof value === "string") for (const text of credentialsIn(value)) this.texts.add(text);
  }
}

/** A table that is not frozen may change, so its keys are not cached. */
function keysIn(table: Table): readonly string[] {
  return Object.isFrozen(table) ? keysOf(table) : Object.keys(table);
}

const NAMED: Pattern = {
  source: "names of secrets",
  alternatives: [[{ kind: "deep" }, { kind: "glob", text: "\0name of a secret", test: isSecretName, indices: false }]],
};
