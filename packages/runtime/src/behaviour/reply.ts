/** Answering a caller, by the `from` passed to `handle_call`. */
import { Pid } from "../term/pid.ts";
import { processOf } from "../process/process.ts";
import { type From, Request } from "../call/request.ts";

/** Answers a caller: by the reference of an open request, or by a hand-made `from`. */
export function answer(from: From, value: unknown): void {
  const tag = from[1];
  if (tag instanceof Request) tag.answer(value);
  else if (from[0] instanceof Pid) {
    const process = processOf(from[0]);
    if (process !== undefined) process.accept([tag, value]);
  }
}
