import type { Pid } from "@otpts/runtime";
import { Overrides } from "../../core/overrides.ts";
import { byNewNames } from "../../core/renaming.ts";
import type { OfManager, Timer } from "../event.ts";
import * as changes from "./changes.ts";
import * as deliveries from "./deliveries.ts";
import * as reloads from "./reloads.ts";
import * as sources from "./sources.ts";
import * as subscriptions from "./subscriptions.ts";
import type { Turn } from "./turn.ts";

/** The start of the manager, the ends of processes, and elapsed timers. */

/** The first start: takes the saved overrides, and loads all sources. */
export function started(turn: Turn, { workers, saved }: Extract<OfManager, { type: "started" }>): void {
  attach(turn, workers);
  if (saved !== undefined) {
    const { spec } = turn.state;
    const overrides = Overrides.of(byNewNames(saved.overrides, spec.aliases, spec.shape));
    const { configuration, overrides_file } = turn.state;
    turn.set({
      configuration: { ...configuration, overrides },
      overrides_file: {
        ...overrides_file!,
        writing: false,
        diagnostics: saved.diagnostics,
        last_success: turn.now,
        fresh_at: turn.ticks,
      },
    });
    for (const { message } of saved.diagnostics) turn.announce({ what: "overrides_damaged", message });
  }
  reloads.start(turn, [], true);
}

/**
 * A restart: the change in progress is lost together with its waiting callers. Deliveries get their current
 * notifications again, and report those already done. A reload makes up for messages lost with the mailbox.
 */
export function restarted(turn: Turn, { workers }: Extract<OfManager, { type: "restarted" }>): void {
  turn.set({ change: undefined, queue: [], reload: undefined, groups: [], next_reload: undefined, waits: [] });
  turn.do({ do: "publish" });
  // A write in progress when the manager died may be on disk, though it was never acknowledged.
  if (turn.state.overrides_file?.writing === true) changes.persist(turn, 0, turn.state.configuration.overrides);
  attach(turn, workers);
  for (const subscription of turn.state.subscriptions.values()) {
    turn.do({ do: "index", add: subscription });
    for (const process of subscriptions.processesOf(subscription)) turn.do({ do: "monitor", process });
    for (const signal of subscription.signals) turn.do({ do: "listen", signal, subscription: subscription.key });
  }
  for (const delivery of turn.state.deliveries.values()) {
    if (delivery.process === undefined) {
      deliveries.start(turn, delivery);
    } else {
      turn.do({ do: "monitor", process: delivery.process });
      deliveries.handAgain(turn, delivery);
    }
  }
  reloads.start(turn, [undefined]);
}

/** Handles the end of a process. */
export function down(turn: Turn, process: Pid, reason: unknown): changes.Settled | undefined {
  subscriptions.died(turn, process);
  deliveries.died(turn, process);
  return sources.workerEnded(turn, process, reason) ?? changes.jobEnded(turn, process, reason);
}

/** Handles an elapsed timer. */
export function elapsed(turn: Turn, timer: Timer): void {
  const [what, which = ""] = timer.split(/ (.*)/su);
  switch (what) {
    case "interval":
      return reloads.requested(turn, undefined);
    case "reload":
      return reloads.elapsed(turn);
    case "group":
      return sources.groupElapsed(turn, Number(which));
    case "retry":
      return sources.retry(turn, Number(which));
    case "wait":
      return deliveries.waitElapsed(turn, Number(which));
    case "slow":
      return deliveries.slow(turn, which);
    case "persist":
      return changes.persistSlow(turn);
  }
}

function attach(turn: Turn, workers: readonly (Pid | undefined)[]): void {
  for (const [index, worker] of workers.entries()) {
    turn.setSource(index, { worker });
    if (worker !== undefined) turn.do({ do: "monitor", process: worker });
  }
}
