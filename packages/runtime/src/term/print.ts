/**
 * A term as text, in the form of `util.inspect`, but bounded: however large or deep the term is, a limited number of
 * its parts is visited and a limited number of characters is produced. Foreign objects are inspected safely: getters
 * are not called, no property of a proxy is read, and a part that throws is shown as such.
 */
import { inspect, types } from "node:util";
import { keysOf } from "./keys.ts";
import { cut, isError, messageOf, read, textOf } from "./guarded.ts";

/** The limits of printing a term. */
export interface Bounds {
  /** Maximum depth. */
  readonly depth: number;
  /** Maximum number of items of an array, a map or an object. */
  readonly items: number;
  /** Maximum number of characters of a string. */
  readonly string: number;
  /** Maximum number of parts of the term in all. */
  readonly nodes: number;
  /** Maximum number of characters in all. */
  readonly characters: number;
  /** Maximum length of a line; `Infinity`: everything on one line. */
  readonly width: number;
}

/** A mark on stacks, which are left out of messages: a crash, `[error, stack]`, is shown as the error. */
export const STACK = Symbol.for("@otpts/runtime/stack");

// Once this many keys were found in a term, no further object is visited: a term with many large objects costs no more
// than one of them.
const KEYS = 20_000;

// Beyond this, producing the digits of a number takes long.
const LARGE = 2n ** 2_048n;

/** The term as text. */
export function print(term: unknown, bounds: Bounds): string {
  return printed(term, bounds).text;
}

/** The term as text, and how many parts of it were visited. */
export function printed(term: unknown, bounds: Bounds): { readonly text: string; readonly nodes: number } {
  const printer = new Printer(bounds);
  const text = printer.show(term, 0, 0);
  return { text: cut(text, bounds.characters), nodes: printer.nodes };
}

class Printer {
  nodes = 0;
  // How many keys of objects were found, shown or not.
  #keys = 0;
  readonly #bounds: Bounds;
  #characters = 0;
  // The objects being shown, from the outside in.
  readonly #path: object[] = [];

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Shows one part, `depth` levels deep, on a line indented by `indent` characters. */
  show(value: unknown, depth: number, indent: number): string {
    if (this.#full) return "…";
    this.nodes++;
    const text = this.#shown(value, depth, indent);
    // The inner parts are counted already: this is roughly the size of the brackets and keys.
    if (typeof value !== "object" || value === null) this.#characters += text.length;
    else this.#characters += 4;
    return text;
  }

  get #full(): boolean {
    return this.nodes >= this.#bounds.nodes || this.#characters >= this.#bounds.characters;
  }

  #shown(value: unknown, depth: number, indent: number): string {
    switch (typeof value) {
      case "string":
        return this.#string(value);
      case "bigint":
        return value < LARGE && value > -LARGE ? `${value}n` : "<a bigint of more than 600 digits>";
      case "symbol":
        return cut(String(value), this.#bounds.string);
      case "function":
        return functionText(value);
      case "object":
        if (value === null) return "null";
        break;
      default:
        return Object.is(value, -0) ? "-0" : String(value);
    }
    if (this.#path.includes(value)) return "[Circular]";
    this.#path.push(value);
    try {
      return this.#object(value, depth, indent);
    } catch (error) {
      return unshowable(value, error);
    } finally {
      this.#path.pop();
    }
  }

  #string(text: string): string {
    const { string } = this.#bounds;
    if (text.length <= string) return inspect(text, { breakLength: Infinity });
    const more = text.length - string;
    return `${inspect(text.slice(0, string), { breakLength: Infinity })}... ${more} more character${more === 1 ? "" : "s"}`;
  }

