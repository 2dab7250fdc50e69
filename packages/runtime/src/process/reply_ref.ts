/** A reference for an open request: a message `[ref, value]` to its caller is the reply. */
import { Ref } from "../term/ref.ts";
import type { Process } from "./process.ts";

export abstract class ReplyRef extends Ref {
  abstract readonly caller: Process | undefined;
  abstract answer(value: unknown): void;
}
