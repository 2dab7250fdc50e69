import { erlang, EXIT, type Pid, type Ref, TRAP_EXIT } from "@otpts/runtime";
import { LONGEST_TIMER } from "../core/longest_timer.ts";
import type { ConfigSourceError } from "../errors.ts";
import type { Source, Watch } from "../sources/source.ts";
import { togetherOf } from "../sources/together.ts";
import type { ConfigSpec } from "../spec.ts";
import type { FromSource } from "./event.ts";
import { EVENT, isTagged, LOAD, type LoadMessage, WRITE, type WriteMessage } from "./messages.ts";
import type { LoadOutcome } from "./outcome.ts";
import { SourceCalls } from "./source_calls.ts";

/**
 * The process of one source: loads when the manager asks or the watch reports a change, one load at a time; watches;
 * closes the watch when it ends. The process keeps listening during a load. A load that takes longer than
 * `load_timeout` is aborted by its signal; if it does not stop, it is abandoned: the process ends, and a new one
 * starts.
 */
export function start_worker(spec: ConfigSpec, index: number): Pid {
  const source_worker = () => new Worker(spec, index).run();
  return erlang.spawn_link(source_worker);
}

/** How long the process waits for an earlier process of the same source to release it, in ms. */
const PATIENCE = 5_000;
/** How long an aborted load may go on, in ms. */
const GRACE = 1_000;

/** The closing, writing or loading still in progress in the last process of a source, for which the next one waits. */
const lettingGo = new WeakMap<Source, Promise<void>>();

/** A message from a worker to itself. */
const CHANGED: unique symbol = Symbol("changed");
const IDLE: unique symbol = Symbol("idle");
const OVERDUE: unique symbol = Symbol("overdue");
type Overdue = readonly [tag: typeof OVERDUE, load: AbortController];
type Exited = readonly [tag: typeof EXIT, from: Pid, reason: unknown];

class Worker {
  private readonly spec: ConfigSpec;
  private readonly index: number;
  private readonly source: Source;
  private readonly calls: SourceCalls;
  private readonly self: Pid = erlang.self();
  private readonly stopping = new AbortController();
  private manager: Pid | undefined;
  /** Aborts the running load. */
  private loading: AbortController | undefined;
  /** Why the process ends: a load that goes on although it was aborted. */
  private abandoned: ConfigSourceError | undefined;
  /** Whether a write is running, which must not be cut off; a load may be. */
  private writing = false;
  /** The current load or write; there is one at a time. */
  private busy: Promise<void> | undefined;
  /** Whether another load is needed after the running one. */
  private wanted = false;
  private answers: number[] = [];
  private writes: WriteMessage[] = [];
  private watch: Promise<Watch | undefined> = Promise.resolve(undefined);
  private unwatched = true;
  /** The outcome of the watch, until there is a manager to report it to. */
  private unreported: FromSource | undefined;
  private changePending = false;
  private ended: Promise<void> | undefined;

  constructor(spec: ConfigSpec, index: number) {
    this.spec = spec;
    this.index = index;
    this.source = spec.layers[index]!;
    this.calls = new SourceCalls(spec, index);
  }

  async run(): Promise<void> {
    erlang.process_flag(TRAP_EXIT, true);
    // A kill leaves no chance to clean up first, so open resources are closed here.
    erlang.signal().addEventListener("abort", () => void this.letGo(), { once: true });
    await this.lastOneGone();
    this.watch = this.startWatch();
    this.manager = erlang.whereis(this.spec.name);
    this.report({ type: "source_up", source: this.index, worker: this.self });
    for (;;) {
      // A message that throws on inspection, such as a revoked proxy, is ignored.
      const message = await erlang.receive().catch(() => undefined);
      if (isTagged<Exited>(message, EXIT)) {
        await this.letGo();
        return erlang.exit(message[2]);
      }
      this.handle(message);
      if (this.abandoned !== undefined) {
        await this.letGo();
        return erlang.exit(this.abandoned);
      }
    }
  }

  /** Waits, for a limited time, until an earlier process of the same source has released it. */
  private async lastOneGone(): Promise<void> {
    const last = lettingGo.get(this.source);
    if (last === undefined) return;
    const gone = erlang.make_ref();
    void last.finally(() => erlang.send(this.self, gone));
    const message = await erlang.receive((one) => one === gone || isTagged<Exited>(one, EXIT), { after: PATIENCE });
    if (isTagged<Exited>(message, EXIT)) erlang.exit(message[2]);
  }

