import { CommanderError } from "commander";
import { program } from "./program.ts";
import { printableLines, Terminal } from "./terminal.ts";

/** Runs the command line. @param version the package's; @returns the exit code: 0 success, 1 problems or a failure, 2 wrong usage */
export async function main(argv: readonly string[], version: () => string): Promise<number> {
  let code = 0;
  const ended = (exit: number): void => {
    code = exit;
  };
  try {
    if (argv[0] === "__complete") {
      const { complete } = await import("./completion/complete.ts");
      await complete(program(ended, version), argv.slice(1));
      return 0;
    }
    await program(ended, version).parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { message = String(error), name, code: exit } = error as { message?: string; name?: string; code?: unknown };
    const err = new Terminal(process.stderr, process.env);
    err.print(`${err.paint.red("✗")} ${printableLines(message)}`);
    // Invalid paths and patterns are wrong usage.
    if (name === "Failure" && typeof exit === "number") return exit;
    return name === "TypeError" || name === "RangeError" ? 2 : 1;
  }
}
