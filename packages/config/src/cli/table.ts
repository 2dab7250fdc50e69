import { cut, padded, widthOf } from "./terminal.ts";

/** A cell: its text, and its style. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
}

const GAP = 2;
/** The least width of a cut column. */
const LEAST = 12;

/**
 * Rows as lines with aligned columns. If they are wider than the terminal, columns are cut, the widest first.
 *
 * @param cuttable indices of the columns that may be cut
 */
export function table(rows: readonly (readonly Cell[])[], width: number, cuttable: readonly number[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach(({ text }, i) => (widths[i] = Math.max(widths[i] ?? 0, widthOf(text))));
  const total = (): number => widths.reduce((sum, one) => sum + one, 0) + GAP * Math.max(0, widths.length - 1);
  while (total() > width) {
    const [widest] = cuttable.filter((i) => (widths[i] ?? 0) > LEAST).sort((a, b) => widths[b]! - widths[a]!);
    if (widest === undefined) break;
    widths[widest] = Math.max(LEAST, widths[widest]! - (total() - width));
  }
  return rows.map((row) => {
    const last = row.findLastIndex(({ text }) => text !== "");
    return row
      .slice(0, last + 1)
      .map(({ text, paint = (same: string) => same }, i) => {
        const shown = cut(text, widths[i]!);
        return i === last ? paint(shown) : paint(shown) + padded("", widths[i]! - widthOf(shown));
      })
      .join(" ".repeat(GAP));
  });
}
