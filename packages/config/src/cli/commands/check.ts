import { findingLines } from "../findings.ts";
import type { Session } from "../session.ts";
import { table } from "../table.ts";
import { printable } from "../terminal.ts";

/** Loads all sources, validates, and lists every problem with its place. @returns the exit code */
export async function check(session: Session, { strict = false }: { readonly strict?: boolean }): Promise<number> {
  const verdict = await (await session.subject()).verdict();
  const { valid, problems, notices, sources, keys } = verdict;
  const good = valid && (!strict || notices.length === 0);
  if (session.json) {
    session.printJson({ ...verdict, good });
    return good ? 0 : 1;
  }
  const { out } = session;
  const { paint } = out;
  for (const one of problems) out.print(...findingLines(one, paint.red("✗"), paint));
  for (const one of notices) out.print(...findingLines(one, paint.yellow("!"), paint));
  if (problems.length + notices.length > 0) out.print("");
  const rows = sources.map(({ name, state, keys: count }) => [
    { text: "  " + printable(name) },
    { text: state === "ok" ? counted(count, "setting") : state, paint: state === "error" ? paint.red : paint.dim },
  ]);
  out.print(...table(rows, out.width, [0]));
  const noticed = notices.length === 0 ? "" : `, ${counted(notices.length, "notice")}`;
  if (valid) {
    const text = `valid: ${counted(keys, "setting")} from ${counted(sources.length, "source")}${noticed}`;
    out.print(good ? `${paint.green("✓")} ${text}` : `${paint.red("✗")} ${text}, which --strict refuses`);
  } else out.print(`${paint.red("✗")} invalid: ${counted(problems.length, "problem")}${noticed}`);
  return good ? 0 : 1;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
