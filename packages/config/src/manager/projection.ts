import { telemetry } from "@otpts/runtime";
import { newBudget } from "../budget.ts";
import { type Change, type ChangedPath, changesMore, diff, sortedByPath } from "../core/diff.ts";
import { andThen } from "../core/maybe.ts";
import { leavesOf, projected, UNLIMITED } from "../core/sliced.ts";
import { type Notification as Match, PatternIndex } from "../core/subscriptions.ts";
import type { Segments, Table } from "../core/value.ts";
import { CHANGED } from "./announcements.ts";
import type { Subscription } from "./state.ts";

/** The notifications of up to this many changed nodes are found at once, in a few milliseconds. */
const MOST_AT_ONCE = 5_000;

/** The notifications of a change, and its changes for telemetry. */
export interface Found {
  /** Sorted by path. */
  readonly matches: readonly Match<Subscription>[];
  /** The changed leaves; undefined if there are no listeners for them. */
  readonly leaves: readonly ChangedPath[] | undefined;
}

/** Finds the subscriptions that are notified of a change, in an index of all of them. */
export class Projection {
  private readonly index = new PatternIndex<Subscription>();
  private readonly indexed = new Map<string, () => void>();
  /** The search in progress, and the subscriptions added and removed since it began. */
  private search:
    | {
        readonly changed: Change | undefined;
        readonly added: Map<string, Subscription>;
        readonly removed: Set<string>;
      }
    | undefined;

  /** Adds a subscription to the index, and removes one from it. */
  update(add: Subscription | undefined, remove: Subscription | undefined): void {
    if (add !== undefined) {
      this.indexed.set(add.key, this.index.add(add.pattern, add));
      this.search?.added.set(add.key, add);
    }
    if (remove !== undefined) {
      this.search?.added.delete(remove.key);
      this.search?.removed.add(remove.key);
      this.indexed.get(remove.key)?.();
      this.indexed.delete(remove.key);
    }
  }

  /**
   * The notifications of a change: at once, or in slices if much has changed. One search runs at a time.
   *
   * @param but the path of a node to leave out of the leaves, with everything below it
   * @returns if it is a promise, its result must be completed when it is used (`completed`)
   */
  find(before: Table, after: Table, but: Segments | undefined): Found | Promise<Found> {
    const changed = diff(before, after);
    const isWanted = telemetry.listening(CHANGED);
    const isLarge = (this.index.size > 0 || isWanted) && changesMore(changed, MOST_AT_ONCE);
    const budget = isLarge ? newBudget() : UNLIMITED;
    const found = andThen(projected(this.index, changed, budget), (matches) =>
      andThen(isWanted ? leavesOf(changed, but, budget) : undefined, (leaves) => ({ matches, leaves })),
    );
    if (found instanceof Promise) this.search = { changed, added: new Map(), removed: new Set() };
    return found;
  }

  /** The notifications found in slices, without subscriptions removed meanwhile, and with those added. */
  completed<F extends Found>(found: F): F {
    const { search } = this;
    this.search = undefined;
    if (search === undefined || search.added.size + search.removed.size === 0) return found;
    const { changed, added, removed } = search;
    const kept = found.matches.filter(({ item }) => !added.has(item.key) && !removed.has(item.key));
    return { ...found, matches: sortedByPath([...kept, ...matching([...added.values()], changed)]) };
  }
}

/** The initial notifications of a subscription: of all that a tree has. */
export function initialMatches(subscription: Subscription, tree: Table): readonly Match<Subscription>[] {
  return sortedByPath(matching([subscription], diff({}, tree)));
}

function matching(subscriptions: readonly Subscription[], changed: Change | undefined): Match<Subscription>[] {
  const index = new PatternIndex<Subscription>();
  for (const one of subscriptions) index.add(one.pattern, one);
  return index.project(changed);
}
