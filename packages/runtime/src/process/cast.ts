/** A cast in a mailbox. Whoever reads it with `receive` sees OTP's tuple, `['$gen_cast', message]`. */
export class Cast {
  readonly message: unknown;

  constructor(message: unknown) {
    this.message = message;
  }
}
