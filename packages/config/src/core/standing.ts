/**
 * The places in patterns that are reached after some segments, when a tree is walked from the top down. The result
 * for a segment is cached: the same keys occur again and again, and most lead back to the same places.
 */

/** A place in a pattern. */
export interface Place {
  /** Whether a pattern ends here. */
  readonly isEnd: boolean;
  /** Whether all indices of a list lead to the same places. */
  readonly isBlindToIndices: boolean;
  /** Adds the places that one segment leads to. */
  next(segment: string, into: Place[]): void;
}

/** Maximum number of cached segments in one place, and of cached sets of places. */
const MOST = 4_096;

/** The sets of places found so far. */
class Known {
  private readonly numbers = new Map<Place, number>();
  private readonly standings = new Map<string, Standing>();

  standing(places: readonly Place[]): Standing {
    let name = "";
    for (const place of places) name += ` ${this.numberOf(place)}`;
    let standing = this.standings.get(name);
    if (standing === undefined) {
      standing = new Standing(places, this);
      if (this.standings.size < MOST) this.standings.set(name, standing);
    }
    return standing;
  }

  private numberOf(place: Place): number {
    let number = this.numbers.get(place);
    if (number === undefined) this.numbers.set(place, (number = this.numbers.size));
    return number;
  }
}

/** A set of places, of one or several patterns. */
export class Standing {
  /** Whether a pattern matches here. */
  readonly isMatched: boolean;
  private readonly places: readonly Place[];
  private readonly all: Known;
  private readonly keys = new Map<string, Standing>();
  private element: Standing | undefined;

  constructor(places: readonly Place[], all = new Known()) {
    this.isMatched = places.some(({ isEnd }) => isEnd);
    this.places = places;
    this.all = all;
  }

  /** Where a key leads. */
  next(key: string): Standing {
    const known = this.keys.get(key);
    if (known !== undefined) return known;
    const found = this.found(key);
    if (this.keys.size < MOST) this.keys.set(key, found);
    return found;
  }

  /** The places that an index of a list leads to. */
  at(index: number): Standing {
    if (this.element !== undefined) return this.element;
    const found = this.found(String(index));
    if (this.places.every((place) => place.isBlindToIndices)) this.element = found;
    return found;
  }

  private found(segment: string): Standing {
    const places: Place[] = [];
    for (const place of this.places) place.next(segment, places);
    return this.all.standing(places);
  }
}
