import type { Pid } from "@otpts/runtime";
import { isTable } from "../../core/draft.ts";
import type { Layer } from "../../core/layer.ts";
import { admit, PlainDataError } from "../../core/plain.ts";
import type { Table } from "../../core/value.ts";
import { ConfigSourceError, ConfigValidationError } from "../../errors.ts";
import { mates_of, renamedAt, type Together } from "../../sources/together.ts";
import { blames } from "../blame.ts";
import type { FromSource } from "../event.ts";
import { isAtom } from "../identity.ts";
import type { LoadOutcome } from "../outcome.ts";
import { RefusedCandidates } from "../refused_candidates.ts";
import type { Gathering, RefusedCandidate, SourceState } from "../state.ts";
import * as changes from "./changes.ts";
import { answered, ask, askInto, askTorn, emptyGathering, isNew, takeAll } from "./gathering.ts";
import * as health from "./health.ts";
import * as reloads from "./reloads.ts";
import type { Turn } from "./turn.ts";

/**
 * Sources: their processes, the outcomes of their loads, and what became of their values. What a source reports by itself
 * is taken as one change with the sources that changed together with it; a reload takes what it has asked for.
 */

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
export function loaded(turn: Turn, event: Extract<FromSource, { type: "loaded" }>): void {
  const { source: index, answers, outcome, links, together } = event;
  turn.setSource(index, {
    links,
    renamed_at: renamedAt(together[index]),
    generations: generationsAfter(turn, index, outcome, links),
  });
  const isAsked = turn.state.reload !== undefined && reloads.loaded(turn, turn.state.reload, event);
  if (turn.state.phase !== "running") return;
  const groups = turn.state.groups.filter((one) => one.waiting.includes(index) || one.outcomes[index] !== undefined);
  if (isAsked && groups.length === 0) return;
  let group = answered(joined(turn, groups), index, answers, outcome);
  if (groups.length === 0 && isNew(turn.source(index), outcome)) {
    for (const mate of mates_of(together, index)) group = askInto(turn, group, mate);
  }
  if (group.waiting.length === 0) group = askTorn(turn, group, together);
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
  outcome: LoadOutcome,
  links: Together["links"] | undefined,
): SourceState["generations"] {
  const { generations, candidate } = state.sources[index]!;
  if (!("contribution" in outcome)) return generations;
  const effective = state.configuration.contributions[index];
  const next = new Map([...generations].filter(([one]) => one === candidate || one === effective));
  if (links === undefined) next.delete(outcome.contribution);
  else next.set(outcome.contribution, links);
  return next;
}

/** Ends the wait for sources that changed together. */
export function groupElapsed(turn: Turn, id: number): void {
  const group = turn.state.groups.find((one) => one.id === id);
  if (group === undefined) return;
  for (const index of group.waiting) health.late(turn, index);
  groupGathered(turn, { ...group, waiting: [] });
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
    const outcome: LoadOutcome = { outcome: "error", error };
    loaded(turn, { type: "loaded", source: index, answers, outcome, links: source.links, together: [] });
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
    const message = `Cannot update source "${shown}": no source has this name, known are ${known === "" ? "none" : known}`;
    const error = new ConfigSourceError(message, { source: shown, code: "unknown_source" });
    return turn.announce({ what: "source_failed", source: shown, error });
  }
  try {
    const value = admit(tree, undefined, { strict: true });
    if (!isTable(value)) throw new PlainDataError([], "is not a table");
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
  if (cause === "reload") reloads.finish(turn, outcome);
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

/** Takes the sources' candidates outside a reload. */
function takeCandidates(turn: Turn): void {
  // A change that has not begun will use the candidates of that time.
  if (turn.state.queue.some(({ request }) => request.cause === "source")) return;
  changes.enqueue(turn, { cause: "source" }, undefined);
}

function noteRefused(turn: Turn, refused: readonly RefusedCandidate[]): void {
  const names = refused.map(({ source }) => turn.source(source).name);
  for (const [i, { source, candidate, error, held }] of refused.entries()) {
    // An error that names one source is not an error of the others.
    const isOthers = !blames(error, names[i]!) && names.some((name) => blames(error, name));
    const isNew = turn.source(source).refused !== candidate;
    if (isNew && held === true) turn.setSource(source, { last_error: { at: turn.now, error } });
    else if (error instanceof ConfigSourceError && isNew && !isOthers) health.failed(turn, source, error);
    turn.setSource(source, { refused: candidate });
  }
  const problems = refused.flatMap(({ error }) => (error instanceof ConfigValidationError ? error.problems : []));
  // The sources of the problems' values, or all with a new candidate.
  const named = refused
    .filter(({ error, held }, i) => held !== true && blames(error, names[i]!))
    .map(({ source }) => turn.source(source).name);
  const others = refused.flatMap(({ held }, i) => (held === true ? [] : [names[i]!]));
  const sources = named.length > 0 ? named : others;
  turn.set({ refused: { at: turn.now, sources, problems: [...new Set(problems)] } });
}

/** A layer from a program, whose values have no other origin. */
function layerOf(source: string, tree: Table): Layer {
  return { source, tree, origin: () => ({ source }), diagnostics: [] };
}
