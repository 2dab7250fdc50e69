import { isTable } from "../core/draft.ts";
import { REDACTED } from "../core/secrets.ts";
import type { Value } from "../core/value.ts";
import type { Cell } from "./table.ts";
import { type Paint, printable } from "./terminal.ts";

/** A value on one line, as JSON would write it. */
export function valueText(value: Value | undefined): string {
  if (value === undefined) return "nothing";
  if (value === REDACTED) return REDACTED;
  if (typeof value === "bigint") return String(value);
  if (Array.isArray(value)) return `[${value.map(valueText).join(", ")}]`;
  if (isTable(value)) {
    const pairs = Object.entries(value).map(([key, one]) => `${keyText(key)}: ${valueText(one)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return printable(JSON.stringify(value));
}

function keyText(key: string): string {
  return /^[\w-]+$/u.test(key) ? key : printable(JSON.stringify(key));
}

/** The same as a cell, coloured by its type. */
export function valueCell(value: Value | undefined, paint: Paint): Cell {
  return { text: valueText(value), paint: paintOf(value, paint) };
}

function paintOf(value: Value | undefined, paint: Paint): (text: string) => string {
  if (value === undefined || value === null || value === REDACTED) return paint.dim;
  if (typeof value === "string") return paint.green;
  if (typeof value === "number" || typeof value === "bigint") return paint.cyan;
  return typeof value === "boolean" ? paint.magenta : (text) => text;
}
