import { inspect } from "node:util";
import { Atom, erlang, gen_server, type Pid, type Ref, atoms } from "@otpts/runtime";

import { changedLeaves, diff } from "./core/diff.ts";
import type { Contribution } from "./core/layer.ts";
import { admit, PlainDataError } from "./core/plain.ts";
import type { Snapshot } from "./core/snapshot.ts";
import { isTable } from "./core/draft.ts";
import { ConfigSourceError, ConfigValidationError } from "./errors.ts";
import * as events from "./events.ts";
import { ELAPSED, isTagged, LOAD, type LoadOutcome, SOURCE_LOADED, type SourceLoaded } from "./messages.ts";
import { type Prepared, type Refused, RefusedOffers } from "./pipeline.ts";
import type { ReloadReport, SourceOutcome } from "./protocol.ts";
import { mates_of, type Together, torn } from "./sources/together.ts";
import type { Slot, Vault } from "./vault.ts";
import type { Writing } from "./writing.ts";

const { ERROR } = atoms;

type From = gen_server.From;

/**
 * Reloads: all sources are asked at once, and what they bring is taken together. One runs at a time and one more waits, for
 * all who ask meanwhile. A source that has not answered within `load_timeout` is late: the others do not wait for it, and
 * what it brings is taken when it comes. A source that tells of a change by itself is taken by itself, or with those that
 * changed together with it (`sources/together.ts`): what they bring is kept aside until all of them have answered.
 */
export class Reloading {
  private readonly vault: Vault;
  private readonly writing: Writing;
  private readonly monitor: (pid: Pid) => void;
  private run: Run | undefined;
  /** Who asked while a reload was running; undefined when nobody did. */
  private again: (From | undefined)[] | undefined;
  private timer: Ref | undefined;
  /** Sources that changed together and have not all answered. */
  private readonly groups = new Set<Gathering>();

  constructor(vault: Vault, writing: Writing, monitor: (pid: Pid) => void) {
    this.vault = vault;
    this.writing = writing;
    this.monitor = monitor;
  }

  get running(): boolean {
    return this.run !== undefined;
  }

  /** The first load, inside the manager's init. @throws whatever makes the start fail */
  async first(): Promise<void> {
    const { slots, spec } = this.vault;
    const gathering = this.gathering();
    for (const slot of slots) if (this.ask(slot, gathering.ref)) gathering.waiting.add(slot);
    const deadline = Date.now() + spec.load_timeout;
    const isAnswer = (message: unknown): message is SourceLoaded => isTagged<SourceLoaded>(message, SOURCE_LOADED);
    while (gathering.waiting.size > 0) {
      const after = Math.max(0, deadline - Date.now());
      const message = await erlang.receive<SourceLoaded>(isAnswer, { after });
      if (!isAnswer(message)) break;
      const [, index, answers, outcome, links] = message;
      const slot = slots[index]!;
      slot.links = links;
      const failed = outcome.outcome === "error" || outcome.outcome === "late";
      if (failed && slot.source.required && answers.includes(gathering.ref)) throw outcome.error;
      this.answered(gathering, slot, answers, outcome);
      if (gathering.waiting.size === 0) this.askTorn(gathering);
    }
    this.takeAll(gathering);
    for (const slot of gathering.waiting) {
      if (slot.source.required) throw this.late(slot);
      this.isLate(slot);
    }
    try {
      this.settled((await this.writing.first()).refused);
    } catch (error) {
      throw error instanceof RefusedOffers ? error.error : error;
    }
    this.vault.loaded = true;
    this.vault.last_reload = Date.now();
  }

  private isLate(slot: Slot): void {
    slot.late = true;
    this.failed(slot, this.late(slot));
  }

  private late({ name }: Slot): ConfigSourceError {
    const message = `Cannot load "${name}": no answer within ${this.vault.spec.load_timeout} ms`;
    return new ConfigSourceError(message, { source: name, code: "timeout" });
  }

  /** Somebody wants a reload; one who called gets the report. */
  request(from: From | undefined): void {
    if (this.run !== undefined) {
      (this.again ??= []).push(from);
      if (from !== undefined) this.hold(this.run);
      return;
    }
    this.start([from]);
  }

