/** A message without a reply. */
import { GEN_CAST } from "../term/atoms.ts";
import { settleLayout } from "../term/shape.ts";
import type { Entry } from "../process/mailbox.ts";

/** A cast. Code that takes it with `receive` sees OTP's tuple, `['$gen_cast', message]`. */
export class Cast implements Entry {
  readonly message: unknown;
  next: Entry | undefined = undefined;

  constructor(message: unknown) {
    this.message = message;
  }

  get term(): unknown {
    return [GEN_CAST, this.message];
  }
}

settleLayout(Cast);
