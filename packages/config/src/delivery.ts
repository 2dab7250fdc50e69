import { Atom, erlang, IGNORE, type Pid } from "@otpts/runtime";
import { scrubbed } from "./core/secrets.ts";
import * as events from "./events.ts";
import { DELIVERED, FINISHED, isTagged, WAKE } from "./messages.ts";
import type { Due } from "./outbox.ts";
import type { Receiver, Vault } from "./vault.ts";

/**
 * The process of one subscribed callback: calls it with one change after the other, in order. It may take its time, fail or
 * hang: only its own queue stands still.
 */
export function start_delivery(vault: Vault, receiver: Receiver): Pid | typeof IGNORE {
  if (receiver.process !== undefined) {
    // It was started again already, or for the first time by two at once.
    if (erlang.is_process_alive(receiver.process)) return IGNORE;
    vault.delivering.delete(receiver.process);
  }
  const pid = erlang.spawn_link(() => deliver(vault, receiver));
  vault.delivering.set(pid, receiver);
  receiver.process = pid;
  receiver.idle = false;
  return pid;
}

/** A callback that ends its process with one and the same change is not called with that again after so many times. */
const MOST_CALLS = 5;

async function deliver(vault: Vault, receiver: Receiver): Promise<void> {
  const { outbox } = receiver;
  const killed = erlang.signal();
  while (!receiver.closed) {
    const due = outbox.begin();
    if (due === undefined) {
      receiver.idle = true;
      await erlang.receive((message) => message === WAKE);
      receiver.idle = false;
      continue;
    }
    if (due.calls++ < MOST_CALLS) {
      receiver.running_since = Date.now();
      await call(vault, receiver, due);
    } else {
      events.subscriberError(vault.spec.name, due, `its process ended ${MOST_CALLS} times while it ran`);
    }
    // Killed while the callback ran to its end: nobody would learn of it, and it is the next process's to tell.
    if (killed.aborted) return;
    receiver.running_since = undefined;
    outbox.done(due);
    if (vault.manager !== undefined) erlang.send(vault.manager, [DELIVERED, receiver]);
  }
  vault.delivering.delete(erlang.self());
}

async function call(vault: Vault, receiver: Receiver, due: Due): Promise<void> {
  const { pattern, version, cause } = due;
  // The same array for all who are told of this node.
  const segments = Object.freeze(due.segments);
  const { name, notify_timeout } = vault.spec;
  try {
    const result = receiver.callback(due.path, due.old_value, due.new_value, { pattern, segments, version, cause });
    if (!isThenable(result)) return;
    const call = erlang.make_ref();
    const self = erlang.self();
    const over = (error?: { readonly error: unknown }): void => {
      erlang.send(self, [FINISHED, call, error]);
    };
    result.then(
      () => over(),
      (error: unknown) => over({ error }),
    );
    const isOver = (message: unknown): message is Finished =>
      isTagged<Finished>(message, FINISHED) && message[1] === call;
    let finished = await erlang.receive<Finished>(isOver, { after: notify_timeout });
    if (finished instanceof Atom) {
      events.subscriberSlow(name, due, notify_timeout);
      finished = await erlang.receive<Finished>(isOver);
    }
    if (finished[2] !== undefined) throw finished[2].error;
  } catch (error) {
    events.subscriberError(name, due, scrubbed(vault.scrub(messageOf(error)), secretsIn(vault, due)));
  }
}

/** Secrets that were valid before, or are not yet: those that the callback was told. */
function secretsIn(vault: Vault, { segments, old_value, new_value }: Due): readonly string[] {
  const { secrets } = vault.spec;
  return [old_value, new_value].flatMap((value) => secrets.textsAt(segments, value));
}

/** What was thrown, in words; it may be anything. */
function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return "it threw something that has no text";
  }
}

type Finished = readonly [tag: typeof FINISHED, call: unknown, error: { readonly error: unknown } | undefined];

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function";
}
