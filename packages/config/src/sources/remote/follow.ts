import { type Backoff, full_jitter, jittered } from "../../core/backoff.ts";
import type { Watch } from "../source.ts";
import { failed_connection } from "./connection.ts";
import { RemoteFailure } from "./failure.ts";
import { pause } from "./waiting.ts";

/** The result of waiting at a remote place. */
export interface Heard {
  /** A load might find something new. */
  readonly news: boolean;
  /** Something has changed there, perhaps unrelated to this source. */
  readonly moved: boolean;
  /** The place supports waiting for a change. */
  readonly valid: boolean;
}

/** How soon and how often a place is read again. */
export interface Pace {
  /** How long changes are gathered before they are read, in milliseconds. */
  readonly debounce: number;
  /** Between tries of `ask`. */
  readonly backoff: Backoff;
  /** Between loads that fail. */
  readonly load_backoff: Backoff;
  /** How long after a load the next one is due, in milliseconds; 0: never. */
  readonly poll_interval: number;
  /** Slowest pace when loads find no change after a wait, in milliseconds. */
  readonly unrelated: number;
  /** Slowest pace when waits end at once, in milliseconds. */
  readonly polling: number;
}

/** The functions and times that following a remote place needs. */
export interface FollowPort extends Pace {
  /**
   * Waits at the place until there may be a change, or until its time is over. Absent for a place that does not support waiting.
   *
   * @param again the state of earlier waits is no longer valid: the first time, and after a failure
   * @throws RemoteFailure
   */
  readonly ask?: ((again: boolean, signal: AbortSignal) => Promise<Heard>) | undefined;
  /** `ask` may miss changes between two waits, so a failed load must be repeated without it. */
  readonly blind: () => boolean;
  /** A load might find something new. */
  ring(): void;
  /** The last load succeeded. */
  healthy(): boolean;
  /** Closes the connections; resolves when they are closed. */
  release(): Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** The state, for operators. */
export interface FollowState {
  /** The last wait succeeded; without waits, the last load. */
  readonly connected: boolean;
  /** Failed waits since the last good one; without waits, failed loads. */
  readonly retries: number;
  /** Unix time of the next attempt in milliseconds, while waiting for it. */
  readonly next_retry: number | undefined;
  /** Why the last `ask` failed. */
  readonly failure: RemoteFailure | undefined;
  readonly closed: boolean;
}

/** A response that arrives sooner did not wait, in milliseconds. */
const AT_ONCE = 50;
/** Slowest pace of readings that find a change, in milliseconds. */
const READING = 1000;
/** By what fraction a poll may be earlier. */
const JITTER = 0.1;

/** The reason for the pending load. */
type Reason = "poll" | "again";

/**
 * Follows a remote place until it is closed: reports when a load might find something new. It waits at the place with
 * one request in flight, or polls; after failures it tries again at growing intervals.
 *
 * A wait only reports *that* there may be a change; the load that follows reads it.
 */
export class Follow implements Watch {
  private readonly port: FollowPort;
  private readonly stop = new AbortController();
  private readonly running: Promise<void>;
  private query = new AbortController();
  private connected = false;
  private retries = 0;
  private nextRetry: number | undefined;
  private failure: RemoteFailure | undefined;
  /** Minimum time between two requests, in milliseconds. */
  private pace: number;
  /** Duration of the last load. */
  private reading = 0;
  /** Loads in a row that found no change after a wait had reported one. */
  private fruitless = 0;
  private heard = false;
  /** Rings later. */
  private owed: { readonly timer: NodeJS.Timeout; readonly why: Reason; readonly at: number } | undefined;
  private loadFailures = 0;
  /** A load has been requested to find out whether the place is gone. */
  private alarmed = false;
  /** The next wait must begin anew. */
  private again = true;
  /** A load requested that, not a failure. */
  private restarted = false;

  constructor(port: FollowPort, signal: AbortSignal) {
    this.port = port;
    this.pace = port.debounce;
    const stop = () => this.end();
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    this.poll();
    this.running = this.run().finally(() => signal.removeEventListener("abort", stop));
  }

  get state(): FollowState {
    const { owed, port } = this;
    const isHealthy = port.healthy();
    const waits = port.ask !== undefined;
    return {
      connected: waits ? this.connected : isHealthy && !this.stop.signal.aborted,
      retries: waits ? this.retries : this.loadFailures,
      next_retry: this.nextRetry ?? (owed?.why === "again" && !isHealthy ? owed.at : undefined),
      failure: this.failure,
      closed: this.stop.signal.aborted,
    };
  }

