/**
 * Keeping V8's mind about the objects there are many of.
 *
 * V8 decides how instances of a class are laid out after the first eight. Where these come one at a time, with a garbage
 * collection between, it takes the class for a dictionary, and every instance is five times as large and twice as slow, for
 * ever. And when a full collection finds no living instance of a class, it forgets their layout, and throws away all compiled
 * code that knows it: the most used functions start anew, slowly. So the classes there are many instances of are tried out
 * when they are loaded, and one instance of each is kept.
 */
const TRIES = 16;
const kept: object[] = [];

/** Makes instances of a hot class until its layout is settled. `make` must have no effect but the instance. */
export function settleLayout(make: () => object): void {
  let last: object | undefined;
  for (let count = 0; count < TRIES; count++) last = make();
  keep(last as object);
}

/** Keeps an object as the one living instance of its layout. */
export function keep(object: object): void {
  kept.push(object);
}
