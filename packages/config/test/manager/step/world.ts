import { isDeepStrictEqual } from "node:util";
import { Pid } from "@otpts/runtime";
import type { Contribution } from "../../../src/core/layer.ts";
import { changedLeaves, diff, sortedByPath } from "../../../src/core/diff.ts";
import { parsePattern } from "../../../src/core/pattern.ts";
import { PatternIndex } from "../../../src/core/subscriptions.ts";
import { valueAt } from "../../../src/core/snapshot.ts";
import type { Value } from "../../../src/core/value.ts";
import { ConfigSpec } from "../../../src/index.ts";
import type { Notification } from "../../../src/manager/delivery_queue.ts";
import type { Effect } from "../../../src/manager/effect.ts";
import type { Event, Timer } from "../../../src/manager/event.ts";
import { UNLIMITED } from "../../../src/core/sliced.ts";
import { prepareChange } from "../../../src/manager/preparation.ts";
import { initialState } from "../../../src/manager/initial_state.ts";
import type { Caller, Prepared, State, Subscription } from "../../../src/manager/state.ts";
import { step } from "../../../src/manager/step.ts";
import type { Source } from "../../../src/sources/source.ts";

/**
 * The world around a manager's steps, without a process or a timer: it carries effects out when a test says so, in any order
 * in which the real one might, and keeps what callers were answered and subscribers were notified of.
 */

const PATHS = ["a", "b", "t.x", "t.y"];

function newPid(): Pid {
  return Object.create(Pid.prototype) as Pid;
}

/** A caller who keeps the answer. */
function callerOf<R>(keeps: object): Caller<R> {
  return { from: [undefined, keeps] } as unknown as Caller<R>;
}

function source(name: string): Source {
  return { name, kind: "test", required: false, on_missing: "clear", load: () => Promise.reject(new Error("unused")) };
}

const contribution = (name: string, tree: object): Contribution =>
  ({ source: name, tree, origin: () => ({ source: name }), diagnostics: [] }) as Contribution;

interface Put {
  readonly order: number;
  readonly path: string;
  readonly value: Value | undefined;
  answer: unknown;
}

/** What the manager asked for, and how it is answered. */
interface Pending {
  readonly type: "loaded" | "prepared" | "persisted" | "projected";
  /** The source or the change. */
  readonly of: number;
  readonly make: () => Event;
}

interface DeliveryProcess {
  readonly pid: Pid;
  readonly key: string;
  /** What it was given and has not begun. */
  readonly inbox: { readonly sequence: number; readonly notification: Notification }[];
  running: { readonly sequence: number; readonly notification: Notification } | undefined;
  last: number;
  alive: boolean;
}

export class World {
  state: State;
  private readonly spec: ConfigSpec;
  private now = 1_000;
  private readonly workers: (Pid | undefined)[] = [newPid(), newPid()];
  private readonly index = new PatternIndex<Subscription>();
  private readonly indexed = new Map<string, () => void>();
  private readonly timers = new Set<Timer>();
  /** What is under way for the manager that runs, to be answered in any order. */
  private pending: Pending[] = [];
  private readonly starting: { readonly key: string }[] = [];
  private readonly processes: DeliveryProcess[] = [];
  private readonly saving = new Map<number, State["configuration"]["overrides"]>();
  private disk: State["configuration"]["overrides"] | undefined;
  private readonly puts: Put[] = [];
  private readonly reloads: { answer: unknown }[] = [];
  /** What each change was prepared from: when it is committed, nothing else may have been. */
  private readonly preparedFrom = new Map<number, State["configuration"]>();
  private loads = 0;
  /** What each callback was notified of last, by path. */
  private readonly told = new Map<string, Map<string, Value | undefined>>();
  private readonly versions = new Map<string, number>();
  private readonly unfinished = new Map<string, number>();
  private readonly listener = newPid();
  private readonly received = new Map<string, Value | undefined>();
  private published = 0;
  private crashes = 0;
  readonly faults: string[] = [];

