/** Text for humans on stderr. */

// Replaced global functions (fake timers in a test) concern the program's time, not this.
const { setImmediate } = globalThis;
const nothing = (): void => {};
/** How many texts are being written. */
let writing = 0;

/**
 * Writes a text to stderr. If nobody can read it (the other end of a pipe is gone, a disk is full), it is lost: the stream's error
 * would end the program.
 */
export function tell(text: string): void {
  const { stderr } = process;
  if (writing++ === 0) stderr.on("error", nothing);
  stderr.write(text, () => {
    // The stream emits its error after this.
    setImmediate(() => {
      if (--writing === 0) stderr.off("error", nothing);
    });
  });
}
