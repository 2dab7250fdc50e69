import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command, Option } from "commander";
import type { Session } from "../session.ts";
import { nextSteps } from "./next_steps.ts";

/** A completed word, with a description. */
export type Candidate = readonly [word: string, meaning?: string];

/** Makes the session for a question about the configuration, with the options so far. */
export type Ask = (command: Command) => Promise<Session>;

/** Names of arguments whose candidates are files. */
const FILES: ReadonlySet<string> = new Set(["file", "folder", "from", "module"]);

/**
 * The candidates for the last word.
 *
 * @param words the words behind the command's name; the last one is incomplete, and may be empty
 */
export async function candidates(top: Command, words: readonly string[], ask: Ask): Promise<readonly Candidate[]> {
  const current = words.at(-1) ?? "";
  const [name, ...rest] = words.slice(0, -1);
  if (name === undefined) {
    const commands = top.commands.map((one): Candidate => [one.name(), one.description()]);
    return beginning(current, current.startsWith("-") ? [["--help"]] : commands);
  }
  const command = top.commands.find((one) => one.name() === name);
  if (command === undefined) return [];
  const { waiting, given, operands } = read(command, rest);
  if (waiting !== undefined) {
    return valued(current, nameIn(waiting.flags), waiting.argChoices, async () => []);
  }
  if (current.startsWith("-")) {
    const left = command.options.filter((option) => !given.has(option) || /repeated/u.test(option.description));
    return beginning(current, [...left.map((one): Candidate => [one.long ?? one.flags, one.description]), ["--help"]]);
  }
  const argument = command.registeredArguments[operands.length];
  if (argument === undefined) return [];
  return valued(current, argument.name(), argument.argChoices, async (what) => {
    command.parseOptions([...rest]);
    const subject = await (await ask(command)).subject();
    if (what === "version")
      return (await subject.history()).map(({ version, cause }): Candidate => [String(version), cause]);
    return nextSteps(current, (await subject.leaves("")).leaves);
  });
}

/** Parses the words so far: the option that lacks its value, all options, and the operands. */
function read(
  command: Command,
  words: readonly string[],
): { readonly waiting: Option | undefined; readonly given: ReadonlySet<Option>; readonly operands: readonly string[] } {
  let waiting: Option | undefined;
  const given = new Set<Option>();
  const operands: string[] = [];
  for (const word of words) {
    if (waiting !== undefined) {
      waiting = undefined;
      continue;
    }
    const option = command.options.find(({ long, short }) => word === long || word === short);
    if (option !== undefined) given.add(option);
    if (option?.required === true) waiting = option;
    else if (!word.startsWith("-")) operands.push(word);
  }
  return { waiting, given, operands };
}

async function valued(
  current: string,
  what: string,
  choices: readonly string[] | undefined,
  configured: (what: string) => Promise<readonly Candidate[]>,
): Promise<readonly Candidate[]> {
  if (choices !== undefined)
    return beginning(
      current,
      choices.map((one): Candidate => [one]),
    );
  if (FILES.has(what)) return files(current);
  if (what !== "path" && what !== "pattern" && what !== "version") return [];
  return beginning(current, await configured(what));
}

/** The name of an option's value: `file` in `--module <file>`. */
function nameIn(flags: string): string {
  return /<(.+)>/u.exec(flags)?.[1] ?? "";
}

function beginning(current: string, all: readonly Candidate[]): readonly Candidate[] {
  return all.filter(([word]) => word.startsWith(current));
}

function files(current: string): readonly Candidate[] {
  const folder = current.endsWith("/") ? current : current.includes("/") ? `${dirname(current)}/` : "";
  try {
    const found = readdirSync(folder === "" ? "." : folder, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith(".") || current.slice(folder.length).startsWith("."))
      .map((one): Candidate => [`${folder === "" ? "" : join(folder, "/")}${one.name}${one.isDirectory() ? "/" : ""}`]);
    return beginning(current, found).toSorted(([one], [other]) => (one < other ? -1 : 1));
  } catch {
    return [];
  }
}
