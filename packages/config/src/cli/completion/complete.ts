import type { Command } from "commander";
import { type Common, Session } from "../session.ts";
import { cut, printable } from "../terminal.ts";
import { type Candidate, candidates } from "./candidates.ts";

/** Longest wait for a candidate, in ms. */
const PATIENCE = 3_000;
/** Longest description, in columns. */
const LONGEST = 60;

/** Prints the candidates for the last word, one a line, with a tab before the description. A failure gives no candidates. */
export async function complete(top: Command, words: readonly string[]): Promise<void> {
  const ask = async (command: Command): Promise<Session> => {
    const { OTPTS_URL: url, OTPTS_CONFIG: module } = process.env;
    const given = command.opts<Common>();
    const ofEnvironment = given.module === undefined && given.url === undefined;
    return new Session({
      ...given,
      ...(ofEnvironment && url !== undefined ? { url } : {}),
      ...(ofEnvironment && url === undefined && module !== undefined ? { module } : {}),
    });
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly Candidate[]>((resolve) => {
    timer = setTimeout(() => resolve([]), PATIENCE);
  });
  const found = await Promise.race([candidates(top, words, ask).catch(() => []), late]);
  clearTimeout(timer);
  for (const [word, meaning] of found) {
    process.stdout.write(`${printable(word)}${meaning === undefined ? "" : `\t${cut(printable(meaning), LONGEST)}`}\n`);
  }
}
