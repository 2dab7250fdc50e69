import { inspect } from "node:util";
import { atoms, type Pid } from "@otpts/runtime";
import { changedLeaves, diff } from "../../core/diff.ts";
import { isTable } from "../../core/draft.ts";
import type { Layer } from "../../core/layer.ts";
import { admit, PlainDataError } from "../../core/plain.ts";
import type { Table } from "../../core/value.ts";
import { ConfigSourceError, ConfigValidationError } from "../../errors.ts";
import type { Refusal, ReloadReport } from "../../protocol.ts";
import { blames } from "../blame.ts";
import type { FromSource } from "../event.ts";
import { RefusedCandidates } from "../refused_candidates.ts";
import type { Caller, Gathering, RefusedCandidate, Reload, SourceState } from "../state.ts";
import { scrub } from "../scrub.ts";
import * as changes from "./changes.ts";
import * as deliveries from "./deliveries.ts";
import { answered, ask, askInto, askTorn, emptyGathering, isNew, takeAll } from "./gathering.ts";
import { isAtom } from "../identity.ts";
import * as health from "./health.ts";
import { mates_of } from "../../sources/together.ts";
import type { Turn } from "./turn.ts";

type Loaded = Omit<Extract<FromSource, { readonly type: "loaded" }>, "type" | "worker">;

/**
 * Sources and reloads. A reload loads all sources at once, and takes their results together. One runs at a time and one
 * more waits, for all callers meanwhile. A source that has not answered within `load_timeout` is late: the others do
 * not wait for it, and its result is taken when it arrives. A change reported by a source itself is taken separately.
 */

/** Handles a request for a reload; a caller gets the report. */
export function reloadRequested(turn: Turn, caller: Caller<ReloadReport | Refusal> | undefined): void {
  if (changes.isFromJob(turn, caller?.from[0])) {
    return turn.reply(caller, [atoms.ERROR, changes.insideValidator("reload")]);
  }
  const { reload, next_reload = [] } = turn.state;
  if (reload === undefined) return startReload(turn, [caller]);
  turn.set({ next_reload: [...next_reload, caller] });
  if (caller === undefined || reload.awaited) return;
  // The program must not end while it waits for a reload.
  turn.set({ reload: { ...reload, awaited: true } });
  if (reload.waiting.length > 0) limit(turn, reload.started + turn.state.spec.load_timeout - turn.now, true);
}

/** Loads all sources. */
export function startReload(
  turn: Turn,
  callers: readonly (Caller<ReloadReport | Refusal> | undefined)[],
  first = false,
): void {
  const { sources, configuration, spec } = turn.state;
  if (!first) turn.announce({ what: "reload_started" });
  const awaited = first || callers.some((caller) => caller !== undefined);
  let reload: Reload = {
    ...emptyGathering(turn),
    callers: callers.filter((caller) => caller !== undefined),
    first,
    started: turn.now,
    before: configuration.snapshot,
    candidates: sources.map(({ candidate }) => candidate),
    reported: sources.map(({ name }) => ({ source: name, outcome: "late" })),
    awaited,
  };
  for (const { index } of sources) reload = askInto(turn, reload, index);
  turn.set({ reload });
  if (reload.waiting.length === 0) return gathered(turn, reload);
  limit(turn, spec.load_timeout, awaited);
}

/** Ends the wait of a reload. */
export function reloadElapsed(turn: Turn): void {
  const { reload } = turn.state;
  if (reload === undefined || reload.waiting.length === 0) return;
  for (const index of reload.waiting) {
    const { required } = turn.source(index);
    if (reload.first && required) return fail(turn, health.lateError(turn, turn.source(index)));
    isLate(turn, index);
  }
  gathered(turn, { ...reload, waiting: [] });
}

/** Ends the wait for sources that changed together. */
export function groupElapsed(turn: Turn, id: number): void {
  const group = turn.state.groups.find((one) => one.id === id);
  if (group === undefined) return;
  for (const index of group.waiting) isLate(turn, index);
  groupGathered(turn, { ...group, waiting: [] });
}

