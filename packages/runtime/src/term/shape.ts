/**
 * V8 decides how instances of a class are laid out after the first eight. Where these come one at a time, with a garbage
 * collection between, it takes the class for a dictionary, and every instance is five times as large and twice as slow, for
 * ever. So the classes there are many instances of are tried out when they are loaded, and one instance of each is kept.
 */
const TRIES = 16;
const kept: object[] = [];

/** Makes instances of a hot class until its layout is settled. `make` must have no effect but the instance. */
export function settle(make: () => object): void {
  let last: object | undefined;
  for (let count = 0; count < TRIES; count++) last = make();
  kept.push(last as object);
}
