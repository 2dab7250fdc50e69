/** The specification's block "Configuration-Driven Process Initialization": a server that lives by its configuration. */
import { Config, ConfigManager, ConfigSpec, FileSource } from "@otpts/config";
import { type Atom, atom, erlang, gen_server, KILL, NOREPLY, OK, type Pid, REPLY, supervisor } from "@otpts/runtime";
import { writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { afterwards, eachAlone, eventually, folder, stopped } from "./kit.ts";

eachAlone();

const UPDATE_INTERFACES = atom.ensure("update_interfaces");
const UPDATE_TC_RULES = atom.ensure("update_tc_rules");

interface State {
  readonly interfaces: unknown;
  readonly default_rates: unknown;
  readonly active_rules: Readonly<Record<string, unknown>>;
}

const tc_manager = {
  /** Initialize TC Manager with current configuration. */
  async init() {
    // Get current configuration
    const interfaces: unknown = await Config.get("queuemizer.interfaces", ["eth0"]);
    const default_rates: unknown = await Config.get("queuemizer.default_rates", {});

    // Subscribe to configuration changes
    await Config.subscribe("queuemizer.interfaces", _handle_interface_changes);
    await Config.subscribe("queuemizer.tc_rules.*", _handle_tc_rule_changes);

    const state: State = { interfaces, default_rates, active_rules: {} };
    return [OK, state] as const;
  },

  handle_call: (_request: "state", _from: gen_server.From, state: State) => [REPLY, state, state] as const,

  handle_cast(message: readonly [Atom, unknown, unknown?], state: State) {
    const [tag, first, second] = message;
    switch (tag) {
      case UPDATE_INTERFACES:
        return [NOREPLY, { ...state, interfaces: first }] as const;
      case UPDATE_TC_RULES:
        return [NOREPLY, { ...state, active_rules: { ...state.active_rules, [first as string]: second } }] as const;
      default:
        return [NOREPLY, state] as const;
    }
  },
};

/** Handle interface configuration changes. */
async function _handle_interface_changes(_path: string, _old_value: unknown, new_value: unknown): Promise<void> {
  gen_server.cast("tc_manager", [UPDATE_INTERFACES, new_value]);
}

/** Handle TC rule changes. */
async function _handle_tc_rule_changes(path: string, _old_value: unknown, new_value: unknown): Promise<void> {
  const name = path.split(".").at(-1); // Extract interface from path
  gen_server.cast("tc_manager", [UPDATE_TC_RULES, name, new_value]);
}

const state = () => gen_server.call("tc_manager", "state") as Promise<State>;

async function boot(toml: string): Promise<string> {
  const config_file = (await folder({ "config.toml": toml }))("config.toml");
  const config_spec = new ConfigSpec({
    id: "queuemizer_config",
    sources: [new FileSource(config_file)],
    reload_interval: 0,
  });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
    supervisor.child_spec({
      id: "tc_manager",
      task: () => gen_server.start_link(tc_manager, undefined, { name: "tc_manager" }),
    }),
  ]);
  afterwards(() => stopped(top));
  return config_file;
}

const toml = `[queuemizer]
interfaces = ["enp4s0"]

[queuemizer.default_rates]
download_rate = 1000

[queuemizer.tc_rules.enp4s0]
download_rate = 500
`;

describe("Configuration-Driven Process Initialization", () => {
  test("the block's init reads the current configuration", async () => {
    await boot(toml);
    expect(await state()).toEqual({
      interfaces: ["enp4s0"],
      default_rates: { download_rate: 1000 },
      active_rules: {},
    });
  });

  test("the block's init reads its defaults if nothing is configured", async () => {
    await boot("");
    expect(await state()).toEqual({ interfaces: ["eth0"], default_rates: {}, active_rules: {} });
  });

  test("the block's handlers: an edit of the file becomes casts, with the interface taken from the path", async () => {
    const config_file = await boot(toml);
    await writeFile(config_file, toml.replace(`["enp4s0"]`, `["enp4s0", "enp5s0"]`).replace("500", "750"));
    await Config.reload();
    await eventually(async () => (await state()).active_rules["enp4s0"] !== undefined);
    expect(await state()).toEqual({
      interfaces: ["enp4s0", "enp5s0"],
      default_rates: { download_rate: 1000 },
      active_rules: { enp4s0: { download_rate: 750 } },
    });
  });

  test("the block's handlers: a put is effective for the next call, because put waits for its callbacks", async () => {
    await boot(toml);
    await Config.put("queuemizer.tc_rules.wlan0.upload_rate", 10);
    expect((await state()).active_rules).toEqual({ wlan0: { upload_rate: 10 } });
    await Config.unset("queuemizer.tc_rules.wlan0");
    expect((await state()).active_rules).toEqual({ wlan0: undefined });
  });

  test("a subscription made in init ends with its process, and a restarted process has one of its own", async () => {
    await boot(toml);
    expect((await Config.status()).subscriptions).toBe(2);
    const before = erlang.whereis("tc_manager") as Pid;
    erlang.exit(before, KILL);
    await eventually(() => ![undefined, before].includes(erlang.whereis("tc_manager")));
    expect(await state()).toMatchObject({ active_rules: {} });
    await eventually(async () => (await Config.status()).subscriptions === 2);
    await Config.put("queuemizer.tc_rules.enp4s0.download_rate", 1);
    expect((await state()).active_rules).toEqual({ enp4s0: { download_rate: 1 } });
  });
});
