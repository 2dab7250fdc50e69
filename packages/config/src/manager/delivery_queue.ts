import { share } from "../core/draft.ts";
import type { Segments, Value } from "../core/value.ts";
import type { Cause } from "../protocol.ts";

/** A due call of a callback. Immutable. */
export interface Notification {
  readonly pattern: string;
  readonly path: string;
  readonly segments: Segments;
  readonly old_value: Value | undefined;
  readonly new_value: Value | undefined;
  /** Version of the configuration with `new_value`. */
  readonly version: number;
  /** Version of the first change that it combines. */
  readonly first: number;
  readonly cause: Cause;
}

/**
 * The pending notifications of one callback, oldest version first. Immutable.
 *
 * While the callback is behind, changes of one path coalesce to the first old and the last new value, in the position
 * of the last one, so that versions only rise; if both values are equal, the notification is dropped.
 */
export interface DeliveryQueue {
  /** Due notifications, from index `next` on. */
  readonly due: readonly Notification[];
  readonly next: number;
  /** Notifications since it was last coalesced: one list for each change. */
  readonly later: readonly (readonly Notification[])[];
  /** The number of waiting notifications. */
  readonly length: number;
  /** The number of waiting notifications after it was last coalesced. */
  readonly coalesced: number;
}

export const EMPTY_QUEUE: DeliveryQueue = { due: [], next: 0, later: [], length: 0, coalesced: 0 };

/** Up to this many calls are kept separate. */
export const MOST_SEPARATE = 1_000;

/**
 * Adds the notifications of one change.
 *
 * @param behind whether the callback is running; with more than `MOST_SEPARATE` waiting calls it is behind anyway
 */
export function enqueue(queue: DeliveryQueue, change: readonly Notification[], behind: boolean): DeliveryQueue {
  const length = queue.length + change.length;
  const added = { ...queue, later: [...queue.later, change], length };
  if (!behind && queue.length < MOST_SEPARATE) return added;
  // A long queue is coalesced when it has doubled, so that the cost per notification stays constant.
  return length <= MOST_SEPARATE || length >= 2 * queue.coalesced ? coalesced(added) : added;
}

/** The next notification, and the queue without it; undefined if none is due. */
export function dequeue(queue: DeliveryQueue): readonly [Notification, DeliveryQueue] | undefined {
  if (queue.next === queue.due.length) {
    if (queue.later.length === 0) return undefined;
    return dequeue({
      ...queue,
      due: queue.later.length === 1 ? queue.later[0]! : queue.later.flat(),
      next: 0,
      later: [],
    });
  }
  const next = queue.next + 1;
  const rest = next === queue.due.length ? { due: [], next: 0 } : { due: queue.due, next };
  return [queue.due[queue.next]!, { ...queue, ...rest, length: queue.length - 1 }];
}

/** The queue without the notifications of a pattern. */
export function withoutPattern(queue: DeliveryQueue, pattern: string): DeliveryQueue {
  const due = all(queue).filter((notification) => notification.pattern !== pattern);
  return due.length === queue.length ? queue : { ...EMPTY_QUEUE, due, length: due.length };
}

/** Whether a notification of this version or an earlier one is still due. */
export function owes(queue: DeliveryQueue, version: number): boolean {
  for (let i = queue.next; i < queue.due.length; i++) if (queue.due[i]!.first <= version) return true;
  return queue.later.some((change) => change.some(({ first }) => first <= version));
}

function all({ due, next, later }: DeliveryQueue): readonly Notification[] {
  return [...due.slice(next), ...later.flat()];
}

function coalesced(queue: DeliveryQueue): DeliveryQueue {
  const byPath = new Map<string, Notification>();
  for (const notification of all(queue)) {
    const key = `${notification.pattern}\n${notification.path}`;
    const earlier = byPath.get(key);
    // Deleted and set again, because the last change decides the position.
    byPath.delete(key);
    if (earlier === undefined) {
      byPath.set(key, notification);
    } else if (!isSame(earlier.old_value, notification.new_value)) {
      byPath.set(key, { ...notification, old_value: earlier.old_value, first: earlier.first });
    }
  }
  const due = [...byPath.values()];
  return { due, next: 0, later: [], length: due.length, coalesced: due.length };
}

function isSame(old_value: Value | undefined, new_value: Value | undefined): boolean {
  if (old_value === undefined || new_value === undefined) return old_value === new_value;
  return share(old_value, new_value) === old_value;
}
