import { erlang, type Pid } from "@otpts/runtime";
import type { ChangeCallback } from "../protocol.ts";
import type { Notification } from "./delivery_queue.ts";
import type { FromDelivery } from "./event.ts";
import { CLOSE, type CloseMessage, EVENT, isTagged, NOTIFY, type NotifyMessage, tagOf } from "./messages.ts";
import { messageOf } from "./thrown.ts";

/**
 * The process of one subscribed callback: calls it with notifications from the manager, one at a time, and reports when
 * it is done. The callback may be slow, fail or hang: only its own notifications wait.
 */
export function start_delivery(delivery: string, callback: ChangeCallback, manager: Pid): Pid {
  const run = () => new DeliveryProcess(delivery, callback, manager).run();
  // The label shows whose process this is.
  const name = nameOf(callback);
  Object.defineProperty(run, "name", { value: name === undefined ? "delivery" : `delivery to ${name}` });
  return erlang.spawn_link(run);
}

// The `name` of a user's function may be anything, or throw.
function nameOf(callback: ChangeCallback): string | undefined {
  try {
    const name: unknown = callback.name;
    return typeof name === "string" && name !== "" ? name.slice(0, 100) : undefined;
  } catch {
    return undefined;
  }
}

/** The tag for a settled promise of a callback. */
const SETTLED: unique symbol = Symbol("settled");
type SettledMessage = readonly [tag: typeof SETTLED, sequence: number, error: { readonly thrown: unknown } | undefined];

class DeliveryProcess {
  private readonly delivery: string;
  private readonly callback: ChangeCallback;
  private readonly self: Pid = erlang.self();
  private manager: Pid;
  /** The notification that the callback is handling. */
  private running: number | undefined;
  /** The last report, in case the manager that got it has ended. */
  private last: Extract<FromDelivery, { type: "delivered" }> | undefined;
  private closing = false;

  constructor(delivery: string, callback: ChangeCallback, manager: Pid) {
    this.delivery = delivery;
    this.callback = callback;
    this.manager = manager;
  }

  async run(): Promise<void> {
    this.report({ type: "delivery_up", delivery: this.delivery, process: this.self });
    while (!this.closing || this.running !== undefined) this.handle(await erlang.receive(isOurs));
  }

  private handle(message: unknown): void {
    if (isTagged<NotifyMessage>(message, NOTIFY)) {
      const [, manager, sequence, notification] = message;
      this.manager = manager;
      if (sequence === this.running) this.report(this.about("called", sequence));
      else if (sequence === this.last?.sequence) this.report(this.last);
      else this.call(sequence, notification);
    } else if (isTagged<SettledMessage>(message, SETTLED)) {
      if (message[1] === this.running) this.done(message[1], message[2]);
    } else if (isTagged<CloseMessage>(message, CLOSE)) {
      this.closing = true;
    }
  }

  private call(sequence: number, notification: Notification): void {
    const { pattern, path, segments, old_value, new_value, version, cause } = notification;
    // The same array for all subscribers to this node.
    const context = { pattern, segments: Object.freeze(segments), version, cause };
    const killed = erlang.signal();
    this.running = sequence;
    try {
      const result = this.callback(path, old_value, new_value, context);
      if (isThenable(result)) {
        result.then(
          () => this.settled(sequence, undefined),
          (thrown: unknown) => this.settled(sequence, { thrown }),
        );
        return this.report(this.about("called", sequence));
      }
    } catch (thrown) {
      if (!killed.aborted) this.done(sequence, { thrown });
      return;
    }
    // Killed while the callback was finishing: the report would be lost, and the next process repeats the call.
    if (!killed.aborted) this.done(sequence, undefined);
  }

  private settled(sequence: number, error: SettledMessage[2]): void {
    erlang.send(this.self, [SETTLED, sequence, error] satisfies SettledMessage);
  }

  private done(sequence: number, error: SettledMessage[2]): void {
    this.running = undefined;
    const words = error === undefined ? undefined : messageOf(error.thrown);
    this.last = { ...this.about("delivered", sequence), error: words };
    this.report(this.last);
  }

  private about<T extends "called" | "delivered">(type: T, sequence: number) {
    return { type, delivery: this.delivery, process: this.self, sequence };
  }

  private report(event: FromDelivery): void {
    erlang.send(this.manager, [EVENT, event]);
  }
}

/** Other messages belong to the callback, which runs in this process and may receive. */
function isOurs(message: unknown): boolean {
  const tag = tagOf(message);
  return tag === NOTIFY || tag === SETTLED || tag === CLOSE;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
