/** A process for tests, which reads the messages that other processes send to it. */
import { ensure } from "../term/atom.ts";
import { TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import type { Pid } from "../term/pid.ts";
import * as erlang from "../erlang.ts";
import { death } from "./processes.ts";
import { fits, type Pattern } from "./pattern.ts";

const RUN = ensure("$testing_run");

type Order = readonly [tag: typeof RUN, work: () => Promise<void>];

function isOrder(message: unknown): message is Order {
  return Array.isArray(message) && message.length === 2 && message[0] === RUN && typeof message[1] === "function";
}

/** A process with a mailbox that a test reads. */
export class Probe {
  readonly pid: Pid;
  private readonly died: Promise<unknown>;

  /** @param name registered name. Default: none */
  constructor(name?: string) {
    this.pid = erlang.spawn(async () => {
      for (;;) {
        const [, work] = await erlang.receive<Order>(isOrder);
        await work();
      }
    });
    if (name !== undefined) erlang.register(name, this.pid);
    this.died = death(this.pid);
  }

  /**
   * Runs `fun` as this process: `erlang.self()` is the probe, and links, monitors and receives are the probe's. One
   * function at a time.
   *
   * @returns the result of `fun`; rejects with its error
   */
  async run<T>(fun: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    if (!erlang.is_process_alive(this.pid)) throw new Error(`Cannot run code in the probe ${this.pid}: it is dead`);
    const result = new Promise<T>((resolve, reject) => {
      const work = async (): Promise<void> => {
        try {
          resolve(await fun());
        } catch (error) {
          reject(error);
        }
      };
      erlang.send(this.pid, [RUN, work]);
    });
    const died = this.died.then((reason) => {
      throw new Error(`The probe ${this.pid} died meanwhile: ${describe(reason)}`, { cause: reason });
    });
    return await Promise.race([result, died]);
  }

  /** Takes the oldest message, waiting up to `timeout` ms (default 1,000) for it. @throws Error if none comes */
  receive(timeout = 1000): Promise<unknown> {
    return this.assert_receive(() => true, timeout);
  }

  /**
   * Takes the first matching message, and waits for it. Others stay in the mailbox.
   *
   * @param pattern a function, or a term in which `testing.ANY` matches anything
   * @param timeout in ms. Default: 1,000
   * @throws Error that shows the mailbox, if none comes
   */
  assert_receive<M = unknown>(pattern: Pattern, timeout = 1000): Promise<M> {
    return this.run(async () => {
      const message = await erlang.receive((one) => !isOrder(one) && fits(one, pattern), { after: timeout });
      if (message !== TIMEOUT) return message as M;
      throw new Error(`No message that matches ${shown(pattern)} arrived within ${timeout} ms. ${this.mailbox()}`);
    }) as Promise<M>;
  }

  /**
   * Waits `ms` milliseconds for a message that must not come.
   *
   * @param ms default: 50
   * @throws Error that shows the message, if one comes
   */
  refute_receive(pattern: Pattern = () => true, ms = 50): Promise<void> {
    return this.run(async () => {
      const message = await erlang.receive((one) => !isOrder(one) && fits(one, pattern), { after: ms });
      if (message !== TIMEOUT) throw new Error(`An unexpected message arrived: ${describe(message)}`);
    });
  }

  /** The messages that have not been taken, oldest first. */
  messages(): unknown[] {
    const all = erlang.process_info(this.pid, "messages") ?? [];
    return (all as readonly unknown[]).filter((one) => !isOrder(one));
  }

  private mailbox(): string {
    const all = this.messages();
    if (all.length === 0) return "The mailbox is empty";
    const lines = all.slice(0, 10).map((one) => `\n  ${describe(one)}`);
    const more = all.length > 10 ? `\n  and ${all.length - 10} more` : "";
    return `The mailbox has ${all.length}:${lines.join("")}${more}`;
  }
}

function shown(pattern: Pattern): string {
  return typeof pattern === "function" ? "the given function" : describe(pattern);
}
