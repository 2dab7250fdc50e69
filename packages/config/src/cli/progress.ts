import type { Terminal } from "./terminal.ts";

/** The delay before the line appears, in ms. */
const PATIENCE = 400;
const BEAT = 120;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

/** A progress line on stderr, in a terminal only, that names what the command waits for. */
export class Progress {
  private readonly terminal: Terminal;
  private names: readonly string[] = [];
  private readonly since = Date.now();
  private timer: NodeJS.Timeout | undefined;
  private frame = 0;
  private shown = false;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  /** Sets the names of what has not answered; an empty list ends it. */
  readonly waiting = (names: readonly string[]): void => {
    this.names = names;
    if (names.length === 0) this.end();
    else if (this.timer === undefined && this.terminal.isTTY) this.timer = setInterval(() => this.show(), BEAT);
  };

  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    if (this.shown) this.terminal.status("");
    this.shown = false;
  }

  private show(): void {
    const waited = Date.now() - this.since;
    if (waited < PATIENCE) return;
    this.shown = true;
    this.frame = (this.frame + 1) % FRAMES.length;
    const seconds = Math.floor(waited / 1_000);
    this.terminal.status(
      `${FRAMES[this.frame]!} waiting for ${this.names.join(", ")}${seconds > 0 ? ` (${seconds} s)` : ""}`,
    );
  }
}
