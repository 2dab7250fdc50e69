import type { Effect } from "./effect.ts";
import type { Event } from "./event.ts";
import type { State } from "./state.ts";
import * as changes from "./step/changes.ts";
import * as deliveries from "./step/deliveries.ts";
import * as health from "./step/health.ts";
import * as lifecycle from "./step/lifecycle.ts";
import * as reloads from "./step/reloads.ts";
import * as sources from "./step/sources.ts";
import * as subscriptions from "./step/subscriptions.ts";
import { Turn } from "./step/turn.ts";

/**
 * The manager's next state and its effects. Pure: it makes every decision and has no side effects; it does not even
 * read the clock.
 *
 * @param now the time, in ms
 * @param ticks the time of the monotonic clock, in ms
 */
export function step(state: State, event: Event, now: number, ticks = now): readonly [State, readonly Effect[]] {
  const turn = new Turn(state, now, ticks);
  decide(turn, event);
  return [turn.state, turn.effects];
}

function decide(turn: Turn, event: Event): void {
  switch (event.type) {
    case "started":
      return lifecycle.started(turn, event);
    case "restarted":
      return lifecycle.restarted(turn, event);
    case "down":
      return settle(turn, lifecycle.down(turn, event.process, event.reason));
    case "elapsed":
      return lifecycle.elapsed(turn, event.timer);

    case "change":
      return changes.requested(turn, event.request, event.caller);
    case "preparing":
      return changes.preparing(turn, event.change, event.job);
    case "prepared":
      return settle(turn, changes.prepared(turn, event.change, event.outcome));
    case "overdue":
      return settle(turn, changes.overdue(turn, event.change));
    case "written":
      return settle(turn, changes.written(turn, event.write, event.error));
    case "persisted":
      return settle(turn, changes.persisted(turn, event.change, event.error));
    case "projected":
      return settle(turn, changes.committed(turn, event));

    case "reload":
      return reloads.requested(turn, event.caller);
    case "source_up":
      return sources.up(turn, event.source, event.worker);
    case "loaded":
      return sources.loaded(turn, event);
    case "watched":
      return health.watched(turn, event.source, event.error);
    case "source_update":
      return sources.updated(turn, event.name, event.tree);

    case "subscribe":
      return subscriptions.subscribe(turn, event.wanted, event.caller);
    case "unsubscribe":
      return subscriptions.unsubscribe(turn, event.wanted, event.caller);
    case "aborted":
      return subscriptions.end(turn, event.subscription);
    case "matching":
      return subscriptions.matching(turn, event.matches);

    case "delivery_up":
      return deliveries.up(turn, event.delivery, event.process);
    case "called":
      return deliveries.called(turn, event);
    case "delivered":
      return deliveries.delivered(turn, event);
  }
}

/** Ends a change, if it is over, and begins the next one. */
function settle(turn: Turn, settled: changes.Settled | undefined): void {
  if (settled === undefined) return;
  sources.settled(turn, settled);
  changes.next(turn);
}
