import { newBudget } from "../budget.ts";
import type { Configuration, Proposal } from "../core/configuration.ts";
import { andThen } from "../core/maybe.ts";
import { check, complete, prepare } from "../core/proposal.ts";
import type { Budget } from "../core/sliced.ts";
import { ConfigSourceError } from "../errors.ts";
import type { ConfigSpec } from "../spec.ts";
import { isOneMoment, torn } from "../sources/together.ts";
import { blames } from "./blame.ts";
import type { Candidate, Plan } from "./effect.ts";
import { RefusedCandidates } from "./refused_candidates.ts";
import type { Prepared, RefusedCandidate } from "./state.ts";

/**
 * The outcome of a plan: the next configuration, without invalid candidates if leaving them out helps. Nothing is
 * changed here.
 */

/** Done at once, or later. */
export type Eventually<T> = T | Promise<T>;

/** Limits the wait for a foreign promise. Returns a function that removes the limit. */
export type Limit = () => () => void;

/**
 * Prepares a change. Synchronous if it takes little time and there is no foreign promise to wait for.
 *
 * @param slices makes what says how long work may go on
 * @throws ConfigValidationError, ConfigSourceError, RefusedCandidates if it is refused
 */
export function prepareChange(
  plan: Plan,
  spec: ConfigSpec,
  limit: Limit,
  slices: () => Budget = newBudget,
): Eventually<Prepared> {
  const work = new Preparation(plan, spec, limit, slices);
  const { request } = plan;
  if (request.cause === "reload" || request.cause === "source") return work.withCandidates(new Set(), []);
  return andThen(work.withPut(), (after) => ({ after, refused: [] }));
}

class Preparation {
  private readonly plan: Plan;
  private readonly spec: ConfigSpec;
  private readonly limit: Limit;
  private readonly slices: () => Budget;

  constructor(plan: Plan, spec: ConfigSpec, limit: Limit, slices: () => Budget) {
    this.plan = plan;
    this.spec = spec;
    this.limit = limit;
    this.slices = slices;
  }

  withPut(): Eventually<Configuration> {
    const { request, configuration, candidates } = this.plan;
    switch (request.cause) {
      case "put":
      case "merge":
        return this.propose({ kind: request.cause, path: request.path, value: request.value });
      case "unset":
        return this.propose({ kind: "unset", path: request.path });
      case "rollback": {
        const { contributions } = configuration;
        return this.propose({
          kind: "sources",
          contributions,
          overrides: this.plan.overrides ?? configuration.overrides,
        });
      }
      case "written": {
        // The value that was put now belongs to the source, and comes back with its load.
        const overrides = configuration.overrides.unset(request.path);
        const contributions = candidates.map(({ source, candidate }) =>
          source === request.source ? candidate : configuration.contributions[source],
        );
        return this.propose({ kind: "sources", contributions, overrides });
      }
      default:
        throw new Error(`Cannot prepare a ${request.cause} as a put`);
    }
  }

  /** The configuration with all candidates, or with as many as are valid. */
  withCandidates(left: ReadonlySet<number>, refused: readonly RefusedCandidate[]): Eventually<Prepared> {
    const { candidates, configuration, first } = this.plan;
    const before = configuration.contributions;
    const contributions = candidates.map(({ source, candidate }) => (left.has(source) ? before[source] : candidate));
    return attempt(
      () => this.propose({ kind: "sources", contributions }),
      (after) => ({ after, refused }),
      (error) => {
        if (first) return this.withoutOptional(error);
        const changed = candidates.filter((one) => !left.has(one.source) && one.candidate !== before[one.source]);
        // A source that is broken by itself is left out. Candidates that are not valid together are refused together,
        // but one that was refused before does not hold back the others.
        const broken = error instanceof ConfigSourceError ? changed.filter(({ name }) => name === error.source) : [];
        const blamed = broken.length > 0 ? broken : changed.filter((one) => one.refused);
        const mates = this.matesOf(blamed, changed, left);
        const out = [...refused, ...blamed.map((one) => refusedFor(one, error)), ...mates.map(heldFor(blamed))];
        if (blamed.length === 0 || blamed.length + mates.length === changed.length) {
          const rest = changed.filter((one) => !blamed.includes(one) && !mates.includes(one));
          throw new RefusedCandidates(error, [...out, ...rest.map((one) => refusedFor(one, error))]);
        }
        const without = new Set([...left, ...[...blamed, ...mates].map(({ source }) => source)]);
        return this.withCandidates(without, out);
      },
    );
  }