  /** Resolves when no request, timer or connection is left. */
  close(): Promise<void> {
    this.end();
    return this.running;
  }

  /** A load has succeeded. @param again the wait in progress must begin anew; `took` in milliseconds */
  loaded({ again, took, news }: { readonly again: boolean; readonly took: number; readonly news: boolean }): void {
    this.alarmed = false;
    this.reading = took;
    this.loadFailures = 0;
    if (news) this.fruitless = 0;
    else if (this.heard) this.fruitless += 1;
    this.heard = false;
    this.settle();
    this.poll();
    if (!again) return;
    this.again = true;
    this.restarted = true;
    this.query.abort();
  }

  /**
   * A load has failed. The change that caused it has not been read yet, so it is reported again, each time later.
   *
   * @param wait milliseconds during which the place accepts no requests
   */
  load_failed(wait?: number): void {
    this.alarmed = false;
    const hears = this.port.ask === undefined || this.connected || this.port.blind();
    if (!hears || this.owed?.why === "again") return;
    this.remind(wait ?? full_jitter(this.port.load_backoff, this.loadFailures++, this.port.random()));
  }

  /** Reports a change in `ms` unless a load succeeds before. */
  remind(ms: number): void {
    this.owe("again", ms);
  }

  private poll(): void {
    const { poll_interval, random } = this.port;
    if (poll_interval > 0) this.owe("poll", jittered(poll_interval, JITTER, random()));
  }

  private owe(why: Reason, ms: number): void {
    if (this.stop.signal.aborted) return;
    this.settle();
    const timer = setTimeout(() => {
      this.owed = undefined;
      this.port.ring();
    }, ms);
    this.owed = { timer, why, at: Date.now() + ms };
  }

  private async run(): Promise<void> {
    const stopped = this.stop.signal;
    if (this.port.ask === undefined) await fired(stopped);
    while (!stopped.aborted) await this.once(stopped);
    this.settle();
    this.connected = false;
    this.nextRetry = undefined;
    await this.port.release();
  }

  private async once(stopped: AbortSignal): Promise<void> {
    const began = performance.now();
    const { again, restarted } = this;
    this.again = false;
    this.restarted = false;
    const query = (this.query = new AbortController());
    let heard: Heard;
    try {
      heard = await this.port.ask!(again, query.signal);
    } catch (error) {
      if (query.signal.aborted) this.again = this.again || again;
      else await this.failed(error, stopped);
      return;
    }
    this.nextRetry = undefined;
    this.connected = true;
    this.retries = 0;
    this.failure = undefined;
    const took = performance.now() - began;
    if (heard.news) {
      await pause(this.port.debounce, stopped);
      if (stopped.aborted) return;
      this.heard = true;
      this.port.ring();
    }
    this.adapt(heard, took, restarted);
    // Consecutive changes are read at this pace, so that the number of requests is bounded.
    await pause(Math.max(0, this.pace - (performance.now() - began)), stopped);
  }

  private adapt({ news, moved, valid }: Heard, took: number, restarted: boolean): void {
    const { debounce, unrelated, polling } = this.port;
    const slower = (ceiling: number) => Math.min(ceiling, Math.max(this.pace, 10) * 2);
    if (!valid || restarted) this.pace = slower(polling);
    else if (news && this.fruitless > 1) this.pace = slower(unrelated);
    else if (news) this.pace = Math.min(READING, Math.max(debounce, this.reading * 2));
    else if (took >= AT_ONCE) this.pace = debounce;
    else this.pace = slower(moved ? unrelated : polling);
  }

  private async failed(error: unknown, stopped: AbortSignal): Promise<void> {
    const failure = error instanceof RemoteFailure ? error : failed_connection(error);
    const wait = failure.retry_after ?? full_jitter(this.port.backoff, this.retries, this.port.random());
    this.again = true;
    this.failure = failure;
    this.retries += 1;
    this.nextRetry = Date.now() + wait;
    this.connected = false;
    if (this.owed?.why === "again") this.settle();
    // The load that follows reports the failure to the manager, once; the first successful wait reports a change again.
    if (!this.alarmed && this.port.healthy()) {
      this.alarmed = true;
      this.port.ring();
    }
    await pause(wait, stopped);
  }

  private end(): void {
    this.stop.abort();
    this.query.abort();
    this.settle();
  }

  private settle(): void {
    clearTimeout(this.owed?.timer);
    this.owed = undefined;
  }
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