/** Handles the start of a source's process. */
export function up(turn: Turn, index: number, worker: Pid): void {
  const { reload } = turn.state;
  turn.setSource(index, { worker });
  turn.do({ do: "monitor", process: worker });
  // A source whose load did not end in time is not loaded again at once, but after its pause or by a reload.
  if (reload?.waiting.includes(index) === true) ask(turn, index, reload.id);
  else if (turn.source(index).failures === 0) ask(turn, index, undefined);
}

/** Takes the outcome of a source's load. */
export function loaded(turn: Turn, event: Loaded): void {
  const { source: index, answers, outcome, links, together } = event;
  turn.setSource(index, { links, generations: generationsAfter(turn, index, outcome, links) });
  const { reload, phase } = turn.state;
  const isAsked = reload !== undefined && answers.includes(reload.id) && reload.waiting.includes(index);
  if (isAsked && reload.first && "error" in outcome && turn.source(index).required) {
    return fail(turn, outcome.error);
  }
  if (reload !== undefined && (isAsked || reload.first || reload.outcomes[index] !== undefined)) {
    let next = answered(reload, index, answers, outcome);
    if (isAsked && next.waiting.length === 0) next = askTorn(turn, next);
    turn.set({ reload: next });
    if (isAsked && next.waiting.length === 0) gathered(turn, next);
  }
  if (phase !== "running") return;
  const groups = turn.state.groups.filter((one) => one.waiting.includes(index) || one.outcomes[index] !== undefined);
  if (isAsked && groups.length === 0) return;
  let group = answered(joined(turn, groups), index, answers, outcome);
  if (groups.length === 0 && isNew(turn.source(index), outcome)) {
    for (const mate of mates_of(together, index)) group = askInto(turn, group, mate);
  }
  if (group.waiting.length === 0) group = askTorn(turn, group);
  if (group.waiting.length === 0) return groupGathered(turn, group);
  if (!turn.state.groups.some(({ id }) => id === group.id)) {
    turn.do({ do: "arm", timer: `group ${group.id}`, ms: turn.state.spec.load_timeout });
  }
  turn.set({ groups: [...turn.state.groups.filter(({ id }) => id !== group.id), group] });
}

/** The links through which a source's contributions were read: an unchanged one also has the newest generation. */
function generationsAfter(
  { state }: Turn,
  index: number,
  outcome: Loaded["outcome"],
  links: Loaded["links"],
): SourceState["generations"] {
  const { generations, candidate } = state.sources[index]!;
  if (!("contribution" in outcome)) return generations;
  const effective = state.configuration.contributions[index];
  const next = new Map([...generations].filter(([one]) => one === candidate || one === effective));
  if (links === undefined) next.delete(outcome.contribution);
  else next.set(outcome.contribution, links);
  return next;
}

/** Handles the end of a source's process: a reload does not wait for the next one. */
export function workerEnded(turn: Turn, process: Pid, reason: unknown): changes.Settled | undefined {
  const source = turn.state.sources.find(({ worker }) => worker === process);
  if (source === undefined) return undefined;
  const { index, name } = source;
  turn.setSource(index, { worker: undefined });
  const { reload, groups } = turn.state;
  const waiting = [...(reload === undefined ? [] : [reload]), ...groups].filter((one) => one.waiting.includes(index));
  if (waiting.length > 0) {
    const place = { source: name, code: "process_ended", cause: reason };
    const error = new ConfigSourceError(`Cannot load "${name}": its process ended`, place);
    const answers = waiting.map(({ id }) => id);
    loaded(turn, { source: index, answers, outcome: { outcome: "error", error }, links: source.links, together: [] });
  }
  return changes.workerEnded(turn, index);
}

/** Loads a failed source again. */
export function retry(turn: Turn, index: number): void {
  if (!ask(turn, index, undefined)) health.retryLater(turn, index);
}

