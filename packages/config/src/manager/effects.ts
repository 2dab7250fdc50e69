import { atoms, erlang, gen_server, KILL, type Pid, type Ref, supervisor } from "@otpts/runtime";
import { newBudget } from "../budget.ts";
import { CONFIG_CHANGED } from "../atoms.ts";
import { jittered } from "../core/backoff.ts";
import { admitSliced } from "../core/sliced.ts";
import type { Diagnostic } from "../core/layer.ts";
import { nearPath } from "../core/near_path.ts";
import { andThen } from "../core/maybe.ts";
import { formatPath } from "../core/path.ts";
import type { Preview } from "../protocol.ts";
import type { Segments } from "../core/value.ts";
import { LONGEST_TIMER } from "../core/longest_timer.ts";
import { publishedBy } from "../published.ts";
import type { ConfigSpec } from "../spec.ts";
import { Announcements } from "./announcements.ts";
import type { Effect, Plan } from "./effect.ts";
import type { Event, Timer } from "./event.ts";
import { CLOSE, EVENT, LOAD, NOTIFY, WRITE } from "./messages.ts";
import { changedValues } from "./history.ts";
import { type Eventually, prepareChange } from "./preparation.ts";
import { initialMatches, Projection } from "./projection.ts";
import type { Caller, Prepared, State } from "./state.ts";
import { asError } from "./thrown.ts";

/** Maximum number of remembered paths. */
const MOST_ASKED = 1_000;

type Do<What extends Effect["do"]> = Extract<Effect, { readonly do: What }>;

/**
 * Carries out the effects of steps, for one manager process. It keeps only what that needs: armed timers, monitors and
 * listeners, and an index of the subscriptions.
 */
export class Effects {
  private readonly spec: ConfigSpec;
  /** The supervisor of the delivery processes. */
  private readonly deliveries: Pid;
  private readonly self: Pid = erlang.self();
  private readonly announcements = new Announcements();
  private readonly projection = new Projection();
  private readonly timers = new Map<Timer, Ref>();
  private readonly monitors = new Map<Pid, Ref>();
  /** Paths that were read and had no value, each with the path that was probably meant. */
  private readonly asked = new Map<string, Diagnostic | undefined>();
  /** The copying of updates in progress. */
  private updates: Promise<void> | undefined;
  private readonly listeners = new Map<AbortSignal, Map<string, () => void>>();

  constructor(spec: ConfigSpec, deliveries: Pid) {
    this.spec = spec;
    this.deliveries = deliveries;
  }

  /** Records a read of a path without a value: reported once for each path for which another one was probably meant. */
  missed(path: Segments, state: State): void {
    const shown = formatPath(path);
    if (this.asked.has(shown) || this.asked.size >= MOST_ASKED) return;
    const near = nearPath(path, state.configuration.snapshot.tree, state.spec.shape);
    if (near === undefined) {
      this.asked.set(shown, undefined);
      return;
    }
    const message = `"${shown}" was requested and does not exist; the nearest known path is "${near}"`;
    const diagnostic: Diagnostic = { source: "get", code: "near_path", message, path: shown };
    this.asked.set(shown, diagnostic);
    this.announcements.announce({ what: "noticed", diagnostic }, state);
  }

  /** The paths that were read and still have no value. */
  misses({ configuration }: State): readonly Diagnostic[] {
    const found = [...this.asked.values()].filter((one) => one !== undefined);
    return found.filter(({ path = "" }) => configuration.snapshot.lookup(path) === undefined);
  }