  constructor(durable: boolean) {
    const file = {
      name: "runtime",
      lock: () => Promise.resolve(),
      load: () => Promise.reject(new Error("unused")),
      save: () => Promise.reject(new Error("unused")),
      close: () => Promise.resolve(),
    };
    const runtime: Source = { ...source("runtime"), kind: "runtime", overrides: { file: durable ? file : undefined } };
    this.spec = new ConfigSpec({
      sources: [source("one"), source("two"), runtime],
      validators: { "*": (value) => JSON.stringify(value)?.includes("bad") !== true },
      log: false,
    });
    this.state = initialState(this.spec);
    this.run({ type: "started", workers: this.workers, saved: undefined });
    while (this.state.phase === "starting") this.answer(0, 0);
    for (const pattern of ["**", "t"]) this.subscribe(pattern, (): void => undefined);
    this.subscribe("*", this.listener);
  }

  /** Does one thing that might happen now. */
  act(choice: number): void {
    const argument = Math.floor(choice / 16);
    this.now += argument % 50;
    switch (choice % 16) {
      case 0:
      case 1:
      case 2:
        return this.put(PATHS[argument % 4]!, Math.floor(argument / 4) % 7);
      case 3:
        return this.reload();
      case 4:
        return this.sourceChanges(argument % 2, Math.floor(argument / 2));
      case 5:
      case 6:
      case 7:
        return this.answer(argument, Math.floor(argument / 64));
      case 8:
      case 9:
      case 10:
        return this.deliver(argument, Math.floor(argument / 8) % 4);
      case 11:
        return this.startNext();
      case 12:
        return this.elapse(argument);
      case 13:
        return this.killDelivery(argument);
      case 14:
        return this.killWorker(argument % 2);
      case 15:
        return argument % 3 === 0 ? this.crash(Math.floor(argument / 3)) : undefined;
    }
  }

  /** Lets everything in progress finish, and reports violations. */
  drain(): readonly string[] {
    for (let i = 0; i < 2; i++) if (this.workers[i] === undefined) this.workerUp(i);
    for (let rounds = 0; rounds < 10_000; rounds++) {
      if (this.starting.length > 0) this.startNext();
      else if (this.pending.length > 0) this.answer(0, 0);
      else {
        const busy = this.processes.findIndex(
          (one) => one.alive && (one.running !== undefined || one.inbox.length > 0),
        );
        if (busy < 0) break;
        this.deliverTo(this.processes[busy]!, 1);
      }
    }
    const { snapshot } = this.state.configuration;
    for (const [who, paths] of this.told) {
      for (const [path, value] of paths) {
        if (who.endsWith("**") && !same(value, this.at(path)))
          this.fault(`${who} was told ${show(value)} of ${path} last`);
      }
    }
    for (const [path, value] of this.received) {
      if (!same(value, this.at(path))) this.fault(`the listener was told ${show(value)} of ${path} last`);
    }
    for (const path of PATHS) this.checkPuts(path);
    const { overrides } = this.state.configuration;
    const isRight = this.state.overrides_file?.failures === 0;
    if (isRight && this.disk !== undefined && show([...this.disk]) !== show([...overrides])) {
      this.fault(`on disk is ${show([...this.disk])}, but ${show([...overrides])} is effective`);
    }
    if (this.crashes === 0) {
      if (this.puts.some(({ answer }) => answer === undefined)) this.fault("a put was never answered");
      if (this.reloads.some(({ answer }) => answer === undefined)) this.fault("a reload was never answered");
    }
    const left = [...this.timers].filter((timer) => timer !== "interval" && !timer.startsWith("retry "));
    if (left.length > 0) this.fault(`timers are left: ${left.join(", ")}`);
    if (this.state.waits.length > 0 || this.state.change !== undefined) this.fault("somebody still waits");
    if (snapshot.version < this.published) this.fault("the version fell");
    return this.faults;
  }

  private at(path: string): Value | undefined {
    return valueAt(this.state.configuration.snapshot.tree, path.split("."));
  }

