import { type Change, inOrder } from "./diff.ts";
import { isIndex } from "./draft.ts";
import { matchesSegment, type Matcher, type Pattern } from "./pattern.ts";
import { Standing } from "./standing.ts";
import type { Segments, Value } from "./value.ts";

/**
 * Projection: which subscribers are notified of which changes. A pattern is notified of each node at its own depth
 * whose subtree changed, once per change, with that node's whole old and new value; a removed node has no new value.
 * Elements of lists are nodes, by index. A pattern that ends in `**` is notified of the changed leaves instead, and a
 * list is one leaf.
 *
 *     queuemizer.tc_rules.enp4s0.rate: 1 → 2
 *     queuemizer.tc_rules.*   is notified of queuemizer.tc_rules.enp4s0, { rate: 1 } → { rate: 2 }
 *     queuemizer.**           is notified of queuemizer.tc_rules.enp4s0.rate, 1 → 2
 *
 * All patterns are in one trie that is walked together with the changes, so that the cost of matching depends only on
 * the matches.
 */

/** A notification for one item. */
export interface Notification<T> {
  readonly item: T;
  readonly pattern: Pattern;
  /** Dotted. */
  readonly path: string;
  readonly segments: Segments;
  readonly before: Value | undefined;
  readonly after: Value | undefined;
}

/** Items by pattern. */
export class PatternIndex<T> {
  private readonly start = new State<T>(undefined);
  private count = 0;
  private top: Standing | undefined;

  /** The number of pairs of pattern and item in the index. */
  get size(): number {
    return this.count;
  }

  /** Adds an item under a pattern. Returns a function that removes it; a second call has no effect. */
  add(pattern: Pattern, item: T): () => void {
    this.top = undefined;
    const entry: Entry<T> = { pattern, item };
    const places = pattern.alternatives.map((matchers) => {
      let state = this.start;
      const way = matchers.map((matcher) => (state = state.step(matcher)));
      state.entries.add(entry);
      return way;
    });
    this.count++;
    let present = true;
    return () => {
      if (!present) return;
      present = false;
      this.top = undefined;
      this.count--;
      for (const way of places) {
        way[way.length - 1]!.entries.delete(entry);
        for (let i = way.length - 1; i >= 0 && way[i]!.isEmpty; i--) (way[i - 1] ?? this.start).drop(way[i]!);
      }
    };
  }

  /** All notifications of a change, in no particular order. */
  project(change: Change | undefined): Notification<T>[] {
    const found: Notification<T>[] = [];
    const search = (place: Place<T>): void => this.visit(place, found, search);
    if (change !== undefined && this.count > 0) search(this.begin(change));
    return found;
  }

  /** The place where a projection begins. */
  begin(change: Change): Place<T> {
    return { change, active: this.root };
  }

  /**
   * One step of a projection: adds the notifications of nodes one level down to `found`, and the next places to
   * `deeper`.
   */
  visit(place: Place<T>, found: Notification<T>[], deeper: (place: Place<T>) => void): void {
    const { change, active, piece = 0 } = place;
    const keys = literalsOf(active);
    for (const below of inOrder(keys === undefined ? change.piece(piece) : change.at(keys))) {
      const next = advance(active, below.key);
      if (next.length === 0) continue;
      for (const state of next) if (state.entries.size > 0) this.notify(state, below, next, found);
      if (!below.isContainer) continue;
      const further = below.hasLeavesBelow ? next : next.filter((state) => !state.isFinal);
      if (further.length > 0) deeper({ change: below, active: further });
    }
    if (keys === undefined && piece + 1 < change.pieces) deeper({ ...place, piece: piece + 1 });
  }

  /** The states of the patterns at a path, for a walk that continues from there. */
  standing(path: Segments = []): Standing {
    let at = (this.top ??= new Standing(this.root));
    for (const segment of path) at = at.next(segment);
    return at;
  }

  /** Whether an item's pattern matches this path or one above it. */
  covers(path: Segments): boolean {
    let at = this.standing();
    for (const segment of path) {
      at = at.next(segment);
      if (at.isMatched) return true;
    }
    return false;
  }

  private get root(): readonly State<T>[] {
    return this.start.closure([]);
  }

  private notify(state: State<T>, change: Change, active: readonly State<T>[], found: Notification<T>[]): void {
    if (state.deep && !change.leaf) return;
    const { path: segments, dotted: path } = change;
    const before = state.deep ? change.leafBefore : change.before;
    const after = state.deep ? change.leafAfter : change.after;
    for (const entry of state.entries) {
      const { item, pattern } = entry;
      // Two alternatives of one pattern may match the same node.
      if (pattern.alternatives.length > 1 && active.find((one) => one.notifies(entry, change)) !== state) continue;
      found.push({ item, pattern, path, segments, before, after });
    }
  }
}