/** Takes a layer from a program: `[SOURCE_UPDATE, name, tree]`. */
export function updated(turn: Turn, name: unknown, tree: unknown): void {
  const wanted = isAtom(name) ? name.name : name;
  const { sources } = turn.state;
  const source = sources.find((one) => one.name === wanted);
  if (source === undefined) {
    const shown = typeof wanted === "string" ? wanted : `(${typeof wanted})`;
    const known = sources.map((one) => `"${one.name}"`).join(", ");
    const message = `Cannot update source "${shown}": there is none of this name, known are ${known === "" ? "none" : known}`;
    const error = new ConfigSourceError(message, { source: shown, code: "unknown_source" });
    return turn.announce({ what: "source_failed", source: shown, error });
  }
  try {
    const value = admit(tree, undefined, { strict: true });
    if (!isTable(value)) throw new PlainDataError([], "is no table");
    turn.setSource(source.index, { candidate: layerOf(source.name, value) });
    health.succeeded(turn, source.index, "ok");
    takeCandidates(turn);
  } catch (error) {
    if (!(error instanceof PlainDataError)) throw error;
    const message = `Cannot update source "${source.name}": ${error.message}`;
    health.failed(turn, source.index, new ConfigSourceError(message, { source: source.name, code: "not_plain" }));
  }
}

/** Handles the end of a change: if it came from sources, records their state and ends the reload. */
export function settled(turn: Turn, { change, outcome }: changes.Settled): void {
  const { cause } = change.request;
  if (cause !== "reload" && cause !== "source") return;
  if ("committed" in outcome) {
    for (const { index } of turn.state.sources) turn.setSource(index, { refused: undefined });
    turn.set({ refused: undefined });
    if (outcome.committed.refused.length > 0) noteRefused(turn, outcome.committed.refused);
  } else if ("refused" in outcome && outcome.refused instanceof RefusedCandidates) {
    noteRefused(turn, outcome.refused.refused);
  }
  if (cause === "reload" && turn.state.reload !== undefined) finishReload(turn, turn.state.reload, outcome);
}

/** Arms the interval's timer, ± 10 %, so that many instances do not reload in step. */
export function armInterval(turn: Turn): void {
  const { reload_interval } = turn.state.spec;
  if (reload_interval === 0 || reload_interval === Infinity) return;
  turn.do({ do: "arm", timer: "interval", ms: reload_interval * 1_000, spread: 0.1 });
}

function gathered(turn: Turn, reload: Reload): void {
  turn.do({ do: "disarm", timer: "reload" });
  const taken = takeAll(turn, reload);
  const reported = reload.reported.map((late, index) => taken[index] ?? late);
  turn.set({ reload: { ...reload, reported } });
  changes.enqueue(turn, { cause: "reload" }, undefined);
}

/** Joins the gatherings that turn out to be of one change. */
function joined(turn: Turn, groups: readonly Gathering[]): Gathering {
  let first = groups[0] ?? emptyGathering(turn);
  for (const other of groups.slice(1)) {
    const outcomes = first.outcomes.map((outcome, index) => other.outcomes[index] ?? outcome);
    first = other.waiting.reduce((group, index) => askInto(turn, group, index), { ...first, outcomes });
    close(turn, other);
  }
  return first;
}

function groupGathered(turn: Turn, group: Gathering): void {
  close(turn, group);
  const before = turn.state.sources;
  takeAll(turn, group);
  if (turn.state.sources.some(({ index, candidate }) => candidate !== before[index]!.candidate)) takeCandidates(turn);
}

function close(turn: Turn, { id }: Gathering): void {
  turn.do({ do: "disarm", timer: `group ${id}` });
  turn.set({ groups: turn.state.groups.filter((one) => one.id !== id) });
}

function isLate(turn: Turn, index: number): void {
  turn.setSource(index, { late: true });
  health.failed(turn, index, health.lateError(turn, turn.source(index)));
}

/** Takes the sources' candidates outside a reload. */
function takeCandidates(turn: Turn): void {
  // A change that has not begun will use the candidates of that time.
  if (turn.state.queue.some(({ request }) => request.cause === "source")) return;
  changes.enqueue(turn, { cause: "source" }, undefined);
}

