import { Command, Option } from "commander";
import type { Common, Session } from "./session.ts";

/** What a command does, with code that is loaded when it runs. */
type Run = (session: Session, ...given: never[]) => Promise<number>;

/** The commands with their options and help. @param ended told of the exit code */
export function program(ended: (code: number) => void): Command {
  const top = new Command("otpts-config")
    .description("Looks at the configuration of a program that uses @otpts/config")
    .helpCommand(false)
    .showHelpAfterError("(--help tells more)")
    .exitOverride()
    .addHelpText(
      "after",
      `
The configuration is what a module's ConfigSpec makes of its sources. The module is named with --module, or
once and for all in package.json: "otpts-config": "./src/config.js".

Exit code: 0 it is so, 1 it is not (or it failed), 2 wrong use.`,
    );

  const command = (name: string, what: string, example: string, load: () => Promise<Run>): Command => {
    const made = top
      .command(name)
      .description(what)
      .addOption(new Option("-m, --module <file>", "module that exports the ConfigSpec").env("OTPTS_CONFIG"))
      .option("--spec <name>", "which ConfigSpec of the module, where it exports several")
      .option("--env-file <file>", "sets the variables of a file first; may be repeated", collected)
      .option("--json", "prints JSON, for programs")
      .addHelpText("after", `\nExample:\n${example.replaceAll(/^/gmu, "  $ ")}`)
      .action(async (...given: unknown[]) => {
        const [{ Session: Started }, run] = await Promise.all([import("./session.ts"), load()]);
        const options = made.opts<Common>();
        // The last one is the command itself.
        const session = new Started(options);
        ended(await (run as (session: Session, ...args: unknown[]) => Promise<number>)(session, ...given.slice(0, -1)));
      });
    return made;
  };

  command(
    "check",
    "Loads all sources, validates, and tells every problem with its place",
    "otpts-config check --module src/config.js",
    async () => (await import("./commands/check.ts")).check,
  ).option("--strict", "notices (misspelt keys, old names) fail it as well");
  command(
    "get <path>",
    "Prints one value: a text as it is, everything else as JSON",
    "otpts-config get database.url",
    async () => (await import("./commands/get.ts")).get,
  ).option("--default <text>", "what is printed where nothing is");
  command(
    "tree [path]",
    "Prints the effective values, each with the place that it comes from",
    "otpts-config tree database\notpts-config tree --json > before.json",
    async () => (await import("./commands/tree.ts")).tree,
  ).option("--flat", "one line for each value, with its whole path");
  command(
    "explain <path>",
    "Tells why a value is what it is: its layers, the one that counts on top",
    "otpts-config explain database.pool",
    async () => (await import("./commands/explain.ts")).explain,
  );
  command(
    "env",
    "Tells which variable sets what by which rule, and which have no effect",
    "otpts-config env --env-file .env.production",
    async () => (await import("./commands/env.ts")).env,
  );
  return top;
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
