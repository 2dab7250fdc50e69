import { stripVTControlCharacters, styleText } from "node:util";

/** A terminal, a pipe or a file. */
export interface Outlet {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(count?: number, env?: object): boolean;
  write(text: string): boolean;
}

type Colour = "red" | "green" | "yellow" | "cyan" | "magenta";
type Style = (text: string) => string;

/** The styles; without colours they leave a text unchanged. */
export type Paint = Readonly<Record<Colour | "bold" | "dim", Style>>;

/** Stdout or stderr, with its colours and width. */
export class Terminal {
  readonly paint: Paint;
  /** Columns; Infinity if it is not a terminal. */
  readonly width: number;
  readonly isTTY: boolean;
  private readonly outlet: Outlet;

  constructor(outlet: Outlet, env: Readonly<Record<string, string | undefined>>) {
    this.outlet = outlet;
    this.isTTY = outlet.isTTY === true;
    this.paint = painting(isColoured(outlet, env));
    this.width = this.isTTY ? (outlet.columns ?? Infinity) : Infinity;
  }

  /** Writes lines. */
  print(...lines: readonly string[]): void {
    for (const line of lines) this.outlet.write(`${line}\n`);
  }

  /** Replaces the current line of a terminal. */
  status(text: string): void {
    if (this.isTTY) this.outlet.write(`\r\u001b[2K${cut(text, this.width - 1)}`);
  }
}

/** NO_COLOR and FORCE_COLOR have the same effect as in Node; FORCE_COLOR has priority. */
function isColoured(outlet: Outlet, env: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: none, TERM: term } = env;
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (none !== undefined && none !== "") return false;
  return outlet.isTTY === true && term !== "dumb" && (outlet.hasColors?.() ?? true);
}

function painting(coloured: boolean): Paint {
  const style = (name: Colour | "bold" | "dim"): Style =>
    coloured ? (text) => (text === "" ? "" : styleText(name, text, { validateStream: false })) : (text) => text;
  return {
    red: style("red"),
    green: style("green"),
    yellow: style("yellow"),
    cyan: style("cyan"),
    magenta: style("magenta"),
    bold: style("bold"),
    dim: style("dim"),
  };
}

/**
 * A text without control characters: values may come from untrusted sources. The log has the same rule in a module of its
 * own (`core/printable.ts`), because a module that both need would load the whole package with each command.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A text of several lines, without other control characters. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

let segmenter: Intl.Segmenter | undefined;

/** The visible characters of a text. The segmenter is made when it is needed: that takes some milliseconds. */
function graphemes(text: string): Iterable<Intl.SegmentData> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: "grapheme" });
  return segmenter.segment(text);
}

const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303f\uff01-\uff60]/u;

/** The width of a text in columns, without its colours. */
export function widthOf(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\u0020-\u007e]*$/u.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of graphemes(plain)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** A text without colours, cut to at most this many columns. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 1;
  for (const { segment } of graphemes(text)) {
    width += WIDE.test(segment) ? 2 : 1;
    if (width > columns) break;
    kept += segment;
  }
  return columns < 1 ? "" : `${kept}…`;
}

/** A text, padded with spaces to this many columns. */
export function padded(text: string, columns: number): string {
  return text + " ".repeat(Math.max(0, columns - widthOf(text)));
}

/** A text as lines of at most this many columns, broken at spaces. */
export function wrapped(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
