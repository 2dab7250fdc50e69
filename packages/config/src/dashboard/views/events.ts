import type { Context } from "../context.ts";

/** How often each event came since somebody has looked. The events themselves come one by one. */
export function events({ hub }: Context): object {
  return { listening: hub.watching, skipped: hub.events.skipped, rates: hub.events.rates().slice(0, 100) };
}
