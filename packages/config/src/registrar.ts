import { Atom, erlang, Pid, supervisor } from "@otpts/runtime";
import { path_from_atom } from "./atoms.ts";
import { diff, sortedByPath } from "./core/diff.ts";
import { parsePattern, type Pattern } from "./core/pattern.ts";
import { PatternIndex } from "./core/subscriptions.ts";
import type { ChangeCallback, Path, SubscribeOptions, Subscriber } from "./protocol.ts";
import { tell, wake } from "./telling.ts";
import { Receiver, type Subscription, type Vault } from "./vault.ts";

/**
 * Who is subscribed to what. A subscription is a pattern, a subscriber and an owner: the process that made it, with which it
 * ends. Making the same one twice makes one.
 */

/** What a subscription is made from. */
export interface Wanted {
  readonly pattern: Pattern;
  readonly target: ChangeCallback | Pid | string;
  readonly options: SubscribeOptions;
}

/** Reads a subscription. @throws TypeError when it is none */
export function readWanted(pattern: Path, subscriber: Subscriber, options: unknown, action: string): Wanted {
  const parsed = parsePattern(pattern instanceof Atom ? path_from_atom(pattern) : pattern, action);
  const target = subscriber instanceof Atom ? subscriber.name : subscriber;
  if (typeof target !== "function" && !(target instanceof Pid) && (typeof target !== "string" || target === "")) {
    const got = target === null ? "null" : typeof target;
    throw new TypeError(`Cannot ${action} "${parsed.source}": a subscriber is a callback, a pid or a name, got ${got}`);
  }
  return { pattern: parsed, target, options: readOptions(options, `Cannot ${action} "${parsed.source}"`) };
}

