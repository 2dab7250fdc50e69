/** The queuemizer application until Ctrl-C. */
import { Config } from "@otpts/config";
import { supervisor } from "@otpts/runtime";
import { start_application } from "./app.ts";

// The signals stop the tree, but do not end the program: there is work left below.
const app = await start_application({
  signals: { exit: false },
  port: Number(process.env["PORT"] ?? 0),
  dashboard: { title: "queuemizer", read_only: false, port: Number(process.env["DASHBOARD_PORT"] ?? 0) },
});

await Config.subscribe("**", (path, old_value, new_value) => {
  console.log(`${path}: ${JSON.stringify(old_value)} -> ${JSON.stringify(new_value)}`);
});

console.log(`queuemizer runs at ${app.address} (process ${process.pid}). Try:

  edit ${app.config_file}
  curl ${app.address}/config
  curl -X PUT -d '{"requests": 1000, "window": 60}' ${app.address}/rate_limits
  curl -X PUT -d '{"requests": -1, "window": 60}' ${app.address}/rate_limits

Ctrl-C stops it in order.`);

await supervisor.ended(app.top);
console.log(`\nstopped, in this order: ${app.ended.join(", ")}, config_manager`);
await app.stop();
