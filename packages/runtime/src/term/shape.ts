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

/**
 * Makes instances of a hot class until its layout is settled.
 *
 * @param type its constructor must have no other effect
 * @param args what the constructor needs in order not to fail; they need not be what instances in use are made with
 */
export function settleLayout(type: abstract new (...args: never) => object, ...args: readonly unknown[]): void {
  for (let count = 1; count < TRIES; count++) Reflect.construct(type, args);
  keep(Reflect.construct(type, args) as object);
}

/** Keeps an object as the one living instance of its layout. */
export function keep(object: object): void {
  kept.push(object);
}