  #object(value: object, depth: number, indent: number): string {
    const proxy = types.isProxy(value);
    if (isError(value)) return this.#error(value);
    if (!proxy) {
      const custom = read(value, inspect.custom);
      if (typeof custom === "function") return this.#custom(value, custom as CustomInspect, depth, indent);
    }
    // `Array.isArray` throws for a revoked proxy, by which it is recognised.
    if (Array.isArray(value)) return this.#array(value, depth, indent);
    // A registry of names is a module or an object with a table: neither helps where a name in it is shown.
    if (!proxy && "whereis_name" in value && "register_name" in value) return "[Registry]";
    const known = proxy ? undefined : this.#builtIn(value, depth, indent);
    if (known !== undefined) return known;
    const prefix = prefixOf(value);
    if (depth > this.#bounds.depth) return `[${prefix === "" ? "Object" : prefix.trim()}]`;
    if (this.#keys >= KEYS) return `${prefix}{ … }`;
    const { first: found, count } = keysOf(value);
    this.#keys += count;
    const names: PropertyKey[] = found.slice(0, this.#bounds.items);
    if (count <= this.#bounds.items) {
      for (const symbol of Object.getOwnPropertySymbols(value).slice(0, this.#bounds.items))
        if (Object.prototype.propertyIsEnumerable.call(value, symbol)) names.push(symbol);
    }
    const parts = this.#list(names, (key) => {
      const own = Object.getOwnPropertyDescriptor(value, key);
      return `${keyText(key)}: ${this.#property(own, depth, indent)}`;
    });
    this.#more(parts, count - this.#bounds.items, "key");
    return this.#layout(`${prefix}{`, parts, "}", indent);
  }

  #property(own: PropertyDescriptor | undefined, depth: number, indent: number): string {
    if (own === undefined) return "undefined";
    if (own.get !== undefined) return own.set === undefined ? "[Getter]" : "[Getter/Setter]";
    if (own.set !== undefined) return "[Setter]";
    return this.show(own.value, depth + 1, indent + 2);
  }

  #array(value: readonly unknown[], depth: number, indent: number): string {
    const { length } = value;
    // A crash is shown as its error.
    if (length === 2 && isStack(value[1])) return this.show(value[0], depth, indent);
    if (depth > this.#bounds.depth) return "[Array]";
    const indexes = Array.from({ length: Math.min(length, this.#bounds.items) }, (_, index) => index);
    const parts = this.#list(indexes, (index) =>
      index in value ? this.show(value[index], depth + 1, indent + 2) : "<empty>",
    );
    this.#more(parts, length - this.#bounds.items, "item");
    return this.#layout("[", parts, "]", indent);
  }

  // Objects whose contents are not properties.
  #builtIn(value: object, depth: number, indent: number): string | undefined {
    const name = () => constructorOf(value) ?? "Object";
    const deep = depth > this.#bounds.depth;
    if (types.isMap(value)) {
      const size = sizeOf(Map, value);
      if (deep) return `[${name()}]`;
      const parts = this.#list(first(Map.prototype.entries.call(value), this.#bounds.items), ([key, item]) => {
        const left = this.show(key, depth + 1, indent + 2);
        return `${left} => ${this.show(item, depth + 1, indent + 2)}`;
      });
      this.#more(parts, size - this.#bounds.items, "item");
      return this.#layout(`${name()}(${size}) {`, parts, "}", indent);
    }
    if (types.isSet(value)) {
      const size = sizeOf(Set, value);
      if (deep) return `[${name()}]`;
      const parts = this.#list(first(Set.prototype.values.call(value), this.#bounds.items), (item) =>
        this.show(item, depth + 1, indent + 2),
      );
      this.#more(parts, size - this.#bounds.items, "item");
      return this.#layout(`${name()}(${size}) {`, parts, "}", indent);
    }
    if (types.isTypedArray(value)) {
      const { length } = value;
      if (deep) return `[${name()}]`;
      const parts = this.#list(first(value.values() as Iterable<number | bigint>, this.#bounds.items), String);
      this.#more(parts, length - this.#bounds.items, "item");
      return this.#layout(`${name()}(${length}) [`, parts, "]", indent);
    }
    if (types.isAnyArrayBuffer(value)) return `${name()} { byteLength: ${value.byteLength} }`;
    if (types.isDate(value))
      return Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value);
    if (types.isRegExp(value)) return cut(RegExp.prototype.toString.call(value), this.#bounds.string);
    if (types.isBoxedPrimitive(value)) return `[${name()}: ${this.show(unboxed(value), depth, indent)}]`;
    if (types.isPromise(value) || types.isWeakMap(value) || types.isWeakSet(value) || types.isGeneratorObject(value))
      return `[${name()}]`;
    return undefined;
  }

  #error(error: Error): string {
    let text = textOf(error);
    const cause = read(error, "cause");
    if (isError(cause) && cause !== error && !this.#path.includes(cause)) text += ` (caused by ${textOf(cause)})`;
    text = cut(text, 2 * this.#bounds.string + 200);
    this.#characters += text.length;
    return this.#bounds.width === Infinity ? text.replaceAll(/\s*\n\s*/gu, " ") : text;
  }

  #custom(value: object, custom: CustomInspect, depth: number, indent: number): string {
    const { items, string, width } = this.#bounds;
    const made = custom.call(
      value,
      Math.max(0, this.#bounds.depth - depth),
      {
        ...inspect.defaultOptions,
        breakLength: width,
        compact: true,
        depth: Math.max(0, this.#bounds.depth - depth),
        maxArrayLength: items,
        maxStringLength: string,
        stylize: String,
      },
      inspect,
    );
    if (typeof made !== "string") return made === value ? "[Circular]" : this.show(made, depth + 1, indent);
    const text = cut(made, 4 * string);
    this.#characters += text.length;
    return width === Infinity ? text.replaceAll(/\s*\n\s*/gu, " ") : text.replaceAll("\n", `\n${" ".repeat(indent)}`);
  }

  // Each part, until there is no room left.
  #list<T>(items: Iterable<T>, show: (item: T) => string): string[] {
    const parts: string[] = [];
    for (const item of items) {
      if (this.#full) {
        parts.push("…");
        break;
      }
      parts.push(show(item));
    }
    return parts;
  }

  #more(parts: string[], more: number, what: string): void {
    if (more > 0 && parts.at(-1) !== "…") parts.push(`... ${more} more ${what}${more === 1 ? "" : "s"}`);
  }

  #layout(open: string, parts: readonly string[], close: string, indent: number): string {
    if (parts.length === 0) return open + close;
    const { width } = this.#bounds;
    const line = `${open} ${parts.join(", ")} ${close}`;
    if (width === Infinity || (indent + line.length <= width && !line.includes("\n"))) return line;
    const inner = " ".repeat(indent + 2);
    return `${open}\n${parts.map((part) => inner + part).join(",\n")}\n${" ".repeat(indent)}${close}`;
  }
}

