/** Text for humans on stderr. */

// Replaced global functions (fake timers in a test) concern the program's time, not this.
const { setImmediate } = globalThis;
const nothing = (): void => {};
/** How many texts are being written. */
let writing = 0;

/**
 * Writes a text to stderr. Where that fails (the other end of a pipe is closed, a disk is full), the text is lost and
 * the program goes on: an unhandled error of the stream would end it.
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
