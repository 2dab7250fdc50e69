import { credentialsIn, withoutCredentials } from "./credentials.ts";
import { isTable } from "./draft.ts";
import { formatPath, isWellFormed, parsePath } from "./path.ts";
import { parsePattern, type Pattern } from "./pattern.ts";
import { isSecretName } from "./secret_names.ts";
import { PatternIndex, type State, walked } from "./subscriptions.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Secrets: what stands at a path that a pattern matches, or whose last segment names a secret (`secret_names.ts`), and all below
 * it, never leaves the process in telemetry, errors, status, explanations or logs. A value above a secret is shown with the
 * secret replaced; a text that holds credentials, such as a URL with a user part, with these replaced (`credentials.ts`).
 */
export class Secrets {
  private readonly index = new PatternIndex<Pattern>();
  private readonly learnt = new Set<string>();
  /** Another object whenever more is secret than before: what was found out with the one before must be found out again. */
  generation: object = {};

  /** @param patterns as for `subscribe`, beside the names of secrets. @throws TypeError when one is no pattern */
  constructor(patterns: Iterable<unknown> = []) {
    this.index.add(NAMED, NAMED);
    for (const pattern of patterns) {
      const parsed = parsePattern(pattern, "read secret pattern");
      this.index.add(parsed, parsed);
    }
  }

  /** Takes what stands at these paths for secret from now on: a source says so of what it brings. */
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

  /** Whether the path is a secret's, or lies below one. */
  covers(path: Segments): boolean {
    return this.index.covers(path);
  }

  /** The value at `path` as it may be shown. The same object when it holds no secret; undefined stays undefined. */
  redact(path: Segments, value: Value | undefined): Value | undefined {
    if (value === undefined) return undefined;
    return this.covers(path) ? REDACTED : bare(this.index.replaceWithin(path, value, () => REDACTED));
  }

  /** What is secret in a tree, for who walks down it: at its root. */
  get mask(): Mask {
    return this.index.root;
  }

  /** As `redact`, for a path that may not be one: what cannot be told to be no secret is one. */
  redactAt(path: unknown, value: unknown): unknown {
    try {
      return this.redact(parsePath(path), value as Value);
    } catch {
      return REDACTED;
    }
  }

  /** The texts of all secrets in a tree: what must not turn up in a message. */
  textsIn(tree: Table): readonly string[] {
    return this.textsAt([], tree);
  }

  /** The same for the value that stands, or stood, at a path. */
  textsAt(path: Segments, value: Value | undefined): readonly string[] {
    if (value === undefined) return [];
    const texts = new Set<string>();
    if (this.covers(path)) collectTexts(value, texts);
    this.index.replaceWithin(path, value, (secret) => {
      collectTexts(secret, texts);
      return secret;
    });
    collectCredentials(value, texts);
    // The longest first, so that a secret inside another one does not leave the rest of it standing.
    return [...texts].sort((a, b) => b.length - a.length);
  }

  /**
   * What takes the secrets of several trees out of a message: of all layers, those that others shadow included, and of the
   * configuration before, whose secrets were valid a moment ago. The trees are walked when the first message comes.
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

/** What is secret below a node. */
export type Mask = readonly State<Pattern>[];

/** What is secret below a key of that node; undefined where all of it is. */
export function maskBelow(mask: Mask, key: string): Mask | undefined {
  return walked(mask, key);
}

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

const NAMED: Pattern = {
  source: "names of secrets",
  alternatives: [[{ kind: "deep" }, { kind: "glob", text: "\0name of a secret", test: isSecretName }]],
};

/** A message without these texts, and without credentials of its own. */
export function scrubbed(message: string, texts: readonly string[]): string {
  let clean = message;
  for (const text of texts) if (clean.includes(text)) clean = clean.replaceAll(text, REDACTED);
  return withoutCredentials(clean, REDACTED);
}

/** Shorter texts are words of every message. */
const SHORTEST_TEXT = 4;

/** Longer texts stand in no URL. */
const LONGEST_ENCODED = 2_000;

/** Without the credentials in its texts. The same object where there are none. */
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
