import type { Pid } from "@otpts/runtime";
import { Overrides } from "../../core/overrides.ts";
import { byNewNames } from "../../core/renaming.ts";
import type { OfManager, Timer } from "../event.ts";
import * as changes from "./changes.ts";
import * as deliveries from "./deliveries.ts";
import * as sources from "./sources.ts";
import * as subscriptions from "./subscriptions.ts";
import type { Turn } from "./turn.ts";

/** Begins and ends: of the manager, of the processes around it, of waits. */

/** The first start: with the overrides that were saved, all sources are asked. */
export function started(turn: Turn, { workers, saved }: Extract<OfManager, { type: "started" }>): void {
  attach(turn, workers);
  if (saved !== undefined) {
    const { spec } = turn.state;
    const overrides = Overrides.of(byNewNames(saved.overrides, spec.aliases, spec.shape));
    const { configuration, overrides_file } = turn.state;
    turn.set({
      configuration: { ...configuration, overrides },
      overrides_file: { ...overrides_file!, writing: false, diagnostics: saved.diagnostics, last_success: turn.now },
    });
    for (const { message } of saved.diagnostics) turn.announce({ what: "overrides_damaged", message });
  }
  sources.startReload(turn, [], true);
}

/**
 * Another start: what was under way is lost with the callers who waited for it. Deliveries are given again what they were
 * given before, and tell what they have done already. A reload brings what was lost with the mailbox.
 */
export function restarted(turn: Turn, { workers }: Extract<OfManager, { type: "restarted" }>): void {
  turn.set({ change: undefined, queue: [], reload: undefined, groups: [], next_reload: undefined, waits: [] });
  turn.do({ do: "publish" });
  // What was being written when the manager died may be on disk: it was never acknowledged.
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
  sources.startReload(turn, [undefined]);
}

/** A process ended. */
export function down(turn: Turn, process: Pid, reason: unknown): changes.Settled | undefined {
  subscriptions.died(turn, process);
  deliveries.died(turn, process);
  return sources.workerEnded(turn, process, reason) ?? changes.jobEnded(turn, process, reason);
}

/** A timer is over. */
export function elapsed(turn: Turn, timer: Timer): void {
  const [what, which = ""] = timer.split(/ (.*)/su);
  switch (what) {
    case "interval":
      return sources.reloadRequested(turn, undefined);
    case "reload":
      return sources.reloadElapsed(turn);
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