  private put(path: string, value: number): void {
    const put: Put = {
      order: this.puts.length,
      path,
      value: value === 0 ? undefined : value === 6 ? ("bad" as Value) : value,
      answer: undefined,
    };
    this.puts.push(put);
    const caller = callerOf(put);
    const segments = path.split(".");
    const request =
      put.value === undefined
        ? ({ cause: "unset", path: segments, options: {} } as const)
        : ({ cause: "put", path: segments, value: put.value, options: {} } as const);
    this.run({ type: "change", request, caller });
  }

  private reload(): void {
    const reload = { answer: undefined };
    this.reloads.push(reload);
    this.run({ type: "reload", caller: callerOf(reload) });
  }

  private subscribe(pattern: string, target: (() => void) | Pid): void {
    const wanted = { pattern: parsePattern(pattern, "subscribe to"), target, options: {} };
    this.run({ type: "subscribe", wanted, caller: callerOf({}) });
  }

  private saved(change: number): void {
    this.disk = this.saving.get(change);
  }

  private sourceChanges(index: number, value: number): void {
    if (this.workers[index] === undefined) return;
    this.loaded(index, [], value);
  }

  private loaded(index: number, answers: readonly number[], value: number): void {
    const name = this.spec.layer_names[index]!;
    const tree = { [PATHS[value % 2]!]: ++this.loads, t: { [value % 3 === 0 ? "x" : "y"]: this.loads } };
    const { last_loaded } = this.state.sources[index]!;
    const data = { outcome: "data", contribution: contribution(name, value % 11 === 0 ? { a: "bad" } : tree) } as const;
    const outcome =
      value % 5 === 0
        ? ({ outcome: "error", error: new Error("cannot be reached") } as const)
        : value % 5 === 1 && last_loaded !== undefined
          ? ({ outcome: "unchanged", contribution: last_loaded } as const)
          : value % 7 === 0
            ? ({ outcome: "absent" } as const)
            : data;
    this.run({ type: "loaded", source: index, answers, outcome, links: undefined, together: [] });
  }

  /** Answers something that the manager asked for. */
  private answer(which: number, how: number): void {
    if (this.pending.length === 0) return;
    const chosen = which % this.pending.length;
    // A file is written one time after the other.
    const first = this.pending.findIndex(({ type }) => type === "persisted");
    const [answer] = this.pending.splice(this.pending[chosen]!.type === "persisted" ? first : chosen, 1);
    const made = answer!.make();
    if (made.type === "loaded") this.loaded(made.source, made.answers, how);
    else if (made.type === "persisted") {
      const error = how % 4 === 3 ? new Error("the disk is full") : undefined;
      if (error === undefined) this.saved(made.change);
      this.run({ ...made, error });
    } else if (made.type === "prepared" && how % 8 === 7) this.run({ type: "overdue", change: made.change });
    else this.run(made);
  }

  private deliver(which: number, how: number): void {
    const alive = this.processes.filter((one) => one.alive);
    if (alive.length > 0) this.deliverTo(alive[which % alive.length]!, how);
  }

  /** Lets a delivery's process go on: its callback begins, returns, or returns a promise. */
  private deliverTo(process: DeliveryProcess, how: number): void {
    const { key, pid } = process;
    if (process.running === undefined) {
      const given = process.inbox.shift();
      if (given === undefined) return;
      if (given.sequence === process.last) {
        this.unfinished.delete(key);
        return this.run({ type: "delivered", delivery: key, process: pid, sequence: given.sequence, error: undefined });
      }
      this.call(process, given.notification, given.sequence);
      process.running = given;
      if (how === 0) return this.run({ type: "called", delivery: key, process: pid, sequence: given.sequence });
    } else if (how === 0 && process.inbox[0]?.sequence === process.running.sequence) {
      process.inbox.shift();
      return this.run({ type: "called", delivery: key, process: pid, sequence: process.running.sequence });
    }
    const { sequence } = process.running;
    process.running = undefined;
    process.last = sequence;
    this.unfinished.delete(key);
    const error = how === 2 ? "it threw" : undefined;
    this.run({ type: "delivered", delivery: key, process: pid, sequence, error });
  }

