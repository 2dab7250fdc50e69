/** Holds the traffic-control rules of each interface: reads them at its start, and is notified of every change. */
import { Config } from "@otpts/config";
import { type Atom, atom, gen_server, NOREPLY, OK, type Pid, REPLY } from "@otpts/runtime";
import { withFarewell } from "./farewell.ts";

export const UPDATE_INTERFACES = atom.ensure("update_interfaces");
export const UPDATE_TC_RULES = atom.ensure("update_tc_rules");
export const GET_RULES = atom.ensure("get_rules");

export interface TCRules {
  readonly download_rate: number;
  readonly upload_rate: number;
  readonly burst?: number;
}

/** What has happened to tc_manager so far, for the demo. */
export interface TCState {
  readonly interfaces: readonly string[];
  readonly active_rules: Readonly<Record<string, TCRules | undefined>>;
  /** The interfaces whose rules it was notified of, in order. */
  readonly told: readonly string[];
}

type Cast =
  | readonly [Atom<"update_interfaces">, readonly string[]]
  | readonly [Atom<"update_tc_rules">, string, TCRules | undefined];

async function handle_interface_changes(_path: string, _old: unknown, interfaces: unknown): Promise<void> {
  gen_server.cast("tc_manager", [UPDATE_INTERFACES, interfaces]);
}

async function handle_tc_rule_changes(path: string, _old: unknown, rules: unknown): Promise<void> {
  const name = path.split(".").at(-1); // the interface
  gen_server.cast("tc_manager", [UPDATE_TC_RULES, name, rules]);
}

const tc_manager = {
  async init() {
    const interfaces = (await Config.get("queuemizer.interfaces", ["eth0"])) as readonly string[];
    const active_rules = (await Config.get("queuemizer.tc_rules", {})) as TCState["active_rules"];
    await Config.subscribe("queuemizer.interfaces", handle_interface_changes);
    await Config.subscribe("queuemizer.tc_rules.*", handle_tc_rule_changes);
    const state: TCState = { interfaces, active_rules, told: [] };
    return [OK, state] as const;
  },

  handle_call(_request: typeof GET_RULES, _from: gen_server.From, state: TCState) {
    return [REPLY, state, state] as const;
  },

  handle_cast(message: Cast, state: TCState) {
    if (message[0] === UPDATE_INTERFACES)
      return [NOREPLY, { ...state, interfaces: message[1] as readonly string[] }] as const;
    const [, name, rules] = message as readonly [unknown, string, TCRules | undefined];
    const active_rules = { ...state.active_rules, [name]: rules };
    return [NOREPLY, { ...state, active_rules, told: [...state.told, name] }] as const;
  },
};

export function start_tc_manager(ended: (name: string) => void): Promise<Pid> {
  return gen_server.start_link(withFarewell(tc_manager, "tc_manager", ended), undefined, { name: "tc_manager" });
}
