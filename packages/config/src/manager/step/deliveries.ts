import type { Notification as Match } from "../../core/subscriptions.ts";
import type { Cause } from "../../protocol.ts";
import { dequeue, EMPTY_QUEUE, enqueue, type Notification, owes } from "../delivery_queue.ts";
import type { FromDelivery } from "../event.ts";
import { identity } from "../identity.ts";
import type { Caller, Current, Delivery, Subscription, Wait } from "../state.ts";
import type { Pid } from "@otpts/runtime";
import type { Turn } from "./turn.ts";

/**
 * The notifications of a change, and the callers that wait for them. A callback's process has one notification at a
 * time; the others wait in the delivery's queue.
 */

/** After this many attempts, a callback that ends its process on the same change is not called with it again. */
export const MOST_CALLS = 5;

/**
 * Notifies subscribers of a change.
 *
 * @param matches sorted by path
 * @returns keys of the deliveries with new notifications
 */
export function notify(
  turn: Turn,
  matches: readonly Match<Subscription>[],
  version: number,
  cause: Cause,
): readonly string[] {
  const due = new Map<string, Notification[]>();
  const sent = new Map<Pid | string, Notification[]>();
  /** The list for a subscription's notifications; undefined for one that ended meanwhile. */
  const lists = new Map<Subscription, Notification[] | undefined>();
  for (const { item, pattern, path, segments, before, after } of matches) {
    let list = lists.get(item);
    if (list === undefined) {
      if (lists.has(item)) continue;
      if (turn.state.subscriptions.has(item.key)) list = listFor(item, due, sent);
      lists.set(item, list);
      if (list === undefined) continue;
    }
    const old_value = cause === "initial" ? undefined : before;
    list.push({
      pattern: pattern.source,
      path,
      segments,
      old_value,
      new_value: after,
      version,
      first: version,
      cause,
    });
  }
  for (const [to, notifications] of sent) turn.do({ do: "send", to, notifications });
  for (const [key, notifications] of due) {
    const delivery = turn.delivery(key)!;
    const behind = delivery.current?.running_since !== undefined;
    turn.setDelivery({ ...delivery, queue: enqueue(delivery.queue, notifications, behind) });
    advance(turn, key);
  }
  return [...due.keys()];
}

function listFor(
  { target }: Subscription,
  due: Map<string, Notification[]>,
  sent: Map<Pid | string, Notification[]>,
): Notification[] {
  const of = <K>(lists: Map<K, Notification[]>, key: K): Notification[] => {
    const list = lists.get(key) ?? [];
    lists.set(key, list);
    return list;
  };
  if ("delivery" in target) return of(due, target.delivery);
  return of<Pid | string>(sent, "pid" in target ? target.pid : target.name);
}

/** Replies to a caller when callbacks have run, or `notify_timeout` is over. */
export function answerAfter<R>(
  turn: Turn,
  caller: Caller<R>,
  reply: R,
  notified: readonly string[],
  version: number,
): void {
  const [pid] = caller.from;
  const within = pid === undefined ? undefined : turn.state.serving.get(identity(pid))?.delivery;
  const needs = notified.filter((key) => {
    // A callback that waits for itself, or for another that waits for it, would wait for ever.
    if (within !== undefined && (key === within || turn.state.waits.some((wait) => wait.within === key))) return false;
    const delivery = turn.delivery(key);
    return delivery !== undefined && delivery.current?.hangs !== true && isBehind(delivery, version);
  });
  if (needs.length === 0) return turn.reply(caller, reply);
  const id = turn.id();
  const wait: Wait = { id, caller, reply, needs, version, within };
  turn.set({ waits: [...turn.state.waits, wait] });
  turn.do({ do: "arm", timer: `wait ${id}`, ms: turn.state.spec.notify_timeout, awaited: true });
}

/** Replies to a caller that has waited long enough. */
export function waitElapsed(turn: Turn, id: number): void {
  settle(
    turn,
    ({ id: of }) => of === id,
    () => true,
  );
}

/** Starts a delivery that has no process. */
export function start(turn: Turn, { key, callback }: Delivery): void {
  turn.do({ do: "start_delivery", delivery: key, callback });
}

/** Records the process of a delivery. */
export function up(turn: Turn, key: string, process: Pid): void {
  const delivery = turn.delivery(key);
  if (delivery === undefined || (delivery.process !== undefined && delivery.process !== process)) {
    return turn.do({ do: "stop_delivery", process });
  }
  const { owner, current } = delivery;
  turn.set({ serving: turn.state.serving.set(identity(process), { delivery: key, owner }) });
  turn.do({ do: "monitor", process });
  turn.setDelivery({ ...delivery, process });
  if (current === undefined) return advance(turn, key);
  if (current.calls < MOST_CALLS) return hand(turn, { ...delivery, process }, { ...current, calls: current.calls + 1 });
  const error = `its process ended ${MOST_CALLS} times while it ran`;
  turn.announce({ what: "subscriber_failed", notification: current.notification, error });
  finished(turn, key);
}

/** Records that a callback has returned a promise. */
export function called(turn: Turn, event: Extract<FromDelivery, { type: "called" }>): void {
  const delivery = given(turn, event);
  if (delivery === undefined) return;
  turn.setDelivery({ ...delivery, current: { ...delivery.current, running_since: turn.ticks } });
  turn.do({ do: "arm", timer: `slow ${delivery.key}`, ms: turn.state.spec.notify_timeout });
}

