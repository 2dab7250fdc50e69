import { erlang, EXIT, type Pid, type Ref, TRAP_EXIT } from "@otpts/runtime";
import type { Contribution } from "./core/layer.ts";
import { ConfigSourceError } from "./errors.ts";
import {
  FINISHED,
  isTagged,
  LOAD,
  type LoadOutcome,
  type LoadRequest,
  OVERDUE,
  SOURCE_CHANGED,
  SOURCE_LOADED,
  SOURCE_UP,
  WRITE,
  type WriteRequest,
  WRITTEN,
} from "./messages.ts";
import type { SourceContext, Watch } from "./sources/source.ts";
import type { Together } from "./sources/together.ts";
import type { Slot, Vault } from "./vault.ts";

/**
 * The process of one source: loads when the manager asks or the source says that something changed, one load at a time;
 * tries again after a failure, ever more slowly; watches; closes the watch when it ends. However long a load takes, this
 * process listens meanwhile. A load that takes longer than `load_timeout` is told so by its signal; one that does not heed
 * it is abandoned: the process ends, and the next one begins anew.
 */
export function start_worker(vault: Vault, slot: Slot): Pid {
  return (slot.worker = erlang.spawn_link(() => new Worker(vault, slot).run()));
}

/** Milliseconds before the first new try after a failure; doubled each time. */
const FIRST_RETRY = 1_000;
const LAST_RETRY = 30_000;
/** How long the process waits for an earlier one of the same source to let go of it. */
const PATIENCE = 5_000;
/** Node's timers take no more. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** How long a load that is to stop may go on. */
const GRACE = 1_000;

type Overdue = readonly [tag: typeof OVERDUE, load: AbortController];
type Exited = readonly [tag: typeof EXIT, from: Pid, reason: unknown];

class Worker {
  private readonly vault: Vault;
  private readonly slot: Slot;
  private readonly self: Pid = erlang.self();
  private readonly stopping = new AbortController();
  private readonly context: Omit<SourceContext, "first">;
  private first = true;
  /** Ends the load that runs. */
  private loading: AbortController | undefined;
  /** A load that does not end though it was told to. */
  private abandoned: ConfigSourceError | undefined;
  /** A write must not be cut off; a load may. */
  private writing = false;
  private contribution: Contribution | undefined;
  /** What the process is doing: one load or write at a time. */
  private busy: Promise<void> | undefined;
  /** A load is wanted when the one that runs is over. */
  private wanted = false;
  private answers: Ref[] = [];
  private writes: WriteRequest[] = [];
  private failures = 0;
  private retry: Ref | undefined;
  private watch: Promise<Watch | undefined> = Promise.resolve(undefined);
  private changePending = false;
  private unwatched = false;
  private ended: Promise<void> | undefined;

  constructor(vault: Vault, slot: Slot) {
    this.vault = vault;
    this.slot = slot;
    this.context = { signal: this.stopping.signal, env: vault.spec.env };
  }

  async run(): Promise<void> {
    erlang.process_flag(TRAP_EXIT, true);
    // A kill gives no chance to say good-bye: what is open is closed all the same.
    erlang.signal().addEventListener("abort", () => void this.windDown(), { once: true });
    await this.lastOneGone();
    this.watch = this.startWatch();
    if (this.slot.abandoned > 0) {
      // Asked at once it would hang again at once; who asks for a reload asks this process.
      this.failures = this.slot.abandoned - 1;
      this.retryLater();
    } else if (this.vault.manager !== undefined) {
      erlang.send(this.vault.manager, [SOURCE_UP, this.slot.index]);
    }
    for (;;) {
      const message = await erlang.receive();
      if (isTagged<Exited>(message, EXIT)) {
        await this.windDown();
        return erlang.exit(message[2]);
      }
      this.handle(message);
      if (this.abandoned !== undefined) {
        this.slot.abandoned++;
        await this.windDown();
        return erlang.exit(this.abandoned);
      }
    }
  }

  /** Waits until an earlier process of the same source has let go of it; not for ever. */
  private async lastOneGone(): Promise<void> {
    const { winding_down } = this.slot;
    if (winding_down === undefined) return;
    const gone = erlang.make_ref();
    void winding_down.finally(() => erlang.send(this.self, gone));
    const message = await erlang.receive((one) => one === gone || isTagged<Exited>(one, EXIT), { after: PATIENCE });
    if (isTagged<Exited>(message, EXIT)) erlang.exit(message[2]);
  }

  private handle(message: unknown): void {
    if (isTagged<LoadRequest>(message, LOAD)) {
      this.answers.push(message[1]);
      this.wanted = true;
    } else if (isTagged<WriteRequest>(message, WRITE)) {
      this.writes.push(message);
    } else if (message === SOURCE_CHANGED) {
      this.changePending = false;
      this.wanted = true;
    } else if (message === FINISHED) {
      this.busy = undefined;
    } else if (isTagged<Overdue>(message, OVERDUE)) {
      this.overdue(message[1]);
      return;
    } else {
      return;
    }
    this.next();
  }

  private next(): void {
    if (this.busy !== undefined) return;
    const write = this.writes.shift();
    if (write === undefined && !this.wanted) return;
    this.busy = (write === undefined ? this.load() : this.write(write)).finally(() => {
      erlang.send(this.self, FINISHED);
    });
  }

  /** A load has had its time, and then its grace. */
  private overdue(load: AbortController): void {
    if (load !== this.loading) return;
    const error = this.late();
    if (!load.signal.aborted) {
      load.abort(error);
      this.remind(GRACE, load);
      return;
    }
    this.tell([SOURCE_LOADED, this.slot.index, [], { outcome: "late", error } satisfies LoadOutcome]);
    this.abandoned = error;
  }

