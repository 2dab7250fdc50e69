/** A reference that stands for an open question: a message `[ref, value]` to who asked is the answer. */
import { Ref } from "../term/ref.ts";
import type { Process } from "./process.ts";

export abstract class ReplyRef extends Ref {
  abstract readonly caller: Process | undefined;
  abstract answer(value: unknown): void;
}