/** Records that a callback is done. */
export function delivered(turn: Turn, event: Extract<FromDelivery, { type: "delivered" }>): void {
  const delivery = given(turn, event);
  if (delivery === undefined) return;
  const { notification } = delivery.current;
  if (event.error !== undefined) turn.announce({ what: "subscriber_failed", notification, error: event.error });
  finished(turn, delivery.key);
}

/** Reports a callback that has been running for `notify_timeout`. */
export function slow(turn: Turn, key: string): void {
  const delivery = turn.delivery(key);
  const current = delivery?.current;
  if (delivery === undefined || current?.running_since === undefined) return;
  turn.setDelivery({ ...delivery, current: { ...current, hangs: true } });
  const running_for = turn.ticks - current.running_since;
  turn.announce({ what: "subscriber_slow", notification: current.notification, running_for });
  // Later callers would wait for the same callback, each for as long again.
  settle(
    turn,
    ({ needs }) => needs.includes(key),
    (need) => need === key,
  );
}

/** Replaces the process of a delivery that has ended for any reason. */
export function died(turn: Turn, process: Pid): void {
  const name = identity(process);
  const serving = turn.state.serving.get(name);
  if (serving === undefined) return;
  turn.set({ serving: turn.state.serving.delete(name) });
  const delivery = turn.delivery(serving.delivery);
  if (delivery?.process !== process) return;
  const { current } = delivery;
  if (current?.running_since !== undefined) turn.do({ do: "disarm", timer: `slow ${delivery.key}` });
  const again = current === undefined ? undefined : { ...current, running_since: undefined, hangs: false };
  const without: Delivery = { ...delivery, process: undefined, current: again };
  turn.setDelivery(without);
  if (delivery.patterns.length === 0) close(turn, without);
  else start(turn, without);
}

/** Closes a delivery without subscriptions: the process ends when its callback is done. */
export function close(turn: Turn, delivery: Delivery): void {
  if (delivery.current !== undefined && delivery.process !== undefined) {
    return turn.setDelivery({ ...delivery, patterns: [], queue: EMPTY_QUEUE });
  }
  const { key, process } = delivery;
  turn.set({ deliveries: turn.state.deliveries.delete(key) });
  if (process !== undefined) turn.do({ do: "stop_delivery", process });
  settleFor(turn, key);
}

/** Sends a delivery's process its current notification again, in case it was lost. */
export function handAgain(turn: Turn, delivery: Delivery): void {
  if (delivery.current === undefined) advance(turn, delivery.key);
  else hand(turn, delivery, delivery.current);
}

function finished(turn: Turn, key: string): void {
  const delivery = turn.delivery(key)!;
  if (delivery.current?.running_since !== undefined) turn.do({ do: "disarm", timer: `slow ${key}` });
  const idle: Delivery = { ...delivery, current: undefined };
  turn.setDelivery(idle);
  if (delivery.patterns.length === 0) return close(turn, idle);
  settleFor(turn, key);
  advance(turn, key);
}

/** Sends the process the next notification, if it has none. */
function advance(turn: Turn, key: string): void {
  const delivery = turn.delivery(key)!;
  if (delivery.process === undefined || delivery.current !== undefined) return;
  const next = dequeue(delivery.queue);
  if (next === undefined) return;
  const [notification, queue] = next;
  const sequence = delivery.sequence + 1;
  hand(
    turn,
    { ...delivery, queue, sequence },
    { notification, sequence, calls: 1, running_since: undefined, hangs: false },
  );
}

function hand(turn: Turn, delivery: Delivery, current: Current): void {
  turn.setDelivery({ ...delivery, current });
  if (delivery.process === undefined) return;
  const { sequence, notification } = current;
  turn.do({ do: "deliver", process: delivery.process, sequence, notification });
}

/** The delivery for a report of its process about a notification; undefined if that is outdated. */
function given(
  turn: Turn,
  { delivery: key, process, sequence }: { delivery: string; process: Pid; sequence: number },
): (Delivery & { readonly current: Current }) | undefined {
  const delivery = turn.delivery(key);
  const current = delivery?.current;
  if (delivery === undefined || current === undefined) return undefined;
  return delivery.process === process && current.sequence === sequence ? { ...delivery, current } : undefined;
}

function isBehind({ current, queue }: Delivery, version: number): boolean {
  return (current !== undefined && current.notification.first <= version) || owes(queue, version);
}

function settleFor(turn: Turn, key: string): void {
  const { waits } = turn.state;
  if (waits.length === 0) return;
  const delivery = turn.delivery(key);
  settle(
    turn,
    ({ needs, version }) => needs.includes(key) && (delivery === undefined || !isBehind(delivery, version)),
    (need) => need === key,
  );
}

/** Removes met needs from waits, and replies to callers that have none left. */
function settle(turn: Turn, of: (wait: Wait) => boolean, met: (need: string) => boolean): void {
  const left: Wait[] = [];
  let changed = false;
  for (const wait of turn.state.waits) {
    if (!of(wait)) {
      left.push(wait);
      continue;
    }
    changed = true;
    const needs = wait.needs.filter((need) => !met(need));
    if (needs.length > 0) {
      left.push({ ...wait, needs });
    } else {
      turn.do({ do: "disarm", timer: `wait ${wait.id}` });
      turn.do({ do: "reply", to: wait.caller, reply: wait.reply });
    }
  }
  if (changed) turn.set({ waits: left });
}
