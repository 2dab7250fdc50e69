import { isTable } from "./draft.ts";
import { parsePath } from "./path.ts";
import { parsePattern, type Pattern } from "./pattern.ts";
import { PatternIndex } from "./subscriptions.ts";
import type { Segments, Table, Value } from "./value.ts";

/**
 * Secrets: what stands at a path that a pattern matches, and all below it, never leaves the process in telemetry, errors,
 * status, explanations or logs. A value above a secret is shown with the secret replaced.
 */
export class Secrets {
  private readonly index = new PatternIndex<Pattern>();

  /** @param patterns as for `subscribe`. @throws TypeError when one is no pattern */
  constructor(patterns: Iterable<unknown> = DEFAULT_SECRETS) {
    for (const pattern of patterns) {
      const parsed = parsePattern(pattern, "read secret pattern");
      this.index.add(parsed, parsed);
    }
  }

  /** Whether the path is a secret's, or lies below one. */
  covers(path: Segments): boolean {
    return this.index.covers(path);
  }

  /** The value at `path` as it may be shown. The same object when it holds no secret; undefined stays undefined. */
  redact(path: Segments, value: Value | undefined): Value | undefined {
    if (value === undefined) return undefined;
    return this.covers(path) ? REDACTED : this.index.replaceWithin(path, value, () => REDACTED);
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
    // The longest first, so that a secret inside another one does not leave the rest of it standing.
    return [...texts].sort((a, b) => b.length - a.length);
  }
}

/** What stands where a secret was. */
export const REDACTED = "[redacted]";

/** What is secret if nothing else is said; patterns of one's own come on top. */
export const DEFAULT_SECRETS: readonly string[] = ["**.password", "**.token", "**.secret"];

/** A message without these texts. */
export function scrubbed(message: string, texts: readonly string[]): string {
  let clean = message;
  for (const text of texts) if (clean.includes(text)) clean = clean.replaceAll(text, REDACTED);
  return clean;
}

/** Shorter texts are words of every message. */
const SHORTEST_TEXT = 4;

function collectTexts(value: Value, texts: Set<string>): void {
  if (typeof value === "object" && value !== null) {
    for (const below of isTable(value) ? Object.values(value) : value) collectTexts(below, texts);
  } else if (value !== null && typeof value !== "boolean") {
    const text = String(value);
    if (text.length < SHORTEST_TEXT) return;
    texts.add(text);
    texts.add(JSON.stringify(text).slice(1, -1));
  }
}
