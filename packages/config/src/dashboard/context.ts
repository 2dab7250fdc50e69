import type { Hub } from "./hub.ts";
import type { Managers } from "./managers.ts";
import type { Checked, Visitor } from "./options.ts";

/** What views are made from. */
export interface Context {
  readonly options: Checked;
  readonly managers: Managers;
  readonly hub: Hub;
}

/** Makes the data of a page: plain, and without secrets. */
export type ViewOf = (context: Context, query: URLSearchParams, visitor: Visitor) => object | Promise<object>;

/** A whole number from an address, within bounds. */
export function numberIn(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const given = Number(query.get(name) ?? otherwise);
  return Number.isInteger(given) && given >= 0 ? Math.min(given, most) : otherwise;
}
