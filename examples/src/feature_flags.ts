/**
 * Feature flags: switched at run time, received by a process as messages, and kept when the configuration manager
 * crashes.
 */
import { Config, CONFIG_CHANGED, ConfigManager, ConfigSpec, RuntimeSource } from "@otpts/config";
import { erlang, gen_server, KILL, logger, NOREPLY, OK, REPLY, supervisor } from "@otpts/runtime";

logger.set_handler(undefined);

const storefront = {
  async init() {
    await Config.subscribe("feature_flags.*", erlang.self());
    return [OK, (await Config.get("feature_flags", {})) as Record<string, boolean>] as const;
  },
  handle_call: (_request: "render", _from: gen_server.From, flags: Record<string, boolean>) =>
    [REPLY, flags["new_ui"] === true ? "the new page" : "the old page", flags] as const,
  handle_cast: (_message: unknown, flags: Record<string, boolean>) => [NOREPLY, flags] as const,
  handle_info(message: unknown, flags: Record<string, boolean>) {
    const [tag, path, , enabled] = message as [unknown, string, unknown, boolean];
    if (tag !== CONFIG_CHANGED) return [NOREPLY, flags] as const;
    return [NOREPLY, { ...flags, [path.split(".").at(-1) as string]: enabled }] as const;
  },
};

const config_spec = new ConfigSpec({ id: "flags", sources: [new RuntimeSource()] });
const top = await supervisor.start([
  supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [config_spec] }),
  supervisor.child_spec({
    id: "storefront",
    task: () => gen_server.start_link(storefront, undefined, { name: "storefront" }),
  }),
]);

const render = () => gen_server.call("storefront", "render");
console.log("before:", await render());
await Config.put("feature_flags.new_ui", true);
console.log("switched on:", await render());

const before = erlang.whereis("config_manager");
if (before !== undefined) erlang.exit(before, KILL);
while (erlang.whereis("config_manager") === before || erlang.whereis("config_manager") === undefined)
  await erlang.sleep(1);
console.log("after a crash of the manager:", await Config.get("feature_flags.new_ui"), "-", await render());

await Config.put("feature_flags.new_ui", false);
console.log("switched off:", await render());
await supervisor.stop(top);