  /** Arms the interval's timer: a tenth more or less, so that many instances do not reload in step. */
  arm(): void {
    const { reload_interval } = this.vault.spec;
    if (this.timer !== undefined) erlang.cancel_timer(this.timer);
    this.timer = undefined;
    if (reload_interval === 0 || reload_interval === Infinity) return;
    const ms = Math.min(reload_interval * 1000 * (0.9 + Math.random() / 5), LONGEST_TIMER);
    this.timer = erlang.send_after(ms, erlang.self(), [ELAPSED, "interval", 0], { ref: false });
  }

  /** A source's process is there again, and knows nothing. */
  up(slot: Slot): void {
    this.ask(slot, this.run?.waiting.has(slot) === true ? this.run.ref : erlang.make_ref());
  }

  /** A source's process tells what a load found. */
  loaded(slot: Slot, answers: readonly Ref[], outcome: LoadOutcome): void {
    const { run } = this;
    const asked = run !== undefined && answers.includes(run.ref) && run.waiting.has(slot);
    if (asked || run?.outcomes.has(slot) === true) {
      this.answered(run!, slot, answers, outcome);
      if (asked && run.waiting.size === 0 && !this.askTorn(run)) this.gathered(run);
    }
    const groups = [...this.groups].filter((group) => group.waiting.has(slot) || group.outcomes.has(slot));
    if (asked && groups.length === 0) return;
    const group = this.joined(groups);
    this.answered(group, slot, answers, outcome);
    if (groups.length === 0) {
      group.waiting.delete(slot);
      const mates = isNew(slot, outcome) ? mates_of(this.together(), slot.index) : [];
      for (const index of mates) this.askInto(group, this.vault.slots[index]!);
    }
    if (group.waiting.size === 0 && !this.askTorn(group)) this.groupGathered(group);
    else this.limitGroup(group);
  }

  /** One gathering of those that turn out to be of one change. */
  private joined(groups: readonly Gathering[]): Gathering {
    const [first = this.gathering(), ...others] = groups;
    for (const other of others) {
      for (const [slot, outcome] of other.outcomes) first.outcomes.set(slot, outcome);
      for (const slot of other.waiting) this.askInto(first, slot);
      this.close(other);
    }
    this.groups.add(first);
    return first;
  }

  private gathering(): Gathering {
    return { ref: erlang.make_ref(), waiting: new Set(), outcomes: new Map(), rounds: 0, timer: undefined };
  }

  private askInto(gathering: Gathering, slot: Slot): void {
    if (this.ask(slot, gathering.ref)) gathering.waiting.add(slot);
  }

  private answered(gathering: Gathering, slot: Slot, answers: readonly Ref[], outcome: LoadOutcome): void {
    if (answers.includes(gathering.ref)) gathering.waiting.delete(slot);
    const before = gathering.outcomes.get(slot);
    // A load that found nothing new since the one before has nothing to say against it.
    if (outcome.outcome === "unchanged" && before?.outcome === "data") return;
    gathering.outcomes.set(slot, outcome);
  }

  /** Asks those again that did not see the same generation of a link that they share. Whether there are any. */
  private askTorn(gathering: Gathering): boolean {
    const { slots } = this.vault;
    for (const slot of slots) {
      if (slot.held !== undefined && !gathering.outcomes.has(slot)) gathering.outcomes.set(slot, slot.held);
    }
    if (gathering.rounds++ === ROUNDS) return false;
    for (const index of this.torn(gathering)) {
      const outcome = gathering.outcomes.get(slots[index]!)?.outcome;
      // One that fails would fail again; it is heard of when what it leads to changes.
      if (outcome !== "error" && outcome !== "late") this.askInto(gathering, slots[index]!);
    }
    return gathering.waiting.size > 0;
  }

  private torn({ outcomes }: Gathering): ReadonlySet<number> {
    const links = this.vault.slots.map((slot) => slot.links);
    return torn(links, new Set([...outcomes.keys()].map(({ index }) => index)));
  }

  private together(): readonly (Together | undefined)[] {
    return this.vault.slots.map(({ source }) => {
      try {
        return source.together?.();
      } catch {
        // It is others' code, and no news of it: such a source stands alone.
        return undefined;
      }
    });
  }

