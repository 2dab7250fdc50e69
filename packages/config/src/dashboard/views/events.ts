import type { Context } from "../context.ts";

/** How often each event occurred since there are viewers. The events themselves are sent one by one. */
export function events({ hub }: Context): object {
  return { listening: hub.watching, skipped: hub.events.skipped, rates: hub.events.rates().slice(0, 100) };
}
