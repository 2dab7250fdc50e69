import type { Announcement, Effect } from "../effect.ts";
import { announced } from "./announced.ts";
import type { Caller, Delivery, SourceState, State } from "../state.ts";

/** A step in progress: the state and the effects so far. It never leaves the step. */
export class Turn {
  state: State;
  readonly effects: Effect[] = [];
  /** The time, in ms. */
  readonly now: number;
  /** The time of the monotonic clock, in ms, for durations. */
  readonly ticks: number;

  constructor(state: State, now: number, ticks: number) {
    this.state = state;
    this.now = now;
    this.ticks = ticks;
  }

  set(changes: Partial<State>): void {
    this.state = { ...this.state, ...changes };
  }

  /** A new unique number. */
  id(): number {
    const last_id = this.state.last_id + 1;
    this.set({ last_id });
    return last_id;
  }

  do(effect: Effect): void {
    this.effects.push(effect);
  }

  announce(announcement: Announcement): void {
    this.set({ tally: announced(this.state.tally, announcement) });
    this.effects.push({ do: "announce", announcement });
  }

  reply<R>(to: Caller<R> | undefined, reply: R): void {
    if (to !== undefined) this.effects.push({ do: "reply", to, reply });
  }

  source(index: number): SourceState {
    return this.state.sources[index]!;
  }

  setSource(index: number, changes: Partial<SourceState>): void {
    const sources = this.state.sources.slice();
    sources[index] = { ...sources[index]!, ...changes };
    this.set({ sources });
  }

  delivery(key: string): Delivery | undefined {
    return this.state.deliveries.get(key);
  }

  setDelivery(delivery: Delivery): void {
    this.set({ deliveries: this.state.deliveries.set(delivery.key, delivery) });
  }
}
