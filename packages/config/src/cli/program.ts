import { Argument, Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Shell } from "./completion/scripts.ts";
import type { Common, Session } from "./session.ts";

/** The code of a command, loaded when it runs. */
type Run = (session: Session, ...given: never[]) => Promise<number>;

/** The commands with their options and help. @param ended receives the exit code; @param version the package's */
export function program(ended: (code: number) => void, version: () => string): Command {
  const top = new Command("otpts-config")
    .description("Inspects and changes the configuration of a program that uses @otpts/config")
    .option("-V, --version", "prints the version")
    .on("option:version", () => {
      process.stdout.write(`${version()}\n`);
      throw new CommanderError(0, "commander.version", "");
    })
    .showHelpAfterError("(see --help)")
    .exitOverride()
    .addHelpText(
      "after",
      `
The configuration is that of a module with a ConfigSpec. Name the module with --module, or in package.json:
"otpts-config": "./src/config.js". With --url it is that of a running program.

Exit codes: 0 success, 1 problems, differences or a failure, 2 wrong usage.`,
    );

  const command = (name: string, what: string, example: string, load: () => Promise<Run>): Command => {
    const made = top
      .command(name)
      .description(what)
      .addOption(new Option("-m, --module <file>", "module that exports the ConfigSpec").env("OTPTS_CONFIG"))
      .option("--spec <name>", "the ConfigSpec, if the module exports several")
      // Not `--env-file`: Node takes that for itself, wherever it stands.
      .option("--dotenv <file>", "sets the variables of a file first; may be repeated", collected)
      .option("--json", "prints JSON, for programs")
      .addHelpText("after", `\nExample:\n${example.replaceAll(/^/gmu, "  $ ")}`)
      .action(async (...given: unknown[]) => {
        const [{ Session: Started }, run] = await Promise.all([import("./session.ts"), load()]);
        const [first] = made.registeredArguments;
        const isModuleFirst = first?.name() === "module";
        if (isModuleFirst && given[0] !== undefined) made.setOptionValueWithSource("module", given[0], "cli");
        const session = new Started(made.opts<Common>());
        // The last argument is the command itself.
        const args = given.slice(isModuleFirst ? 1 : 0, -1);
        ended(await (run as (session: Session, ...args: unknown[]) => Promise<number>)(session, ...args));
      });
    return made;
  };
  /** A command that accepts a running program, too. */
  const asking = (...given: Parameters<typeof command>): Command =>
    command(...given)
      .addOption(new Option("-u, --url <address>", "a running program, by its dashboard's address").env("OTPTS_URL"))
      .option("--manager <name>", "the configuration manager, if the program has several")
      .option("--header <line>", "a header for the program's authorize; may be repeated", collected);
  /** A command that changes something. */
  const writing = (...given: Parameters<typeof command>): Command =>
    asking(...given)
      .addOption(new Option("--token <token>", "the program's token for changes").env("OTPTS_TOKEN"))
      .option("--dry-run", "validates and lists the differences, without changing anything")
      .option("--reason <text>", "for the history")
      .option("--if-version <number>", "refuses the change if the configuration has another version", wholeNumber);

  asking(
    "check [module]",
    "Loads all sources, validates, and lists every problem with its place",
    "otpts-config check src/config.js",
    async () => (await import("./commands/check.ts")).check,
  ).option("--strict", "fails on notices (misspelt keys, old names), too");
  asking(
    "get <path>",
    "Prints one value: a text as it is, everything else as JSON",
    "otpts-config get database.url",
    async () => (await import("./commands/get.ts")).get,
  ).option("--default <text>", "printed if the path does not exist");
  asking(
    "tree [path]",
    "Prints the effective values with their places",
    "otpts-config tree database\notpts-config tree --json > before.json",
    async () => (await import("./commands/tree.ts")).tree,
  ).option("--flat", "one line for each value, with its whole path");
  asking(
    "explain <path>",
    "Explains a value: its layers, the deciding one on top",
    "otpts-config explain database.pool",
    async () => (await import("./commands/explain.ts")).explain,
  );
  asking(
    "env [module]",
    "Lists the variables: the path and rule of each, and those without effect",
    "otpts-config env --dotenv .env.production",
    async () => (await import("./commands/env.ts")).env,
  );
  asking(
    "diff <from> [to]",
    "Lists the differences from another specification, a file or a version",
    "otpts-config diff before.json\notpts-config diff staging.js\notpts-config diff 3 5 --url http://127.0.0.1:4000",
    async () => (await import("./commands/diff.ts")).diff,
  ).option("--other-spec <name>", "the ConfigSpec of the other module, if it exports several");
  asking(
    "history",
    "Lists the last versions of a running program, the newest first",
    "otpts-config history --url http://127.0.0.1:4000",
    async () => (await import("./commands/history.ts")).history,
  );
  asking(
    "watch [pattern]",
    "Prints each change as it comes, until Ctrl-C",
    "otpts-config watch 'database.*' --url http://127.0.0.1:4000",
    async () => (await import("./commands/watch.ts")).watch,
  );
  writing(
    "put <path> <value>",
    "Sets a value above all sources; the value is JSON, or else text",
    "otpts-config put server.port 9000 --url http://127.0.0.1:4000 --dry-run",
    async () => (await import("./commands/put.ts")).put,
  ).option("--text", "takes the value as text");
  writing(
    "unset <path>",
    "Removes the overrides at a path and below",
    "otpts-config unset server.port --url http://127.0.0.1:4000",
    async () => (await import("./commands/unset.ts")).unset,
  );
  writing(
    "rollback <version>",
    "Restores the overrides of a version",
    "otpts-config rollback 3 --url http://127.0.0.1:4000 --reason 'too slow'",
    async () => (await import("./commands/rollback.ts")).rollback,
  );
  command(
    "schema [module]",
    "Prints the JSON Schema of the configuration's files, for editors",
    "otpts-config schema --output config.schema.json",
    async () => (await import("./commands/schema.ts")).schema,
  )
    .addOption(new Option("--target <draft>", "version of JSON Schema").choices(["draft-07", "draft-2020-12"]))
    .option("--required", "makes required keys required in each file")
    .option("-o, --output <file>", "writes it to a file")
    .option("--force", "replaces an existing file");
  command(
    "docs [module]",
    "Prints all settings as a table in Markdown",
    "otpts-config docs --output docs/settings.md --force",
    async () => (await import("./commands/docs.ts")).docs,
  )
    .option("-o, --output <file>", "writes it to a file")
    .option("--force", "replaces an existing file");
  command(
    "init [module]",
    "Writes an example file, its JSON Schema and .env.example",
    "otpts-config init --format yaml",
    async () => (await import("./commands/init.ts")).init,
  )
    .addOption(new Option("--format <format>", "of the example file").choices(["toml", "yaml", "json"]))
    .option("--dir <folder>", "folder for the files", ".")
    .option("--force", "replaces existing files");
  top
    .command("completion")
    .description("Prints a completion script for a shell")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", "\nExample:\n  $ source <(otpts-config completion bash)")
    .action(async (shell: Shell) => {
      const [{ Session: Started }, { completion }] = await Promise.all([
        import("./session.ts"),
        import("./commands/completion.ts"),
      ]);
      ended(await completion(new Started({}), shell));
    });
  return top;
}

/** @throws InvalidArgumentError if it is not a whole number */
function wholeNumber(text: string): number {
  if (/^\d+$/u.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