/** A changed node, and the states of the patterns that may match below it. */
export interface Place<T> {
  readonly change: Change;
  readonly active: readonly State<T>[];
  /** The piece of the node's entries to search. Default: the first. */
  readonly piece?: number;
}

interface Entry<T> {
  readonly pattern: Pattern;
  readonly item: T;
}

/** The state of a pattern after some segments. */
export class State<T> {
  /** The matcher that led here; undefined at the root. */
  readonly matcher: Matcher | undefined;
  /** Patterns that end here. */
  readonly entries = new Set<Entry<T>>();
  private readonly literals = new Map<string, State<T>>();
  /** By text: two with the same text are one. */
  private readonly globs = new Map<string, State<T>>();
  private any: State<T> | undefined;
  private deepest: State<T> | undefined;

  constructor(matcher: Matcher | undefined) {
    this.matcher = matcher;
  }

  /** Whether it was entered by `**`: then it stays active after any segment. */
  get deep(): boolean {
    return this.matcher?.kind === "deep";
  }

  /** Whether only `**` is left: then nodes that are not leaves, such as those inside a list, do not matter below it. */
  get isFinal(): boolean {
    return this.deep && this.literals.size === 0 && this.globs.size === 0 && this.any === undefined;
  }

  /** Whether this state notifies an entry of this node. */
  notifies(entry: Entry<T>, change: Change): boolean {
    return this.entries.has(entry) && (!this.deep || change.leaf);
  }

  get isEnd(): boolean {
    return this.entries.size > 0;
  }

  /** Whether all indices of a list lead to the same states. */
  get isBlindToIndices(): boolean {
    for (const { matcher } of this.globs.values()) {
      if (matcher?.kind === "glob" && matcher.indices !== false) return false;
    }
    return ![...this.literals.keys()].some(isIndex);
  }

  get isEmpty(): boolean {
    return (
      this.entries.size === 0 &&
      this.literals.size === 0 &&
      this.globs.size === 0 &&
      this.any === undefined &&
      this.deepest === undefined
    );
  }

  /** The state that a matcher leads to, created if needed. */
  step(matcher: Matcher): State<T> {
    switch (matcher.kind) {
      case "literal": {
        let state = this.literals.get(matcher.text);
        if (state === undefined) this.literals.set(matcher.text, (state = new State(matcher)));
        return state;
      }
      case "any":
        return (this.any ??= new State(matcher));
      case "deep":
        return (this.deepest ??= new State(matcher));
      case "glob": {
        let state = this.globs.get(matcher.text);
        if (state === undefined) this.globs.set(matcher.text, (state = new State(matcher)));
        return state;
      }
    }
  }

  /** Removes a state below this one. */
  drop(state: State<T>): void {
    if (state.matcher?.kind === "literal") this.literals.delete(state.matcher.text);
    else if (state === this.any) this.any = undefined;
    else if (state === this.deepest) this.deepest = undefined;
    else if (state.matcher?.kind === "glob") this.globs.delete(state.matcher.text);
  }

  /** Adds this state, and the states that `**` reaches from it without a segment, to `into`. */
  closure(into: State<T>[]): State<T>[] {
    if (!into.includes(this)) {
      into.push(this);
      this.deepest?.closure(into);
    }
    return into;
  }

  /** Adds the only segments that lead on; false if others may, or if there are many. */
  literalsInto(keys: Set<string>): boolean {
    if (this.deep || this.any !== undefined || this.globs.size > 0 || this.literals.size > FEW) return false;
    for (const key of this.literals.keys()) keys.add(key);
    return true;
  }

  /** Adds the states that one segment leads to. */
  next(segment: string, into: State<T>[]): void {
    if (this.deep) this.closure(into);
    this.literals.get(segment)?.closure(into);
    this.any?.closure(into);
    for (const glob of this.globs.values()) if (matchesSegment(glob.matcher!, segment)) glob.closure(into);
  }
}

/** Up to this many keys are looked up one by one, instead of searching all changed ones. */
const FEW = 64;

function literalsOf<T>(active: readonly State<T>[]): ReadonlySet<string> | undefined {
  const keys = new Set<string>();
  return active.every((state) => state.literalsInto(keys)) ? keys : undefined;
}

function advance<T>(active: readonly State<T>[], segment: string): readonly State<T>[] {
  if (active.length === 1 && active[0]!.isFinal) return active;
  const next: State<T>[] = [];
  for (const state of active) state.next(segment, next);
  return next;
}
