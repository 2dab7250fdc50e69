import type { Finding, Verdict } from "../answers/verdict.ts";
import { type Paint, type Terminal, printable } from "./terminal.ts";

/** Problems and notices as lines. */
export function findingLines(finding: Finding, mark: string, paint: Paint): string[] {
  const { path, place } = finding;
  const said = printable(finding.message);
  const head = path === undefined || said.includes(`"${path}"`) ? said : `${paint.bold(printable(path))} ${said}`;
  // The message may contain the place already.
  const at = placeText(finding) ?? place;
  const isNamed = at === undefined || said.includes(at);
  return [`${mark} ${head}`, ...(isNamed ? [] : [`  ${paint.dim(`at ${printable(at)}`)}`])];
}

function placeText({ file, line, column, place }: Finding): string | undefined {
  if (file === undefined || line === undefined) return place;
  return `${file}:${line}${column === undefined ? "" : `:${column}`}`;
}

/** Prints the problems of an answer's configuration on stderr. */
export function warn({ problems, validated }: Verdict, err: Terminal): void {
  if (problems.length === 0) return;
  const { paint } = err;
  err.print(paint.yellow(validated ? REFUSED : UNVALIDATED));
  for (const one of problems) err.print(...findingLines(one, paint.red("✗"), paint));
  err.print("");
}

const UNVALIDATED = "The configuration is invalid; the output shows its sources, merged but not validated:";
const REFUSED = "The latest state of the sources is refused; the output shows the values before it:";

/** Prints on stderr that a path does not exist. @returns the exit code */
export function nothingAt(path: string, near: string | undefined, err: Terminal): number {
  const hint = near === undefined ? "" : `; did you mean "${printable(near)}"?`;
  err.print(`There is no value at "${printable(path)}"${hint}`);
  return 1;
}
