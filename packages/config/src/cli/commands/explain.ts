import type { Contribution, Explanation } from "../../core/explain.ts";
import type { Value } from "../../core/value.ts";
import { nothingAt, warn } from "../findings.ts";
import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { wrapped, printable } from "../terminal.ts";
import { valueCell, valueText } from "../value_text.ts";

/** Explains a value: its layers, the deciding one on top. @returns the exit code */
export async function explain(session: Session, path: string): Promise<number> {
  const subject = await session.subject();
  const { out, err } = session;
  const { paint } = out;
  const verdict = await subject.verdict();
  const found = await subject.explanation(path);
  warn(verdict, err);
  const nothing = found.value === undefined && found.winner === undefined && found.shadowed.length === 0;
  if (session.json) {
    session.printJson(found);
    return nothing || !verdict.validated ? 1 : 0;
  }
  if (nothing) return nothingAt(path, found.near, err);
  const value = valueCell(found.value, paint);
  out.print(`${paint.bold(printable(found.path))} = ${(value.paint ?? String)(value.text)}`);
  if (found.renamed_from !== undefined) out.print(`"${printable(found.renamed_from)}" is its old name`);
  if (found.deprecated !== undefined) out.print(paint.yellow(`deprecated: ${printable(found.deprecated)}`));
  if (found.secret) out.print(paint.dim("secret: its value is not shown"));
  out.print("");
  const layers: Layer[] = [
    ...madeBySchema(found),
    ...(found.winner === undefined ? [] : [layerOf("▸", found.winner, true)]),
    ...found.merged.map((one) => layerOf("+", one, true)),
    ...found.shadowed.map((one) => layerOf("·", one, false)),
  ];
  const rows = layers.map(({ mark, place, value: said, counts }): Cell[] => [
    { text: mark, paint: counts ? paint.green : paint.dim },
    { text: printable(place), ...(counts ? {} : { paint: paint.dim }) },
    counts ? valueCell(said, paint) : { text: valueText(said), paint: paint.dim },
  ]);
  const lines = table(rows, out.width, [2, 1]);
  for (const [i, { why }] of layers.entries()) {
    out.print(lines[i]!, ...wrapped(printable(why), out.width - 3).map((line) => `   ${paint.dim(line)}`));
  }
  return verdict.validated ? 0 : 1;
}

/** A layer of the stack. */
interface Layer {
  /** `▸` decides, `+` is merged with it, `·` has no effect. */
  readonly mark: string;
  readonly place: string;
  readonly value: Value | undefined;
  readonly why: string;
  readonly counts: boolean;
}

function layerOf(mark: string, { place, value, why }: Contribution, counts: boolean): Layer {
  return { mark, place, value, why, counts };
}

function madeBySchema({ schema, value }: Explanation): Layer[] {
  if (schema === undefined) return [];
  const why = schema === "default" ? "the schema's default, as no source has a value" : "the result of the schema";
  return [{ mark: "▸", place: "schema", value, why, counts: true }];
}
