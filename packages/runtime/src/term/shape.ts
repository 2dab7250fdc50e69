/**
 * Stable layouts for numerous objects.
 *
 * V8 decides on the layout of a class's instances after the first eight. If these are made one at a time, with garbage
 * collections between them, V8 treats the class as a dictionary, and every instance is five times as large and twice as
 * slow from then on. And when a full collection finds no living instance of a class, V8 forgets the layout and discards
 * all compiled code that depends on it, so the most used functions start again slowly. So for classes with many
 * instances, some are made when the module is loaded, and one is kept.
 */
const TRIES = 16;
const kept: object[] = [];

/** Makes instances of a hot class until its layout is settled. `make` must have no other effect. */
export function settleLayout(make: () => object): void {
  let last: object | undefined;
  for (let count = 0; count < TRIES; count++) last = make();
  keep(last as object);
}

/** Keeps an object as the one living instance of its layout. */
export function keep(object: object): void {
  kept.push(object);
}
