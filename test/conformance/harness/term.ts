/**
 * Erlang terms as literals: t`{stop,{shutdown,x}}` is the term that text denotes.
 *
 * Tuples and lists are arrays to the runtime; which arrays were written as lists is remembered here, so that the trace
 * can print them as such. `true`, `false` and `undefined` are JavaScript's own.
 */
import { atom } from "@otpts/runtime";
import type { Atom } from "@otpts/runtime";

const lists = new WeakSet<readonly unknown[]>();

/** Marks an array as an Erlang list, for printing. Returns the same array. */
export function list<T extends readonly unknown[]>(items: T): T {
  lists.add(items);
  return items;
}

/** True for an array that was made by `list` or written as `[...]` in a term literal. */
export function isList(term: readonly unknown[]): boolean {
  return lists.has(term);
}

/** The atom of that name. */
export function a(name: string): Atom {
  return atom.ensure(name);
}

// oxlint-disable-next-line typescript/no-explicit-any -- a term literal stands wherever a term of any type is wanted
type AnyTerm = any;

/** The term denoted by Erlang text: atoms, integers, tuples, lists, and JavaScript values in `${}`. */
export function t(strings: TemplateStringsArray, ...values: unknown[]): AnyTerm {
  return new TermReader(strings, values).whole();
}

class TermReader {
  readonly strings: TemplateStringsArray;
  readonly values: unknown[];
  part = 0;
  at = 0;

  constructor(strings: TemplateStringsArray, values: unknown[]) {
    this.strings = strings;
    this.values = values;
  }

  whole(): unknown {
    const term = this.term();
    if (this.part !== this.strings.length - 1 || this.rest() !== "") throw this.error();
    return term;
  }

  private rest(): string {
    return this.strings[this.part]!.slice(this.at);
  }

  private term(): unknown {
    const rest = this.rest();
    if (rest === "") return this.value();
    if (rest.startsWith("{")) return this.items("}");
    if (rest.startsWith("[")) return list(this.items("]"));
    const quoted = /^'([^']*)'/.exec(rest);
    if (quoted) return this.take(quoted[0], a(quoted[1]!));
    const integer = /^-?\d+/.exec(rest);
    if (integer) return this.take(integer[0], Number(integer[0]));
    const bare = /^[a-z][A-Za-z0-9_@]*/.exec(rest)?.[0];
    if (bare === undefined) throw this.error();
    if (bare === "true" || bare === "false") return this.take(bare, bare === "true");
    return this.take(bare, bare === "undefined" ? undefined : a(bare));
  }

  private value(): unknown {
    if (this.part >= this.values.length) throw this.error();
    const value = this.values[this.part];
    this.part += 1;
    this.at = 0;
    return value;
  }

  private items(close: string): unknown[] {
    const items: unknown[] = [];
    this.at += 1;
    while (!this.rest().startsWith(close)) {
      if (items.length > 0) this.separator();
      items.push(this.term());
    }
    this.at += 1;
    return items;
  }

  private separator(): void {
    if (!this.rest().startsWith(",")) throw this.error();
    this.at += 1;
  }

  private take<T>(text: string, term: T): T {
    this.at += text.length;
    return term;
  }

  private error(): Error {
    return new SyntaxError(`Not an Erlang term: ${this.strings.join("${}")}`);
  }
}
