/** How the command ends: a reader that has read enough ends it without a word, and what is written is written in full. */

/** A pipe whose reader is gone, and a module that waits for what never comes. */
export function listen(): void {
  process.once("beforeExit", () => {
    process.stderr.write("✗ Cannot go on: the module waits for something that never comes, at its top level\n");
    process.exit(1);
  });
  for (const outlet of [process.stdout, process.stderr]) {
    outlet.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      process.exit(0);
    });
  }
}

/** Ends with this code once all is written. A module that was loaded may have left timers and sockets open. */
export async function finish(code: number): Promise<never> {
  for (const outlet of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => void outlet.write("", () => resolve()));
  }
  process.exit(code);
}
