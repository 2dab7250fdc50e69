/**
 * A file is edited while the program runs: subscribers are notified of each change once, and a broken file changes
 * nothing.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Config, ConfigManager, ConfigSpec, FileSource } from "@otpts/config";
import { logger, supervisor } from "@otpts/runtime";

logger.set_handler(undefined);
const directory = await mkdtemp(join(tmpdir(), "hot-reload-"));
const file = join(directory, "config.toml");
const write = (rate: string) => writeFile(file, `[tc_rules.eth0]\nrate = ${rate}\n\n[tc_rules.eth1]\nrate = 200\n`);
await write("100");

const config_spec = new ConfigSpec({ id: "hot_reload", sources: [new FileSource(file)], reload_interval: 30.0 });
const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
]);

// A pattern matches nodes at its own depth: whichever leaf changes, this subscriber receives the whole interface.
let heard!: (path: string) => void;
await Config.subscribe("tc_rules.*", (path, old_value, new_value) => {
  console.log(path, old_value, "->", new_value);
  heard(path);
});
const next = () => new Promise<string>((resolve) => (heard = resolve));

let change = next();
await write("150");
await change;

await write("= oops");
await Config.reload();
const { sources } = await Config.status();
console.log("broken:", sources[0]?.last_error?.message.replace(directory, "…"));
console.log("still:", await Config.get("tc_rules.eth0.rate"));

change = next();
await write("175");
await change;
console.log("mended:", await Config.get("tc_rules.eth0.rate"));

await supervisor.stop(top);
await rm(directory, { recursive: true });
