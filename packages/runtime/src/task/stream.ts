/**
 * Concurrent work over a list: at most `max_concurrency` tasks at a time, started as results are taken, so that neither a slow
 * reader nor an endless source fills the memory.
 */
import { availableParallelism } from "node:os";
import { BADARG, EXIT, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import * as erlang from "../erlang.ts";
import { newCrew } from "./crew.ts";
import type { Begin } from "./run.ts";
import type { Outcome, TaskContext } from "./task.ts";
import { failed, TASK } from "./waiting.ts";

/** Options of a stream of tasks. */
export interface StreamOptions {
  /** How many tasks run at a time. Default: the number of processors. */
  readonly max_concurrency?: number | undefined;
  /**
   * Whether results come in the order of their items. Default: true. `false` yields each as soon as it is available.
   */
  readonly ordered?: boolean | undefined;
  /** Time limit of each task in ms. Default: 5,000. */
  readonly timeout?: Timeout | undefined;
  /**
   * The effect of a task that takes longer: `exit` ends the stream as a failure (default), `kill_task` kills the task
   * and yields `[EXIT, TIMEOUT]` for its item.
   */
  readonly on_timeout?: "exit" | "kill_task" | undefined;
  /** `[EXIT, [item, reason]]` instead of `[EXIT, reason]`. Default: false. */
  readonly zip_input_on_exit?: boolean | undefined;
}

/** Where the tasks of a stream run: linked to the reader, or under a supervisor. */
export interface Place {
  readonly begin: Begin | undefined;
  readonly linked: boolean;
}

/** Whether the reader has left a stream, and the function that wakes the stream to notice it. */
interface Reading {
  over: boolean;
  wake(): void;
}

/**
 * A stream of tasks. Its first step fails with an ErlangError `badarg` for items, a function or options that are none. Its
 * `return` ends it also while a result is waited for, which a generator alone would not do before the result is there.
 */
export function stream<I, T>(
  items: Iterable<I> | AsyncIterable<I>,
  fun: (item: I, context: TaskContext) => T | PromiseLike<T>,
  options: StreamOptions,
  place: Place,
): AsyncGenerator<Outcome<Awaited<T>>, void, undefined> {
  const reading: Reading = { over: false, wake: () => {} };
  const results = outcomes(items, fun, options, place, reading);
  const end = results.return.bind(results);
  results.return = (value) => {
    reading.over = true;
    reading.wake();
    return end(value);
  };
  return results;
}

async function* outcomes<I, T>(
  items: Iterable<I> | AsyncIterable<I>,
  fun: (item: I, context: TaskContext) => T | PromiseLike<T>,
  options: StreamOptions,
  place: Place,
  reading: Reading,
): AsyncGenerator<Outcome<Awaited<T>>, void, undefined> {
  if (typeof fun !== "function") throw refused(`a function is needed, got ${describe(fun)}`);
  if (!isIterable(items)) throw refused(`items must be iterable, got ${describe(items)}`);
  const { max, ordered, timeout, kills, zipped } = checked(options);
  const trapping = erlang.is_process() && erlang.process_info(erlang.self(), "trap_exit") === true;
  const fatal = place.linked && !trapping;
  const source = iteratorOf(items);
  let fed = false;
  // Takes no more items. The crew does so, too, for a reader that died does nothing any more.
  const close = (): void => {
    if (over) return;
    over = true;
    room();
    if (!fed) leave(source);
  };
  const crew = newCrew({ begin: place.begin, timeout, ended: close });
  const queue = new Results<Outcome<Awaited<T>>>(ordered);
  let inFlight = 0;
  let over = false;
  let broken: { readonly error: unknown } | undefined;
  const changed = (): Promise<void> => new Promise((resolve) => (reading.wake = resolve));
  let room: () => void = () => {};

  const launch = (index: number, item: I): void => {
    inFlight++;
    crew.run({
      work: (context) => fun(item, context),
      done(outcome, expired) {
        inFlight--;
        if (outcome[0] === EXIT && (expired ? !kills : fatal)) {
          const { 1: reason } = outcome;
          const args = expired ? [timeout] : [describe(item)];
          const words = expired
            ? `Task of a stream took longer than ${timeout} ms. Give the stream a longer timeout, or on_timeout: "kill_task"`
            : `Task of a stream failed: ${describe(reason)}`;
          broken ??= { error: failed(expired ? TIMEOUT : reason, "async_stream", args, words) };
        }
        const shown = outcome[0] === EXIT && zipped ? ([EXIT, [item, outcome[1]]] as const) : outcome;
        queue.put(index, shown as Outcome<Awaited<T>>);
        room();
        reading.wake();
      },
    });
  };
  const feed = async (): Promise<void> => {
    for (let index = 0; ; index++) {
      const next = await source.next();
      if (over) return;
      if (next.done === true) break;
      // As in a loop that awaits: an item may be a promise.
      launch(index, await next.value);
      while (!over && (inFlight >= max || queue.ready >= max)) await new Promise<void>((resolve) => (room = resolve));
      if (over) return;
    }
    fed = true;
    reading.wake();
  };
  void feed().catch((error: unknown) => {
    broken ??= { error };
    fed = true;
    reading.wake();
  });
  let failing = false;
  try {
    for (;;) {
      if (broken !== undefined) {
        failing = true;
        throw broken.error;
      }
      const next = queue.take();
      if (next !== undefined) {
        room();
        yield next.value;
      } else if (reading.over || (fed && inFlight === 0)) {
        return;
      } else {
        await changed();
      }
    }
  } finally {
    close();
    if (failing && erlang.is_process() && isExit(broken?.error)) crew.fail(broken.error.reason);
    else await crew.dismiss();
  }
}

function isIterable(items: unknown): boolean {
  if (typeof items === "string") return true;
  if (typeof items !== "object" || items === null) return typeof items === "function" && Symbol.iterator in items;
  return Symbol.asyncIterator in items || Symbol.iterator in items;
}

function iteratorOf<I>(items: Iterable<I> | AsyncIterable<I>): Iterator<I> | AsyncIterator<I> {
  return typeof items === "object" && Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : (items as Iterable<I>)[Symbol.iterator]();
}

// Ends the iteration of a source, also while the stream waits for its next item. Its errors are ignored.
function leave(source: Iterator<unknown> | AsyncIterator<unknown>): void {
  try {
    void Promise.resolve(source.return?.()).catch(() => undefined);
  } catch {
    // It does not like to be left.
  }
}

function isExit(error: unknown): error is { readonly reason: readonly unknown[] } {
  const reason = (error as { reason?: unknown } | undefined)?.reason;
  return Array.isArray(reason) && Array.isArray(reason[1]) && (reason[1] as unknown[])[0] === TASK;
}

/** Results for the reader. If ordered, a result waits for those before it. */
class Results<T> {
  private readonly ordered: boolean;
  private readonly waiting = new Map<number, T>();
  private next = 0;
  /** The first behind `next` that is not there yet. */
  private end = 0;
  private count = 0;

  constructor(ordered: boolean) {
    this.ordered = ordered;
  }

  put(index: number, value: T): void {
    this.waiting.set(this.ordered ? index : this.count++, value);
  }

  take(): { readonly value: T } | undefined {
    if (!this.waiting.has(this.next)) return undefined;
    const value = this.waiting.get(this.next) as T;
    this.waiting.delete(this.next++);
    this.end = Math.max(this.end, this.next);
    return { value };
  }

  /** The number of results ready for the reader. */
  get ready(): number {
    while (this.waiting.has(this.end)) this.end++;
    return this.end - this.next;
  }
}

const refused = (why: string): ErlangError => new ErlangError(BADARG, `Cannot start a stream of tasks: ${why}`);

const OPTIONS = ["max_concurrency", "ordered", "timeout", "on_timeout", "zip_input_on_exit"];

function checked(options: StreamOptions) {
  checkOptions(options, OPTIONS, "start a stream of tasks");
  const { max_concurrency, ordered = true, timeout = 5000, on_timeout = "exit", zip_input_on_exit = false } = options;
  const max = max_concurrency ?? availableParallelism();
  if (!(max >= 1) || (max !== Infinity && !Number.isInteger(max)))
    throw refused(`max_concurrency must be a whole number ≥ 1, got ${describe(max_concurrency)}`);
  if (on_timeout !== "exit" && on_timeout !== "kill_task")
    throw refused(`on_timeout must be "exit" or "kill_task", got ${describe(on_timeout)}`);
  return {
    max,
    ordered,
    timeout: milliseconds(timeout, "start a stream of tasks"),
    kills: on_timeout === "kill_task",
    zipped: zip_input_on_exit,
  };
}
