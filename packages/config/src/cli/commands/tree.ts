import type { Leaf } from "../../answers/values.ts";
import { formatSegment, parsePath } from "../../core/path.ts";
import { nothingAt, warn } from "../findings.ts";
import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { type Paint, printable } from "../terminal.ts";
import { valueCell } from "../value_text.ts";

/** Prints the effective values at a path and below with their places. @returns the exit code */
export async function tree(session: Session, path = "", options: { readonly flat?: boolean } = {}): Promise<number> {
  const subject = await session.subject();
  const { out, err } = session;
  const verdict = await subject.verdict();
  warn(verdict, err);
  const code = verdict.validated ? 0 : 1;
  if (session.json) {
    const { value, near } = await subject.value(path);
    if (value === undefined) return nothingAt(path, near, err);
    session.printJson(value);
    return code;
  }
  const { leaves, near } = await subject.leaves(path);
  if (leaves.length === 0) {
    if (path !== "") return nothingAt(path, near, err);
    out.print(out.paint.dim("The configuration is empty"));
    return code;
  }
  const rows = options.flat === true ? flat(leaves, out.paint) : nested(leaves, out.paint);
  out.print(...table(rows, out.width, [1, 2]));
  return code;
}

function flat(leaves: readonly Leaf[], paint: Paint): Cell[][] {
  return leaves.map((leaf) => [{ text: printable(leaf.path) }, valueCell(leaf.value, paint), placeCell(leaf, paint)]);
}

function nested(leaves: readonly Leaf[], paint: Paint): Cell[][] {
  const rows: Cell[][] = [];
  let above: readonly string[] = [];
  for (const leaf of leaves) {
    const segments = parsePath(leaf.path);
    const tables = segments.slice(0, -1);
    const same = tables.findIndex((segment, i) => segment !== above[i]);
    for (let depth = same < 0 ? tables.length : same; depth < tables.length; depth++) {
      rows.push([{ text: "  ".repeat(depth) + keyText(tables[depth]!), paint: paint.bold }]);
    }
    above = tables;
    const key = keyText(segments.at(-1)!);
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
