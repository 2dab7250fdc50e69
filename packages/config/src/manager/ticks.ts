/** The clock of durations: whole milliseconds. It goes on when the machine's time is set, back or forth. */
export function ticks(): number {
  return Math.round(performance.now());
}
