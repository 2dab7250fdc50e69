import { scripts, type Shell } from "../completion/scripts.ts";
import type { Session } from "../session.ts";

/** Prints a completion script for a shell. @returns the exit code */
export async function completion(session: Session, shell: Shell): Promise<number> {
  session.out.print(scripts[shell].trimEnd());
  return 0;
}
