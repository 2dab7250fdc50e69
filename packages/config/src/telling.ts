import { erlang, Pid } from "@otpts/runtime";
import { CONFIG_CHANGED } from "./atoms.ts";
import type { Notification } from "./core/subscriptions.ts";
import { WAKE } from "./messages.ts";
import type { Cause } from "./protocol.ts";
import { Receiver, type Subscription } from "./vault.ts";

/**
 * Tells subscribers: a process gets its message at once, a callback's change goes into its outbox. Both happen in the same
 * turn as the commit, so that no kill comes between.
 *
 * @param told in the order in which it is to be told
 * @returns the callbacks that are told something, with the number of the last change
 */
export function tell(
  told: readonly Notification<Subscription>[],
  version: number,
  cause: Cause,
): ReadonlyMap<Receiver, number> {
  const receivers = new Map<Receiver, number>();
  for (const { item, path, segments, before, after } of told) {
    const { target, pattern } = item;
    const old_value = cause === "initial" ? undefined : before;
    if (target instanceof Receiver) {
      target.outbox.offer({ pattern: pattern.source, path, segments, old_value, new_value: after, version, cause });
      receivers.set(target, target.outbox.last);
    } else if (target instanceof Pid || erlang.whereis(target) !== undefined) {
      // A name that nobody has at the moment gets nothing: who takes it reads the configuration when it starts.
      erlang.send(target, [CONFIG_CHANGED, path, old_value, after]);
    }
  }
  for (const receiver of receivers.keys()) wake(receiver);
  return receivers;
}

/** Wakes a delivery process that waits. */
export function wake(receiver: Receiver): void {
  if (!receiver.idle || receiver.process === undefined) return;
  receiver.idle = false;
  erlang.send(receiver.process, WAKE);
}
