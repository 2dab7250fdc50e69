/** The events of a configuration manager, received by a handler and on a diagnostics channel. */
import { channel } from "node:diagnostics_channel";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, ConfigManager, ConfigSpec, FileSource } from "@otpts/config";
import { logger, supervisor, telemetry } from "@otpts/runtime";

logger.set_handler(undefined);
const directory = await mkdtemp(join(tmpdir(), "telemetry-"));
const file = join(directory, "config.toml");
await writeFile(file, `log_level = "info"\n\n[database]\npassword = "s3cret"\n`);

// Files are polled once an hour, so that the events below do not depend on when the system reports a changed file.
const source = new FileSource(file, { name: "file", use_polling: true, poll_interval: 3_600_000, settle: 50 });
const config_spec = new ConfigSpec({
  sources: [source],
  reload_interval: 0,
  validators: { log_level: (level) => ["debug", "info", "warn"].includes(level as string) || "is no level" },
});
const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
]);

let reloads = 0;
const shown = (value: unknown) => JSON.stringify(value) ?? "nothing";
telemetry.attach("print", "config.*", (event, _measurements, { path, old_value, new_value, code, line, error }) => {
  if (event === "config.changed") console.log(`${event}: ${String(path)} ${shown(old_value)} -> ${shown(new_value)}`);
  else if (event === "config.source_error") console.log(`${event}: ${String(code)} in line ${String(line)}`);
  else console.log(`${event}${typeof error === "string" ? `: ${error}` : ""}`);
});
telemetry.attach("count", "config.reload.stop", () => void reloads++);
const listener = () => console.log("heard on the diagnostics channel");
channel("otpts:config.changed").subscribe(listener);

console.log("# a put");
await Config.put("log_level", "debug");
channel("otpts:config.changed").unsubscribe(listener);

console.log("# a secret");
await Config.put("database.password", "hunter2");

console.log("# a put that is not valid");
await Config.put("log_level", "loud").catch((error: Error) => console.log(error.message));

console.log("# a broken file, and mended");
await writeFile(file, `log_level = info\n`);
await Config.reload();
await writeFile(file, `log_level = "warn"\nworkers = 4\n`);
await Config.reload();

console.log("# a callback that fails");
await Config.subscribe("workers", () => {
  throw new Error("cannot start so many");
});
await Config.put("workers", 8);

telemetry.detach("print");
telemetry.detach("count");
console.log("# detached");
await Config.put("workers", 16);
console.log("reloads:", reloads);

await supervisor.stop(top);
await rm(directory, { recursive: true });