  /**
   * The changed candidates that changed together with the blamed ones: files renamed at the same time, or read through
   * another generation of a link than the contributions that stay effective in place of the blamed ones.
   */
  private matesOf(
    blamed: readonly Candidate[],
    changed: readonly Candidate[],
    left: ReadonlySet<number>,
  ): readonly Candidate[] {
    const mates: Candidate[] = [];
    for (;;) {
      const out = new Set([...left, ...[...blamed, ...mates].map(({ source }) => source)]);
      const taken = changed.filter(({ source }) => !out.has(source));
      const links = this.plan.candidates.map((one) => (out.has(one.source) ? one.effective_links : one.links));
      const apart = torn(links, new Set(taken.map(({ source }) => source)));
      const isMate = ({ renamed_at }: Candidate) =>
        [...blamed, ...mates].some((other) => isOneMoment(renamed_at, other.renamed_at));
      const more = taken.filter((one) => apart.has(one.source) || isMate(one));
      if (more.length === 0) return mates;
      mates.push(...more);
    }
  }

  /**
   * The first configuration, if all candidates together are not valid: without optional sources, either those named in
   * the problems or otherwise all of them, but leaving out no more than necessary.
   *
   * @throws RefusedCandidates with the original error if that is not valid either
   */
  private async withoutOptional(error: Error): Promise<Prepared> {
    const { candidates } = this.plan;
    const optional = candidates.filter(({ required, candidate }) => !required && candidate !== undefined);
    let left: readonly Candidate[] = [];
    let outcome: Configuration | Error = error;
    while (outcome instanceof Error) {
      const failure: Error = outcome;
      const named = optional.filter((one) => !left.includes(one) && blames(failure, one.name));
      if (named.length === 0) break;
      left = [...left, ...named];
      outcome = await this.without(left);
    }
    if (outcome instanceof Error && left.length < optional.length) {
      left = optional;
      outcome = await this.without(left);
    }
    if (outcome instanceof Error)
      throw new RefusedCandidates(
        error,
        candidates.map((one) => refusedFor(one, error)),
      );
    for (const one of left.length > 1 ? left : []) {
      const fewer = left.filter((other) => other !== one);
      const more = await this.without(fewer);
      if (more instanceof Error) continue;
      left = fewer;
      outcome = more;
    }
    return { after: outcome, refused: left.map((one) => refusedFor(one, error)) };
  }

  private async without(left: readonly Candidate[]): Promise<Configuration | Error> {
    const contributions = this.plan.candidates.map((one) => (left.includes(one) ? undefined : one.candidate));
    try {
      return await this.propose({ kind: "sources", contributions });
    } catch (failure) {
      return failure as Error;
    }
  }

  /** The configuration of a proposal. */
  private propose(proposal: Proposal): Eventually<Configuration> {
    const { configuration } = this.plan;
    const budget = this.slices();
    return andThen(prepare(configuration, proposal, this.spec, budget), (prepared) =>
      andThen(this.limited(check(configuration, prepared, this.spec, budget)), (tree) =>
        complete(configuration, prepared, tree, budget),
      ),
    );
  }

  /** Limits the wait for a foreign promise. */
  private limited<T>(checked: Eventually<T>): Eventually<T> {
    return checked instanceof Promise ? checked.finally(this.limit()) : checked;
  }
}

function refusedFor({ source, candidate }: Candidate, error: Error): RefusedCandidate {
  return { source, candidate, error };
}

/** A valid candidate waits for those that it changed together with. */
function heldFor(blamed: readonly Candidate[]): (one: Candidate) => RefusedCandidate {
  const names = blamed.map(({ name }) => `"${name}"`).join(", ");
  return ({ source, name, candidate }) => {
    const message = `Cannot apply the change of "${name}": it changed together with ${names}, which is refused`;
    return {
      source,
      candidate,
      held: true,
      error: new ConfigSourceError(message, { source: name, code: "held_back" }),
    };
  };
}

function attempt<A, B>(
  action: () => Eventually<A>,
  next: (value: A) => Eventually<B>,
  failed: (error: Error) => Eventually<B>,
): Eventually<B> {
  let value: Eventually<A>;
  try {
    value = action();
  } catch (error) {
    return failed(error as Error);
  }
  return value instanceof Promise ? value.then(next, failed) : next(value);
}
