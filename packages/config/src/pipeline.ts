import { type ChangedPath, changedLeaves, diff, sortedByPath } from "./core/diff.ts";
import type { Contribution } from "./core/layer.ts";
import { formatPath } from "./core/path.ts";
import { newBudget } from "./budget.ts";
import { check, complete, type Configuration, prepare as prepared, type Proposal } from "./core/proposal.ts";
import { admitAhead } from "./core/sliced.ts";
import { valueAt } from "./core/snapshot.ts";
import type { Notification } from "./core/subscriptions.ts";
import type { Segments, Value } from "./core/value.ts";
import type { Steps } from "./drive.ts";
import { ConfigSourceError, ConfigValidationError } from "./errors.ts";
import type { Cause } from "./protocol.ts";
import { RuntimeSource } from "./sources/runtime.ts";
import type { Slot, Subscription, Vault } from "./vault.ts";

/**
 * All that happens between a request and its commit: the next configuration, who is to be told of what, and, for overrides
 * that must survive the machine, the writing to disk. Nothing is changed here but the disk.
 */

/** What is asked for. */
export type Request =
  | { readonly cause: "put" | "merge"; readonly path: Segments; readonly value: unknown }
  | { readonly cause: "unset"; readonly path: Segments }
  | { readonly cause: "reload" | "source" };

type PutRequest = Extract<Request, { readonly path: Segments }>;

function isPut(request: Request): request is PutRequest {
  return "path" in request;
}

/** Ready to be committed. */
export interface Prepared {
  readonly cause: Cause;
  readonly before: Configuration;
  readonly after: Configuration;
  /** Sorted by path. */
  readonly told: readonly Notification<Subscription>[];
  /** `Vault.revision` when `told` was found. */
  readonly revision: number;
  /** Undefined where nobody wants to know. */
  readonly leaves: readonly ChangedPath[] | undefined;
  /** Offers that were refused, and why, though others were taken. */
  readonly refused: readonly Refused[];
}

/** An offer of a source that is not taken. */
export interface Refused {
  readonly slot: Slot;
  readonly offer: Contribution | undefined;
  readonly error: Error;
}

/** What the pipeline needs of the manager. */
export interface Surroundings {
  /** The changed leaves are wanted. */
  readonly leaves: boolean;
  /** Throws when the manager or the job is no more: what it prepares must not reach the disk. */
  readonly point_of_no_return: () => void;
  /** Writes through to a source; resolves when it is written and loaded again. */
  readonly write: (slot: Slot, path: Segments, value: Value | undefined) => Promise<void>;
}

/** Prepares a request. @throws ConfigValidationError, ConfigSourceError when it is refused */
export function* prepare(vault: Vault, request: Request, around: Surroundings): Steps<Prepared> {
  const before = vault.configuration;
  const { after, refused } = isPut(request)
    ? { after: yield* withPut(vault, before, request, around), refused: [] }
    : yield* withSources(vault, before);
  if (after.overrides !== before.overrides) {
    const durable = vault.slots.find(({ source }) => source instanceof RuntimeSource && source.durable);
    if (durable !== undefined) {
      around.point_of_no_return();
      yield (durable.source as RuntimeSource).persist(after.overrides);
    }
  }
  const change = diff(before.snapshot.tree, after.snapshot.tree);
  const { revision } = vault;
  const told = sortedByPath(vault.index.project(change));
  const leaves = around.leaves ? changedLeaves(change) : undefined;
  return { cause: request.cause, before, after, told, revision, leaves, refused };
}

/** The changes as `config.changed` tells them: a put as one change at its path, all else leaf by leaf. */
export function changesOf(request: Request, prepared: Prepared): readonly ChangedPath[] {
  const { leaves = [], before, after } = prepared;
  if (request.cause !== "put") return leaves;
  const { path: segments } = request;
  const old = valueAt(before.snapshot.tree, segments);
  const now = valueAt(after.snapshot.tree, segments);
  const outside = leaves.filter((leaf) => !segments.every((segment, i) => leaf.segments[i] === segment));
  // A leaf above the put became a table, or a table of its own: that is the same change.
  const elsewhere = outside.filter((leaf) => !leaf.segments.every((segment, i) => segments[i] === segment));
  if (Object.is(old, now)) return elsewhere;
  return [{ path: formatPath(segments), segments, before: old, after: now }, ...elsewhere];
}

function* withPut(
  vault: Vault,
  before: Configuration,
  request: PutRequest,
  around: Surroundings,
): Steps<Configuration> {
  const proposal: Proposal =
    request.cause === "unset"
      ? { kind: "unset", path: request.path }
      : { kind: request.cause, path: request.path, value: request.value };
  const after = yield* proposed(vault, before, proposal);
  const through = vault.slots.findLast(({ source }) => source.write !== undefined);
  if (through === undefined) return after;
  // The value was checked as an override; it is written to the source instead, and comes back with its next load.
  if (request.cause === "unset") {
    if (after !== before) return after;
    around.point_of_no_return();
    yield around.write(through, request.path, undefined);
  } else {
    around.point_of_no_return();
    for (const { path, value } of after.overrides.within(request.path)) {
      if (request.cause === "put" || before.overrides.at(path) !== value) yield around.write(through, path, value);
    }
  }
  const overrides = before.overrides.unset(request.path);
  const contributions = vault.slots.map((slot) => (slot === through ? slot.offered : before.contributions[slot.index]));
  return yield* proposed(vault, before, { kind: "sources", contributions, overrides });
}

