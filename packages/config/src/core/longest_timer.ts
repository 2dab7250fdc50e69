/** The longest time that a timer of the engine takes, in milliseconds: a longer one would fire at once. */
export const LONGEST_TIMER = 2 ** 31 - 1;