type CustomInspect = (depth: number, options: object, inspect: unknown) => unknown;

function isStack(value: unknown): boolean {
  return typeof value === "object" && value !== null && !types.isProxy(value) && read(value, STACK) === true;
}

function first<T>(iterator: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of iterator) {
    if (taken.length >= limit) break;
    taken.push(item);
  }
  return taken;
}

function sizeOf(type: typeof Map | typeof Set, value: object): number {
  return Object.getOwnPropertyDescriptor(type.prototype, "size")?.get?.call(value) as number;
}

function unboxed(value: object): unknown {
  for (const type of [Number, String, Boolean, Symbol, BigInt]) {
    try {
      return (type.prototype.valueOf as (this: object) => unknown).call(value);
    } catch {
      // It is of another type.
    }
  }
  return undefined;
}

// The name of an object's class, found without calling a getter.
function constructorOf(value: object): string | undefined {
  let prototype: object | null = Object.getPrototypeOf(value) as object | null;
  for (let level = 0; prototype !== null && level < 8; level++) {
    const type: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
    if (typeof type === "function") {
      const name: unknown = Object.getOwnPropertyDescriptor(type, "name")?.value;
      if (typeof name === "string" && name !== "") return cut(name, 100);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return undefined;
}

function prefixOf(value: object): string {
  if (Object.getPrototypeOf(value) === null) return "[Object: null prototype] ";
  const name = constructorOf(value);
  return name === undefined || name === "Object" ? "" : `${name} `;
}

function keyText(key: PropertyKey): string {
  if (typeof key === "symbol") return `[${cut(String(key), 100)}]`;
  const text = cut(String(key), 200);
  return /^[A-Za-z_$][\w$]*$/u.test(text) ? text : inspect(text, { breakLength: Infinity });
}

function functionText(value: object): string {
  try {
    const name: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value;
    const shown = typeof name === "string" && name !== "" ? cut(name, 100) : undefined;
    if (/^class\b/u.test(Function.prototype.toString.call(value).slice(0, 6)))
      return `[class ${shown ?? "(anonymous)"}]`;
    return shown === undefined ? "[Function (anonymous)]" : `[Function: ${shown}]`;
  } catch {
    return "[Function that cannot be shown]";
  }
}

function unshowable(value: object, error: unknown): string {
  if (types.isProxy(value) && isRevoked(value)) return "<Revoked Proxy>";
  return `[cannot be shown: ${isError(error) ? messageOf(error) : typeof error}]`;
}

function isRevoked(value: object): boolean {
  try {
    Array.isArray(value);
    return false;
  } catch {
    return true;
  }
}
