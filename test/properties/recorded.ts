/** Random programs about one gen_server, gen_statem or gen_event, with what real Erlang printed for them. */
import { existsSync, readFileSync } from "node:fs";

export interface RecordedProgram {
  readonly program: string;
  readonly trace: readonly string[];
}

/** What programs are about. */
export type Subject = "gen_server" | "gen_statem" | "gen_event";

/** The file they are kept in, also seen from the build. */
export function recordedIn(subject: Subject): URL {
  const file = `conformance/recorded/${subject}_programs.json`;
  const beside = new URL(`../${file}`, import.meta.url);
  return existsSync(new URL("../conformance/recorded/", import.meta.url))
    ? beside
    : new URL(`../../${file}`, import.meta.url);
}

export function recordedPrograms(subject: Subject = "gen_server"): readonly RecordedProgram[] {
  return JSON.parse(readFileSync(recordedIn(subject), "utf8")) as RecordedProgram[];
}
