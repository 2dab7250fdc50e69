/** Assigns work within the rate limits; follows these and the feature flags. */
import { Config } from "@otpts/config";
import { type Atom, atom, gen_server, NOREPLY, OK, type Pid, REPLY } from "@otpts/runtime";
import { withFarewell } from "./farewell.ts";

export const LIMITS_CHANGED = atom.ensure("limits_changed");
export const GET_LIMITS = atom.ensure("get_limits");

export interface RateLimits {
  readonly requests: number;
  readonly window: number;
}

export interface ProvisioningState {
  readonly limits: RateLimits | undefined;
  /** All limits it was notified of, in order. */
  readonly seen: readonly (RateLimits | undefined)[];
}

const provisioning_manager = {
  async init() {
    const limits = (await Config.get("rate_limits.api")) as RateLimits | undefined;
    await Config.subscribe("rate_limits.*", (_path, _old, now) => {
      gen_server.cast("provisioning_manager", [LIMITS_CHANGED, now]);
    });
    const state: ProvisioningState = { limits, seen: [] };
    return [OK, state] as const;
  },

  handle_call(_request: typeof GET_LIMITS, _from: gen_server.From, state: ProvisioningState) {
    return [REPLY, state, state] as const;
  },

  handle_cast([, limits]: readonly [Atom<"limits_changed">, RateLimits | undefined], state: ProvisioningState) {
    return [NOREPLY, { limits, seen: [...state.seen, limits] }] as const;
  },
};

export function start_provisioning_manager(ended: (name: string) => void): Promise<Pid> {
  return gen_server.start_link(withFarewell(provisioning_manager, "provisioning_manager", ended), undefined, {
    name: "provisioning_manager",
  });
}
