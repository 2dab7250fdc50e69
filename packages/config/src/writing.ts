import { erlang, gen_server, KILL, type Pid, type Ref, atoms } from "@otpts/runtime";
import { boardOf } from "./board.ts";
import { sortedByPath } from "./core/diff.ts";
import { actionOf } from "./core/proposal.ts";
import { formatPath } from "./core/path.ts";
import type { Segments, Value } from "./core/value.ts";
import { diff } from "./core/diff.ts";
import { drive, driveToEnd, type Steps } from "./drive.ts";
import { ConfigSourceError, ConfigValidationError } from "./errors.ts";
import * as events from "./events.ts";
import { ELAPSED, FINISHED, WRITE } from "./messages.ts";
import { changesOf, prepare, type Prepared, RefusedOffers, type Request, type Surroundings } from "./pipeline.ts";
import { tell } from "./telling.ts";
import type { Receiver, Slot, Vault } from "./vault.ts";

const { ERROR } = atoms;

type From = gen_server.From;

/**
 * Changes, one at a time and in order: each is prepared aside, then committed in one go. Where there is nothing to validate,
 * and it takes no time and waits for nothing, that is done at once; else a process of its own (a job) prepares the change
 * while the manager goes on serving, and later changes queue.
 */
export class Writing {
  private readonly vault: Vault;
  private readonly self: Pid = erlang.self();
  private readonly queue: Work[] = [];
  private job: Job | undefined;
  private nextId = 1;
  private readonly waits = new Set<Wait>();
  private readonly writes = new Map<Ref, Write>();

  constructor(vault: Vault) {
    this.vault = vault;
  }

  /** A put, unset or merge: the caller is answered when it is committed and told. */
  request(from: From, request: Request): void {
    this.enqueue({
      request,
      committed: (_, receivers) => this.answer(from, true, receivers),
      refused: (error) => gen_server.reply(from, [ERROR, error]),
    });
  }

  /** The first load, inside the manager's init: nothing else can happen meanwhile. @throws why it is refused */
  async first(): Promise<Prepared> {
    const request: Request = { cause: "reload" };
    const around = { ...this.around(0), point_of_no_return: () => undefined };
    const progress = drive(prepare(this.vault, request, around));
    const prepared = progress.done ? progress.value : await progress.rest();
    this.commit({ request, committed: () => undefined, refused: () => undefined }, prepared);
    const refused = prepared.refused[0]?.error;
    const { name } = this.vault.spec;
    if (refused instanceof ConfigValidationError) events.validationFailed(name, actionText(request), refused);
    return prepared;
  }

  /** Queues a change. */
  enqueue(work: Work): void {
    this.queue.push(work);
    this.next();
  }

  /** Whether a change with this cause waits for its turn, and will see what is offered then. */
  isQueued(cause: Request["cause"]): boolean {
    return this.queue.some((work) => work.request.cause === cause);
  }

  /** Shows the current snapshot to readers. */
  show(): void {
    const board = boardOf(this.vault.spec.name);
    board.current = this.vault.configuration.snapshot;
    board.owner = this.vault;
  }

  /** Answers a caller when callbacks have run, or `notify_timeout` is over. */
  answer(from: From, value: unknown, receivers: ReadonlyMap<Receiver, number>): void {
    const caller = from[0] === undefined ? undefined : this.vault.delivering.get(from[0]);
    const needs = new Map<Receiver, number>();
    for (const [receiver, sequence] of receivers) {
      // A callback that waits for itself, or for one that waits for it, would wait for ever.
      if (caller !== undefined && (receiver === caller || receiver.waiting > 0)) continue;
      if (!receiver.closed && receiver.outbox.settled < sequence) needs.set(receiver, sequence);
    }
    if (needs.size === 0) return void gen_server.reply(from, value);
    const id = this.nextId++;
    const timer = erlang.send_after(this.vault.spec.notify_timeout, this.self, [ELAPSED, "wait", id]);
    if (caller !== undefined) caller.waiting++;
    this.waits.add({ id, from, value, needs, timer, caller });
  }

  /** A delivery process has finished a call. */
  delivered(receiver: Receiver): void {
    for (const wait of this.waits) {
      const sequence = wait.needs.get(receiver);
      if (sequence !== undefined && receiver.outbox.settled >= sequence) this.settle(wait, receiver);
    }
  }

