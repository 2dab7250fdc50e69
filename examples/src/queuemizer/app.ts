/** The queuemizer application: a configuration manager and the processes that use its values, under one supervisor. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigManager, ConfigSpec, ConsulSource, EnvironmentSource, FileSource, RuntimeSource } from "@otpts/config";
import { dashboard, type DashboardOptions } from "@otpts/config/dashboard";
import { erlang, gen_server, type Pid, supervisor } from "@otpts/runtime";
import { start_http_api, validate_rate_limits } from "./http_api.ts";
import { start_provisioning_manager } from "./provisioning_manager.ts";
import { start_tc_manager } from "./tc_manager.ts";

export const initial_config = `# Edit me while the program runs: every change is seen at once.
[queuemizer]
interfaces = ["enp4s0", "enp5s0"]
log_level = "INFO"

[queuemizer.default_rates]
download_rate = 1000
upload_rate = 1000

[queuemizer.tc_rules.enp4s0]
download_rate = 500
upload_rate = 100

[queuemizer.tc_rules.enp5s0]
download_rate = 200
upload_rate = 50

[rate_limits.api]
requests = 100
window = 60

[feature_flags]
new_ui = false

[database]
url = "postgres://localhost/queuemizer"
max_connections = 10
`;

/** A running application. */
export interface Application {
  readonly top: Pid;
  readonly directory: string;
  readonly config_file: string;
  /** The address of its HTTP server. */
  readonly address: string;
  /** The processes that have ended, in order. */
  readonly ended: readonly string[];
  /** Stops the processes that still run, and removes the files. */
  stop(): Promise<void>;
}

export interface ApplicationOptions {
  /** The environment variables of the program. Default: the real ones. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Port of the HTTP server; 0 takes any. */
  readonly port?: number;
  /** Stop in order on SIGTERM and SIGINT. */
  readonly signals?: supervisor.SupervisorOptions["signals"];
  /** Also follow the keys under `queuemizer/` in Consul. */
  readonly consul_port?: number;
  /** Serve the dashboard, with these options. */
  readonly dashboard?: DashboardOptions;
}

export async function start_application(options: ApplicationOptions = {}): Promise<Application> {
  const directory = await mkdtemp(join(tmpdir(), "queuemizer-"));
  try {
    return await start_in(directory, options);
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function start_in(
  directory: string,
  { env = process.env, port = 0, signals = false, consul_port, dashboard: shown }: ApplicationOptions,
): Promise<Application> {
  const config_file = join(directory, "config.toml");
  await writeFile(config_file, initial_config);

  const ended: string[] = [];
  const note = (name: string) => void ended.push(name);

  const config_spec = new ConfigSpec({
    id: "queuemizer_config",
    sources: [
      new FileSource(config_file),
      new EnvironmentSource({ prefix: "QUEUEMIZER_", env }),
      ...(consul_port === undefined ? [] : [new ConsulSource("queuemizer", "127.0.0.1", consul_port)]),
      new RuntimeSource({ file: join(directory, "overrides.json") }),
    ],
    reload_interval: 30.0,
    validators: { "rate_limits.*": validate_rate_limits },
  });

  const children = [
    supervisor.child_spec({
      id: "config_manager",
      task: ConfigManager.start,
      args: [config_spec],
      restart: supervisor.Permanent(),
    }),
    supervisor.child_spec({ id: "tc_manager", task: start_tc_manager, args: [note] }),
    supervisor.child_spec({ id: "provisioning_manager", task: start_provisioning_manager, args: [note] }),
    supervisor.child_spec({ id: "http_api", task: start_http_api, args: [port, note] }),
    ...(shown === undefined ? [] : [dashboard({ config: config_spec, ...shown }).child_spec]),
  ];
  const opts = supervisor.options({ strategy: supervisor.OneForOne(), max_restarts: 3, max_seconds: 5, signals });
  const top = await supervisor.start(children, opts);
  const address = (await gen_server.call("http_api", "address")) as string;

  return {
    top,
    directory,
    config_file,
    address,
    ended,
    async stop() {
      if (erlang.is_process_alive(top)) await supervisor.stop(top);
      await rm(directory, { recursive: true, force: true });
    },
  };
}
