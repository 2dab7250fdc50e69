import { ConfigSourceError } from "../../errors.ts";
import type { SourceOutcome } from "../../protocol.ts";
import { left_behind, torn, type Together } from "../../sources/together.ts";
import type { LoadOutcome } from "../outcome.ts";
import type { Gathering, SourceState } from "../state.ts";
import * as health from "./health.ts";
import type { Turn } from "./turn.ts";

/**
 * The results of several sources are kept aside until all of them have answered. Sources that saw different generations
 * of a shared link, or that changed together with others after they were read, are loaded again, so that the new
 * content of one file is never visible beside the old content of another.
 */

/** How often sources that do not belong together are loaded again. */
const ROUNDS = 10;

export function emptyGathering(turn: Turn): Gathering {
  return {
    id: turn.id(),
    waiting: [],
    outcomes: turn.state.sources.map(() => undefined),
    rounds: 0,
    behind: new Map(),
  };
}

/** Asks a source to load. Returns whether it has a process that will answer. */
export function ask(turn: Turn, index: number, gathering: number | undefined): boolean {
  const { worker, state } = turn.source(index);
  if (worker === undefined) return false;
  if (state === "pending") turn.setSource(index, { state: "loading" });
  turn.do({ do: "load", worker, gathering });
  return true;
}

export function askInto<G extends Gathering>(turn: Turn, gathering: G, index: number): G {
  if (!ask(turn, index, gathering.id) || gathering.waiting.includes(index)) return gathering;
  return { ...gathering, waiting: [...gathering.waiting, index] };
}

/** Records an answer. */
export function answered<G extends Gathering>(
  gathering: G,
  index: number,
  answers: readonly number[],
  outcome: LoadOutcome,
): G {
  const waiting = answers.includes(gathering.id) ? gathering.waiting.filter((one) => one !== index) : gathering.waiting;
  // A load that found nothing new does not contradict the previous one.
  if (outcome.outcome === "unchanged" && gathering.outcomes[index]?.outcome === "data")
    return { ...gathering, waiting };
  return { ...gathering, waiting, outcomes: gathering.outcomes.with(index, outcome) };
}

/**
 * Loads sources again that saw different generations of a shared link, or that changed with others after they were read,
 * if there are any.
 *
 * @param together the data of each source about those that change together with it, by index
 */
export function askTorn<G extends Gathering>(turn: Turn, gathering: G, together: readonly (Together | undefined)[]): G {
  const { sources } = turn.state;
  const outcomes = sources.map(({ index, held }) => gathering.outcomes[index] ?? held);
  let next: G = { ...gathering, outcomes, rounds: gathering.rounds + 1 };
  const fresh = sources.map(({ index }) => index).filter((index) => isFresh(turn, next, index));
  const failed = [...outcomes.keys()].filter((index) => isFailure(outcomes[index]));
  next = { ...next, behind: left_behind(together, fresh, failed) };
  if (gathering.rounds === ROUNDS) return next;
  for (const index of new Set([...tornIn(turn, next), ...next.behind.keys()])) {
    // A failing source would fail again; a change of its file is reported.
    if (!isFailure(outcomes[index])) next = askInto(turn, next, index);
  }
  return next;
}

/**
 * Takes the gathered results, except those that belong together with a source that could not be loaded, or that goes on
 * changing. By index of the source.
 */
export function takeAll(turn: Turn, gathering: Gathering): readonly (SourceOutcome | undefined)[] {
  const apart = tornIn(turn, gathering);
  return gathering.outcomes.map((outcome, index) => {
    if (outcome === undefined) return undefined;
    const source = turn.source(index);
    const why = isNew(source, outcome) ? whyHeld(turn, gathering, index, apart) : undefined;
    turn.setSource(index, { held: why === undefined ? undefined : outcome });
    return why === undefined ? health.take(turn, index, outcome) : holdBack(turn, source, why);
  });
}

/** Whether a load has a result that has not been taken yet. */
export function isNew({ last_loaded }: SourceState, outcome: LoadOutcome): boolean {
  return "contribution" in outcome
    ? outcome.contribution !== last_loaded
    : outcome.outcome === "absent" && last_loaded !== undefined;
}

function isFailure(outcome: LoadOutcome | undefined): boolean {
  return outcome?.outcome === "error" || outcome?.outcome === "late";
}

function isFresh(turn: Turn, { outcomes }: Gathering, index: number): boolean {
  const outcome = outcomes[index];
  return outcome !== undefined && isNew(turn.source(index), outcome);
}

function tornIn({ state }: Turn, { outcomes }: Gathering): ReadonlySet<number> {
  const members = new Set([...outcomes.keys()].filter((index) => outcomes[index] !== undefined));
  return torn(
    state.sources.map(({ links }) => links),
    members,
  );
}

/** The sources that saw another generation of a link. */
function othersOf({ state }: Turn, { links }: SourceState): readonly SourceState[] {
  return state.sources.filter((one) =>
    [...(one.links ?? [])].some(([link, generation]) => links?.has(link) === true && links.get(link) !== generation),
  );
}

/** The sources for which a new result of another has to wait, in words; undefined if it need not. */
function whyHeld(
  turn: Turn,
  { behind, outcomes }: Gathering,
  index: number,
  apart: ReadonlySet<number>,
): string | undefined {
  const source = turn.source(index);
  if (apart.has(index)) return `${namesOf(othersOf(turn, source))}, which cannot be loaded`;
  // The first values of a source do not stand beside its old ones.
  if (source.candidate === undefined) return undefined;
  const others = [...behind].filter(([, ahead]) => ahead.includes(index)).map(([other]) => turn.source(other));
  const failed = others.filter((other) => isFailure(outcomes[other.index]));
  if (failed.length > 0) return `${namesOf(failed)}, which cannot be loaded`;
  if (others.length > 0) return `${namesOf(others)}, which has changed again each time since`;
  const ahead = behind.get(index);
  return ahead && `${namesOf(ahead.map((one) => turn.source(one)))}, and has changed again each time since`;
}

function namesOf(sources: readonly SourceState[]): string {
  return sources.map(({ name }) => `"${name}"`).join(", ");
}

function holdBack(turn: Turn, { index, name }: SourceState, why: string): SourceOutcome {
  const message = `Cannot apply the change of "${name}": it changed together with ${why}`;
  health.failed(turn, index, new ConfigSourceError(message, { source: name, code: "held_back" }));
  return { source: name, outcome: "error", message };
}
