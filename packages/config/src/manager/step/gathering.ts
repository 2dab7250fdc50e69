import { ConfigSourceError } from "../../errors.ts";
import type { SourceOutcome } from "../../protocol.ts";
import { torn } from "../../sources/together.ts";
import type { LoadOutcome } from "../outcome.ts";
import type { Gathering, SourceState } from "../state.ts";
import * as health from "./health.ts";
import type { Turn } from "./turn.ts";

/**
 * What several sources bring is kept aside until all of them have answered, and those that saw different generations of a
 * link that they share are asked again: nobody sees the new file beside the other old one.
 */

/** How often sources are asked again that did not see the same. */
const ROUNDS = 10;

export function emptyGathering(turn: Turn): Gathering {
  return { id: turn.id(), waiting: [], outcomes: turn.state.sources.map(() => undefined), rounds: 0 };
}

/** Asks a source to load. Whether it has a process that will answer. */
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

/** Notes an answer. */
export function answered<G extends Gathering>(
  gathering: G,
  index: number,
  answers: readonly number[],
  outcome: LoadOutcome,
): G {
  const waiting = answers.includes(gathering.id) ? gathering.waiting.filter((one) => one !== index) : gathering.waiting;
  // A load that found nothing new since the one before has nothing to say against it.
  if (outcome.outcome === "unchanged" && gathering.outcomes[index]?.outcome === "data")
    return { ...gathering, waiting };
  return { ...gathering, waiting, outcomes: gathering.outcomes.with(index, outcome) };
}

/** Asks those again that did not see the same generation of a link that they share, if there are any. */
export function askTorn<G extends Gathering>(turn: Turn, gathering: G): G {
  const { sources } = turn.state;
  const outcomes = sources.map(({ index, held }) => gathering.outcomes[index] ?? held);
  let next: G = { ...gathering, outcomes, rounds: gathering.rounds + 1 };
  if (gathering.rounds === ROUNDS) return next;
  for (const index of tornIn(turn, next)) {
    const outcome = outcomes[index]?.outcome;
    // One that fails would fail again; it is heard of when what it leads to changes.
    if (outcome !== "error" && outcome !== "late") next = askInto(turn, next, index);
  }
  return next;
}

/** Takes what has been gathered, but for what belongs to something that could not be loaded. By index of the source. */
export function takeAll(turn: Turn, gathering: Gathering): readonly (SourceOutcome | undefined)[] {
  const apart = tornIn(turn, gathering);
  return gathering.outcomes.map((outcome, index) => {
    if (outcome === undefined) return undefined;
    const isHeld = isNew(turn.source(index), outcome) && apart.has(index);
    turn.setSource(index, { held: isHeld ? outcome : undefined });
    return isHeld ? holdBack(turn, turn.source(index)) : health.take(turn, index, outcome);
  });
}

/** Whether a load brought something that has not been taken. */
export function isNew({ last_loaded }: SourceState, outcome: LoadOutcome): boolean {
  return "contribution" in outcome
    ? outcome.contribution !== last_loaded
    : outcome.outcome === "absent" && last_loaded !== undefined;
}

function tornIn({ state }: Turn, { outcomes }: Gathering): ReadonlySet<number> {
  const members = new Set([...outcomes.keys()].filter((index) => outcomes[index] !== undefined));
  return torn(
    state.sources.map(({ links }) => links),
    members,
  );
}

function holdBack(turn: Turn, { index, name, links }: SourceState): SourceOutcome {
  const others = turn.state.sources.filter((one) =>
    [...(one.links ?? [])].some(([link, generation]) => links?.has(link) === true && links.get(link) !== generation),
  );
  const names = others.map((one) => `"${one.name}"`).join(", ");
  const message = `Cannot take what "${name}" has: it changed together with ${names}, which cannot be loaded`;
  health.failed(turn, index, new ConfigSourceError(message, { source: name, code: "held_back" }));
  return { source: name, outcome: "error", message };
}
