/**
 * A demonstration of the queuemizer application with real files, environment variables, HTTP and crashes. Exits 1 if a
 * step fails.
 */
import { readFile, writeFile } from "node:fs/promises";
import { Config, GET_CONFIG } from "@otpts/config";
import { erlang, gen_server, KILL, logger, supervisor } from "@otpts/runtime";
import { type Application, initial_config, start_application } from "./app.ts";
import { type Agent, start_agent } from "./consul_agent.ts";
import { GET_LIMITS, type ProvisioningState } from "./provisioning_manager.ts";
import { GET_RULES, type TCState } from "./tc_manager.ts";
import { Transcript } from "./transcript.ts";

const show = new Transcript();

// Crashes are part of the demonstration: one line each is enough.
logger.set_handler((report) => show.say(`[${report.level}] ${report.text.split("\n", 1)[0]}`));

const env = { ...process.env, QUEUEMIZER_DATABASE_MAX_CONNECTIONS: "25" };

const tc = () => gen_server.call("tc_manager", GET_RULES) as Promise<TCState>;
const provisioning = () => gen_server.call("provisioning_manager", GET_LIMITS) as Promise<ProvisioningState>;

async function http(
  app: Application,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${app.address}${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

/** The current problem of the first source that has one, from `status`. */
async function problem(): Promise<string | undefined> {
  const { sources } = await Config.status();
  return sources.find(({ state }) => state === "error")?.last_error?.message;
}

let app!: Application;

async function demo(agent: Agent | undefined): Promise<void> {
  await show.step("A supervision tree boots, in order", async () => {
    app = await start_application({ env, ...(agent === undefined ? {} : { consul_port: agent.port }) });
    const children = await supervisor.which_children(app.top);
    show.equal("children, first started first", children.map(([id]) => id).reverse(), [
      "config_manager",
      "tc_manager",
      "provisioning_manager",
      "http_api",
    ]);
    show.equal("tc_manager read its interfaces in init", (await tc()).interfaces, ["enp4s0", "enp5s0"]);
  });

  await show.step("Values come from a file, the environment over it, runtime puts over both", async () => {
    show.equal("database.url, from config.toml", await Config.get("database.url"), "postgres://localhost/queuemizer");
    show.equal(
      "database.max_connections, from the environment over the file's 10",
      await Config.get("database.max_connections"),
      25,
    );
    await Config.put("database.max_connections", 50);
    show.equal("the same, after a put", await Config.get("database.max_connections"), 50);
    show.equal(
      "asked by message",
      await gen_server.call("config_manager", [GET_CONFIG, "database.max_connections"]),
      50,
    );
    show.equal("a table is read as a table", await Config.get("database"), {
      url: "postgres://localhost/queuemizer",
      max_connections: 50,
    });
    await Config.put("feature_flags.new_ui", true);
  });

  await show.step(
    "The file is edited: tc_manager hears of the interface that changed, and of nothing else",
    async () => {
      const text = await readFile(app.config_file, "utf8");
      await writeFile(app.config_file, text.replace("download_rate = 500", "download_rate = 750"));
      const { told, active_rules } = await show.eventually("the change arrived", tc, (state) => state.told.length > 0);
      show.equal("told of", told, ["enp4s0"]);
      show.equal("new rules", active_rules["enp4s0"], { download_rate: 750, upload_rate: 100 });
    },
  );

  await show.step("Rate limits change over HTTP; an invalid change is refused and changes nothing", async () => {
    show.equal("PUT /rate_limits", await http(app, "PUT", "/rate_limits", { requests: 1000, window: 60 }), {
      status: 200,
      body: { status: "updated" },
    });
    const { limits } = await show.eventually(
      "provisioning_manager heard of it",
      provisioning,
      (state) => state.seen.length > 0,
    );
    show.equal("its limits", limits, { requests: 1000, window: 60 });
    const refused = await http(app, "PUT", "/rate_limits", { requests: -1, window: 60 });
    show.equal("PUT with requests: -1", refused, {
      status: 400,
      body: { error: "invalid configuration", reason: "requests must be a whole number > 0" },
    });
    show.equal("GET /config", await http(app, "GET", "/config"), {
      status: 200,
      body: {
        interfaces: ["enp4s0", "enp5s0"],
        rate_limits: { api: { requests: 1000, window: 60 } },
        feature_flags: { new_ui: true },
      },
    });
  });

  await show.step(
    "The file is broken: the last good values stay, and the error says where; then it is mended",
    async () => {
      const text = await readFile(app.config_file, "utf8");
      await writeFile(app.config_file, text.replace("upload_rate = 50", "upload_rate = = 50"));
      const message = await show.eventually("status names the problem", problem, (found) => found !== undefined);
      const line = text.split("\n").indexOf("upload_rate = 50") + 1;
      show.holds(
        `it names file, line and column: ${message?.replace(app.directory, "…")}`,
        new RegExp(`config\\.toml.*${line}.*\\d`).test(message ?? ""),
      );
      show.equal(
        "the value is still the last good one",
        await Config.get("queuemizer.tc_rules.enp5s0.upload_rate"),
        50,
      );
      await writeFile(app.config_file, text.replace("upload_rate = 50", "upload_rate = 55"));
      const { told } = await show.eventually("mended: the change arrived", tc, (state) =>
        state.told.includes("enp5s0"),
      );
      show.equal("told of, so far", told, ["enp4s0", "enp5s0"]);
      await show.eventually("no problem is left", problem, (found) => found === undefined);
    },
  );

  await show.step(
    "config_manager is killed: its supervisor starts it again, puts and subscriptions are still there",
    async () => {
      const before = erlang.whereis("config_manager");
      if (before === undefined) throw new Error("config_manager is not registered");
      erlang.exit(before, KILL);
      await show.eventually(
        "it is back under a new pid",
        () => erlang.whereis("config_manager"),
        (pid) => pid !== undefined && pid !== before,
      );
      show.equal("the put of step 2", await Config.get("database.max_connections"), 50);
      show.equal("the put over HTTP", await Config.get("rate_limits.api"), { requests: 1000, window: 60 });
      const heard = (await provisioning()).seen.length;
      await Config.put("rate_limits.api", { requests: 2000, window: 60 });
      await show.eventually(
        "provisioning_manager still hears of changes",
        provisioning,
        (state) => state.seen.length > heard,
      );
    },
  );

  if (agent !== undefined) {
    await show.step("A key is written in Consul: it arrives by itself", async () => {
      await agent.put("queuemizer/queuemizer/tc_rules/enp4s0/burst", "15");
      const { active_rules } = await show.eventually(
        "tc_manager heard of it",
        tc,
        (state) => state.active_rules["enp4s0"]?.burst === 15,
      );
      show.equal("its rules, from file and Consul together", active_rules["enp4s0"], {
        download_rate: 750,
        upload_rate: 100,
        burst: 15,
      });
    });
  }

  await show.step("The tree is stopped: children end in reverse order, nothing is left", async () => {
    await app.stop();
    show.equal("ended, in order", app.ended, ["http_api", "provisioning_manager", "tc_manager"]);
    show.equal("config_manager is gone", erlang.whereis("config_manager"), undefined);
    show.equal("processes left", erlang.processes().length, 0);
  });
}

console.log("queuemizer: configuration as a supervised process");
console.log(
  `config.toml has ${initial_config.split("\n").length} lines; the environment has QUEUEMIZER_DATABASE_MAX_CONNECTIONS=25`,
);
let agent: Agent | undefined;
try {
  agent = await start_agent();
  if (agent === undefined)
    console.log(
      "No Consul binary is at hand (CONSUL_BIN, PATH): with one, a key written in Consul would arrive in tc_manager as one step more.",
    );
  await demo(agent);
  show.end();
} catch (error) {
  console.error(`\n   ✘ failed in step ${show.current}: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
  // Stops what the failed step left running. If that does not stop, the program must end all the same.
  const limit = setTimeout(() => process.exit(1), 10_000);
  await app?.stop();
  clearTimeout(limit);
} finally {
  await agent?.stop();
}