  /** A callback is called. */
  private call(
    { key }: DeliveryProcess,
    { path, old_value, new_value, version, pattern }: Notification,
    sequence: number,
  ): void {
    const who = `${key} ${pattern}`;
    const told = this.told.get(who) ?? new Map<string, Value | undefined>();
    this.told.set(who, told);
    const again = this.unfinished.get(key) === sequence;
    this.unfinished.set(key, sequence);
    if (version < (this.versions.get(who) ?? 0)) this.fault(`${who} was told version ${version} after a later one`);
    this.versions.set(who, version);
    if (again) {
      if (!same(told.get(path), new_value)) this.fault(`${who} was told ${path} again, but differently`);
      return;
    }
    if (told.has(path) && !same(told.get(path), old_value)) {
      this.fault(`${who} was told that ${path} was ${show(old_value)}, after ${show(told.get(path))}`);
    }
    told.set(path, new_value);
  }

  private startNext(): void {
    const next = this.starting.shift();
    if (next === undefined) return;
    const process: DeliveryProcess = {
      pid: newPid(),
      key: next.key,
      inbox: [],
      running: undefined,
      last: 0,
      alive: true,
    };
    this.processes.push(process);
    this.run({ type: "delivery_up", delivery: next.key, process: process.pid });
  }

  private elapse(which: number): void {
    const timers = [...this.timers];
    const timer = timers[which % timers.length];
    if (timer === undefined || !this.timers.delete(timer)) return;
    this.run({ type: "elapsed", timer });
  }

  private killDelivery(which: number): void {
    const alive = this.processes.filter((one) => one.alive);
    const process = alive[which % Math.max(1, alive.length)];
    if (process === undefined) return;
    process.alive = false;
    this.run({ type: "down", process: process.pid, reason: "killed" });
  }

  private killWorker(index: number): void {
    const worker = this.workers[index];
    if (worker === undefined) return this.workerUp(index);
    this.workers[index] = undefined;
    // What it was asked to load it will not.
    this.pending = this.pending.filter((one) => one.type !== "loaded" || one.of !== index);
    this.run({ type: "down", process: worker, reason: "killed" });
  }

  private workerUp(index: number): void {
    const worker = newPid();
    this.workers[index] = worker;
    this.run({ type: "source_up", source: index, worker });
  }

  /** The manager is killed, and started again from what was saved. What was on its way to it is lost. */
  private crash(how: number): void {
    this.crashes++;
    // What was being written when it died is on disk, or is not.
    for (const { type, of } of how % 2 === 0 ? this.pending : []) if (type === "persisted") this.saved(of);
    this.pending = [];
    // A callback that ends meanwhile has no manager to report to.
    for (const process of how % 4 < 2 ? this.processes : []) {
      if (process.running === undefined || !process.alive) continue;
      process.last = process.running.sequence;
      process.running = undefined;
      // Until that is reported, the notification may be repeated.
    }
    this.starting.length = 0;
    this.timers.clear();
    for (const remove of this.indexed.values()) remove();
    this.indexed.clear();
    this.run({ type: "restarted", workers: this.workers });
    for (const process of this.processes) {
      const known = [...this.state.deliveries.values()].some((one) => one.process === process.pid);
      if (!process.alive && known) this.run({ type: "down", process: process.pid, reason: "noproc" });
    }
  }

