import type { Variable } from "../../answers/environment.ts";
import { warn } from "../findings.ts";
import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { type Paint, printable } from "../terminal.ts";
import { valueCell } from "../value_text.ts";

/** Lists the variables: the path and rule of each, and those without effect. @returns the exit code */
export async function env(session: Session): Promise<number> {
  const subject = await session.subject();
  const { out, err } = session;
  const verdict = await subject.verdict();
  const found = await subject.environment();
  warn(verdict, err);
  if (session.json) {
    session.printJson(found);
    return verdict.validated ? 0 : 1;
  }
  const { paint } = out;
  if (found.variables.length > 0) {
    const rows = found.variables.map((one) => rowOf(one, paint));
    const head = ["variable", "sets", "value", "rule", ""].map((text) => ({ text, paint: paint.bold }));
    out.print(...table([head, ...rows], out.width, [2, 4, 3]));
  } else {
    out.print(
      found.read ? "No variable is set that a source reads" : "No source reads variables: add an EnvironmentSource",
    );
  }
  if (found.notices.length > 0)
    out.print("", ...found.notices.map((text) => `${paint.yellow("!")} ${printable(text)}`));
  return verdict.validated ? 0 : 1;
}

function rowOf({ name, path, value, rule_in_words, effect, by }: Variable, paint: Paint): Cell[] {
  const fate =
    effect === "sets"
      ? ""
      : effect === "dropped"
        ? "no effect: the schema does not know it"
        : `no effect: ${by ?? "another value"} has priority`;
  return [
    { text: printable(name), ...(effect === "sets" ? {} : { paint: paint.dim }) },
    { text: printable(path) },
    valueCell(value, paint),
    { text: rule_in_words, paint: paint.dim },
    { text: printable(fate), paint: paint.yellow },
  ];
}