  /** Nobody waits for callbacks that are subscribed no more. */
  settleClosed(): void {
    for (const wait of this.waits) {
      for (const receiver of wait.needs.keys()) if (receiver.closed) this.settle(wait, receiver);
    }
  }

  /** A job is over. */
  finished(id: number, outcome: Outcome): void {
    const { job } = this;
    if (job === undefined || job.id !== id) return;
    this.job = undefined;
    this.settleWork(job.work, outcome);
    this.next();
  }

  /** A job's process ended; if it has not said so itself, it failed. */
  jobEnded(pid: Pid, reason: unknown): void {
    const { job } = this;
    if (job === undefined || job.pid !== pid) return;
    this.job = undefined;
    this.settleWork(job.work, { error: new Error("The process that prepared the change ended", { cause: reason }) });
    this.next();
  }

  /** A timer is over. */
  elapsed(what: string, id: number): void {
    if (what === "wait") {
      for (const wait of this.waits) {
        if (wait.id === id) for (const receiver of wait.needs.keys()) this.settle(wait, receiver);
      }
      return;
    }
    const { job } = this;
    if (job === undefined || job.id !== id || !job.validating) return;
    this.job = undefined;
    erlang.unlink(job.pid);
    erlang.exit(job.pid, KILL);
    const { validation_timeout } = this.vault.spec;
    const { request } = job.work;
    const message = `validation took longer than ${validation_timeout} ms`;
    const path = "path" in request ? formatPath(request.path) : "";
    const problem = { path, message, ...("path" in request ? { origin: "put" } : {}) };
    this.settleWork(job.work, { error: new ConfigValidationError(`${actionText(request)}: ${message}`, [problem]) });
    this.next();
  }

  /** A source's process has written, or failed to. */
  written(ref: Ref, error: Error | undefined): void {
    const write = this.writes.get(ref);
    this.writes.delete(ref);
    write?.over(error);
  }

  /** A source's process ended: what it had to write, it may have written or not. */
  workerDied(worker: Pid): void {
    for (const [ref, write] of this.writes) {
      if (write.worker !== worker) continue;
      const { name } = write.slot;
      const message = `Cannot write to "${name}": its process ended meanwhile`;
      this.written(ref, new ConfigSourceError(message, { source: name, code: "process_ended" }));
    }
  }

  /** @throws Error when the caller is the job that runs: a validator that puts would wait for itself */
  refuseFromJob(caller: Pid | undefined, action: string): void {
    if (caller !== undefined && caller === this.job?.pid) {
      throw new Error(`Cannot ${action} inside a validator: the change that it validates comes first`);
    }
  }

  private next(): void {
    while (this.job === undefined) {
      const work = this.queue.shift();
      if (work === undefined) return;
      const id = this.nextId++;
      const around = this.around(id);
      const steps = timed(prepare(this.vault, work.request, around), () => this.armTimer(id));
      if (!this.vault.spec.validation.isEmpty) {
        // Validators are others' code: they run in a process that may call this one, hang and be killed.
        this.startJob(id, work, () => driveToEnd(steps));
        return;
      }
      try {
        const progress = drive(steps);
        if (progress.done) this.commit(work, progress.value);
        else this.startJob(id, work, progress.rest);
      } catch (error) {
        this.settleWork(work, { error });
      }
    }
  }

  private startJob(id: number, work: Work, rest: () => Promise<Prepared>): void {
    const { self } = this;
    const pid = erlang.spawn_link(async () => {
      const outcome: Outcome = await rest().then(
        (prepared) => ({ prepared }),
        (error: unknown) => ({ error }),
      );
      erlang.send(self, [FINISHED, id, outcome]);
    });
    this.job = { id, work, pid, validating: this.early !== id };
  }

  /** Limits one wait for somebody else's promise. Returns what ends the limit. */
  private armTimer(id: number): () => void {
    const timer = erlang.send_after(this.vault.spec.validation_timeout, this.self, [ELAPSED, "job", id]);
    return () => void erlang.cancel_timer(timer);
  }

  /** The job that passed its point of no return before it was one. */
  private early = 0;

