/** The end of the command: quiet if its reader has closed the pipe, and after all output is written. */

/** Handles a closed pipe, and a module whose loading never ends. */
export function listen(): void {
  process.once("beforeExit", () => {
    process.stderr.write("✗ Cannot load the module: a top-level await in it never settles\n");
    process.exit(1);
  });
  for (const outlet of [process.stdout, process.stderr]) {
    outlet.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      process.stderr.write(`✗ Cannot write the output: ${error.message}\n`);
      process.exit(1);
    });
  }
}

/** Exits after all output is written. The loaded module may have open timers and sockets. */
export async function finish(code: number): Promise<never> {
  for (const outlet of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void outlet.write("", () => resolve()));
  }
  process.exit(code);
}
