/** Random programs about one gen_server, with what real Erlang printed for them. */
import { existsSync, readFileSync } from "node:fs";

export interface RecordedProgram {
  readonly program: string;
  readonly trace: readonly string[];
}

const FILE = "conformance/recorded/gen_server_programs.json";
const beside = new URL(`../${FILE}`, import.meta.url);

/** The file they are kept in, also seen from the build. */
export const RECORDED: URL = existsSync(beside) ? beside : new URL(`../../${FILE}`, import.meta.url);

export function recordedPrograms(): readonly RecordedProgram[] {
  return JSON.parse(readFileSync(RECORDED, "utf8")) as RecordedProgram[];
}