  private around(id: number): Surroundings {
    return {
      leaves: events.wantsChanges(),
      point_of_no_return: () => {
        const { job } = this;
        const current = job === undefined || job.id === id;
        if (!current || this.vault.manager !== this.self || !erlang.is_process_alive(this.self)) {
          throw new Error("The change was given up");
        }
        if (job === undefined) this.early = id;
        else job.validating = false;
      },
      write: (slot, path, value) => this.writeThrough(slot, path, value),
    };
  }

  private writeThrough(slot: Slot, path: Segments, value: Value | undefined): Promise<void> {
    const { worker } = slot;
    if (worker === undefined || !erlang.is_process_alive(worker)) {
      const message = `Cannot write "${formatPath(path)}" to "${slot.name}": its process is being restarted`;
      return Promise.reject(new ConfigSourceError(message, { source: slot.name, code: "unreachable" }));
    }
    return new Promise((resolve, reject) => {
      const ref = erlang.make_ref();
      this.writes.set(ref, { slot, worker, over: (error) => (error === undefined ? resolve() : reject(error)) });
      erlang.send(worker, [WRITE, ref, path, value]);
    });
  }

  private settleWork(work: Work, outcome: Outcome): void {
    if ("prepared" in outcome) return this.commit(work, outcome.prepared);
    const { error } = outcome;
    const { name } = this.vault.spec;
    const cause = error instanceof RefusedOffers ? error.error : error;
    if (cause instanceof ConfigValidationError) events.validationFailed(name, actionText(work.request), cause);
    work.refused(error as Error);
  }

  /** Everything in one turn: no kill, and no reader, comes between its parts. */
  private commit(work: Work, prepared: Prepared): void {
    const { vault } = this;
    const { name, secrets } = vault.spec;
    const { before, after } = prepared;
    const told =
      prepared.revision === vault.revision
        ? prepared.told
        : sortedByPath(vault.index.project(diff(before.snapshot.tree, after.snapshot.tree)));
    const now = Date.now();
    for (const slot of vault.slots) {
      if (before.layers[slot.index]?.tree !== after.layers[slot.index]?.tree) slot.last_change = now;
    }
    vault.configuration = after;
    this.show();
    const receivers = tell(told, after.snapshot.version, prepared.cause);
    // The first configuration is no change of one.
    if (prepared.leaves !== undefined && before.snapshot.version > 0) {
      for (const change of changesOf(work.request, prepared)) events.changed(name, change, secrets);
    }
    work.committed(prepared, receivers);
  }

  private settle(wait: Wait, receiver: Receiver): void {
    wait.needs.delete(receiver);
    if (wait.needs.size > 0 || !this.waits.delete(wait)) return;
    erlang.cancel_timer(wait.timer);
    if (wait.caller !== undefined) wait.caller.waiting--;
    gen_server.reply(wait.from, wait.value);
  }
}

/** A change that waits for its turn. */
export interface Work {
  readonly request: Request;
  readonly committed: (prepared: Prepared, receivers: ReadonlyMap<Receiver, number>) => void;
  /** `RefusedOffers` where it was sources that brought it. */
  readonly refused: (error: Error) => void;
}

/** What a source was asked to write. */
interface Write {
  readonly slot: Slot;
  readonly worker: Pid;
  readonly over: (error: Error | undefined) => void;
}

type Outcome = { readonly prepared: Prepared } | { readonly error: unknown };

interface Job {
  readonly id: number;
  readonly work: Work;
  readonly pid: Pid;
  /** Not yet past the point from which on it cannot be given up. */
  validating: boolean;
}

/** A caller who waits for callbacks. */
interface Wait {
  readonly id: number;
  readonly from: From;
  readonly value: unknown;
  readonly needs: Map<Receiver, number>;
  readonly timer: Ref;
  /** Whose callback the caller is. */
  readonly caller: Receiver | undefined;
}

/** The same steps, with a limit on each wait. */
function* timed<T>(steps: Steps<T>, arm: () => () => void): Steps<T> {
  let step = steps.next();
  while (step.done !== true) {
    const disarm = arm();
    let value: unknown;
    try {
      value = yield step.value;
    } catch (error) {
      disarm();
      step = steps.throw(error);
      continue;
    }
    disarm();
    step = steps.next(value);
  }
  return step.value;
}

function actionText(request: Request): string {
  return "path" in request
    ? `Cannot ${request.cause} "${formatPath(request.path)}"`
    : actionOf({ kind: "sources", contributions: [] });
}
