/** Actors as processes, and processes as actors. */
import type { Ref as ActorRef } from "nact";
import { Atom } from "../term/atom.ts";
import { describe } from "../term/describe.ts";
import { Pid } from "../term/pid.ts";
import { processOf } from "../process/process.ts";
import { whereis } from "../process/registry.ts";
import type { Name } from "../term/name.ts";
import { ActorProcess, standIn } from "./actor_process.ts";
import { concrete, isActor, isReference } from "./concrete.ts";
import { ProcessRef } from "./reference.ts";

/**
 * A nact actor as a process. An actor has the same pid until it stops; after that the pid is dead, and a new actor of
 * the same name has another one. An actor that has already stopped has a dead pid. `pid_of(ref_of(pid))` is `pid`.
 *
 * - `erlang.send` and `gen_server.cast` dispatch the message; `ctx.sender` is the sending process as a reference.
 * - `gen_server.call(pid, request)` works like nact's `query`: a function gets the reference to answer to and returns
 *   the message; anything else is the message itself, and `ctx.sender` is the reference to answer to.
 * - Monitors and links report its end: `normal`, or `[error, stack]` after a crash that its `onCrash` did not prevent.
 * - An exit signal other than `normal`, and `gen_server.stop`, stop the actor.
 *
 * @throws TypeError for a value that is not a reference to an actor (a system, a query's reply reference, `nobody()`)
 */
export function pid_of(actor: ActorRef<unknown>): Pid {
  if (!isReference(actor, "actor")) {
    throw new TypeError(`Cannot make a pid: a reference to a nact actor is needed, got ${describe(actor)}`);
  }
  if (actor instanceof ProcessRef)
    return actor.to instanceof Pid ? actor.to : (whereis(actor.to) ?? new Pid(undefined));
  const found = concrete(actor);
  return isActor(found) ? standIn(found).pid : new Pid(undefined);
}

/**
 * A process as a nact reference, by pid or by registered name. A name is looked up at each use, so the reference outlives
 * restarts. `ref_of(pid_of(actor))` is the actor's own reference.
 *
 * - `dispatch` sends the message to the process; if it is dead, the message is dropped.
 * - `query` calls it (`gen_server.call`): `handle_call` gets the message, and may answer with a reply or by dispatching to
 *   the reference in it. It rejects with nact's `Query Timeout`, with nact's error for a stopped actor if the process is
 *   dead, and with `Exit` if it dies before it answers.
 * - `stop` sends it the exit signal `shutdown`.
 *
 * @throws TypeError for a value that is neither a pid nor a name
 */
export function ref_of<M = unknown>(to: Pid | Name): ActorRef<M> {
  if (to instanceof Pid) {
    const process = processOf(to);
    return (process instanceof ActorProcess ? process.actor.reference : new ProcessRef(to)) as ActorRef<M>;
  }
  if (typeof to !== "string" && !(to instanceof Atom)) {
    throw new TypeError(`Cannot make a nact reference: a pid or a registered name is needed, got ${describe(to)}`);
  }
  return new ProcessRef(to);
}
