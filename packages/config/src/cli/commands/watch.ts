import { matches, parsePattern, type Pattern } from "../../core/pattern.ts";
import { parsePath } from "../../core/path.ts";
import type { ChangedValue, HistoryEntry } from "../../protocol.ts";
import { differenceLines } from "../differences.ts";
import { findingLines } from "../findings.ts";
import type { Session } from "../session.ts";
import { printable } from "../terminal.ts";
import { writtenOf } from "../../core/json_writer.ts";
import { type Changing, follow, run } from "../watching.ts";

/** Prints each change of a node that the pattern matches, or below one, until an interrupt. @returns the exit code */
export async function watch(session: Session, text: string | undefined): Promise<number> {
  const pattern = text === undefined ? undefined : parsePattern(text, "watch");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const address = session.remote();
  const changing: Changing =
    address === undefined ? await run(session, stop.signal) : await follow(session, address, stop.signal);
  const { err } = session;
  const what = text === undefined ? "all changes" : `changes of ${printable(text)}`;
  if (err.isTTY) err.print(err.paint.dim(`watching ${what} from version ${changing.version} on; Ctrl-C ends it`));
  // A waiting manager does not keep the program alive.
  const alive = setInterval(() => undefined, AN_HOUR);
  try {
    for await (const change of changing) {
      if ("lost" in change) {
        err.print(err.paint.yellow(printable(change.lost)));
        continue;
      }
      if ("problems" in change) {
        err.print(err.paint.red("refused:"));
        for (const one of change.problems) err.print(...findingLines(one, " ", err.paint));
        continue;
      }
      const changes = change.changes.filter(({ path }) => pattern === undefined || isMeant(pattern, path));
      if (changes.length > 0) print(session, change.entry, changes);
    }
  } finally {
    clearInterval(alive);
  }
  return 0;
}

const AN_HOUR = 3_600_000;

/** Whether a pattern matches a leaf, or a table that it lies in. */
function isMeant(pattern: Pattern, path: string): boolean {
  const segments = parsePath(path);
  return segments.some((_, i) => matches(pattern, segments.slice(0, i + 1)));
}

function print({ json, out }: Session, entry: HistoryEntry, changes: readonly ChangedValue[]): void {
  if (json) {
    out.print(writtenOf({ ...entry, changes }));
    return;
  }
  const { version, at, cause, actor, reason } = entry;
  const by = [cause, ...(actor === undefined ? [] : [`by ${actor}`]), ...(reason === undefined ? [] : [`(${reason})`])];
  const time = new Date(at).toTimeString().slice(0, 8);
  out.print(`${out.paint.dim(time)} ${out.paint.bold(`version ${version}`)} ${out.paint.dim(printable(by.join(" ")))}`);
  out.print(...differenceLines(changes, out).map((line) => `  ${line}`));
}
