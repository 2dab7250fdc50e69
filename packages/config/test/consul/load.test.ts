import { spawn } from "node:child_process";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { supervisor } from "@otpts/runtime";
import { expect, test, vi } from "vitest";

import { Config } from "../../src/config.ts";

import type { Table } from "../../src/core/value.ts";
import { ConsulSource } from "../../src/sources/consul.ts";
import { ConfigSpec } from "../../src/spec.ts";
import { ConfigManager } from "../../src/manager/tree.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower } from "./kit/follower.ts";
import { LoopWatch } from "./kit/loop_watch.ts";

// The full run by hand: OTPTS_CONSUL_LOAD=60 npx vitest run packages/config/test/consul/load.test.ts
const seconds = Number(process.env["OTPTS_CONSUL_LOAD"] ?? 4);
const keys = 10_000;
const per_second = 100;

/** Changes one key after the other, each with the number of the change, at a steady pace, in a separate process. */
const WRITER = `
const http = require("node:http");
const [url, count, perSecond] = process.argv.slice(1);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
let n = 0, open = 0;
const began = performance.now();
const put = (key, value) => new Promise((resolve, reject) => {
  const request = http.request(url + "/v1/kv/" + key, { method: "PUT", agent }, (response) => { response.resume(); response.on("end", resolve); });
  request.on("error", reject);
  request.end(value);
});
const timer = setInterval(async () => {
  const due = Math.min(Number(count), Math.floor((performance.now() - began) / 1000 * Number(perSecond)));
  while (n < due) {
    n += 1;
    open += 1;
    void put("load/g" + n % 100 + "/k" + n % 97, "changed " + n).then(() => { open -= 1; });
  }
  if (n < Number(count) || open > 0) return;
  clearInterval(timer);
  await put("load/last", String(n));
  agent.destroy();
}, 5);
`;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heap(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** The follower of the source: the test itself, or a configuration manager with a subscriber. */
interface Reader {
  tree(): Table;
  /** Drops the data that it keeps only for the test. */
  forget(): void;
  problems(): Promise<readonly unknown[]>;
  stop(): Promise<void>;
}

async function alone(source: ConsulSource): Promise<Reader> {
  const follower = await Follower.start(source);
  return {
    tree: () => follower.tree,
    forget: () => void (follower.trees.length = 0),
    problems: async () => follower.errors,
    stop: () => follower.stop(),
  };
}

async function managed(source: ConsulSource): Promise<Reader> {
  const spec = new ConfigSpec({ id: "load", sources: [source], env: {} });
  const top = await supervisor.start([
    supervisor.child_spec({ id: "config_manager", task: ConfigManager.start, args: [spec] }),
  ]);
  await Config.subscribe("g1.*", () => undefined);
  return {
    tree: () => Config.snapshot().tree,
    forget: () => undefined,
    problems: async () => (await Config.status()).sources.filter(({ failures }) => failures > 0),
    stop: async () => void (await supervisor.stop(top)),
  };
}

await describe_with_consul("ConsulSource under load", () => {
  test.each([
    ["alone", alone],
    ["in a configuration manager", managed],
  ])(
    `ConsulSource %s follows 10,000 keys and 100 changes a second for ${seconds} s with bounded requests and constant memory`,
    async (title, start) => {
      await using agent = await Agent.start();
      for (let at = 0; at < keys; at += 50) {
        const values = Array.from({ length: 50 }, (_, n) => at + n).map((n) => [
          `load/g${n % 100}/k${Math.floor(n / 100)}`,
          `value of the key number ${n}`,
        ]);
        await agent.put_all(Object.fromEntries(values) as Record<string, string>);
      }
      const source = new ConsulSource("load", { address: agent.url });
      const reader = await start(source);
      try {
        await vi.waitFor(() => expect(source.status().state).toBe("connected"), { timeout: 20_000 });
        expect(source.status().keys).toBe(keys);

        const idle = new LoopWatch();
        idle.start();
        await new Promise((resolve) => setTimeout(resolve, 1500));
        idle.stop();
        const before = { heap: heap(), requests: source.status().requests };
        const loop = new LoopWatch();
        const heaps: number[] = [];
        const count = seconds * per_second;
        const args = ["-e", WRITER, agent.url, String(count), String(per_second)];
        const writer = spawn(process.execPath, args, { stdio: "inherit" });
        const ended = once(writer, "exit");
        loop.start();
        const sampling = setInterval(() => {
          // Garbage collection on demand is the test's own pause.
          loop.stop();
          heaps.push(heap());
          reader.forget();
          loop.start();
        }, 5000);
        const [code] = (await ended) as [number];
        expect(code).toBe(0);
        await vi.waitFor(() => expect(reader.tree()["last"]).toBe(count), { timeout: 30_000, interval: 50 });
        loop.stop();
        clearInterval(sampling);
        reader.forget();

        const requests = source.status().requests - before.requests;
        const grown = heap() - before.heap;
        process.stdout.write(
          `Consul load, ${title}: ${keys} keys, ${count} changes in ${seconds} s: ${requests} requests, ` +
            `heap ${megabytes(before.heap)} → ${megabytes(before.heap + grown)} MB (on the way ${heaps.map(megabytes).join(", ") || "-"}), ` +
            `event loop held up at most ${String(loop)}; idle: ${String(idle)}; target: below 20 ms\n`,
        );
        // The last 500 changes are to distinct keys: each is the last one of its key.
        for (let n = count; n > Math.max(0, count - 500); n--) {
          expect((reader.tree()[`g${n % 100}`] as Table)[`k${n % 97}`]).toBe(`changed ${n}`);
        }
        expect(requests).toBeLessThan(seconds * 60 + 100);
        expect(grown).toBeLessThan(30 * 1024 * 1024);
        expect(await reader.problems()).toEqual([]);
      } finally {
        await reader.stop();
      }
    },
    (seconds + 90) * 1000,
  );
});

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
