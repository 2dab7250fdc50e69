import { withoutCredentials } from "./credentials.ts";
import { isTable } from "./draft.ts";
import { holdsMore } from "./making.ts";
import { type Mask, maskBelow, REDACTED, type Secrets } from "./secrets.ts";
import { keysOf } from "./table.ts";
import type { Scalar, Table, Value } from "./value.ts";

/**
 * The canonical text of a configuration: equal for equal configurations, whatever the order of their keys, and without
 * their secrets. It is the JSON of the redacted tree according to RFC 8785: no blanks, keys in the order of their
 * UTF-16 code units, numbers as printed by ECMAScript. Values that JSON does not have are written unambiguously:
 * integers beyond the precision of a double with all their digits, and `nan`, `inf` and `-inf`.
 *
 *     { b: 1, a: { password: "x" } }   is   {"a":{"password":"[redacted]"},"b":1}
 *
 * @returns the text in pieces, each made in well under a millisecond; some are empty
 */
export function canonical(tree: Table, secrets: Secrets): Generator<string, void> {
  return pieces(tree, secrets.mask);
}

/** Values in one piece. */
const PIECE = 500;
/** Characters in one piece, for values with many small entries. */
const LENGTH = 4_096;
/** Keys that are sorted in one go. */
const RUN = 2_000;

function* pieces(value: Value, mask: Mask): Generator<string, void> {
  if (!holdsMore(value, PIECE)) {
    yield textOf(value, mask);
    return;
  }
  let text = "";
  let entries = 0;
  if (isTable(value)) {
    const runs: string[][] = [];
    const keys = keysOf(value);
    for (let i = 0; i < keys.length; i += RUN) {
      runs.push(keys.slice(i, i + RUN).sort());
      yield "";
    }
    for (const key of merged(runs)) {
      text += `${entries++ === 0 ? "{" : ","}${JSON.stringify(key)}:`;
      const below = maskBelow(mask, key);
      if (below !== undefined && holdsMore(value[key], PIECE)) {
        yield text;
        text = "";
        yield* pieces(value[key]!, below);
      } else text += shownText(value[key]!, below);
      if (text.length < LENGTH) continue;
      yield text;
      text = "";
    }
    yield `${text}}`;
    return;
  }
  for (const element of value as readonly Value[]) {
    const below = maskBelow(mask, String(entries));
    text += entries++ === 0 ? "[" : ",";
    if (below !== undefined && holdsMore(element, PIECE)) {
      yield text;
      text = "";
      yield* pieces(element, below);
    } else text += shownText(element, below);
    if (text.length < LENGTH) continue;
    yield text;
    text = "";
  }
  yield `${text}]`;
}

/** The keys of several sorted lists, sorted. */
function* merged(runs: readonly (readonly string[])[]): Generator<string, void> {
  if (runs.length === 1) return yield* runs[0]!;
  const at = runs.map(() => 0);
  for (;;) {
    let least: string | undefined;
    let from = 0;
    for (let i = 0; i < runs.length; i++) {
      const key = runs[i]![at[i]!];
      if (key !== undefined && (least === undefined || key < least)) {
        least = key;
        from = i;
      }
    }
    if (least === undefined) return;
    at[from]!++;
    yield least;
  }
}

const REDACTED_TEXT = JSON.stringify(REDACTED);

function shownText(value: Value, mask: Mask | undefined): string {
  return mask === undefined ? REDACTED_TEXT : textOf(value, mask);
}

function textOf(value: Value, mask: Mask): string {
  if (typeof value !== "object" || value === null) return scalarText(value);
  let text = "";
  if (!isTable(value)) {
    for (let i = 0; i < value.length; i++)
      text += `${i === 0 ? "" : ","}${shownText(value[i]!, maskBelow(mask, String(i)))}`;
    return `[${text}]`;
  }
  const keys = Object.keys(value).sort();
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]!;
    text += `${i === 0 ? "" : ","}${JSON.stringify(key)}:${shownText(value[key]!, maskBelow(mask, key))}`;
  }
  return `{${text}}`;
}

function scalarText(value: Scalar): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(withoutCredentials(value, REDACTED));
    case "number":
      if (Number.isFinite(value)) return JSON.stringify(value);
      return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
    default:
      return String(value);
  }
}