  private run(event: Event): void {
    const events: Event[] = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      if (next.type === "projected" && this.preparedFrom.get(next.change) !== this.state.configuration) {
        this.fault("two changes were under way");
      }
      const [state, effects] = step(this.state, next, this.now);
      this.state = state;
      const hanging = state.waits.flatMap(({ needs }) =>
        needs.filter((key) => state.deliveries.get(key)?.current?.hangs === true),
      );
      if (hanging.length > 0) this.fault("a put waits for a callback that is known to hang");
      for (const effect of effects) {
        const outcome = this.carryOut(effect);
        if (outcome !== undefined) events.push(outcome);
      }
    }
  }

  private carryOut(effect: Effect): Event | undefined {
    switch (effect.do) {
      case "reply": {
        const answered = (effect.to.from as unknown as readonly [unknown, { answer?: unknown }])[1];
        if (answered.answer !== undefined) this.fault("somebody was answered twice");
        answered.answer = effect.reply;
        return undefined;
      }
      case "publish": {
        const { version } = this.state.configuration.snapshot;
        if (version < this.published) this.fault(`version ${version} was published after ${this.published}`);
        this.published = version;
        return undefined;
      }
      case "arm":
        this.timers.add(effect.timer);
        return undefined;
      case "disarm":
        this.timers.delete(effect.timer);
        return undefined;
      case "load": {
        const source = this.workers.indexOf(effect.worker);
        const answers = effect.gathering === undefined ? [] : [effect.gathering];
        const outcome = { outcome: "absent" } as const;
        if (source >= 0) {
          const loaded: Event = { type: "loaded", source, answers, outcome, links: undefined, together: [] };
          this.pending.push({ type: "loaded", of: source, make: () => loaded });
        }
        return undefined;
      }
      case "prepare": {
        const { change, plan } = effect;
        this.preparedFrom.set(change, plan.configuration);
        const make = (): Event => ({ type: "prepared", change, outcome: outcomeOf(plan, this.spec) });
        const job = newPid();
        this.pending.push({ type: "prepared", of: change, make });
        return { type: "preparing", change, job };
      }
      case "persist":
        this.saving.set(effect.change, effect.overrides);
        this.pending.push({
          type: "persisted",
          of: effect.change,
          make: () => ({ type: "persisted", change: effect.change, error: undefined }),
        });
        return undefined;
      case "project": {
        const change = diff(this.state.configuration.snapshot.tree, effect.prepared.after.snapshot.tree);
        const matches = sortedByPath(this.index.project(change));
        const event: Event = {
          type: "projected",
          change: effect.change,
          prepared: effect.prepared,
          matches,
          leaves: changedLeaves(change),
        };
        // Finding who is notified of a large change takes turns.
        if (effect.change % 2 === 0) return event;
        this.pending.push({ type: "projected", of: effect.change, make: () => event });
        return undefined;
      }
      case "index":
        if (effect.add !== undefined) this.indexed.set(effect.add.key, this.index.add(effect.add.pattern, effect.add));
        if (effect.remove !== undefined) this.indexed.get(effect.remove.key)?.();
        return undefined;
      case "start_delivery":
        this.starting.push({ key: effect.delivery });
        return undefined;
      case "deliver": {
        const process = this.processes.find((one) => one.pid === effect.process);
        process?.inbox.push({ sequence: effect.sequence, notification: effect.notification });
        return undefined;
      }
      case "send": {
        for (const { path, old_value, new_value } of effect.notifications) {
          if (this.received.has(path) && !same(this.received.get(path), old_value)) {
            this.fault(
              `the listener was told that ${path} was ${show(old_value)}, after ${show(this.received.get(path))}`,
            );
          }
          this.received.set(path, new_value);
        }
        return undefined;
      }
      default:
        return undefined;
    }
  }

  /** The last acknowledged put of a path, or one that was asked for later, is what its override is. */
  private checkPuts(path: string): void {
    const own = this.puts.filter((put) => put.path === path && put.value !== "bad");
    const acknowledged = own.findLastIndex(({ answer }) => answer === true);
    if (acknowledged < 0) return;
    const now = this.state.configuration.overrides.at(path.split("."));
    if (!own.slice(acknowledged).some(({ value }) => Object.is(value, now))) {
      this.fault(
        `the override of ${path} is ${show(now)}, but ${show(own[acknowledged]!.value)} was acknowledged last`,
      );
    }
  }

  private fault(what: string): void {
    this.faults.push(what);
  }
}

function outcomeOf(
  plan: Parameters<typeof prepareChange>[0],
  spec: ConfigSpec,
): { prepared: Prepared } | { error: Error } {
  try {
    const prepared = prepareChange(
      plan,
      spec,
      () => () => undefined,
      () => UNLIMITED,
    );
    if (prepared instanceof Promise) throw new Error("It should be done at once");
    return { prepared };
  } catch (error) {
    return { error: error as Error };
  }
}

/** Equal values: the order of a table's keys does not count. */
function same(a: Value | undefined, b: Value | undefined): boolean {
  return isDeepStrictEqual(a, b);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}
