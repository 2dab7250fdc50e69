import { existsSync } from "node:fs";

import { afterEach, expect, test, vi } from "vitest";

import type { Value } from "../../src/core/value.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";

const patience = { timeout: 25_000, interval: 10 };
// The full measurement by hand: OTPTS_FLEET=3,10,30 npx vitest run packages/config/test/consul/fleet.test.ts
const sizes = (process.env["OTPTS_FLEET"] ?? "3").split(",").map(Number);

/** The example's fleet, as the build has it: each instance is a Node process with a configuration manager. */
const built = new URL("../../../../examples/dist/fleet/fleet.js", import.meta.url);

interface Instance {
  readonly told: readonly { refused?: string; lost?: string; recovered?: true; changed?: string; at?: number }[];
  readonly values: readonly (Value | undefined)[];
  ready(): Promise<void>;
  put(path: string, value: Value): Promise<unknown>;
  get(path: string): Promise<unknown>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

interface Limits {
  readonly requests: number;
  readonly window: number;
}

const limits = (window: number): Limits & Record<string, number> => ({ requests: window * 10, window });

await describe_with_consul("A fleet of instances", () => {
  const running = new Set<Instance>();

  afterEach(async () => {
    await Promise.all([...running].map((instance) => instance.kill()));
    running.clear();
  });

  async function start(agent: Agent, env: Record<string, string> = {}): Promise<Instance> {
    if (!existsSync(built)) throw new Error("The examples are not built: run tsc -b first");
    const { Instance } = (await import(built.href)) as { Instance: new (env: object) => Instance };
    const instance = new Instance({ CONSUL_HTTP_ADDR: `127.0.0.1:${agent.port}`, FLEET_PREFIX: "fleet", ...env });
    running.add(instance);
    await instance.ready();
    return instance;
  }

  const start_many = (count: number, agent: Agent, env?: Record<string, string>) =>
    Promise.all(Array.from({ length: count }, () => start(agent, env)));

  const all_have = (fleet: readonly Instance[], wanted: Limits) =>
    vi.waitFor(() => {
      for (const instance of fleet) expect(instance.values.at(-1)).toEqual(wanted);
    }, patience);

  const nobody_saw_half = (fleet: readonly Instance[]) => {
    for (const { values } of fleet) {
      for (const value of values)
        expect((value as unknown as Limits).requests).toBe((value as unknown as Limits).window * 10);
    }
  };

  test("a put at one instance reaches a subscriber in each, whole and in order", async () => {
    await using agent = await Agent.start();
    const fleet = await start_many(3, agent);
    for (let n = 1; n <= 12; n++) {
      await fleet[n % 3]!.put("limits", limits(n));
      expect(await fleet[n % 3]!.get("limits")).toEqual(limits(n));
      await all_have(fleet, limits(n));
    }
    for (const { values } of fleet) expect(values).toEqual(Array.from({ length: 12 }, (_, n) => limits(n + 1)));
    expect(await agent.get("fleet/limits/requests")).toBe("120");
    await Promise.all(fleet.map((instance) => instance.stop()));
  });

  test("a killed agent costs no instance a setting, and is followed again when it returns", async () => {
    await using agent = await Agent.start({ persistent: true });
    const fleet = await start_many(3, agent);
    await fleet[0]!.put("limits", limits(1));
    await all_have(fleet, limits(1));
    await agent.kill();
    await vi.waitFor(() => {
      for (const { told } of fleet) expect(told.some((one) => one.lost !== undefined)).toBe(true);
    }, patience);
    for (const instance of fleet) expect(await instance.get("limits")).toEqual(limits(1));
    await expect(fleet[1]!.put("limits", limits(2))).rejects.toThrow("connection refused");
    expect(await fleet[1]!.get("limits")).toEqual(limits(1));
    await agent.start();
    await vi.waitFor(() => {
      for (const { told } of fleet) expect(told.filter((one) => one.recovered === true).length).toBe(1);
    }, patience);
    await fleet[2]!.put("limits", limits(3));
    await all_have(fleet, limits(3));
    for (const { values } of fleet) expect(values).toEqual([limits(1), limits(3)]);
  });

  test("restarted instances load the current settings and take part again", async () => {
    await using agent = await Agent.start();
    const fleet = await start_many(3, agent);
    await fleet[0]!.put("limits", limits(1));
    await all_have(fleet, limits(1));
    await Promise.all([fleet[1]!.kill(), fleet[2]!.kill()]);
    await fleet[0]!.put("limits", limits(2));
    const back = await start_many(2, agent);
    for (const instance of back) expect(await instance.get("limits")).toEqual(limits(2));
    await back[1]!.put("limits", limits(3));
    await all_have([fleet[0]!, ...back], limits(3));
  });

  test("every instance refuses a bad value, and keeps the last good one", async () => {
    await using agent = await Agent.start();
    const fleet = await start_many(3, agent);
    await fleet[0]!.put("limits", limits(1));
    await all_have(fleet, limits(1));
    await expect(fleet[1]!.put("limits", { requests: -1, window: 1 })).rejects.toThrow("positive number");
    expect(await agent.get("fleet/limits/requests")).toBe("10");
    await agent.put("fleet/limits/requests", "7");
    await vi.waitFor(() => {
      for (const { told } of fleet) expect(told.some((one) => one.refused !== undefined)).toBe(true);
    }, patience);
    for (const instance of fleet) expect(await instance.get("limits")).toEqual(limits(1));
    await agent.put_all({ "fleet/limits/requests": "20", "fleet/limits/window": "2" });
    await all_have(fleet, limits(2));
    for (const { values } of fleet) expect(values).toEqual([limits(1), limits(2)]);
  });

  test.each(["keys", "blob"])(
    "no instance ever sees half of a change of several settings, with layout %s",
    async (layout) => {
      await using agent = await Agent.start();
      const change = (n: number) =>
        layout === "keys"
          ? agent.put_all({ "fleet/limits/requests": String(n * 10), "fleet/limits/window": String(n) })
          : agent.put("fleet", `[limits]\nrequests = ${n * 10}\nwindow = ${n}\n`);
      await change(1);
      const fleet = await start_many(3, agent, { FLEET_LAYOUT: layout });
      for (let n = 2; n <= 150; n++) await change(n);
      await all_have(fleet, limits(150));
      nobody_saw_half(fleet);
      for (const { told } of fleet) expect(told.some((one) => one.refused !== undefined)).toBe(false);
      await fleet[0]!.put("limits", limits(151));
      await all_have(fleet, limits(151));
    },
  );

  test.each(sizes)(
    "a put reaches the last of %i instances soon",
    async (size) => {
      await using agent = await Agent.start();
      const fleet: Instance[] = [];
      while (fleet.length < size) fleet.push(...(await start_many(Math.min(5, size - fleet.length), agent)));
      const times: number[] = [];
      for (let n = 1; n <= 20; n++) {
        const began = performance.timeOrigin + performance.now();
        await fleet[0]!.put("limits", limits(n));
        await all_have(fleet, limits(n));
        const heard = fleet.map(({ told }) => told.findLast((one) => one.changed !== undefined)!.at!);
        times.push(Math.max(...heard) - began);
      }
      times.sort((a, b) => a - b);
      process.stdout.write(
        `Consul, put to the last callback of ${size} instances: median ${Math.round(times[10]!)} ms, p95 ${Math.round(times[18]!)} ms\n`,
      );
      for (const { values } of fleet) expect(values.at(-1)).toEqual(limits(20));
      await Promise.all(fleet.map((instance) => instance.stop()));
    },
    180_000,
  );
});