  private remind(ms: number, load: AbortController): Ref {
    return erlang.send_after(ms, this.self, [OVERDUE, load], { ref: false });
  }

  private late(): ConfigSourceError {
    const { name } = this.slot;
    const message = `Cannot load "${name}": no answer within ${this.vault.spec.load_timeout} ms`;
    return new ConfigSourceError(message, { source: name, code: "timeout" });
  }

  private async load(): Promise<void> {
    this.wanted = false;
    if (this.retry !== undefined) erlang.cancel_timer(this.retry);
    this.retry = undefined;
    if (this.unwatched) this.watch = this.startWatch();
    const answers = this.answers;
    this.answers = [];
    const load = new AbortController();
    this.loading = load;
    const limit = this.remind(Math.min(this.vault.spec.load_timeout, LONGEST_TIMER), load);
    const outcome = await this.outcome(load.signal);
    this.loading = undefined;
    erlang.cancel_timer(limit);
    // What a source says that is being stopped, or was given up, is no news of it.
    if (this.stopping.signal.aborted) return;
    if (outcome.outcome === "error" || outcome.outcome === "late") this.retryLater();
    else this.failures = this.slot.abandoned = 0;
    this.tell([SOURCE_LOADED, this.slot.index, answers, outcome, this.links()]);
  }

  private async outcome(signal: AbortSignal): Promise<LoadOutcome> {
    try {
      const loaded = await this.slot.source.load({ ...this.context, signal, first: this.first });
      if (typeof loaded !== "object" || loaded === null) throw this.misunderstood(loaded);
      if (loaded.outcome === "absent") {
        this.contribution = undefined;
        this.first = false;
        return { outcome: "absent" };
      }
      if (loaded.outcome === "data") {
        if (loaded.contribution === undefined) throw this.misunderstood(loaded);
        this.first = false;
        this.contribution = loaded.contribution;
        return { outcome: "data", contribution: loaded.contribution };
      }
      if (loaded.outcome !== "unchanged") throw this.misunderstood(loaded);
      if (this.contribution !== undefined) return { outcome: "unchanged", contribution: this.contribution };
      if (!this.first) return { outcome: "absent" };
      throw new ConfigSourceError(`Cannot load "${this.slot.name}": its first load answered "unchanged"`, {
        source: this.slot.name,
        code: "unchanged",
      });
    } catch (error) {
      if (signal.aborted) return { outcome: "late", error: this.late() };
      return { outcome: "error", error: asError(error) };
    }
  }

  /** A source is others' code, and not always typed. */
  private misunderstood(loaded: unknown): ConfigSourceError {
    const got =
      typeof loaded !== "object" || loaded === null
        ? String(loaded === null ? null : typeof loaded)
        : (loaded as { outcome?: unknown }).outcome === "data"
          ? 'outcome "data" without contribution'
          : "an object whose outcome is none of them";
    const want = 'outcome "data" with contribution, "unchanged" or "absent"';
    const message = `Cannot load "${this.slot.name}": its load must answer ${want}, got ${got}`;
    return new ConfigSourceError(message, { source: this.slot.name, code: "not_a_layer" });
  }

  private async write([, ref, path, value]: WriteRequest): Promise<void> {
    let failure: Error | undefined;
    this.writing = true;
    try {
      await this.slot.source.write?.(path, value, { ...this.context, first: this.first });
    } catch (error) {
      failure = asError(error);
    }
    this.writing = false;
    if (failure === undefined) await this.load();
    this.tell([WRITTEN, ref, failure]);
  }

  private retryLater(): void {
    if (this.retry !== undefined) erlang.cancel_timer(this.retry);
    const delay = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.failures++);
    this.retry = erlang.send_after(delay * (0.75 + Math.random() / 2), this.self, SOURCE_CHANGED, { ref: false });
  }

  private async startWatch(): Promise<Watch | undefined> {
    if (this.slot.source.watch === undefined) return undefined;
    this.unwatched = false;
    try {
      return await this.slot.source.watch(() => this.changed(), { ...this.context, first: this.first });
    } catch (error) {
      if (this.stopping.signal.aborted) return undefined;
      const failure = asError(error);
      this.unwatched = true;
      this.tell([SOURCE_LOADED, this.slot.index, [], { outcome: "error", error: failure }]);
      this.retryLater();
      return undefined;
    } finally {
      // What changed between the first load and now.
      if (!this.first && !this.unwatched) this.changed();
    }
  }

  /** Called by the source, from wherever it likes. */
  private changed(): void {
    if (this.changePending || this.stopping.signal.aborted) return;
    this.changePending = true;
    erlang.send(this.self, SOURCE_CHANGED);
  }

  private links(): Together["links"] | undefined {
    try {
      return this.slot.source.together?.().links;
    } catch {
      // It is others' code, and no news of it: such a source stands alone.
      return undefined;
    }
  }

  private tell(message: readonly unknown[]): void {
    if (this.vault.manager !== undefined) erlang.send(this.vault.manager, message);
  }

  private windDown(): Promise<void> {
    this.ended ??= this.letGo();
    this.slot.winding_down = this.ended;
    return this.ended;
  }

  private async letGo(): Promise<void> {
    this.stopping.abort();
    this.loading?.abort();
    const closed = this.watch.then((watch) => watch?.close());
    // A load that was given up has had its time already. What it may still bring nobody takes.
    const load = this.busy === undefined || this.abandoned !== undefined ? undefined : this.busy;
    if (load !== undefined) await (this.writing ? load : within(GRACE, load));
    await closed;
  }
}

/** Waits for a promise, but no longer than this. */
async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** What was thrown; it may be anything. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  try {
    return new Error(String(thrown));
  } catch {
    return new Error("it threw something that has no text");
  }
}
