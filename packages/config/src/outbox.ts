import { share } from "./core/draft.ts";
import type { Segments, Value } from "./core/value.ts";
import type { Cause } from "./protocol.ts";

/** One call of a callback that is due. */
export interface Due {
  readonly pattern: string;
  readonly path: string;
  readonly segments: Segments;
  readonly old_value: Value | undefined;
  new_value: Value | undefined;
  version: number;
  cause: Cause;
  /** Number of the first change in it. */
  readonly sequence: number;
  /** How often the callback was called with it. */
  calls: number;
}

/**
 * What one subscriber is still to be told, in order. It outlives the processes on both its ends: the manager puts in, the
 * delivery process takes out only what its callback is done with, so that a change is told at least once whoever is killed.
 *
 * While a callback runs, or when more than `MOST_SEPARATE` calls wait, changes of one path coalesce to the first old and the
 * last new value; one that ends where it began is not told at all.
 */
export class Outbox {
  /**
   * By sequence: first the one whose callback runs, if one does. What has been taken out stands there until it is passed,
   * so that neither a long backlog nor its end costs more than what is told.
   */
  private queue: Due[] = [];
  private first = 0;
  private readonly pending = new Set<Due>();
  private byPath = new Map<string, Due>();
  private sequence = 0;
  /** A callback is running on the first one. */
  private running = false;

  /** Calls that wait or run. */
  get length(): number {
    return this.pending.size;
  }

  /** Number of the last change that was put in. */
  get last(): number {
    return this.sequence;
  }

  /** All changes up to this number have been told. */
  get settled(): number {
    return (this.head?.sequence ?? this.sequence + 1) - 1;
  }

  /** Puts a change in. */
  offer(change: Omit<Due, "sequence" | "calls">): void {
    const sequence = ++this.sequence;
    const key = `${change.pattern}\n${change.path}`;
    const waiting = this.byPath.get(key);
    const behind = this.running || this.pending.size >= MOST_SEPARATE;
    if (waiting === undefined || !behind || (this.running && waiting === this.head)) {
      const due = { ...change, sequence, calls: 0 };
      this.queue.push(due);
      this.pending.add(due);
      this.byPath.set(key, due);
      return;
    }
    waiting.new_value = change.new_value;
    waiting.version = change.version;
    waiting.cause = change.cause;
    if (isSame(waiting.old_value, waiting.new_value)) this.remove(waiting);
  }

  /** The next call. It stays in until `done`. */
  begin(): Due | undefined {
    const first = this.head;
    this.running = first !== undefined;
    return first;
  }

  /** The call that `begin` gave is over. */
  done(due: Due): void {
    this.running = false;
    this.remove(due);
  }

  /** Forgets what is due for a pattern; for all of them without one. What runs is not touched. */
  forget(pattern?: string): void {
    const first = this.running ? this.head : undefined;
    for (const due of this.pending) {
      if (due !== first && (pattern === undefined || due.pattern === pattern)) this.remove(due);
    }
  }

  /** The first one that has not been taken out. */
  private get head(): Due | undefined {
    return this.queue[this.first];
  }

  private remove(due: Due): void {
    this.pending.delete(due);
    while (this.first < this.queue.length && !this.pending.has(this.queue[this.first]!)) this.first++;
    if (this.pending.size === 0) {
      this.queue.length = this.first = 0;
    } else if (this.first > MOST_SEPARATE && this.first * 2 > this.queue.length) {
      this.queue = this.queue.slice(this.first);
      this.first = 0;
    }
    const key = `${due.pattern}\n${due.path}`;
    if (this.byPath.get(key) === due) this.byPath.delete(key);
  }
}

const MOST_SEPARATE = 1_000;

function isSame(old_value: Value | undefined, new_value: Value | undefined): boolean {
  if (old_value === undefined || new_value === undefined) return old_value === new_value;
  return share(old_value, new_value) === old_value;
}
