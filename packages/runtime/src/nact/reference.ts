/** References for nact code to objects of this runtime. */
import { CALLING_SELF, SHUTDOWN, TIMEOUT } from "../term/atoms.ts";
import { Pid } from "../term/pid.ts";
import { milliseconds } from "../term/timeout.ts";
import { calling, callExit, exitOf, locate } from "../behaviour/gen.ts";
import { acting, isDoing } from "../process/context.ts";
import { refused } from "../process/refusal.ts";
import { signal } from "../process/death.ts";
import type { Process } from "../process/process.ts";
import { type Name, textOf } from "../term/name.ts";
import { post } from "../call/reply_promise.ts";
import { Request } from "../call/request.ts";
import { send } from "../process/sending.ts";
import { BridgeRef, type Concrete } from "./concrete.ts";

/** A process, or the one that has a name at the moment. */
export class ProcessRef extends BridgeRef {
  readonly type = "actor";
  readonly to: Pid | Name;

  constructor(to: Pid | Name) {
    super();
    this.to = to;
  }

  /** The name that nact shows for a reference. */
  get name(): string {
    const { to } = this;
    return to instanceof Pid ? `0.${to.id}.${to.serial}` : textOf(to);
  }

  get path(): { readonly system: string; readonly parts: readonly string[]; toString(): string } {
    const { name, system } = this;
    return { system: system.name, parts: [name], toString: () => `${system.name}://${name}` };
  }

  behind(): Concrete | undefined {
    const process = locate(this.to);
    return process === undefined ? undefined : new Target(process, this.to);
  }
}

/**
 * The reference for the answer to a request: nact code dispatches the answer to it. The first answer counts; later ones
 * are dropped.
 */
export class ReplyRef extends BridgeRef {
  readonly type = "temp";
  request: Request | undefined;

  constructor(request?: Request) {
    super();
    this.request = request;
  }

  behind(): Concrete | undefined {
    const { request } = this;
    return request?.state === "open" ? { dispatch: (value) => request.answer(value) } : undefined;
  }
}

/** A process as nact's functions see it. */
class Target implements Concrete {
  readonly #process: Process;
  readonly #to: Pid | Name;

  constructor(process: Process, to: Pid | Name) {
    this.#process = process;
    this.#to = to;
  }

  dispatch(message: unknown): void {
    send(this.#process.pid, message);
  }

  query(message: unknown, timeout: number): Promise<unknown> {
    const process = this.#process;
    const to = this.#to;
    const caller = acting();
    milliseconds(timeout, "query a process");
    const reply = new ReplyRef();
    const payload: unknown = typeof message === "function" ? message(reply) : message;
    if (process === caller && isDoing(caller)) return refused(callExit(CALLING_SELF, to, payload, timeout));
    const request = new Request(QUERYING, process, caller, to, payload, timeout);
    reply.request = request;
    return post(request);
  }

  stop(): void {
    const { pid } = this.#process;
    signal(pid, acting()?.pid ?? pid, SHUTDOWN, false);
  }

  assertNotStopped(): never {
    throw new Error(
      `Cannot spawn a nact actor below process ${String(this.#process.pid)}: its parent must be a nact actor or system`,
    );
  }
}

/** A call made by nact code, whose time-out is reported as nact's own. */
const QUERYING = calling((request, reason) => {
  const exit = exitOf(request, reason);
  return reason === TIMEOUT ? new Error("Query Timeout", { cause: exit }) : exit;
});
