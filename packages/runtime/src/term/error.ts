import { describe } from "./describe.ts";

/**
 * Erlang's exception of class *exit*: `erlang.exit(reason)`, and what a failed call raises in its caller. Uncaught, it
 * ends the process with exactly `reason`. The message says the same in words for people.
 */
export class Exit extends Error {
  override readonly name = "Exit";
  /** The exit reason: any term. */
  readonly reason: unknown;

  constructor(reason: unknown, message?: string) {
    super(message ?? `Process exits with reason ${describe(reason)}`);
    this.reason = reason;
  }
}

/**
 * Erlang's exception of class *error*: `erlang.error(reason)`, and what a built-in function raises (`badarg`, `noproc`,
 * `system_limit`). Uncaught, it ends the process with reason `[reason, stack]`.
 */
export class ErlangError extends Error {
  override readonly name = "ErlangError";
  readonly reason: unknown;
  readonly #explained: boolean;

  constructor(reason: unknown, message?: string) {
    super(message ?? `Error ${describe(reason)}`);
    this.reason = reason;
    this.#explained = message !== undefined;
  }

  /** Whether its message says more than the reason does. @internal */
  get explained(): boolean {
    return this.#explained;
  }
}

/**
 * Erlang's exception of class *throw*: `erlang.throw(term)`. Inside a behaviour's callback it is the callback's return
 * value; uncaught elsewhere it ends the process with reason `[[nocatch, value], stack]`.
 */
export class Thrown extends Error {
  override readonly name = "Thrown";
  readonly value: unknown;

  constructor(value: unknown) {
    super(`Uncaught throw of ${describe(value)}`);
    this.value = value;
  }
}

/** What OTP returns as `{error, Reason}`: the operation was refused, and nobody died of it. */
export class OtpError extends Error {
  override readonly name = "OtpError";
  readonly reason: unknown;

  constructor(reason: unknown, message?: string) {
    super(message ?? `Operation failed with reason ${describe(reason)}`);
    this.reason = reason;
  }
}
