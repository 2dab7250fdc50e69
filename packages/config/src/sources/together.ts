/**
 * Sources that change together: files behind one re-pointed link, files that were renamed in one moment. They are
 * loaded together and taken as one change, so that the new content of one is never visible beside the old content of
 * another.
 */
export interface Together {
  /**
   * The symbolic links and directories through which the last good load read, each with its generation at the time. Two
   * sources that share one and saw different generations of it do not belong together.
   */
  readonly links: ReadonlyMap<string, string>;
  /** When the watch first noticed a change that no load has covered yet (ms of `performance.now()`). */
  readonly stirred: number | undefined;
  /** The same for the change that the last load covered. */
  readonly answered: number | undefined;
  /** Whether the last load read a file that was renamed into place, or tried to. */
  readonly renamed?: boolean;
}

/** The moments of a watched path: when its changes were noticed, and which of them its loads have covered. */
export class Moments {
  /** As in `Together`. */
  stirred: number | undefined;
  answered: number | undefined;
  /** The change that turned out, while a load ran, to be the one which that load reads. */
  private calmed: number | undefined;
  private loading = false;

  /** An event was noticed that may be a change. Returns when. */
  notice(): number {
    return (this.stirred = performance.now());
  }

  /** The path was found changed, with or without an event. */
  differs(): void {
    this.stirred ??= performance.now();
  }

  /** The path was found as it was last loaded: what was noticed is no change, or the running load reads it. */
  calm(): void {
    if (this.loading) this.calmed = this.stirred;
    else this.stirred = undefined;
  }

  /**
   * Runs a load, which covers the change noticed before it. It may miss a change noticed while it runs: the watch checks
   * that one, and will report it.
   */
  async covered<T>(load: () => Promise<T>): Promise<T> {
    const { stirred } = this;
    this.loading = true;
    try {
      return await load();
    } finally {
      this.loading = false;
      const answered = this.stirred === this.calmed ? this.calmed : stirred;
      this.answered = answered ?? this.answered;
      if (this.stirred === answered) this.stirred = undefined;
      this.calmed = undefined;
    }
  }
}

/** A source's data about sources that change together with it, read once; undefined if it has none. */
export function togetherOf(source: { together?(): Together }): Together | undefined {
  try {
    const { links, stirred, answered, renamed } = source.together?.() ?? { links: undefined };
    if (!(links instanceof Map)) return undefined;
    return {
      links: new Map(links),
      stirred: asTime(stirred),
      answered: asTime(answered),
      renamed: renamed === true,
    };
  } catch {
    // It is foreign code, but its failure here is not reported: such a source counts as independent.
    return undefined;
  }
}

function asTime(time: unknown): number | undefined {
  return typeof time === "number" ? time : undefined;
}

/** The longest time (ms) between two noticed changes that still count as one. */
const MOMENT = 50;

/**
 * The other sources whose change was noticed at the same time as the one for which `index` was just loaded. (A load may
 * also have seen a change that was noticed while it ran.)
 *
 * @param all the data of each source, by index
 */
export function mates_of(all: readonly (Together | undefined)[], index: number): number[] {
  const own = momentsOf(all[index]);
  const isNear = (moment: number) => own.some((when) => isOneMoment(moment, when));
  return all.flatMap((one, at) => (at !== index && momentsOf(one).some(isNear) ? [at] : []));
}

/** Whether two changes were noticed at the same time. */
export function isOneMoment(one: number | undefined, other: number | undefined): boolean {
  return one !== undefined && other !== undefined && Math.abs(one - other) <= MOMENT;
}

/**
 * The sources whose new content is not known, each with those of `fresh` whose change is of the same moment: there is a
 * noticed change that no load has covered yet (the one was read before, the others after all of them had changed), or
 * files were renamed and the one cannot be loaded.
 *
 * @param all the data of each source, by index
 * @param fresh the sources whose loads found something new, by index
 * @param failed the sources whose loads failed, by index
 */
export function left_behind(
  all: readonly (Together | undefined)[],
  fresh: readonly number[],
  failed: readonly number[],
): ReadonlyMap<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  all.forEach((one, at) => {
    const isFailed = failed.includes(at);
    const unknown = isFailed ? renamedAt(one) : one?.stirred;
    const ahead = fresh.filter((index) => {
      const known = isFailed ? [renamedAt(all[index])] : momentsOf(all[index]);
      return index !== at && known.some((moment) => isOneMoment(moment, unknown));
    });
    if (ahead.length > 0) found.set(at, ahead);
  });
  return found;
}

/** When the file was renamed into place that the last load read; undefined if it was not. */
export function renamedAt(one: Together | undefined): number | undefined {
  return one?.renamed === true ? one.answered : undefined;
}

function momentsOf(one: Together | undefined): number[] {
  return [one?.stirred, one?.answered].filter((moment) => moment !== undefined);
}

/**
 * The sources that saw another generation of a link than one of `members`, and the members that they differ from. They
 * must be loaded again before any of them is taken.
 *
 * @param all the links through which each source's last good load read, by index: those of the loads with known
 *   outcomes, not the sources' current ones
 */
export function torn(
  all: readonly (Together["links"] | undefined)[],
  members: ReadonlySet<number>,
): ReadonlySet<number> {
  const byLink = new Map<string, Map<string, number[]>>();
  all.forEach((one, index) => {
    for (const [link, generation] of one ?? []) {
      const generations = byLink.get(link) ?? new Map<string, number[]>();
      byLink.set(link, generations);
      const indexes = generations.get(generation);
      if (indexes === undefined) generations.set(generation, [index]);
      else indexes.push(index);
    }
  });
  const found = new Set<number>();
  for (const generations of byLink.values()) {
    if (generations.size < 2) continue;
    const indexes = [...generations.values()].flat();
    if (indexes.some((index) => members.has(index))) for (const index of indexes) found.add(index);
  }
  return found;
}