  private limitGroup(group: Gathering): void {
    group.timer ??= erlang.send_after(
      Math.min(this.vault.spec.load_timeout, LONGEST_TIMER),
      erlang.self(),
      [ELAPSED, "group", group.ref],
      { ref: false },
    );
  }

  private close(group: Gathering): void {
    if (group.timer !== undefined) erlang.cancel_timer(group.timer);
    this.groups.delete(group);
  }

  private groupGathered(group: Gathering): void {
    this.close(group);
    const before = this.vault.slots.map(({ offered }) => offered);
    this.takeAll(group);
    if (this.vault.slots.some(({ index, offered }) => offered !== before[index])) this.takeOffers();
  }

  /** Takes what has been gathered, but for what belongs to something that could not be loaded. */
  private takeAll(gathering: Gathering): ReadonlyMap<Slot, SourceOutcome> {
    const apart = this.torn(gathering);
    const taken = new Map<Slot, SourceOutcome>();
    for (const [slot, outcome] of gathering.outcomes) {
      const isHeld = isNew(slot, outcome) && apart.has(slot.index);
      slot.held = isHeld ? outcome : undefined;
      taken.set(slot, isHeld ? this.holdBack(slot) : this.take(slot, outcome));
    }
    return taken;
  }

  private holdBack(slot: Slot): SourceOutcome {
    const source = slot.name;
    const others = this.vault.slots.filter((one) =>
      [...(one.links ?? [])].some(
        ([link, generation]) => slot.links?.has(link) === true && slot.links.get(link) !== generation,
      ),
    );
    const names = others.map(({ name }) => `"${name}"`).join(", ");
    const message = `Cannot take what "${source}" has: it changed together with ${names}, which cannot be loaded`;
    this.failed(slot, new ConfigSourceError(message, { source, code: "held_back" }));
    return { source, outcome: "error", message };
  }

  /** A source's process died: a reload does not wait for the next one. */
  workerDied(slot: Slot, reason: unknown): void {
    const waiting = [this.run, ...this.groups].filter((one) => one?.waiting.has(slot) === true);
    if (waiting.length === 0) return;
    const error = new ConfigSourceError(`Cannot load "${slot.name}": its process ended`, {
      source: slot.name,
      code: "process_ended",
      cause: reason,
    });
    const refs = waiting.map((one) => one!.ref);
    this.loaded(slot, refs, { outcome: "error", error });
  }

  /** The reload has waited long enough. */
  elapsed(ref: Ref): void {
    const { run } = this;
    if (run?.ref === ref) {
      for (const slot of run.waiting) {
        this.isLate(slot);
        run.reported.set(slot, { source: slot.name, outcome: "late" });
      }
      run.waiting.clear();
      this.gathered(run);
    }
    for (const group of this.groups) {
      if (group.ref !== ref) continue;
      for (const slot of group.waiting) this.isLate(slot);
      group.waiting.clear();
      this.groupGathered(group);
    }
  }

  /** `[SOURCE_UPDATE, name, tree]`: a layer from a program. */
  update(name: unknown, tree: unknown): void {
    const source = isAtom(name) ? name.name : name;
    const slot = this.vault.slots.find((one) => one.name === source);
    if (slot === undefined) {
      const shown = typeof source === "string" ? source : `(${typeof source})`;
      const known = this.vault.slots.map((one) => `"${one.name}"`).join(", ");
      const error = new ConfigSourceError(
        `Cannot update source "${shown}": there is none of this name, known are ${known === "" ? "none" : known}`,
        { source: shown, code: "unknown_source" },
      );
      events.sourceError(this.vault.spec.name, shown, error);
      return;
    }
    try {
      const value = admit(tree, undefined, { strict: true });
      if (!isTable(value)) throw new PlainDataError([], "is no table");
      slot.offered = { source: slot.name, tree: value, origin: () => ({ source: slot.name }), diagnostics: [] };
      this.succeeded(slot, "ok");
      this.takeOffers();
    } catch (error) {
      if (!(error instanceof PlainDataError)) throw error;
      const message = `Cannot update source "${slot.name}": ${error.message}`;
      this.failed(slot, new ConfigSourceError(message, { source: slot.name, code: "not_plain" }));
    }
  }

