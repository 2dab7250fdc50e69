/** Registers carriers whose errors are reported. */
import { describe } from "../term/describe.ts";
import { type Carrier, register } from "./carriers.ts";
import { outside } from "./context.ts";
import { report } from "./report.ts";

/** Lets a context travel with messages. Returns a function that ends it. */
export function propagate(carrier: Carrier): () => void {
  return register(carrier, failed);
}

function failed(what: string, error: unknown): void {
  outside(() =>
    report(
      "error",
      "carrier_failed",
      () => ({ what, error }),
      () => `A carrier failed in ${what}, and the message goes on without it: ${describe(error)}`,
    ),
  );
}
