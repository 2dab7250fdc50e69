/** What durations and sizes have in common: numbers with units, read exactly. */

/** A text that is not a quantity. The message has the problem and a correct form. */
export class QuantityFault extends Error {
  override readonly name = "QuantityFault";
}

/** A kind of quantities. */
export interface Kind {
  /** With its article: `a duration`. */
  readonly noun: string;
  /** Two valid texts. */
  readonly examples: readonly [string, string];
  /** Sizes in the smallest unit, by unit; the largest first. */
  readonly units: ReadonlyMap<string, number>;
  /** The names of the units, for messages. */
  readonly known: string;
  /** Other names of units, in lower case; a unit in other capitals is found without this. */
  readonly meant: Readonly<Record<string, string>>;
  /** Whether several numbers, the largest unit first, add up. */
  readonly compound: boolean;
  /** The name of the smallest unit, in full. */
  readonly smallest: string;
}

/** Longest text of a quantity. */
const LONGEST = 100;
const PART = /(\d+(?:\.\d+)?)\s*([A-Za-zµμ]*)\s*/y;

/**
 * The size of a text, in the smallest unit: an exact integer.
 *
 * @param unit the unit of a number without one; by default such a number is refused
 * @throws QuantityFault
 */
export function readQuantity(text: string, kind: Kind, unit?: string): number {
  const written = text.length > LONGEST ? "" : text.trim();
  const fault = (why: string): QuantityFault => faultOf(kind, shown(text), why);
  if (text.length > LONGEST) throw fault(`: it has more than ${LONGEST} characters`);
  if (written.startsWith("-")) throw fault(", which is negative");
  let total = 0n;
  let last = Infinity;
  let parts = 0;
  for (PART.lastIndex = 0; PART.lastIndex < written.length; parts++) {
    const [, digits, name] = PART.exec(written) ?? [];
    if (digits === undefined || name === undefined) throw fault("");
    const isBare = name === "" && unit !== undefined && parts === 0 && PART.lastIndex === written.length;
    const size = kind.units.get(isBare ? unit : name);
    if (size === undefined) throw name === "" ? fault(", which has no unit") : fault(unknownUnit(name, kind));
    if (parts > 0 && !kind.compound) throw fault(": it must be one number and one unit");
    if (size >= last) throw fault(": each unit may occur once, the largest first");
    last = size;
    total += exact(digits, size, kind, fault);
  }
  if (parts === 0) throw fault("");
  return bounded(total, fault);
}

/** A number in a unit, converted to the smallest one. @throws QuantityFault */
export function readNumber(value: number, kind: Kind, unit: string): number {
  const written = String(value);
  const fault = (why: string): QuantityFault => faultOf(kind, written, why);
  if (!Number.isFinite(value)) throw fault("");
  if (value < 0) throw fault(", which is negative");
  // A number whose text has an exponent is far too large or far too small.
  if (/e\+/.test(written)) throw fault(", which is too large");
  if (/e-/.test(written)) throw fault(`, which is finer than ${kind.smallest}`);
  return bounded(exact(written, kind.units.get(unit)!, kind, fault), fault);
}

/** The shortest exact text of a size: the inverse of `readQuantity`. */
export function writeQuantity(size: number, kind: Kind): string {
  const units = [...kind.units];
  const [smallest] = units.at(-1)!;
  if (size === 0) return `0${kind.compound ? "s" : smallest}`;
  let left = size;
  let text = "";
  for (const [name, of] of units) {
    if (kind.compound ? left < of : left % of !== 0) continue;
    text += `${Math.floor(left / of)}${name}`;
    left %= of;
    if (left === 0) break;
  }
  return text;
}

/** The fault for a value that is not a quantity. */
export function faultOf({ noun, examples: [one, other] }: Kind, got: string, why: string): QuantityFault {
  return new QuantityFault(`must be ${noun} with its unit, such as "${one}" or "${other}", got ${got}${why}`);
}

/** A value as a message may show it. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  return value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "a table"
        : typeof value;
}

function exact(digits: string, size: number, kind: Kind, fault: (why: string) => QuantityFault): bigint {
  const [whole, fraction = ""] = digits.split(".");
  const scaled = BigInt(whole + fraction) * BigInt(size);
  const power = 10n ** BigInt(fraction.length);
  if (scaled % power !== 0n) throw fault(`, which is finer than ${kind.smallest}`);
  return scaled / power;
}

function bounded(total: bigint, fault: (why: string) => QuantityFault): number {
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) throw fault(", which is too large");
  return Number(total);
}

function unknownUnit(name: string, { units, meant, known }: Kind): string {
  const lower = name.toLowerCase();
  const near = meant[lower] ?? [...units.keys()].find((unit) => unit.toLowerCase() === lower);
  return `: there is no unit "${name}"${near === undefined ? "" : `, was ${near} meant?`} (known are ${known})`;
}
