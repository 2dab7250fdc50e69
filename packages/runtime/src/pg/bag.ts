/** Things of which each may be there several times, the newest first, as in the lists of OTP's `pg`. */

/** Where each thing stands: a `Map`, or a `TermMap` where equal terms are one thing. */
export interface Places<K> {
  get(thing: K): number[] | undefined;
  set(thing: K, places: number[]): unknown;
  delete(thing: K): unknown;
}

/** Adding and taking out cost the same, however many there are. */
export class Bag<K> {
  private readonly all = new Map<number, K>();
  private readonly places: Places<K>;
  private added = 0;

  constructor(places: Places<K>) {
    this.places = places;
  }

  get empty(): boolean {
    return this.all.size === 0;
  }

  add(thing: K): void {
    const place = this.added++;
    this.all.set(place, thing);
    const places = this.places.get(thing);
    if (places === undefined) this.places.set(thing, [place]);
    else places.push(place);
  }

  /** Takes a thing out once, where it was added last. False if it is not in. */
  remove(thing: K): boolean {
    const places = this.places.get(thing);
    const place = places?.pop();
    if (places === undefined || place === undefined) return false;
    this.all.delete(place);
    if (places.length === 0) this.places.delete(thing);
    return true;
  }

  /** All, the newest first. */
  list(): K[] {
    return [...this.all.values()].toReversed();
  }
}