/** A copy, so that nothing of the caller's is looked at later. */
function readOptions(options: unknown, action: string): SubscribeOptions {
  if (options === undefined) return {};
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${action}: options must be an object, got ${options === null ? "null" : typeof options}`);
  }
  for (const key of Object.keys(options)) {
    if (key !== "initial" && key !== "signal") {
      throw new TypeError(`${action}: unknown option "${key}", known are initial and signal`);
    }
  }
  const { initial, signal } = options as { readonly [key in keyof SubscribeOptions]?: unknown };
  if (initial !== undefined && typeof initial !== "boolean") {
    throw new TypeError(`${action}: initial must be a boolean, got ${typeof initial}`);
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw new TypeError(`${action}: signal must be an AbortSignal, got ${signal === null ? "null" : typeof signal}`);
  }
  return { ...(initial === undefined ? {} : { initial }), ...(signal === undefined ? {} : { signal }) };
}

/** Not what only says so: its getter throws for anything but a signal. */
function isSignal(value: unknown): value is AbortSignal {
  return value instanceof AbortSignal && typeof value.aborted === "boolean";
}

/** The process that a caller's subscriptions end with: for a callback's delivery process, the callback's own owner. */
export function ownerOf(vault: Vault, caller: Pid | undefined): Pid | undefined {
  const receiver = caller === undefined ? undefined : vault.delivering.get(caller);
  return receiver === undefined ? caller : receiver.owner;
}

/**
 * Adds a subscription. A callback's delivery process runs when this resolves.
 *
 * @param onAbort called when the signal in the options aborts
 * @returns the subscription; undefined when it was there already
 */
export async function subscribe(
  vault: Vault,
  { pattern, target, options }: Wanted,
  owner: Pid | undefined,
  onAbort: () => void,
): Promise<Subscription | undefined> {
  const key = keyOf(vault, pattern, target, owner);
  const standing = vault.subscriptions.get(key);
  if (standing !== undefined) {
    endWith(standing, options.signal, onAbort);
    if (options.initial === true) tellNow(vault, standing);
    return undefined;
  }
  const receiver = typeof target === "function" ? await receiverOf(vault, target, owner) : undefined;
  const kept: Subscription = {
    key,
    pattern,
    target: receiver ?? (target as Pid | string),
    owner,
    signals: new Map(),
    remove: () => {
      for (const [signal, listener] of kept.signals) signal.removeEventListener("abort", listener);
      takeOut();
    },
  };
  endWith(kept, options.signal, onAbort);
  const takeOut = vault.index.add(pattern, kept);
  vault.subscriptions.set(key, kept);
  for (const pid of processesOf(kept)) {
    const ending = vault.ending.get(pid);
    if (ending === undefined) vault.ending.set(pid, new Set([kept]));
    else ending.add(kept);
  }
  vault.revision++;
  receiver?.patterns.add(pattern.source);
  if (options.initial === true) tellNow(vault, kept);
  return kept;
}

function endWith({ signals }: Subscription, signal: AbortSignal | undefined, onAbort: () => void): void {
  if (signal === undefined || signals.has(signal)) return;
  signals.set(signal, onAbort);
  signal.addEventListener("abort", onAbort, { once: true });
}

/** Ends the subscriptions of a pattern and a subscriber: the owner's, or all where it has none. */
export function unsubscribe(vault: Vault, { pattern, target }: Wanted, owner: Pid | undefined): void {
  const own = vault.subscriptions.get(keyOf(vault, pattern, target, owner));
  if (own !== undefined) return drop(vault, own);
  for (const subscription of vault.subscriptions.values()) {
    const same = subscription.target instanceof Receiver ? subscription.target.callback : subscription.target;
    if (same === target && subscription.pattern.source === pattern.source) drop(vault, subscription);
  }
}

/** Ends what belongs to a process that died, or is told to it. */
export function forgetProcess(vault: Vault, pid: Pid): void {
  for (const subscription of vault.ending.get(pid) ?? []) drop(vault, subscription);
}

/** Ends what was to end while no manager was there to be told. */
export function forgetAborted(vault: Vault): void {
  for (const subscription of vault.subscriptions.values()) {
    if ([...subscription.signals.keys()].some(({ aborted }) => aborted)) drop(vault, subscription);
  }
}

/** The processes whose death ends a subscription. */
export function processesOf({ owner, target }: Subscription): readonly Pid[] {
  const pids = target instanceof Pid ? [target] : [];
  return owner === undefined ? pids : [...pids, owner];
}

/** Starts the delivery process of each callback that has none. */
export async function startDeliveries(vault: Vault): Promise<void> {
  for (const receiver of vault.receivers.values()) await ensureDelivery(vault, receiver);
}

function drop(vault: Vault, subscription: Subscription): void {
  subscription.remove();
  vault.subscriptions.delete(subscription.key);
  for (const pid of processesOf(subscription)) {
    const ending = vault.ending.get(pid);
    ending?.delete(subscription);
    if (ending?.size === 0) vault.ending.delete(pid);
  }
  vault.revision++;
  const { target, pattern } = subscription;
  if (!(target instanceof Receiver)) return;
  target.patterns.delete(pattern.source);
  target.outbox.forget(pattern.source);
  if (target.patterns.size > 0) return;
  target.closed = true;
  vault.receivers.delete(target.key);
  wake(target);
}

function keyOf(vault: Vault, pattern: Pattern, target: ChangeCallback | Pid | string, owner: Pid | undefined): string {
  return `${targetKey(vault, target, owner)}\n${pattern.source}`;
}

function targetKey(vault: Vault, target: ChangeCallback | Pid | string, owner: Pid | undefined): string {
  const by = owner === undefined ? "" : vault.keyOf(owner);
  return typeof target === "string" ? `${by} name ${target}` : `${by} object ${vault.keyOf(target)}`;
}

async function receiverOf(vault: Vault, callback: ChangeCallback, owner: Pid | undefined): Promise<Receiver> {
  const key = targetKey(vault, callback, owner);
  let receiver = vault.receivers.get(key);
  if (receiver === undefined) vault.receivers.set(key, (receiver = new Receiver(key, callback, owner)));
  await ensureDelivery(vault, receiver);
  return receiver;
}

async function ensureDelivery(vault: Vault, receiver: Receiver): Promise<void> {
  if (receiver.process !== undefined && erlang.is_process_alive(receiver.process)) return;
  if (vault.deliveries !== undefined) await supervisor.start_child(vault.deliveries, [receiver]);
}

/** Tells one subscription all that matches now. */
function tellNow(vault: Vault, subscription: Subscription): void {
  const { snapshot } = vault.configuration;
  const alone = new PatternIndex<Subscription>();
  alone.add(subscription.pattern, subscription);
  const told = sortedByPath(alone.project(diff({}, snapshot.tree)));
  tell(told, snapshot.version, "initial");
}
