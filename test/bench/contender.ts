/**
 * What a contender is: a set of probes it can run, and the reason for each it cannot.
 *
 * A probe prepares, warms up, measures and clears away by itself; what it returns is metric → value, in the unit that
 * the row table gives the metric. Loops stand inside the probes, not around them, so that no contender pays for an
 * adapter between the clock and its own API.
 */

/** How much a probe does: the sizes the row table gives it. */
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
  /** What its operations do not do, compared with OTP's: printed under the table. */
  readonly notes: readonly string[];
  readonly probes: Readonly<Record<string, Probe>>;
  /** Probes it cannot run, and why. */
  readonly absent: Readonly<Record<string, string>>;
}
