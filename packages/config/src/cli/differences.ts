import type { ChangedValue } from "../protocol.ts";
import { type Cell, table } from "./table.ts";
import { type Terminal, printable } from "./terminal.ts";
import { valueCell, valueText } from "./value_text.ts";

/** Changed values as lines: `+` is new, `-` is gone, `~` is another one. */
export function differenceLines(changes: readonly ChangedValue[], { paint, width }: Terminal): string[] {
  const rows = changes.map(({ path, old_value: old, new_value: now }): Cell[] => {
    if (old === undefined) return [{ text: "+", paint: paint.green }, { text: printable(path) }, valueCell(now, paint)];
    if (now === undefined) {
      return [{ text: "-", paint: paint.red }, { text: printable(path) }, { text: valueText(old), paint: paint.dim }];
    }
    const text = `${valueText(old)} → ${valueText(now)}`;
    return [{ text: "~", paint: paint.yellow }, { text: printable(path) }, { text }];
  });
  return table(rows, width, [2]);
}
