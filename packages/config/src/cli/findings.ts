import type { Finding, Verdict } from "../answers/verdict.ts";
import { type Paint, printable, type Terminal } from "./terminal.ts";

/** Problems and notices as lines. */
export function findingLines(finding: Finding, mark: string, paint: Paint): string[] {
  const { path, place } = finding;
  const said = printable(finding.message);
  const head = path === undefined || said.includes(`"${path}"`) ? said : `${paint.bold(printable(path))} ${said}`;
  // A message that names the place needs no second one.
  const at = placeText(finding) ?? place;
  const isNamed = at === undefined || said.includes(at);
  return [`${mark} ${head}`, ...(isNamed ? [] : [`  ${paint.dim(`at ${printable(at)}`)}`])];
}

function placeText({ file, line, column, place }: Finding): string | undefined {
  if (file === undefined || line === undefined) return place;
  return `${file}:${line}${column === undefined ? "" : `:${column}`}`;
}

/** Says on stderr what is wrong with what an answer was made from. */
export function warn({ problems, validated }: Verdict, err: Terminal): void {
  if (problems.length === 0) return;
  const { paint } = err;
  err.print(paint.yellow(validated ? REFUSED : UNVALIDATED));
  for (const one of problems) err.print(...findingLines(one, paint.red("✗"), paint));
  err.print("");
}

const UNVALIDATED = "The configuration is not valid; this is what its sources say, not validated:";
const REFUSED = "What the sources have now is refused, or cannot be read; the values from before stay:";
