/**
 * Three instances of an application and one Consul: a write at one instance reaches all of them, and an invalid value
 * none.
 */
import { type Agent, start_agent } from "../queuemizer/consul_agent.ts";
import { Instance } from "./fleet.ts";
import type { Told } from "./instance.ts";

const agent = await start_agent();
const fleet: Instance[] = [];

/** The notification of a subscriber about this number of requests. */
function allowing(requests: number) {
  return (told: Told): told is Told & { changed: string; at: number } =>
    "changed" in told && (told.value as { requests?: number } | undefined)?.requests === requests;
}

async function start(port: number): Promise<Instance> {
  const instance = new Instance({ CONSUL_HTTP_ADDR: `127.0.0.1:${port}`, FLEET_PREFIX: "fleet" });
  fleet.push(instance);
  await instance.ready();
  return instance;
}

async function show(consul: Agent): Promise<void> {
  const { port } = consul;
  const [first, second, third] = await Promise.all([start(port), start(port), start(port)]);

  const began = performance.timeOrigin + performance.now();
  await first.put("limits", { requests: 100, window: 10 });
  const heard = await Promise.all(fleet.map((instance) => instance.until(allowing(100))));
  console.log(
    `put at one: all three heard of it within ${Math.ceil(Math.max(...heard.map(({ at }) => at)) - began)} ms`,
  );

  await first.put("limits", { requests: -1, window: 10 }).catch((error: Error) => console.log(error.message));

  // Somebody writes directly to Consul, and changes only one of two settings that belong together.
  await consul.put("fleet/limits/requests", "7");
  await Promise.all(
    fleet.map((instance) => instance.until((told): told is Told & { refused: string } => "refused" in told)),
  );
  const kept = await Promise.all(fleet.map((instance) => instance.get("limits.requests")));
  console.log("refused everywhere, still:", kept.join(", "));

  await third.kill();
  await second.put("limits", { requests: 200, window: 20 });
  await first.until(allowing(200));
  const newcomer = await start(port);
  console.log("an instance that comes back has:", JSON.stringify(await newcomer.get("limits")));
  await Promise.all([first, second, newcomer].map((instance) => instance.stop()));
}

if (agent === undefined) {
  console.log(
    "No Consul binary is at hand (CONSUL_BIN, PATH): with one, three instances would follow one configuration",
  );
} else {
  try {
    await show(agent);
  } finally {
    await Promise.all(fleet.map((instance) => instance.kill()));
    await agent.stop();
  }
}
