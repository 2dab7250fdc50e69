import type { ConfigSpec } from "../spec.ts";
import type { State } from "./state.ts";

/**
 * Keeps a manager's state after each step, as one reference, like an ETS table with another owner in Erlang. It belongs
 * to the `ConfigSpec` and outlives the processes. Only the manager writes to it.
 */
export class ManagerStore {
  private state: State | undefined;

  /** The state after the last step; undefined before the first. */
  get saved(): State | undefined {
    return this.state;
  }

  save(state: State): void {
    this.state = state;
  }
}

/** The store of a specification. */
export function storeOf(spec: ConfigSpec): ManagerStore {
  let store = stores.get(spec);
  if (store === undefined) stores.set(spec, (store = new ManagerStore()));
  return store;
}

const stores = new WeakMap<ConfigSpec, ManagerStore>();
