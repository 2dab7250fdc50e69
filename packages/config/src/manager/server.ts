import { NOREPLY } from "@otpts/runtime";
import type { Effects } from "./effects.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";
import { step } from "./step.ts";
import type { ManagerStore } from "./store.ts";

/** The state of the manager's gen_server: the manager's state, its store, and the executor of its effects. */
export interface Server {
  readonly state: State;
  readonly store: ManagerStore;
  readonly effects: Effects;
}

export type NoReply = readonly [typeof NOREPLY, Server];

/** Handles an event in a callback. */
export function handle(server: Server, event: Event): NoReply {
  return [NOREPLY, advance(server, event)];
}

/**
 * Runs the steps for an event and for the events that result from it. The state is saved after each step, before its
 * effects are carried out.
 */
export function advance(server: Server, event: Event): Server {
  const { store, effects } = server;
  let { state } = server;
  const events: Event[] = [event];
  for (let next = events.shift(); next !== undefined; next = events.shift()) {
    const [after, wanted] = step(state, next, Date.now());
    state = after;
    store.save(state);
    for (const effect of wanted) {
      const outcome = effects.carryOut(effect, state);
      if (outcome !== undefined) events.push(outcome);
    }
  }
  return { state, store, effects };
}
