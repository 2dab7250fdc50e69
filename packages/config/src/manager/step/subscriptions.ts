import { Pid } from "@otpts/runtime";
import type { Notification as Match } from "../../core/subscriptions.ts";
import type { Refusal } from "../../protocol.ts";
import { EMPTY_QUEUE, withoutPattern } from "../delivery_queue.ts";
import { identity } from "../identity.ts";
import type { Caller, Delivery, Subscription, Wanted } from "../state.ts";
import * as deliveries from "./deliveries.ts";
import type { Turn } from "./turn.ts";

/**
 * Adds a subscription. A subscription is a pattern, a subscriber and an owner: the process that made it, with which it
 * ends. Making the same one twice makes one.
 */

export function subscribe(turn: Turn, wanted: Wanted, caller: Caller<true | Refusal>): void {
  const { pattern, target, options } = wanted;
  const owner = ownerOf(turn, caller);
  const key = keyOf(wanted, owner);
  let subscription = turn.state.subscriptions.get(key);
  if (subscription === undefined) {
    const to = targetOf(target, owner);
    subscription = { key, pattern, target: to, owner, signals: [] };
    turn.set({ subscriptions: turn.state.subscriptions.set(key, subscription) });
    turn.do({ do: "index", add: subscription });
    for (const pid of processesOf(subscription)) {
      const keys = turn.state.ending.get(identity(pid)) ?? [];
      turn.set({ ending: turn.state.ending.set(identity(pid), [...keys, key]) });
      turn.do({ do: "monitor", process: pid });
    }
    if (typeof target === "function") serve(turn, deliveryKey(target, owner), target, owner, pattern.source);
  }
  const { signal } = options;
  if (signal !== undefined && !subscription.signals.includes(signal)) {
    subscription = { ...subscription, signals: [...subscription.signals, signal] };
    turn.set({ subscriptions: turn.state.subscriptions.set(key, subscription) });
    turn.do({ do: "listen", signal, subscription: key });
  }
  if (options.initial === true) turn.do({ do: "match", subscription });
  turn.reply(caller, true);
}

/** Sends the initial notifications of a subscription. */
export function matching(turn: Turn, matches: readonly Match<Subscription>[]): void {
  deliveries.notify(turn, matches, turn.state.configuration.snapshot.version, "initial");
}

/** Ends the caller's subscription for a pattern and a subscriber, or all such subscriptions if the caller has none. */
export function unsubscribe(turn: Turn, wanted: Wanted, caller: Caller<true | Refusal> | undefined): void {
  const own = keyOf(wanted, caller === undefined ? undefined : ownerOf(turn, caller));
  if (turn.state.subscriptions.has(own)) {
    end(turn, own);
  } else {
    const { pattern, target } = wanted;
    for (const subscription of turn.state.subscriptions.values()) {
      const same = subscriberOf(turn, subscription) === target;
      if (same && subscription.pattern.source === pattern.source) end(turn, subscription.key);
    }
  }
  turn.reply(caller, true);
}

/** Ends a subscription. */
export function end(turn: Turn, key: string): void {
  const subscription = turn.state.subscriptions.get(key);
  if (subscription === undefined) return;
  turn.set({ subscriptions: turn.state.subscriptions.delete(key) });
  turn.do({ do: "index", remove: subscription });
  if (subscription.signals.length > 0) turn.do({ do: "unlisten", signals: subscription.signals, subscription: key });
  for (const pid of processesOf(subscription)) {
    const name = identity(pid);
    const left = (turn.state.ending.get(name) ?? []).filter((one) => one !== key);
    const { ending } = turn.state;
    turn.set({ ending: left.length === 0 ? ending.delete(name) : ending.set(name, left) });
  }
  const { target, pattern } = subscription;
  const delivery = "delivery" in target ? turn.delivery(target.delivery) : undefined;
  if (delivery === undefined) return;
  const patterns = delivery.patterns.filter((one) => one !== pattern.source);
  if (patterns.length === 0) return deliveries.close(turn, delivery);
  turn.setDelivery({ ...delivery, patterns, queue: withoutPattern(delivery.queue, pattern.source) });
}

/** Ends the subscriptions that a dead process made, and those that notify it. */
export function died(turn: Turn, process: Pid): void {
  for (const key of turn.state.ending.get(identity(process)) ?? []) end(turn, key);
}

/** The processes whose death ends a subscription. */
export function processesOf({ owner, target }: Subscription): readonly Pid[] {
  const pids = "pid" in target ? [target.pid] : [];
  return owner === undefined || pids[0] === owner ? pids : [...pids, owner];
}

function serve(turn: Turn, key: string, callback: Delivery["callback"], owner: Pid | undefined, pattern: string): void {
  const standing = turn.delivery(key);
  if (standing !== undefined) return turn.setDelivery({ ...standing, patterns: [...standing.patterns, pattern] });
  const delivery: Delivery = {
    key,
    callback,
    owner,
    patterns: [pattern],
    process: undefined,
    queue: EMPTY_QUEUE,
    current: undefined,
    sequence: 0,
  };
  turn.setDelivery(delivery);
  deliveries.start(turn, delivery);
}

/** The process that a caller's subscriptions end with; for the delivery process of a callback, the callback's owner. */
function ownerOf(turn: Turn, { from: [pid] }: Caller<never>): Pid | undefined {
  const serving = pid === undefined ? undefined : turn.state.serving.get(identity(pid));
  return serving === undefined ? pid : serving.owner;
}

function subscriberOf(turn: Turn, { target }: Subscription): unknown {
  if ("pid" in target) return target.pid;
  return "name" in target ? target.name : turn.delivery(target.delivery)?.callback;
}

function targetOf(target: Wanted["target"], owner: Pid | undefined): Subscription["target"] {
  if (typeof target === "string") return { name: target };
  return target instanceof Pid ? { pid: target } : { delivery: deliveryKey(target, owner) };
}

function deliveryKey(target: object, owner: Pid | undefined): string {
  return `${owner === undefined ? "" : identity(owner)} object ${identity(target)}`;
}

function keyOf({ target, pattern }: Wanted, owner: Pid | undefined): string {
  const by = owner === undefined ? "" : identity(owner);
  const subscriber = typeof target === "string" ? `${by} name ${target}` : deliveryKey(target, owner);
  return `${subscriber}\n${pattern.source}`;
}