  /** Carries out one effect. Returns the resulting event, if there is one at once. */
  carryOut(effect: Effect, state: State): Event | undefined {
    switch (effect.do) {
      case "reply":
        return this.reply(effect.to, effect.reply);
      case "publish": {
        const published = publishedBy(this.spec.name);
        published.current = state.configuration.snapshot;
        published.secrets = this.spec.secrets;
        return undefined;
      }
      case "arm":
        return this.arm(effect);
      case "disarm":
        return this.disarm(effect.timer);
      case "monitor":
        if (!this.monitors.has(effect.process)) {
          this.monitors.set(effect.process, erlang.monitor(atoms.PROCESS, effect.process));
        }
        return undefined;
      case "load":
        return this.send(effect.worker, [LOAD, this.self, effect.gathering]);
      case "write":
        return this.send(effect.worker, [WRITE, this.self, effect.write, effect.path, effect.value]);
      case "prepare":
        return this.prepare(effect.change, effect.plan);
      case "preview": {
        const { version, tree } = effect.before.snapshot;
        const changes = changedValues(tree, effect.after.snapshot.tree, this.spec.secrets, newBudget());
        return this.reply(
          effect.to,
          andThen(changes, (found): Preview => ({ version, changes: found })),
        );
      }
      case "give_up":
        erlang.unlink(effect.job);
        erlang.exit(effect.job, KILL);
        return undefined;
      case "persist":
        return this.persist(effect);
      case "project":
        return this.project(effect, state);
      case "index":
        this.projection.update(effect.add, effect.remove);
        return undefined;
      case "match": {
        const { key } = effect.subscription;
        const matches = initialMatches(effect.subscription, state.configuration.snapshot.tree);
        return { type: "matching", subscription: key, matches };
      }
      case "listen":
        return this.listen(effect);
      case "unlisten":
        return this.unlisten(effect);
      case "start_delivery":
        // If the supervisor has ended, this process ends with it, and the next one starts all deliveries.
        supervisor.start_child(this.deliveries, [effect.delivery, effect.callback, this.self]).catch(() => undefined);
        return undefined;
      case "stop_delivery":
        return this.send(effect.process, [CLOSE]);
      case "deliver":
        return this.send(effect.process, [NOTIFY, this.self, effect.sequence, effect.notification]);
      case "send": {
        // A name that no process has at the moment is skipped: the process that takes it reads the configuration when
        // it starts.
        const to = typeof effect.to === "string" ? erlang.whereis(effect.to) : effect.to;
        if (to === undefined) return undefined;
        for (const { path, old_value, new_value } of effect.notifications) {
          erlang.send(to, [CONFIG_CHANGED, path, old_value, new_value]);
        }
        return undefined;
      }
      case "announce":
        this.announcements.announce(effect.announcement, state);
        return undefined;
    }
  }

  /** Answers a caller: at once, or when the answer is found. */
  reply({ from }: Pick<Caller<never>, "from">, answer: unknown): undefined {
    if (!(answer instanceof Promise)) gen_server.reply(from, answer);
    else {
      answer.then(
        (found: unknown) => gen_server.reply(from, found),
        (error: unknown) => gen_server.reply(from, [atoms.ERROR, asError(error)]),
      );
    }
    return undefined;
  }

  /** Whether this is the timer that was armed last. @param taken whether it has elapsed, and is removed */
  isArmed(timer: Timer, ref: unknown, taken: boolean): boolean {
    if (ref === undefined || this.timers.get(timer) !== ref) return false;
    if (taken) this.timers.delete(timer);
    return true;
  }

  /** Whether this is a monitor of this process. @param taken whether it has fired, and is removed */
  isMonitored(process: unknown, ref: unknown, taken: boolean): boolean {
    if (ref === undefined || this.monitors.get(process as Pid) !== ref) return false;
    if (taken) this.monitors.delete(process as Pid);
    return true;
  }

  /**
   * A copy of a tree from outside. A large one is copied in slices and comes back as an event; the result is then
   * undefined.
   */
  admitted(name: unknown, tree: unknown): unknown {
    const report = (admitted: unknown): void => {
      const event: Event = { type: "source_update", name, tree: admitted };
      erlang.send(this.self, [EVENT, event]);
    };
    try {
      const copy = admitSliced(tree, undefined, { strict: true }, newBudget());
      if (!(copy instanceof Promise) && this.updates === undefined) return copy;
      // It may fail while an earlier update is still being copied.
      if (copy instanceof Promise) copy.catch(() => undefined);
      // One after the other, so that no later update overtakes this one.
      const updates = Promise.resolve(this.updates)
        .then(() => copy)
        .then(report, () => report(tree));
      this.updates = updates;
      void updates.then(() => {
        if (this.updates === updates) this.updates = undefined;
      });
      return undefined;
    } catch {
      // The step finds and reports the problem again.
      return tree;
    }
  }

  /** Resolves when all is reported. */
  announced(): Promise<void> {
    return this.announcements.done();
  }

  /** Removes all timers and listeners. */
  close(): void {
    for (const ref of this.timers.values()) erlang.cancel_timer(ref);
    this.timers.clear();
    for (const [signal, bySubscription] of this.listeners) {
      for (const listener of bySubscription.values()) signal.removeEventListener("abort", listener);
    }
    this.listeners.clear();
  }

