/** The process that represents a nact actor: it lives as long as the actor, and passes on its messages. */
import { GEN_CAST, NORMAL } from "../term/atoms.ts";
import { ensure } from "../term/atom.ts";
import { reasonOf } from "../term/reason.ts";
import type { SystemOperation } from "../behaviour/stopping.ts";
import { acting } from "../process/context.ts";
import { die } from "../process/death.ts";
import type { Dispatcher } from "../process/process.ts";
import { Process } from "../process/process.ts";
import type { Entry } from "../process/mailbox.ts";
import { Request } from "../call/request.ts";
import { addProcess } from "../process/table.ts";
import { show, tapped } from "../process/tap.ts";
import type { Actor, OnCrash } from "./concrete.ts";
import { follow } from "./following.ts";
import { ProcessRef, ReplyRef } from "./reference.ts";

const NOTSUP = ensure("notsup");

/** It needs no turns: the actor has nact's. */
const nowhere: Dispatcher = { prompt: false, admit() {}, schedule() {}, dismiss() {} };

/** Decisions of `onCrash` that leave the actor alive. */
const FORGIVING = ["stopChild", "stopAllChildren", "resume", "reset", "resetAll", "resetChild", "resetAllChildren"];

// The caller is not waiting yet while the request is being passed on.
const soon = Promise.resolve();
const later = (work: () => void) => void soon.then(work);

const known = new WeakMap<Actor, ActorProcess>();

/** The process of a live actor: the same one for the actor's whole life. */
export function standIn(actor: Actor): ActorProcess {
  let process = known.get(actor);
  if (process === undefined) {
    process = new ActorProcess(actor);
    known.set(actor, process);
    addProcess(process);
  }
  return process;
}

export class ActorProcess extends Process {
  readonly actor: Actor;
  readonly #unfollow: () => void;
  /** The actor's last failure, until `onCrash` forgives it. */
  #fault: { readonly error: unknown } | undefined;
  /** nact ended the actor, so there is nothing to stop. */
  #ended = false;

  constructor(actor: Actor) {
    super(nowhere, []);
    this.actor = actor;
    this.listening = true;
    this.#unfollow = follow(actor, () => this.#end());
    actor.onCrash = this.#watched(actor.onCrash);
  }

  get initialCall(): string {
    return `nact actor ${this.actor.path.toString()}`;
  }

  turn(): void {}

  override wake(): void {}

  /** Stops the actor of a dead process. */
  release(): void {
    this.#unfollow();
    if (!this.#ended) this.actor.stop();
  }

  override enqueue(entry: Entry): void {
    if (tapped) show(this, entry);
    if (entry instanceof Request) {
      this.#serve(entry);
      return;
    }
    this.taken++;
    const term = entry.term;
    this.#pass(Array.isArray(term) && term.length === 2 && term[0] === GEN_CAST ? term[1] : term);
  }

  #pass(message: unknown): void {
    const sender = acting();
    this.actor.dispatch(message, sender === undefined ? undefined : new ProcessRef(sender.pid));
  }

  // Like nact's query: a function gets the reference to answer to and makes the message; anything else is the message,
  // and `ctx.sender` is the reference to answer to.
  #serve(request: Request): void {
    if (request.handlers.system) {
      const operation = request.payload as SystemOperation;
      if (operation.op === "terminate") {
        operation.taken = true;
        die(this, operation.reason);
      } else later(() => request.fail(NOTSUP));
      return;
    }
    this.taken++;
    const { payload } = request;
    const reply = new ReplyRef(request);
    try {
      this.actor.dispatch(typeof payload === "function" ? payload(reply) : payload, reply);
    } catch (error) {
      later(() => request.fail(reasonOf(error)));
    }
  }

  // `stop` alone does not show whether it was requested or caused by a crash; the decision of `onCrash` just before it
  // does.
  #watched(onCrash: OnCrash): OnCrash {
    return async (message, error, context, child) => {
      this.#fault = { error };
      const decision = await onCrash.call(this.actor, message, error, context, child);
      if (FORGIVING.some((each) => context[each] === decision)) this.#fault = undefined;
      return decision;
    };
  }

  #end(): void {
    this.#ended = true;
    die(this, this.#fault === undefined ? NORMAL : reasonOf(this.#fault.error));
  }
}
