import { withoutCredentials } from "./credentials.ts";
import { isTable } from "./draft.ts";
import { holdsMore } from "./making.ts";
import { type Mask, maskBelow, REDACTED, type Secrets } from "./secrets.ts";
import { keysOf } from "./table.ts";
import type { Scalar, Table, Value } from "./value.ts";

/** Values in one piece. */
const PIECE = 500;
/** Characters in one piece, for values with many small entries. */
const LENGTH = 4_096;
/** Keys that are sorted in one go. */
const RUN = 2_000;

/**
 * The canonical text of a configuration: equal for equal configurations, whatever the order of their keys, and without
 * their secrets. It is the JSON of the redacted tree according to RFC 8785: no blanks, keys in the order of their
 * UTF-16 code units, numbers as printed by ECMAScript. Values that JSON does not have are written unambiguously:
 * integers beyond the precision of a double with all their digits, and `nan`, `inf` and `-inf`.
 *
 *     { b: 1, a: { password: "x" } }   is   {"a":{"password":"[redacted]"},"b":1}
 */
export class CanonicalText {
  /** The tables and lists that are being written, each an entry of the one before it. */
  private readonly open: Open[] = [];
  /** The text of a small tree, which is one piece. */
  private whole: string | undefined;

  constructor(tree: Table, secrets: Secrets) {
    if (holdsMore(tree, PIECE)) this.open.push(opened(tree, secrets.mask));
    else this.whole = textOf(tree, secrets.mask);
  }

  /** The next piece, made in well under a millisecond and maybe empty; undefined after the last one. */
  next(): string | undefined {
    const { whole } = this;
    this.whole = undefined;
    const last = this.open.at(-1);
    if (whole !== undefined || last === undefined) return whole;
    if (last.keys?.sortMore() === true) return "";
    let text = "";
    while (text.length < LENGTH) {
      const key = last.keys === undefined ? last.written : last.keys.next();
      const value = key === undefined ? undefined : (last.value as { readonly [key: string | number]: Value })[key];
      if (value === undefined) {
        this.open.pop();
        return text + (last.keys === undefined ? "]" : "}");
      }
      const isFirst = last.written++ === 0;
      if (last.keys === undefined) text += isFirst ? "[" : ",";
      else text += `${isFirst ? "{" : ","}${JSON.stringify(key)}:`;
      const below = maskBelow(last.mask, String(key));
      if (below !== undefined && holdsMore(value, PIECE)) {
        this.open.push(opened(value as Table | readonly Value[], below));
        return text;
      }
      text += shownText(value, below);
    }
    return text;
  }
}

/** A table or list whose beginning is written. */
interface Open {
  readonly value: Table | readonly Value[];
  readonly mask: Mask;
  /** undefined for a list. */
  readonly keys: SortedKeys | undefined;
  /** Number of its entries that are written. */
  written: number;
}

function opened(value: Table | readonly Value[], mask: Mask): Open {
  return { value, mask, keys: isTable(value) ? new SortedKeys(keysOf(value)) : undefined, written: 0 };
}

/** The keys of a table in order, sorted in runs that are then merged. */
class SortedKeys {
  private readonly keys: readonly string[];
  private readonly runs: (readonly string[])[] = [];
  /** The position in each run. */
  private readonly at: number[] = [];

  constructor(keys: readonly string[]) {
    this.keys = keys;
  }

  /** Sorts one more run; false if all are sorted. */
  sortMore(): boolean {
    const begin = this.runs.length * RUN;
    if (begin >= this.keys.length) return false;
    this.runs.push(this.keys.slice(begin, begin + RUN).sort());
    this.at.push(0);
    return true;
  }

  /** The next key; undefined after the last one. */
  next(): string | undefined {
    let least: string | undefined;
    let from = 0;
    for (let i = 0; i < this.runs.length; i++) {
      const key = this.runs[i]![this.at[i]!];
      if (key !== undefined && (least === undefined || key < least)) {
        least = key;
        from = i;
      }
    }
    if (least !== undefined) this.at[from]!++;
    return least;
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
