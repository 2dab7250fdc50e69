import { Argument, Command, InvalidArgumentError, Option } from "commander";
import type { Shell } from "./completion/scripts.ts";
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
once and for all in package.json: "otpts-config": "./src/config.js". With --url a running program is asked.

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
        const session = new Started(made.opts<Common>());
        // The last one is the command itself.
        ended(await (run as (session: Session, ...args: unknown[]) => Promise<number>)(session, ...given.slice(0, -1)));
      });
    return made;
  };
  /** One that can ask a running program as well. */
  const asking = (...given: Parameters<typeof command>): Command =>
    command(...given)
      .addOption(new Option("-u, --url <address>", "a running program, by its dashboard's address").env("OTPTS_URL"))
      .option("--manager <name>", "which configuration manager of the program, where it has several")
      .option("--header <line>", "a header for the program's authorize; may be repeated", collected);
  /** One that changes something. */
  const writing = (...given: Parameters<typeof command>): Command =>
    asking(...given)
      .addOption(new Option("--token <token>", "what the program allows changes with").env("OTPTS_TOKEN"))
      .option("--dry-run", "validates and tells what would change, and changes nothing")
      .option("--reason <text>", "for the history")
      .option("--if-version <number>", "refuses it where the configuration has another version", wholeNumber);

  asking(
    "check",
    "Loads all sources, validates, and tells every problem with its place",
    "otpts-config check --module src/config.js",
    async () => (await import("./commands/check.ts")).check,
  ).option("--strict", "notices (misspelt keys, old names) fail it as well");
  asking(
    "get <path>",
    "Prints one value: a text as it is, everything else as JSON",
    "otpts-config get database.url",
    async () => (await import("./commands/get.ts")).get,
  ).option("--default <text>", "what is printed where nothing is");
  asking(
    "tree [path]",
    "Prints the effective values, each with the place that it comes from",
    "otpts-config tree database\notpts-config tree --json > before.json",
    async () => (await import("./commands/tree.ts")).tree,
  ).option("--flat", "one line for each value, with its whole path");
  asking(
    "explain <path>",
    "Tells why a value is what it is: its layers, the one that counts on top",
    "otpts-config explain database.pool",
    async () => (await import("./commands/explain.ts")).explain,
  );
  asking(
    "env",
    "Tells which variable sets what by which rule, and which have no effect",
    "otpts-config env --env-file .env.production",
    async () => (await import("./commands/env.ts")).env,
  );
  asking(
    "diff <from> [to]",
    "Tells what is different now from another specification, a file or a version",
    "otpts-config diff before.json\notpts-config diff staging.js\notpts-config diff 3 5 --url http://127.0.0.1:4000",
    async () => (await import("./commands/diff.ts")).diff,
  ).option("--other-spec <name>", "which ConfigSpec of the other module");
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
    "Sets a value over all sources; the value is JSON, or else a text",
    "otpts-config put server.port 9000 --url http://127.0.0.1:4000 --dry-run",
    async () => (await import("./commands/put.ts")).put,
  ).option("--text", "takes the value for a text, whatever it looks like");
  writing(
    "unset <path>",
    "Drops what was put at a path and below: what the sources say shows again",
    "otpts-config unset server.port --url http://127.0.0.1:4000",
    async () => (await import("./commands/unset.ts")).unset,
  );
  writing(
    "rollback <version>",
    "Makes what was put what it was at a version",
    "otpts-config rollback 3 --url http://127.0.0.1:4000 --reason 'too slow'",
    async () => (await import("./commands/rollback.ts")).rollback,
  );
  command(
    "schema",
    "Prints the JSON Schema of the configuration's files, for editors",
    "otpts-config schema --output config.schema.json",
    async () => (await import("./commands/schema.ts")).schema,
  )
    .addOption(new Option("--target <draft>", "version of JSON Schema").choices(["draft-07", "draft-2020-12"]))
    .option("--required", "keys that must be given are required in each file")
    .option("-o, --output <file>", "writes it to a file")
    .option("--force", "replaces the file where it is there");
  command(
    "docs",
    "Prints all settings as a table in Markdown",
    "otpts-config docs --output docs/settings.md --force",
    async () => (await import("./commands/docs.ts")).docs,
  )
    .option("-o, --output <file>", "writes it to a file")
    .option("--force", "replaces the file where it is there");
  command(
    "init",
    "Writes an example file, its JSON Schema and .env.example",
    "otpts-config init --format yaml",
    async () => (await import("./commands/init.ts")).init,
  )
    .addOption(new Option("--format <format>", "of the example file").choices(["toml", "yaml", "json"]))
    .option("--dir <folder>", "where they are written", ".")
    .option("--force", "replaces files that are there");
  top
    .command("completion")
    .description("Prints what makes a shell complete commands, options and paths")
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

/** @throws InvalidArgumentError when it is none */
function wholeNumber(text: string): number {
  if (/^\d+$/u.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number.");
}

function collected(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
