import type { Session } from "../session.ts";
import { type Cell, table } from "../table.ts";
import { printable } from "../terminal.ts";

/** Prints the last versions of a running program's configuration, the newest first. @returns the exit code */
export async function history(session: Session): Promise<number> {
  const versions = await (await session.subject()).history();
  if (session.json) {
    session.printJson(versions);
    return 0;
  }
  const { out } = session;
  const { paint } = out;
  const rows = versions
    .toReversed()
    .map(({ version, at, cause, actor, reason }): Cell[] => [
      { text: String(version), paint: paint.bold },
      { text: at.replace("T", " ").replace(/\.\d+Z$/u, "Z"), paint: paint.dim },
      { text: cause },
      { text: printable(actor ?? "") },
      { text: printable(reason ?? "") },
    ]);
  out.print(...table(rows, out.width, [4, 3]));
  return 0;
}