  private handle(message: unknown): void {
    if (isTagged<LoadMessage>(message, LOAD)) {
      const [, manager, gathering] = message;
      this.manager = manager;
      if (gathering !== undefined) this.answers.push(gathering);
      this.wanted = true;
    } else if (isTagged<WriteMessage>(message, WRITE)) {
      this.manager = message[1];
      this.writes.push(message);
    } else if (message === CHANGED) {
      this.changePending = false;
      this.wanted = true;
    } else if (message === IDLE) {
      this.busy = undefined;
    } else if (isTagged<Overdue>(message, OVERDUE)) {
      return this.overdue(message[1]);
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
      erlang.send(this.self, IDLE);
    });
  }

  /** A load has used up its time, and then its grace period. */
  private overdue(load: AbortController): void {
    if (load !== this.loading) return;
    const error = this.calls.late();
    if (!load.signal.aborted) {
      load.abort(error);
      this.remind(GRACE, load);
      return;
    }
    this.loaded([], { outcome: "late", error });
    this.abandoned = error;
  }

  private remind(ms: number, load: AbortController): Ref {
    return erlang.send_after(ms, this.self, [OVERDUE, load], { ref: false });
  }

  private async load(): Promise<void> {
    this.wanted = false;
    if (this.unwatched) this.watch = this.startWatch();
    const answers = this.answers;
    this.answers = [];
    const load = new AbortController();
    this.loading = load;
    const limit = this.remind(Math.min(this.spec.load_timeout, LONGEST_TIMER), load);
    const outcome = await this.calls.load(load.signal);
    this.loading = undefined;
    erlang.cancel_timer(limit);
    // The result of a load that is being stopped, or was abandoned, is ignored.
    if (!this.stopping.signal.aborted) this.loaded(answers, outcome);
  }

  private async write([, , write, path, value]: WriteMessage): Promise<void> {
    let error: Error | undefined;
    this.writing = true;
    try {
      await this.calls.write(path, value, this.stopping.signal);
    } catch (thrown) {
      error = thrown as Error;
    }
    this.writing = false;
    if (error === undefined) await this.load();
    this.report({ type: "written", write, error });
  }

  private async startWatch(): Promise<Watch | undefined> {
    this.unwatched = false;
    try {
      const begun = await this.calls.watch(() => this.changed(), this.stopping.signal);
      if (begun === undefined) return undefined;
      this.watched(undefined);
      return begun.watch;
    } catch (error) {
      if (this.stopping.signal.aborted) return undefined;
      // The next load tries to watch again.
      this.unwatched = true;
      this.watched(error as Error);
      return undefined;
    } finally {
      // For changes between the first load and now.
      if (this.calls.hasLoaded && !this.unwatched) this.changed();
    }
  }

  /** Reports the outcome of the watch as soon as there is a manager. */
  private watched(error: Error | undefined): void {
    const event: FromSource = { type: "watched", source: this.index, error };
    if (this.manager === undefined) this.unreported = event;
    else this.report(event);
  }

  /** Called by the source, from any code. */
  private changed(): void {
    if (this.changePending || this.stopping.signal.aborted) return;
    this.changePending = true;
    erlang.send(this.self, CHANGED);
  }

  private loaded(answers: readonly number[], outcome: LoadOutcome): void {
    const links = togetherOf(this.source)?.links;
    this.report({ type: "loaded", source: this.index, answers, outcome, links, together: [] });
  }

  private report(event: FromSource): void {
    if (this.manager === undefined) return;
    if (this.unreported !== undefined) erlang.send(this.manager, [EVENT, this.unreported]);
    this.unreported = undefined;
    erlang.send(this.manager, [EVENT, event]);
  }

  private letGo(): Promise<void> {
    this.ended ??= this.windDown();
    lettingGo.set(this.source, this.ended);
    return this.ended;
  }

  private async windDown(): Promise<void> {
    this.stopping.abort();
    this.loading?.abort();
    const closed = this.watch.then((watch) => watch?.close()).catch(() => undefined);
    // An abandoned load has used up its time already. Its result is ignored.
    const load = this.busy === undefined || this.abandoned !== undefined ? undefined : this.busy;
    if (load !== undefined) await (this.writing ? load : within(GRACE, load));
    await within(PATIENCE, closed);
  }
}

/** Waits for a promise for a limited time. */
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