function finishReload(turn: Turn, reload: Reload, outcome: changes.Settled["outcome"]): void {
  turn.set({ reload: undefined });
  const duration = turn.now - reload.started;
  const before = turn.state.last_reload;
  if ("committed" in outcome) {
    turn.set({ last_reload: { at: turn.now, successful: true, succeeded_at: turn.now }, phase: "running" });
    const { after, refused } = outcome.committed;
    if (reload.first) {
      const error = refused[0]?.error;
      if (error instanceof ConfigValidationError) {
        turn.announce({ what: "refused", action: "Cannot load the configuration", error, put: false });
      }
    } else {
      const report = reportOf(turn, reload, after.snapshot, refused);
      turn.announce({ what: "reload_stopped", duration, report });
      const { version } = after.snapshot;
      for (const caller of reload.callers) deliveries.answerAfter(turn, caller, report, outcome.notified, version);
    }
  } else if ("refused" in outcome) {
    const { refused } = outcome;
    const error = refused instanceof RefusedCandidates ? refused.error : refused;
    if (reload.first) return fail(turn, withAbsent(turn, error));
    turn.set({ last_reload: { at: turn.now, successful: false, succeeded_at: before?.succeeded_at } });
    turn.announce({ what: "reload_refused", duration, error });
    for (const caller of reload.callers) turn.reply(caller, [atoms.ERROR, error]);
  }
  const { next_reload } = turn.state;
  turn.set({ next_reload: undefined });
  armInterval(turn);
  if (next_reload !== undefined) startReload(turn, next_reload);
}

/** Refuses the start. */
function fail(turn: Turn, failure: unknown): void {
  turn.set({ phase: "failed", failure, reload: undefined });
}

/** An invalid configuration at the start may be due to a missing file. */
function withAbsent({ state }: Turn, error: Error): Error {
  const absent = state.sources.filter((source) => source.state === "absent").map(({ name }) => name);
  if (absent.length === 0 || !(error instanceof ConfigValidationError)) return error;
  const verb = absent.length === 1 ? "is" : "are";
  return new ConfigValidationError(`${error.message} (${absent.join(", ")} ${verb} absent)`, error.problems);
}

function limit(turn: Turn, ms: number, awaited: boolean): void {
  turn.do({ do: "arm", timer: "reload", ms: Math.max(0, ms), awaited });
}

function noteRefused(turn: Turn, refused: readonly RefusedCandidate[]): void {
  for (const { source, candidate, error, held } of refused) {
    const isNew = turn.source(source).refused !== candidate;
    if (isNew && held === true) turn.setSource(source, { last_error: { at: turn.now, error } });
    else if (error instanceof ConfigSourceError && isNew) health.failed(turn, source, error);
    turn.setSource(source, { refused: candidate });
  }
  const problems = refused.flatMap(({ error }) => (error instanceof ConfigValidationError ? error.problems : []));
  const names = refused.map(({ source }) => turn.source(source).name);
  // The sources of the problems' values, or all with a new candidate.
  const named = refused
    .filter(({ error, held }, i) => held !== true && blames(error, names[i]!))
    .map(({ source }) => turn.source(source).name);
  const others = refused.flatMap(({ held }, i) => (held === true ? [] : [names[i]!]));
  const sources = named.length > 0 ? named : others;
  turn.set({ refused: { at: turn.now, sources, problems: [...new Set(problems)] } });
}

function reportOf(
  turn: Turn,
  reload: Reload,
  after: Reload["before"],
  refused: readonly RefusedCandidate[],
): ReloadReport {
  const from = reload.before;
  let changed: readonly string[] | undefined;
  const report: ReloadReport = {
    version: after.version,
    // Finding all changed leaves of a large reload takes longer than the reload, so it is done on demand.
    get changed() {
      return (changed ??= changedLeaves(diff(from.tree, after.tree)).map(({ path }) => path));
    },
    sources: turn.state.sources.map(({ index, name, candidate }) => {
      const why = refused.find((one) => one.source === index);
      if (why !== undefined) return { source: name, outcome: "error", message: scrub(turn.state, why.error.message) };
      const outcome = reload.reported[index]!;
      // A change that the watch noticed during the reload is part of it.
      const isNew = outcome.outcome === "unchanged" && candidate !== reload.candidates[index];
      return isNew ? { source: name, outcome: "data" } : outcome;
    }),
  };
  // When printed, it shows the changes and not a getter.
  return Object.defineProperty(report, inspect.custom, { value: () => ({ ...report }) });
}

/** A layer from a program, whose values have no other origin. */
function layerOf(source: string, tree: Table): Layer {
  return { source, tree, origin: () => ({ source }), diagnostics: [] };
}
