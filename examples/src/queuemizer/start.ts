/** The queuemizer application until Ctrl-C. */
import { Config } from "@otpts/config";
import { erlang } from "@otpts/runtime";
import { start_application } from "./app.ts";

const app = await start_application({ signals: true, port: Number(process.env["PORT"] ?? 0) });

await Config.subscribe("**", (path, old_value, new_value) => {
  console.log(`${path}: ${JSON.stringify(old_value)} -> ${JSON.stringify(new_value)}`);
});

console.log(`queuemizer runs at ${app.address} (process ${process.pid}). Try:

  edit ${app.config_file}
  curl ${app.address}/config
  curl -X PUT -d '{"requests": 1000, "window": 60}' ${app.address}/rate_limits
  curl -X PUT -d '{"requests": -1, "window": 60}' ${app.address}/rate_limits

Ctrl-C stops it in order.`);

erlang.spawn(async () => {
  erlang.monitor("process", app.top);
  await erlang.receive();
  console.log(`\nstopped, in this order: ${app.ended.join(", ")}, config_manager`);
  await app.stop();
});
