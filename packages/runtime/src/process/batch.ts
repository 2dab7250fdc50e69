/**
 * A list that is filled and processed again and again. It keeps its array and counts the elements: setting an array's
 * length to 0 takes longer than everything else done with a short list.
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

  /** Empties it. Its elements can be collected, and so can the memory of a batch that was long once. */
  clear(): void {
    if (this.size > LONG) this.#items.length = 0;
    else for (let index = 0; index < this.size; index++) this.#items[index] = undefined;
    this.size = 0;
  }
}

const LONG = 4_096;
