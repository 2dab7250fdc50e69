import { spawn } from "node:child_process";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { expect, test, vi } from "vitest";

import type { Table } from "../../src/core/value.ts";
import { ConsulSource } from "../../src/sources/consul.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower } from "./kit/follower.ts";
import { LoopWatch } from "./kit/loop_watch.ts";

// The full run by hand: OTPTS_CONSUL_LOAD=60 npx vitest run packages/config/test/consul/load.test.ts
const seconds = Number(process.env["OTPTS_CONSUL_LOAD"] ?? 4);
const keys = 10_000;
const per_second = 100;

/** Changes one key after the other, each with the number of the change, at a steady pace; in a process of its own. */
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
  const wave = [];
  while (n < due) { n += 1; wave.push(put("load/g" + n % 100 + "/k" + n % 97, "changed " + n)); }
  await Promise.all(wave);
  if (n < Number(count) || timer.done) return;
  timer.done = true;
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

await describe_with_consul("ConsulSource under load", () => {
  test(
    `ConsulSource with 10,000 keys follows 100 changes a second for ${seconds} s with bounded requests and flat memory`,
    async () => {
      await using agent = await Agent.start();
      for (let at = 0; at < keys; at += 50) {
        const values = Array.from({ length: 50 }, (_, n) => at + n).map((n) => [
          `load/g${n % 100}/k${Math.floor(n / 100)}`,
          `value of the key number ${n}`,
        ]);
        await agent.put_all(Object.fromEntries(values) as Record<string, string>);
      }
      const source = new ConsulSource("load", { address: agent.url });
      await using follower = await Follower.start(source);
      await vi.waitFor(() => expect(follower.outcomes.length).toBeGreaterThan(1), { timeout: 20_000 });
      expect(source.status().keys).toBe(keys);

      const idle = new LoopWatch();
      idle.start();
      await new Promise((resolve) => setTimeout(resolve, 1500));
      idle.stop();
      const before = { heap: heap(), requests: source.status().requests };
      const loop = new LoopWatch();
      const heaps: number[] = [];
      const count = seconds * per_second;
      const writer = spawn(process.execPath, ["-e", WRITER, agent.url, String(count), String(per_second)], {
        stdio: "inherit",
      });
      const ended = once(writer, "exit");
      loop.start();
      const sampling = setInterval(() => {
        // Garbage collection on demand is the test's own pause.
        loop.stop();
        heaps.push(heap());
        follower.trees.length = 0;
        loop.start();
      }, 5000);
      const [code] = (await ended) as [number];
      expect(code).toBe(0);
      await vi.waitFor(() => expect(follower.tree["last"]).toBe(count), { timeout: 30_000, interval: 50 });
      loop.stop();
      clearInterval(sampling);
      follower.trees.length = 0;

      const requests = source.status().requests - before.requests;
      const grown = heap() - before.heap;
      process.stdout.write(
        `Consul load: ${keys} keys, ${count} changes in ${seconds} s: ${requests} requests, heap ${megabytes(before.heap)} → ` +
          `${megabytes(before.heap + grown)} MB (on the way ${heaps.map(megabytes).join(", ") || "-"}), ` +
          `event loop held up at most ${String(loop)}; idle: ${String(idle)}; wanted: below 20 ms\n`,
      );
      // Every change that was the last one for its key is there.
      for (let n = count; n > Math.max(0, count - 500); n--) {
        const key = [`g${n % 100}`, `k${n % 97}`] as const;
        const newer = Math.floor((count - n) / 9700) > 0;
        if (!newer) expect((follower.tree[key[0]] as Table)[key[1]]).toBe(`changed ${n}`);
      }
      expect(requests).toBeLessThan(seconds * 60 + 100);
      expect(grown).toBeLessThan(30 * 1024 * 1024);
      expect(follower.errors).toEqual([]);
    },
    (seconds + 90) * 1000,
  );
});

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
