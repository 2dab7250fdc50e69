import type { Watch } from "../source.ts";
import { type Backoff, full_jitter, pause } from "./backoff.ts";
import type { Answer } from "./client.ts";
import { ConsulFailure } from "./failure.ts";

/** What a watch needs from outside. */
export interface WatchPort {
  /**
   * Asks for the state of the prefix: at once without `index`, else when it is past `index` or the server's wait is over.
   *
   * @throws ConsulFailure
   */
  ask(index: bigint | undefined, signal: AbortSignal): Promise<Answer>;
  /** A load might find something new. */
  ring(): void;
  /** The last load succeeded. */
  healthy(): boolean;
  /** Gives the connections up; resolves when they are gone. */
  release(): Promise<void>;
  readonly debounce: number;
  readonly backoff: Backoff;
  readonly random: () => number;
}

/** What an operator wants to know of a watch. */
export interface WatchState {
  readonly connected: boolean;
  /** Failed requests since the last good one. */
  readonly retries: number;
  /** Unix time of the next try in milliseconds, while waiting for it. */
  readonly next_retry: number | undefined;
  readonly index: bigint;
  readonly failure: ConsulFailure | undefined;
  readonly closed: boolean;
}

/** An answer that comes sooner did not wait. */
const AT_ONCE = 50;
/** Slowest pace against a server whose index moves without a change for us: unrelated writes while the prefix is absent. */
const UNRELATED = 250;
/** Slowest pace against a server that does not block, or has no index: then this is polling. */
const POLLING = 5000;
/** Slowest pace of readings that bring something. */
const READING = 1000;

/**
 * Waits for changes with blocking queries: one request in flight, for ever, until it is closed.
 *
 * The answer only says *that* something may have changed; the load that follows reads what. Consul's rules for the index:
 * begin without one, also after every error; one that is missing, below 1 or below the last means begin again; one that is
 * the same means the wait was over. Source: Consul's documentation, "Blocking queries".
 */
export class BlockingWatch implements Watch {
  readonly #port: WatchPort;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #query = new AbortController();
  #connected = false;
  #retries = 0;
  #nextRetry: number | undefined;
  #failure: ConsulFailure | undefined;
  /** 0: the next query does not block. */
  #index = 0n;
  #present: boolean | undefined;
  /** Least time between two queries, in milliseconds. */
  #pace: number;
  /** How long the last load took. */
  #reading = 0;
  /** Rings later. */
  #owed: NodeJS.Timeout | undefined;
  #loadFailures = 0;
  /** A load is to find out whether Consul is gone. */
  #alarmed = false;
  /** The next query must not trust the index. */
  #again = false;

  constructor(port: WatchPort, signal: AbortSignal) {
    this.#port = port;
    this.#pace = port.debounce;
    const stop = () => this.#end();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.#running = this.#run().finally(() => signal.removeEventListener("abort", stop));
  }

  get state(): WatchState {
    return {
      connected: this.#connected,
      retries: this.#retries,
      next_retry: this.#nextRetry,
      index: this.#index,
      failure: this.#failure,
      closed: this.#stop.signal.aborted,
    };
  }

  /** Resolves when no request, timer or connection is left. */
  close(): Promise<void> {
    this.#end();
    return this.#running;
  }

  /**
   * A load has succeeded.
   *
   * @param index what it found the index to be
   * @param before the watch's index when the load began
   * @param took milliseconds
   */
  loaded(index: bigint, before: bigint, took: number): void {
    this.#alarmed = false;
    this.#reading = took;
    this.#loadFailures = 0;
    this.#settle();
    // Older than what was seen: the store was restored or replaced, and a query that waits for more would wait in vain.
    if (index < 1n || index >= before) return;
    this.#again = true;
    this.#query.abort();
  }

  /** A load has failed. What rang for it still has to be read, so it rings again; slower each time. */
  load_failed(): void {
    this.#alarmed = false;
    if (!this.#connected || this.#owed !== undefined) return;
    this.remind(full_jitter({ min: 500, max: 30_000 }, this.#loadFailures++, this.#port.random));
  }

  /** Rings in `ms` unless a load succeeds before. */
  remind(ms: number): void {
    if (this.#stop.signal.aborted) return;
    this.#settle();
    this.#owed = setTimeout(() => {
      this.#owed = undefined;
      this.#port.ring();
    }, ms);
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal;
    while (!stopped.aborted) await this.#once(stopped);
    this.#settle();
    this.#connected = false;
    this.#nextRetry = undefined;
    await this.#port.release();
  }

  async #once(stopped: AbortSignal): Promise<void> {
    const began = performance.now();
    const again = this.#again;
    this.#again = false;
    if (again) this.#index = 0n;
    const asked = this.#index;
    const query = (this.#query = new AbortController());
    let answer: Answer;
    try {
      answer = await this.#port.ask(asked > 0n ? asked : undefined, query.signal);
    } catch (error) {
      if (!query.signal.aborted) await this.#failed(error, stopped);
      return;
    }
    this.#nextRetry = undefined;
    this.#connected = true;
    this.#retries = 0;
    this.#failure = undefined;
    const took = performance.now() - began;
    const rang = await this.#answered(answer, asked, stopped);
    this.#adapt({ rang, took, moved: answer.index !== asked, valid: answer.index > 0n && !again });
    // Change after change is read at this pace, so that the requests stay bounded however many there are.
    await pause(Math.max(0, this.#pace - (performance.now() - began)), stopped);
  }

  async #answered(answer: Answer, asked: bigint, stopped: AbortSignal): Promise<boolean> {
    const present = answer.status === 200;
    const beganAgain = asked === 0n;
    const appearedOrGone = this.#present !== present;
    // A prefix that is absent has the index of the whole store, which moves with every write anywhere.
    const moved = answer.index !== asked && present;
    this.#present = present;
    this.#index = answer.index < 1n || answer.index < asked ? 0n : answer.index;
    if (!beganAgain && !appearedOrGone && !moved) return false;
    await pause(this.#port.debounce, stopped);
    if (!stopped.aborted) this.#port.ring();
    return true;
  }

  #adapt({ rang, took, moved, valid }: { rang: boolean; took: number; moved: boolean; valid: boolean }): void {
    const slower = (ceiling: number) => Math.min(ceiling, Math.max(this.#pace, 10) * 2);
    const reading = Math.min(READING, Math.max(this.#port.debounce, this.#reading * 2));
    if (!valid) this.#pace = slower(POLLING);
    else if (rang) this.#pace = reading;
    else if (took >= AT_ONCE) this.#pace = this.#port.debounce;
    else this.#pace = slower(moved ? UNRELATED : POLLING);
  }

  async #failed(error: unknown, stopped: AbortSignal): Promise<void> {
    const failure = error instanceof ConsulFailure ? error : new ConsulFailure("unreachable", "the request failed");
    const wait = failure.retry_after ?? full_jitter(this.#port.backoff, this.#retries, this.#port.random);
    this.#index = 0n;
    this.#failure = failure;
    this.#retries += 1;
    this.#nextRetry = Date.now() + wait;
    this.#connected = false;
    this.#settle();
    // The load that follows tells the manager, once, that Consul is gone; the first good answer rings again.
    if (!this.#alarmed && this.#port.healthy()) {
      this.#alarmed = true;
      this.#port.ring();
    }
    await pause(wait, stopped);
  }

  #end(): void {
    this.#stop.abort();
    this.#query.abort();
  }

  #settle(): void {
    clearTimeout(this.#owed);
    this.#owed = undefined;
  }
}
