/** A time in seconds. All other times of this package are in milliseconds. */
export type Seconds = number;
