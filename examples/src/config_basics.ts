/**
 * Layers: a file, environment variables above it, runtime puts above both, and how to find out where a value comes
 * from.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, ConfigManager, ConfigSpec, ConfigValidationError, EnvironmentSource, FileSource } from "@otpts/config";
import { supervisor } from "@otpts/runtime";

const directory = await mkdtemp(join(tmpdir(), "config-basics-"));
const file = join(directory, "config.toml");
await writeFile(file, `[database]\nurl = "postgres://localhost/app"\nmax_connections = 10\npassword = "s3cret"\n`);

const config_spec = new ConfigSpec({
  id: "basics",
  log: false, // refusals are printed below
  sources: [
    new FileSource(file),
    new EnvironmentSource({ prefix: "MYAPP_", env: { MYAPP_DATABASE_MAX_CONNECTIONS: "25" } }),
  ],
  validators: {
    "database.max_connections": (value) => {
      if (!Number.isInteger(value)) throw new ConfigValidationError("must be a whole number");
    },
  },
});
const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
]);

console.log("url:", await Config.get("database.url"));
console.log("max_connections:", await Config.get("database.max_connections"));
console.log("pool_size:", await Config.get("database.pool_size", 5));

await Config.put("rate_limits.api", { requests: 1000, window: 60 });
console.log("rate_limits:", await Config.get("rate_limits"));

try {
  await Config.put("database.max_connections", "many");
} catch (error) {
  console.log(
    "refused:",
    error instanceof ConfigValidationError,
    "still:",
    await Config.get("database.max_connections"),
  );
}

const { winner, shadowed } = await Config.explain("database.max_connections");
console.log("from:", winner?.origin.variable, "over:", shadowed.map(({ origin }) => `line ${origin.line}`).join());
console.log(
  "a secret explained:",
  JSON.stringify(await Config.explain("database.password")).includes("s3cret") ? "leaked" : "hidden",
);

await Config.put("database.max_connections", 50);
console.log("put:", await Config.get("database.max_connections"));
await Config.unset("database.max_connections");
console.log("unset:", await Config.get("database.max_connections"));

// On a hot path, `peek` reads without a message to the manager.
const max_connections = Config.ref("database.max_connections");
console.log("ref:", max_connections.value, "peek:", Config.peek("database.url"));

await supervisor.stop(top);
await rm(directory, { recursive: true });
