/** A process that runs a function: what `spawn` makes. It ends when the function does. */
import { NORMAL } from "../term/atoms.ts";
import { isExit } from "../term/kinds.ts";
import { inWords, reasonOf, stackOf } from "../term/reason.ts";
import { carrying, handled } from "./carriers.ts";
import { leave } from "./context.ts";
import { die } from "./death.ts";
import type { Dispatcher } from "./process.ts";
import { type Ancestry, Process } from "./process.ts";
import { look } from "./receive.ts";
import { nameOf } from "./registry.ts";
import { report } from "./report.ts";
import { reduce, turns } from "./scheduler.ts";
import { settleLayout } from "../term/shape.ts";
import { isThenable } from "../term/thenable.ts";

/** The function of a process. Its result is ignored; its failure is the process's exit reason. */
export type Body = () => unknown;

export class BodyProcess extends Process {
  #body: Body | undefined;
  readonly initialCall: string;

  constructor(body: Body, dispatcher: Dispatcher, ancestors: Ancestry) {
    super(dispatcher, ancestors);
    this.#body = body;
    this.initialCall = body.name || "an anonymous function";
  }

  turn(): void {
    if (!this.alive) return;
    const body = this.#body;
    if (body !== undefined) {
      this.#body = undefined;
      if (carrying) this.#startCarried(body);
      else this.#start(body);
    } else if (this.waiter !== undefined) {
      look(this);
    }
  }

  release(_reason?: unknown): void {
    this.#body = undefined;
  }

  #startCarried(body: Body): void {
    handled(this, () => this.#start(body));
  }

  #start(body: Body): void {
    // Processes that start processes must let the event loop turn too. The scheduler decides when it is due.
    reduce();
    try {
      const result = body();
      if (isThenable(result)) {
        result.then(
          () => this.#end(),
          (error: unknown) => this.#fail(error),
        );
      } else {
        this.#end();
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #end(): void {
    leave(this);
    die(this, NORMAL);
  }

  #fail(error: unknown): void {
    leave(this);
    if (!this.alive) return;
    const reason = reasonOf(error);
    this.exited(reason, error);
    die(this, reason);
  }

  /** Reports an uncaught error (but not an exit, which is deliberate). */
  protected exited(reason: unknown, error: unknown): void {
    if (isExit(error)) return;
    const { pid, initialCall } = this;
    const name = nameOf(this);
    report(
      "error",
      "process_crash",
      () => ({ pid, name, initial_call: initialCall, reason }),
      () => {
        const stack = stackOf(reason);
        return `Error in process ${pid}${name === undefined ? "" : ` (${name})`} (${initialCall}) with exit reason ${inWords(reason)}${stack === "" ? "" : `\n    ${stack.replaceAll("\n", "\n    ")}`}`;
      },
    );
  }
}

settleLayout(BodyProcess, () => undefined, turns, []);
