import { credentialsIn, withoutCredentials } from "./credentials.ts";
import { isTable } from "./draft.ts";
import { formatPath, isWellFormed, parsePath } from "./path.ts";
import { parsePattern, type Pattern } from "./pattern.ts";
import { isSecretName } from "./secret_names.ts";
import { PatternIndex, type State, walked } from "./subscriptions.ts";
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
  /** A new object whenever more has become secret: results computed with the previous one are invalid. */
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
    }
  }

  /** Whether the path is that of a secret, or below one. */
  covers(path: Segments): boolean {
    return this.index.covers(path);
  }

  /** The value at `path` as it may be shown. The same object if it contains no secret; undefined stays undefined. */
  redact(path: Segments, value: Value | undefined): Value | undefined {
    if (value === undefined) return undefined;
    return this.covers(path) ? REDACTED : bare(this.index.replaceWithin(path, value, () => REDACTED));
  }

  /** The mask of secrets at the root of a tree, for walking down. */
  get mask(): Mask {
    return this.index.root;
  }

  /** Like `redact`, for a path that may be invalid: a value that cannot be shown to be no secret counts as one. */
  redactAt(path: unknown, value: unknown): unknown {
    try {
      return this.redact(parsePath(path), value as Value);
    } catch {
      return REDACTED;
    }
  }

  /** The texts of all secrets in a tree, which must not appear in messages. */
  textsIn(tree: Table): readonly string[] {
    return this.textsAt([], tree);
  }

  /** The same for the current or former value at a path. */
  textsAt(path: Segments, value: Value | undefined): readonly string[] {
    if (value === undefined) return [];
    const texts = new Set<string>();
    if (this.covers(path)) collectTexts(value, texts);
    this.index.replaceWithin(path, value, (secret) => {
      collectTexts(secret, texts);
      return secret;
    });
    collectCredentials(value, texts);
    // The longest first, so that a secret inside another one does not leave the rest of that visible.
    return [...texts].sort((a, b) => b.length - a.length);
  }

  /**
   * A function that removes the secrets of several trees from a message: of all layers, including shadowed values, and
   * of the previous configuration, whose secrets were valid a moment ago. The trees are walked at the first message.
   */
  scrubber(trees: Iterable<Table>): (message: string) => string {
    let texts: readonly string[] | undefined;
    return (message) => {
      texts ??= [...new Set(Array.from(new Set(trees), (tree) => this.textsIn(tree)).flat())].sort(
        (a, b) => b.length - a.length,
      );
      return scrubbed(message, texts);
    };
  }
}

/** The mask of secrets below a node. */
export type Mask = readonly State<Pattern>[];

/** The mask below a key of that node; undefined if everything there is secret. */
export function maskBelow(mask: Mask, key: string): Mask | undefined {
  return walked(mask, key);
}

/** The replacement for a secret. */
export const REDACTED = "[redacted]";

const NAMED: Pattern = {
  source: "names of secrets",
  alternatives: [[{ kind: "deep" }, { kind: "glob", text: "\0name of a secret", test: isSecretName }]],
};

/** A message without these texts, and without credentials. */
export function scrubbed(message: string, texts: readonly string[]): string {
  let clean = message;
  for (const text of texts) if (clean.includes(text)) clean = clean.replaceAll(text, REDACTED);
  return withoutCredentials(clean, REDACTED);
}

/** Shorter texts occur in every message. */
const SHORTEST_TEXT = 4;

/** No URL contains longer texts. */
const LONGEST_ENCODED = 2_000;

/** A value without the credentials in its texts. The same object if there are none. */
function bare(value: Value): Value {
  if (typeof value === "string") return withoutCredentials(value, REDACTED);
  if (typeof value !== "object" || value === null) return value;
  if (!isTable(value)) {
    const list = value.map(bare);
    return list.every((element, i) => element === value[i]) ? value : list;
  }
  let shown: Record<string, Value> | undefined;
  for (const key of Object.keys(value)) {
    const below = value[key]!;
    const now = bare(below);
    if (now !== below) (shown ??= { ...value })[key] = now;
  }
  return shown ?? value;
}

function collectCredentials(value: Value, texts: Set<string>): void {
  if (typeof value === "string") for (const text of credentialsIn(value)) collectTexts(text, texts);
  else if (typeof value === "object" && value !== null) {
    for (const below of isTable(value) ? Object.values(value) : value) collectCredentials(below, texts);
  }
}

function collectTexts(value: Value, texts: Set<string>): void {
  if (typeof value === "object" && value !== null) {
    for (const below of isTable(value) ? Object.values(value) : value) collectTexts(below, texts);
  } else if (value !== null && typeof value !== "boolean") {
    const text = String(value);
    if (text.length < SHORTEST_TEXT) return;
    texts.add(text);
    texts.add(JSON.stringify(text).slice(1, -1));
    if (text.length < LONGEST_ENCODED && isWellFormed(text)) texts.add(encodeURIComponent(text));
  }
}
