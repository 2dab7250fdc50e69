/**
 * A list that is filled and worked off over and over. It keeps its array and counts what is in it: setting an array's length
 * to 0 takes longer than all else that is done with a short one.
 */
export class Batch<T> {
  readonly #items: (T | undefined)[] = [];
  size = 0;

  push(item: T): void {
    this.#items[this.size++] = item;
  }

  at(index: number): T {
    return this.#items[index] as T;
  }

  has(item: T): boolean {
    for (let index = 0; index < this.size; index++) if (this.#items[index] === item) return true;
    return false;
  }

  /** Empties it. What it held can be collected; the memory of a batch that once was long, too. */
  clear(): void {
    if (this.size > LONG) this.#items.length = 0;
    else for (let index = 0; index < this.size; index++) this.#items[index] = undefined;
    this.size = 0;
  }
}

const LONG = 4_096;
