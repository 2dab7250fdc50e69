import type { Hub } from "./hub.ts";
import type { Managers } from "./managers.ts";
import type { Checked, Visitor } from "./options.ts";

/** The data for views. */
export interface Context {
  readonly options: Checked;
  readonly managers: Managers;
  readonly hub: Hub;
}

/** Makes the data of a page: plain data without secrets. */
export type ViewOf = (context: Context, query: URLSearchParams, visitor: Visitor) => object | Promise<object>;

/** A list from an address, separated by commas: `app/words.ts` writes it. */
export function listIn(query: URLSearchParams, name: string): string[] {
  const words = (query.get(name) ?? "").split(",").filter(Boolean);
  return words.map((word) => word.replaceAll("%2C", ",").replaceAll("%25", "%"));
}

/** An integer from an address, within bounds. */
export function numberIn(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const given = Number(query.get(name) ?? otherwise);
  return Number.isInteger(given) && given >= 0 ? Math.min(given, most) : otherwise;
}
