import { JsonFault, type JsonRead, readJson } from "../core/json_reader.ts";
import type { Table } from "../core/value.ts";
import { type Document, type Format, SyntaxFault, notTable, position_at } from "./format.ts";

/**
 * JSON (RFC 8259). Integers beyond 2^53 become `bigint`; numbers that no finite number can hold and duplicate keys are
 * refused.
 */
export const json: Format = formatOf("json", false);

/** JSONC: JSON with comments and trailing commas. */
export const jsonc: Format = formatOf("jsonc", true);

function formatOf(name: string, relaxed: boolean): Format {
  return {
    name,
    parse(text): Document {
      const { value, place } = read(text, relaxed, false);
      if (typeof value !== "object" || value === null || Array.isArray(value)) {
        throw notTable(position_at(text, place.offset));
      }
      return { tree: value as Table, places: () => read(text, relaxed, true).place };
    },
  };
}

function read(text: string, relaxed: boolean, places: boolean): JsonRead {
  try {
    return readJson(text, { relaxed, places });
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new SyntaxFault(error.code, error.message, position_at(text, error.offset));
  }
}
