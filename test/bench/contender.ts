/**
 * A contender: the probes that it can run, and for each other one the reason why not.
 *
 * A probe prepares, warms up, measures and clears away by itself; its result is metric → value, in the unit that
 * the row table gives the metric. Loops stand inside the probes, not around them, so that no contender pays for an
 * adapter between the clock and its own API.
 */

/** The size of a probe, from the table of rows. */
export interface Size {
  /** Operations measured. */
  readonly n: number;
  /** Processes that the operations are spread over. */
  readonly among: number;
  /** Calls awaited at a time. */
  readonly flight: number;
  /** Messages that lie in the mailbox before the clock starts. */
  readonly queue: number;
  /** Restarts of one child. */
  readonly restarts: number;
  /** Milliseconds under load. */
  readonly ms: number;
  /** Keys, or leaves, of a configuration. */
  readonly keys: number;
}

export type Metrics = Readonly<Record<string, number>>;
export type Probe = (size: Size) => Promise<Metrics>;

export interface Contender {
  /** The package's name as its users write it. */
  readonly name: string;
  /** The parts of OTP's operations that its own leave out; printed below the table. */
  readonly notes: readonly string[];
  readonly probes: Readonly<Record<string, Probe>>;
  /** Probes that it cannot run, with the reasons. */
  readonly absent: Readonly<Record<string, string>>;
}
