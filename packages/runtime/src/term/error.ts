import { describe } from "./describe.ts";
import { matches, type Pattern } from "./matches.ts";

// Whether a caught value is of this class, and its reason of this kind. Any value may have been thrown.
function isOf<E extends { readonly reason: unknown }>(
  error: unknown,
  type: abstract new (...args: never) => E,
  pattern: readonly [Pattern?],
): error is E {
  try {
    return error instanceof type && (pattern.length === 0 || matches(error.reason, pattern[0]));
  } catch {
    return false;
  }
}

/**
 * Has a writable `name` between these classes and `Error.prototype`: programs may freeze that, and then its `name`
 * could not be assigned to.
 */
class Nameable extends Error {
  static {
    Object.defineProperty(this.prototype, "name", { value: "Error", writable: true, configurable: true });
  }
}

/**
 * Erlang's exception of class *exit*: `erlang.exit(reason)`, and the error of a failed call in its caller. Uncaught, it
 * ends the process with exactly `reason`. The message says the same in words.
 */
export class Exit extends Nameable {
  override readonly name = "Exit";
  /** The exit reason: any term. */
  readonly reason: unknown;
  readonly #explained: boolean;

  /**
   * Whether a caught value is an `Exit` of this kind. A failed call has the reason `[reason, [gen_server, call,
   * args]]`: the pattern is compared with the whole reason and with its first element.
   *
   *   if (Exit.is(error, TIMEOUT)) …            // no reply in time
   *   if (Exit.is(error, NOPROC)) …             // no such process
   *   if (Exit.is(error, TypeError)) …          // the server crashed with one
   *   if (Exit.is(error, [SHUTDOWN, "moved"])) …
   *
   * @param error anything
   * @param pattern an atom or another term, the first elements of a tuple (`undefined`: any), or a class of errors.
   *   Without it, any `Exit`
   */
  static is(error: unknown, ...pattern: [pattern?: Pattern]): error is Exit {
    return isOf(error, Exit, pattern);
  }

  constructor(reason: unknown, message?: string) {
    super(message ?? `Process exits with reason ${describe(reason)}`);
    this.reason = reason;
    this.#explained = message !== undefined;
  }

  /** Whether its message says more than its reason. */
  get explained(): boolean {
    return this.#explained;
  }
}

/**
 * Erlang's exception of class *error*: raised by `erlang.error(reason)` and by built-in functions (`badarg`, `noproc`,
 * `system_limit`). Uncaught, it ends the process with reason `[reason, stack]`.
 */
export class ErlangError extends Nameable {
  override readonly name = "ErlangError";
  readonly reason: unknown;
  readonly #explained: boolean;

  /** Whether a caught value is an `ErlangError` with a reason of this kind, such as `atoms.BADARG`. See `Exit.is`. */
  static is(error: unknown, ...pattern: [pattern?: Pattern]): error is ErlangError {
    return isOf(error, ErlangError, pattern);
  }

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
export class Thrown extends Nameable {
  override readonly name = "Thrown";
  readonly value: unknown;

  constructor(value: unknown) {
    super(`Uncaught throw of ${describe(value)}`);
    this.value = value;
  }
}

/** OTP's `{error, Reason}`: the operation was refused, and no process died. */
export class OtpError extends Nameable {
  override readonly name = "OtpError";
  readonly reason: unknown;

  /**
   * Whether a caught value is an `OtpError` with a reason of this kind, such as `atoms.ALREADY_STARTED`. See `Exit.is`.
   */
  static is(error: unknown, ...pattern: [pattern?: Pattern]): error is OtpError {
    return isOf(error, OtpError, pattern);
  }

  constructor(reason: unknown, message?: string) {
    super(message ?? `Operation failed with reason ${describe(reason)}`);
    this.reason = reason;
  }
}