/** The configuration that a proposal leads to. What is large is admitted ahead, in slices. */
function* proposed(vault: Vault, before: Configuration, proposal: Proposal): Steps<Configuration> {
  const budget = newBudget();
  if (proposal.kind === "sources") {
    for (const [i, contribution] of proposal.contributions.entries()) {
      if (contribution === before.contributions[i]) continue;
      const ahead = admitAhead(contribution, before.layers[i]!, budget);
      if (ahead !== undefined) yield ahead;
    }
  }
  const next = prepared(before, proposal, vault.spec);
  const checked = check(before, next, vault.spec, budget);
  return complete(before, next, checked instanceof Promise ? ((yield checked) as typeof next.next.raw) : checked);
}

/** All that the sources offer, or as much of it as is good. */
function* withSources(
  vault: Vault,
  before: Configuration,
): Steps<{ readonly after: Configuration; readonly refused: readonly Refused[] }> {
  const refused: Refused[] = [];
  const left = new Set<Slot>();
  for (;;) {
    const contributions = vault.slots.map((slot) => (left.has(slot) ? before.contributions[slot.index] : slot.offered));
    try {
      return { after: yield* proposed(vault, before, { kind: "sources", contributions }), refused };
    } catch (error) {
      const changed = vault.slots.filter(
        (slot) => !left.has(slot) && slot.offered !== before.contributions[slot.index],
      );
      // A source that is broken by itself is left out; what is not valid together is refused together, but an offer that
      // was refused before does not keep back what others have now.
      const again = changed.filter((slot) => slot.refused !== undefined && slot.refused === slot.offered);
      const broken = error instanceof ConfigSourceError ? changed.filter((slot) => slot.name === error.source) : [];
      const blamed = broken.length > 0 ? broken : again;
      if (!vault.loaded) return yield* withoutOptional(vault, before, error as Error);
      if (blamed.length === 0 || blamed.length === changed.length) {
        for (const slot of changed) refused.push({ slot, offer: slot.offered, error: error as Error });
        throw new RefusedOffers(error as Error, refused);
      }
      for (const slot of blamed) {
        refused.push({ slot, offer: slot.offered, error: error as Error });
        left.add(slot);
      }
    }
  }
}

/**
 * The first configuration, where all that is offered makes none: without the sources that need not be there: those that the
 * problems name, or else all of them; and of these no more than it takes.
 *
 * @throws RefusedOffers with the error of the whole when that makes no configuration either
 */
function* withoutOptional(
  vault: Vault,
  before: Configuration,
  error: Error,
): Steps<{ readonly after: Configuration; readonly refused: readonly Refused[] }> {
  const optional = vault.slots.filter(({ source, offered }) => !source.required && offered !== undefined);
  const without = function* (left: readonly Slot[]): Steps<Configuration | Error> {
    const contributions = vault.slots.map((slot) => (left.includes(slot) ? undefined : slot.offered));
    try {
      return yield* proposed(vault, before, { kind: "sources", contributions });
    } catch (failure) {
      return failure as Error;
    }
  };
  let left: readonly Slot[] = [];
  let outcome: Configuration | Error = error;
  while (outcome instanceof Error) {
    const failure: Error = outcome;
    const named = optional.filter((slot) => !left.includes(slot) && isNamed(slot, failure));
    if (named.length === 0) break;
    left = [...left, ...named];
    outcome = yield* without(left);
  }
  if (outcome instanceof Error && left.length < optional.length) {
    left = optional;
    outcome = yield* without(left);
  }
  if (outcome instanceof Error) {
    throw new RefusedOffers(
      error,
      vault.slots.map((slot) => ({ slot, offer: slot.offered, error })),
    );
  }
  for (const slot of left.length > 1 ? left : []) {
    const fewer = left.filter((one) => one !== slot);
    const more: Configuration | Error = yield* without(fewer);
    if (more instanceof Error) continue;
    left = fewer;
    outcome = more;
  }
  return { after: outcome, refused: left.map((slot) => ({ slot, offer: slot.offered, error })) };
}

/** Whether an error says that what is wrong came from this source. */
export function isNamed({ name }: Slot, error: unknown): boolean {
  if (error instanceof ConfigSourceError) return error.source === name;
  return error instanceof ConfigValidationError && error.problems.some(({ source }) => source === name);
}

/** Nothing of what the sources offer can be taken. */
export class RefusedOffers extends Error {
  override readonly name = "RefusedOffers";
  readonly error: Error;
  readonly refused: readonly Refused[];

  constructor(error: Error, refused: readonly Refused[]) {
    super(error.message, { cause: error });
    this.error = error;
    this.refused = refused;
  }
}
