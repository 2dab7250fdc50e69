import type { Leaf } from "../../answers/values.ts";
import { formatSegment } from "../../core/path.ts";
import { warn } from "../findings.ts";
import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { type Paint, printable } from "../terminal.ts";
import { valueCell } from "../value_text.ts";

/** Prints what is effective at a path and below, each value with the place that it comes from. @returns the exit code */
export async function tree(session: Session, path = "", options: { readonly flat?: boolean } = {}): Promise<number> {
  const subject = await session.subject();
  const { out, err } = session;
  const verdict = await subject.verdict();
  const { value, leaves, near } = await subject.values(path);
  warn(verdict, err);
  if (value === undefined) {
    err.print(`Nothing is at "${printable(path)}"${near === undefined ? "" : `; is "${printable(near)}" meant?`}`);
    return 1;
  }
  if (session.json) session.printJson(value);
  else if (leaves.length === 1 && leaves[0]!.segments.length === 0) out.print(out.paint.dim("nothing is configured"));
  else
    out.print(...table(options.flat === true ? flat(leaves, out.paint) : nested(leaves, out.paint), out.width, [1, 2]));
  return verdict.validated ? 0 : 1;
}

function flat(leaves: readonly Leaf[], paint: Paint): Cell[][] {
  return leaves.map((leaf) => [{ text: printable(leaf.path) }, valueCell(leaf.value, paint), placeCell(leaf, paint)]);
}

function nested(leaves: readonly Leaf[], paint: Paint): Cell[][] {
  const rows: Cell[][] = [];
  let above: readonly string[] = [];
  for (const leaf of leaves) {
    const tables = leaf.segments.slice(0, -1);
    const same = tables.findIndex((segment, i) => segment !== above[i]);
    for (let depth = same < 0 ? tables.length : same; depth < tables.length; depth++) {
      rows.push([{ text: "  ".repeat(depth) + keyText(tables[depth]!), paint: paint.bold }]);
    }
    above = tables;
    const key = keyText(leaf.segments.at(-1) ?? "");
    rows.push([{ text: "  ".repeat(tables.length) + key }, valueCell(leaf.value, paint), placeCell(leaf, paint)]);
  }
  return rows;
}

function keyText(segment: string): string {
  return printable(formatSegment(segment));
}

function placeCell({ place, from }: Leaf, paint: Paint): Cell {
  return { text: printable(place), paint: from === "put" ? paint.yellow : paint.dim };
}
