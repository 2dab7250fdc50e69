/**
 * The effect of an exit signal on the process that gets it. Pure.
 *
 *   kill, sent with exit/2        → dies with reason killed, trapping or not
 *   trapping                      → the message {'EXIT', From, Reason}
 *   normal from the process itself→ dies with reason normal
 *   normal                        → nothing
 *   any other reason              → dies with it
 *
 * A process that exits with the reason kill sends `kill` over its links: that one is an ordinary reason.
 */
import { KILL, KILLED, NORMAL } from "../term/atoms.ts";

export type Effect =
  | { readonly does: "nothing" }
  | { readonly does: "message" }
  | { readonly does: "death"; readonly reason: unknown };

const nothing: Effect = { does: "nothing" };
const message: Effect = { does: "message" };

export function effectOf(signal: { reason: unknown; linked: boolean; own: boolean }, trapping: boolean): Effect {
  const { reason, linked, own } = signal;
  if (reason === KILL && !linked) return { does: "death", reason: KILLED };
  if (trapping) return message;
  if (reason === NORMAL) return own ? { does: "death", reason } : nothing;
  return { does: "death", reason };
}
