/** The specification's block "Adding to Supervision Tree". */
import {
  Config,
  ConfigManager,
  ConfigSourceError,
  ConfigSpec,
  ConfigValidationError,
  EnvironmentSource,
  FileSource,
} from "@otpts/config";
import { erlang, gen_server, KILL, NOREPLY, OK, OtpError, type Pid, REPLY, supervisor, atoms } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { afterwards, eachAlone, eventually, folder, inProcess, started, stopped } from "./kit.ts";

const { PROCESS } = atoms;

eachAlone();

/** A process of the application, which reads its configuration when it starts and reports its end. */
const worker = (name: string, log: string[]) => ({
  async init() {
    erlang.process_flag("trap_exit", true);
    log.push(`${name} starts with ${String(await Config.get("queuemizer.log_level"))}`);
    return [OK, undefined] as const;
  },
  handle_call: () => [REPLY, name, undefined] as const,
  handle_cast: () => [NOREPLY, undefined] as const,
  terminate: () => void log.push(`${name} ends`),
});

async function main(log: string[]): Promise<Pid> {
  const file = await folder({ "config.toml": `[queuemizer]\nlog_level = "INFO"\n` });
  const start_tc_manager = () => gen_server.start_link(worker("tc_manager", log), undefined, { name: "tc_manager" });
  const start_provisioning_manager = () =>
    gen_server.start_link(worker("provisioning_manager", log), undefined, { name: "provisioning_manager" });

  // Define configuration sources
  const config_spec = new ConfigSpec({
    id: "queuemizer_config",
    sources: [
      new FileSource(file("config.toml")),
      new EnvironmentSource({ prefix: "QUEUEMIZER_", env: { QUEUEMIZER_QUEUEMIZER_LOG_LEVEL: "DEBUG" } }),
    ],
    reload_interval: 30.0,
  });

  const children = [
    // Configuration manager as supervised process
    supervisor.child_spec({
      id: "config_manager",
      task: ConfigManager.start,
      args: [config_spec],
      restart: supervisor.Permanent(),
    }),

    // Your application processes
    supervisor.child_spec({ id: "tc_manager", task: start_tc_manager }),
    supervisor.child_spec({ id: "provisioning_manager", task: start_provisioning_manager }),
  ];

  const opts = supervisor.options({ strategy: supervisor.OneForOne() });
  const top = await supervisor.start(children, opts);
  afterwards(() => stopped(top));
  return top;
}

describe("Adding to Supervision Tree", () => {
  test("the block: the manager is ready before the processes that need it, which end before it does", async () => {
    const log: string[] = [];
    const top = await main(log);
    expect(log).toEqual(["tc_manager starts with DEBUG", "provisioning_manager starts with DEBUG"]);
    const ids = (await supervisor.which_children(top)).map(([id]) => id);
    expect(ids.reverse()).toEqual(["config_manager", "tc_manager", "provisioning_manager"]);
    expect((await Config.status()).id).toBe("queuemizer_config");

    await supervisor.stop(top);
    expect(log.slice(2)).toEqual(["provisioning_manager ends", "tc_manager ends"]);
    expect(erlang.whereis("config_manager")).toBeUndefined();
    expect(erlang.processes()).toEqual([]);
  });

  test("supervisor.Permanent(): a killed manager is restarted with its puts and subscriptions", async () => {
    const log: string[] = [];
    const top = await main(log);
    const told: unknown[] = [];
    await Config.subscribe("feature_flags.*", (_path, _old_value, new_value) => void told.push(new_value));
    await Config.put("feature_flags.new_ui", true);

    const before = erlang.whereis("config_manager") as Pid;
    erlang.exit(before, KILL);
    await eventually(() => ![undefined, before].includes(erlang.whereis("config_manager")));

    expect(await Config.get("feature_flags.new_ui")).toBe(true);
    expect(await Config.get("queuemizer.log_level")).toBe("DEBUG");
    await Config.put("feature_flags.new_ui", false);
    expect(told).toEqual([true, false]);
    expect(log).toHaveLength(2);
    expect(erlang.is_process_alive(top)).toBe(true);
  });

  test("a killed manager tree is restarted with the same specification, and loses nothing", async () => {
    const top = await main([]);
    await Config.put("feature_flags.new_ui", true);
    const child = async () => (await supervisor.which_children(top)).find(([id]) => id === "config_manager")?.[1];
    const tree = (await child()) as Pid;
    erlang.exit(tree, KILL);
    await eventually(async () => ![undefined, tree].includes((await child()) as Pid | undefined));
    expect(await Config.get("feature_flags.new_ui")).toBe(true);
  });

  test("OneForOne: a crash of another child does not affect the manager", async () => {
    await main([]);
    const manager = erlang.whereis("config_manager");
    const before = erlang.whereis("tc_manager") as Pid;
    erlang.exit(before, KILL);
    await eventually(() => ![undefined, before].includes(erlang.whereis("tc_manager")));
    expect(erlang.whereis("config_manager")).toBe(manager);
  });

  test("a manager ends with its supervisor", async () => {
    const top = await main([]);
    const manager = erlang.whereis("config_manager") as Pid;
    const reason = inProcess(async () => {
      const ref = erlang.monitor(PROCESS, manager);
      return erlang.receive((message) => Array.isArray(message) && message[1] === ref);
    });
    erlang.exit(top, KILL);
    await reason;
    expect(erlang.whereis("config_manager")).toBeUndefined();
  });
});

describe("ConfigManager that cannot start fails its supervisor's start with the reason, and leaves nothing running", () => {
  test("for a broken file: with file, line and column", async () => {
    const file = await folder({ "config.toml": "a = = 1\n" });
    const error = await started({ sources: [new FileSource(file("config.toml"), { settle: 0 })] }).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(OtpError);
    expect((error as Error).message).toMatch(/config_manager.*config\.toml.*line 1, column 5/);
    expect(erlang.processes()).toEqual([]);
  });

  test("for an invalid configuration: with the path", async () => {
    const file = await folder({ "config.toml": "port = 0\n" });
    const sources = [new FileSource(file("config.toml"))];
    const validators = { port: (port: unknown) => (port as number) > 0 || "must be positive" };
    await expect(started({ sources, validators })).rejects.toThrow(/port.*must be positive/s);
    expect(erlang.processes()).toEqual([]);
  });

  test("outside a supervisor the error is the manager's own", async () => {
    const file = await folder({ "a.toml": "a = = 1\n", "b.toml": "a = 1\n" });
    const broken = new ConfigSpec({ sources: [new FileSource(file("a.toml"), { settle: 0 })] });
    await expect(ConfigManager.start(broken)).rejects.toThrow(ConfigSourceError);
    const invalid = new ConfigSpec({ sources: [new FileSource(file("b.toml"))], validators: { a: () => "no" } });
    await expect(ConfigManager.start(invalid)).rejects.toThrow(ConfigValidationError);
    expect(erlang.processes()).toEqual([]);
  });

  test("for a name in use: already_started, without effect on the running manager", async () => {
    await started();
    await Config.put("a", 1);
    await expect(started()).rejects.toThrow(/already/);
    expect(await Config.get("a")).toBe(1);
  });
});

test("Config.for: two managers coexist, each under its name", async () => {
  await started();
  await started({ name: "other_config" });
  const Other = Config.for("other_config");
  await Config.put("a", 1);
  await Other.put("a", 2);
  expect([await Config.get("a"), await Other.get("a")]).toEqual([1, 2]);
});