  private send(to: Pid, message: readonly unknown[]): undefined {
    erlang.send(to, message);
    return undefined;
  }

  private arm({ timer, ms, spread = 0, jitter = 0, awaited = false }: Do<"arm">): undefined {
    this.disarm(timer);
    const later = ms * (1 + spread * (2 * Math.random() - 1));
    const spreadMs = Math.min(LONGEST_TIMER, jittered(later, jitter, Math.random()));
    const ref = erlang.start_timer(spreadMs, this.self, timer, { ref: awaited });
    this.timers.set(timer, ref);
    return undefined;
  }

  private disarm(timer: Timer): undefined {
    const ref = this.timers.get(timer);
    if (ref !== undefined && this.timers.delete(timer)) erlang.cancel_timer(ref);
    return undefined;
  }

  /**
   * Prepares a change: at once if no foreign code has to run and it takes little time, otherwise in a separate process.
   * Validators may call this manager, hang and be killed.
   */
  private prepare(change: number, plan: Plan): Event {
    const limit = (): (() => void) => {
      const overdue: Event = { type: "overdue", change };
      const timer = erlang.send_after(this.spec.validation_timeout, this.self, [EVENT, overdue]);
      return () => void erlang.cancel_timer(timer);
    };
    const run = (): Eventually<Prepared> => prepareChange(plan, this.spec, limit);
    if (!this.spec.validation.isEmpty) return this.startJob(change, async () => run());
    try {
      const prepared = run();
      if (prepared instanceof Promise) {
        // It may fail before the job has its first turn, and the job reports it.
        prepared.catch(() => undefined);
        return this.startJob(change, () => prepared);
      }
      return { type: "prepared", change, outcome: { prepared } };
    } catch (error) {
      return { type: "prepared", change, outcome: { error: asError(error) } };
    }
  }

  private startJob(change: number, run: () => Promise<Prepared>): Event {
    const { self } = this;
    const job = erlang.spawn_link(async () => {
      const event: Event = await run().then(
        (prepared) => ({ type: "prepared", change, outcome: { prepared } }),
        (error: unknown) => ({ type: "prepared", change, outcome: { error: asError(error) } }),
      );
      erlang.send(self, [EVENT, event]);
    });
    return { type: "preparing", change, job };
  }

  private persist({ change, overrides }: Do<"persist">): undefined {
    const report = (error: Error | undefined): void => {
      const event: Event = { type: "persisted", change, error };
      erlang.send(this.self, [EVENT, event]);
    };
    this.spec.overrides_file!.save(overrides).then(
      () => report(undefined),
      (error: unknown) => report(asError(error)),
    );
    return undefined;
  }

  /** Finds the subscriptions to notify. Those made meanwhile count. */
  private project({ change, prepared }: Do<"project">, state: State): Event | undefined {
    const request = state.change?.request;
    // A put is reported as one change.
    const but = request?.cause === "put" ? request.path : undefined;
    const [before, after] = [state.configuration.snapshot.tree, prepared.after.snapshot.tree];
    const found = this.projection.find(before, after, but);
    if (!(found instanceof Promise)) return { type: "projected", change, prepared, ...found };
    void found.then((late) => {
      const event: Event = { type: "projected", change, prepared, ...late };
      erlang.send(this.self, [EVENT, event]);
    });
    return undefined;
  }

  /** The event with the notifications that were found in slices, when it is taken. */
  completed(event: Extract<Event, { type: "projected" }>): Event {
    return this.projection.completed(event);
  }

  private listen({ signal, subscription }: Do<"listen">): Event | undefined {
    const event: Event = { type: "aborted", subscription };
    if (signal.aborted) return event;
    const listener = (): void => {
      erlang.send(this.self, [EVENT, event]);
    };
    const listeners = this.listeners.get(signal) ?? new Map<string, () => void>();
    this.listeners.set(signal, listeners.set(subscription, listener));
    signal.addEventListener("abort", listener, { once: true });
    return undefined;
  }

  private unlisten({ signals, subscription }: Do<"unlisten">): undefined {
    for (const signal of signals) {
      const listeners = this.listeners.get(signal);
      const listener = listeners?.get(subscription);
      if (listener === undefined) continue;
      signal.removeEventListener("abort", listener);
      listeners!.delete(subscription);
      if (listeners!.size === 0) this.listeners.delete(signal);
    }
    return undefined;
  }
}