  private start(callers: readonly (From | undefined)[]): void {
    const { slots, spec } = this.vault;
    events.reloadStarted(spec.name);
    const run: Run = {
      ...this.gathering(),
      callers: callers.filter((from) => from !== undefined),
      started: performance.now(),
      before: this.vault.configuration.snapshot,
      offered: slots.map((slot) => slot.offered),
      reported: new Map(),
      held: callers.some((from) => from !== undefined),
    };
    this.run = run;
    for (const slot of slots) {
      if (this.ask(slot, run.ref)) run.waiting.add(slot);
      else run.reported.set(slot, { source: slot.name, outcome: "late" });
    }
    if (run.waiting.size === 0) return this.gathered(run);
    run.timer = this.limit(run, spec.load_timeout);
  }

  /** A program does not end while it waits for a reload; one that nobody waits for does not keep it. */
  private limit(run: Run, ms: number): Ref {
    return erlang.send_after(ms, erlang.self(), [ELAPSED, "reload", run.ref], { ref: run.held });
  }

  private hold(run: Run): void {
    if (run.held || run.timer === undefined) return;
    const left = erlang.cancel_timer(run.timer);
    run.held = true;
    if (left !== false) run.timer = this.limit(run, left);
  }

  private ask(slot: Slot, ref: Ref): boolean {
    const { worker } = slot;
    if (worker === undefined || !erlang.is_process_alive(worker)) return false;
    slot.asked = worker;
    this.monitor(worker);
    if (slot.state === "pending") slot.state = "loading";
    erlang.send(worker, [LOAD, ref]);
    return true;
  }

  /** All have answered. */
  private gathered(run: Run): void {
    if (run.timer !== undefined) erlang.cancel_timer(run.timer);
    for (const [slot, outcome] of this.takeAll(run)) run.reported.set(slot, outcome);
    this.writing.enqueue({
      request: { cause: "reload" },
      committed: (prepared, receivers) => {
        this.settled(prepared.refused);
        const report = this.reportOf(run, prepared);
        events.reloadStopped(this.vault.spec.name, performance.now() - run.started, report);
        for (const from of run.callers) this.writing.answer(from, report, receivers);
        this.over();
      },
      refused: (error) => {
        const cause = this.refusedAll(error);
        events.reloadRefused(this.vault.spec.name, performance.now() - run.started, cause);
        for (const from of run.callers) gen_server.reply(from, [ERROR, cause]);
        this.over();
      },
    });
  }

  private over(): void {
    this.run = undefined;
    this.vault.last_reload = Date.now();
    const { again } = this;
    this.again = undefined;
    this.arm();
    if (again !== undefined) this.start(again);
  }

  /** Takes what sources offer, outside of a reload. */
  private takeOffers(): void {
    if (this.writing.isQueued("source")) return;
    this.writing.enqueue({
      request: { cause: "source" },
      committed: ({ refused }) => this.settled(refused),
      refused: (error) => void this.refusedAll(error),
    });
  }

  /** Notes what a load found, and what the source offers from now on. */
  private take(slot: Slot, outcome: LoadOutcome): SourceOutcome {
    const source = slot.name;
    switch (outcome.outcome) {
      case "error":
        // What it offered and was refused is there no more.
        if (slot.refused !== undefined && slot.refused === slot.offered) {
          slot.offered = this.vault.configuration.contributions[slot.index];
          slot.reported = undefined;
        }
        this.failed(slot, outcome.error);
        return { source, outcome: "error", message: this.vault.scrub(outcome.error.message) };
      case "late":
        // The reload that waited for it may have said so.
        if (!slot.late) this.failed(slot, outcome.error);
        slot.late = false;
        return { source, outcome: "late" };
      case "absent": {
        const keep = slot.source.on_missing === "keep" && slot.offered !== undefined;
        if (!keep) slot.offered = undefined;
        slot.reported = undefined;
        this.succeeded(slot, "absent");
        return { source, outcome: "absent" };
      }
      case "data":
      case "unchanged": {
        const isNew = outcome.contribution !== slot.reported;
        if (isNew) slot.offered = outcome.contribution;
        slot.reported = outcome.contribution;
        this.succeeded(slot, "ok");
        return { source, outcome: isNew ? "data" : "unchanged" };
      }
    }
  }

  private succeeded(slot: Slot, state: Slot["state"]): void {
    const now = Date.now();
    if (slot.failures > 0) {
      const since = slot.failing_since ?? now;
      events.sourceRecovered(this.vault.spec.name, slot.name, now - since);
    }
    slot.state = state;
    slot.late = false;
    slot.failures = 0;
    slot.failing_since = undefined;
    slot.last_success = now;
  }

  private failed(slot: Slot, error: Error): void {
    slot.state = "error";
    slot.failures++;
    slot.failing_since ??= Date.now();
    slot.last_error = { at: Date.now(), error };
    events.sourceError(this.vault.spec.name, slot.name, error);
  }

  private settled(refused: readonly Refused[]): void {
    for (const slot of this.vault.slots) slot.refused = undefined;
    this.vault.refused = undefined;
    if (refused.length > 0) this.refuse(refused);
  }

  private refusedAll(error: Error): Error {
    if (!(error instanceof RefusedOffers)) return error;
    this.refuse(error.refused);
    return error.error;
  }

  private refuse(refused: readonly Refused[]): void {
    const problems = refused.flatMap(({ error }) => (error instanceof ConfigValidationError ? error.problems : []));
    for (const { slot, offer, error } of refused) {
      if (error instanceof ConfigSourceError && slot.refused !== offer) this.failed(slot, error);
      slot.refused = offer;
    }
    const unique = [...new Set(problems)];
    this.vault.refused = { at: Date.now(), sources: blamed(refused, unique), problems: unique };
  }

  private reportOf(run: Run, prepared: Prepared): ReloadReport {
    const { after } = prepared;
    const from = run.before;
    let changed: readonly string[] | undefined;
    const report: ReloadReport = {
      version: after.snapshot.version,
      // Finding all changed leaves of a large reload takes longer than the reload: who wants to know pays.
      get changed() {
        return (changed ??= changedLeaves(diff(from.tree, after.snapshot.tree)).map(({ path }) => path));
      },
      sources: this.vault.slots.map((slot) => {
        const refused = prepared.refused.find((one) => one.slot === slot);
        if (refused === undefined) {
          const outcome = run.reported.get(slot)!;
          // A change that the watch saw while the reload ran came with it all the same.
          const isNew = outcome.outcome === "unchanged" && slot.offered !== run.offered[slot.index];
          return isNew ? { source: slot.name, outcome: "data" } : outcome;
        }
        return { source: slot.name, outcome: "error", message: this.vault.scrub(refused.error.message) };
      }),
    };
    // Printed, it shows what changed, and no getter.
    return Object.defineProperty(report, inspect.custom, { value: () => ({ ...report }) });
  }
}

/** Whether a load brought something that has not been taken. */
function isNew(slot: Slot, outcome: LoadOutcome): boolean {
  return "contribution" in outcome
    ? outcome.contribution !== slot.reported
    : outcome.outcome === "absent" && slot.reported !== undefined;
}

/** A name comes in a message, and may be an object that throws when it is looked at. */
function isAtom(name: unknown): name is Atom {
  try {
    return name instanceof Atom;
  } catch {
    return false;
  }
}

/** Node's timers take no more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** How often sources are asked again that did not see the same. */
const ROUNDS = 10;

/** What sources brought, and who has not answered. */
interface Gathering {
  readonly ref: Ref;
  readonly waiting: Set<Slot>;
  readonly outcomes: Map<Slot, LoadOutcome>;
  rounds: number;
  timer: Ref | undefined;
}

interface Run extends Gathering {
  readonly callers: readonly From[];
  readonly started: number;
  /** What there was when it began: sources that tell of a change meanwhile are taken meanwhile. */
  readonly before: Snapshot;
  readonly offered: readonly (Contribution | undefined)[];
  readonly reported: Map<Slot, SourceOutcome>;
  /** Somebody waits for it, or for the one after it. */
  held: boolean;
}

/** The sources that the problems' values came from, or all that offered something new. */
function blamed(refused: readonly Refused[], problems: readonly { readonly source?: string }[]): readonly string[] {
  const names = refused.map(({ slot }) => slot.name);
  const named = names.filter((name) => problems.some(({ source }) => source === name));
  return named.length > 0 ? named : names;
}
