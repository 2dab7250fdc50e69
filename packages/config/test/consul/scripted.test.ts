import type { ServerResponse } from "node:http";

import { expect, test, vi } from "vitest";

import { type ConsulOptions, ConsulSource } from "../../src/sources/consul.ts";
import { Follower } from "./kit/follower.ts";
import { type Asked, ScriptedServer, answer, listed } from "./kit/scripted_server.ts";

const patience = { timeout: 20_000, interval: 5 };
const quick: ConsulOptions = { timeout: 30_000, wait: 300, backoff: { min: 5, max: 30 } };
/** For servers that never answer: long enough for the answers before that, also where the machine is busy. */
const impatient = { timeout: 2_000 };

/** Answers like an agent whose prefix holds `values`: blocking queries stay open. */
function good(values: Readonly<Record<string, string>>, index = "10") {
  return (asked: Asked, response: ServerResponse) => {
    if (!asked.blocking) answer(response, 200, index, listed(values));
  };
}

async function follow(server: ScriptedServer, options: ConsulOptions = {}): Promise<Follower> {
  return Follower.start(new ConsulSource("app", { address: server.url, ...quick, ...options }));
}

/** What a load makes of an answer where there was good data before. */
async function afterGood(script: (asked: Asked, response: ServerResponse) => void, options: ConsulOptions = {}) {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }));
  const source = new ConsulSource("app", { address: server.url, ...quick, ...options });
  const follower = new Follower(source);
  await follower.reload();
  expect(follower.tree).toEqual({ a: 1 });
  server.script = script;
  await follower.reload();
  server.script = good({ "app/a": "2" });
  const kept = follower.tree;
  const code = follower.errors.at(-1)?.code;
  await follower.reload();
  await follower.stop();
  expect(follower.tree).toEqual({ a: 2 });
  return { code, kept };
}

const everything = { a: 1 };

test.each([
  ["404 without an index", "no_index", (r: ServerResponse) => answer(r, 404, undefined, "")],
  ["404 with index 0", "no_index", (r: ServerResponse) => answer(r, 404, "0", "")],
  ["200 with a page of HTML", "not_json", (r: ServerResponse) => answer(r, 200, undefined, "<html>Welcome</html>")],
  ["400", "bad_request", (r: ServerResponse) => answer(r, 400, undefined, "Invalid index")],
  ["401", "denied", (r: ServerResponse) => answer(r, 401, undefined, "")],
  ["403", "denied", (r: ServerResponse) => answer(r, 403, undefined, "Permission denied")],
  ["429", "rate_limited", (r: ServerResponse) => answer(r, 429, undefined, "Your IP is issuing too many requests")],
  ["500", "server_error", (r: ServerResponse) => answer(r, 500, undefined, "rpc error")],
  ["500 without a leader", "no_leader", (r: ServerResponse) => answer(r, 500, undefined, "No cluster leader")],
  ["503", "server_error", (r: ServerResponse) => answer(r, 503, undefined, "")],
  ["204", "http_status", (r: ServerResponse) => answer(r, 204, "10", "")],
  ["truncated JSON", "not_json", (r: ServerResponse) => answer(r, 200, "10", listed({ "app/a": "9" }).slice(0, -3))],
  ["JSON that is not a list", "not_json", (r: ServerResponse) => answer(r, 200, "10", '{"Key": "app/a"}')],
  ["a list of something else", "not_json", (r: ServerResponse) => answer(r, 200, "10", "[1, 2]")],
  ["entries without a key", "not_json", (r: ServerResponse) => answer(r, 200, "10", '[{"Value": "MQ=="}]')],
  ["text after the list", "not_json", (r: ServerResponse) => answer(r, 200, "10", `${listed({ "app/a": "9" })} more`)],
  ["an empty body", "not_json", (r: ServerResponse) => answer(r, 200, "10", "")],
])("ConsulSource.load keeps the last good values on %s", async (_title, code, give) => {
  expect(await afterGood((_asked, response) => give(response))).toEqual({ code, kept: everything });
});

test("ConsulSource.load takes an empty list as absence, to be confirmed by a second load", async () => {
  const empty = (_asked: Asked, response: ServerResponse) => answer(response, 200, "11", "[]");
  await using server = await ScriptedServer.start(good({ "app/a": "1" }));
  const follower = new Follower(new ConsulSource("app", { address: server.url, on_missing: "clear" }));
  await follower.reload();
  server.script = empty;
  await follower.reload();
  expect(follower.tree).toEqual({ a: 1 });
  server.script = good({ "app/a": "1" });
  await follower.reload();
  server.script = empty;
  await follower.reload();
  await follower.reload();
  await follower.stop();
  expect(follower.outcomes).toEqual(["data", "unchanged", "unchanged", "unchanged", "absent"]);
  expect(follower.tree).toEqual({});
});

test("ConsulSource.load does not follow a redirect, so that the token is sent nowhere else", async () => {
  await using elsewhere = await ScriptedServer.start(good({ "app/a": "9" }));
  const result = await afterGood((_asked, response) => {
    response.writeHead(301, { location: `${elsewhere.url}/v1/kv/app/` }).end();
  });
  expect(result).toEqual({ code: "redirect", kept: everything });
  expect(elsewhere.asked).toEqual([]);
});

test("ConsulSource.load keeps the last good values when the body is cut off", async () => {
  const result = await afterGood((_asked, response) => {
    const body = listed({ "app/a": "9", "app/b": "9" });
    response.writeHead(200, { "x-consul-index": "11", "content-length": String(body.length) });
    response.write(body.slice(0, 40), () => response.destroy());
  });
  expect(result).toEqual({ code: "truncated", kept: everything });
});

test("ConsulSource.load keeps the last good values when the body takes too long", async () => {
  const result = await afterGood((_asked, response) => {
    response.writeHead(200, { "x-consul-index": "11" });
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  }, impatient);
  expect(result).toEqual({ code: "timeout", kept: everything });
});

test("ConsulSource.load stops reading a body larger than max_bytes", async () => {
  let sent = 0;
  const script = (_asked: Asked, response: ServerResponse) => {
    response.writeHead(200, { "x-consul-index": "11" });
    const more = () => {
      sent += 65_536;
      if (!response.destroyed && sent < 50_000_000) response.write("[".padEnd(65_536, " "), more);
    };
    more();
  };
  expect(await afterGood(script, { max_bytes: 100_000, timeout: 10_000 })).toEqual({
    code: "too_large",
    kept: everything,
  });
  expect(sent).toBeLessThan(20_000_000);
});

test("ConsulSource.load gives up on a port that never answers", async () => {
  expect(await afterGood(() => undefined, impatient)).toEqual({ code: "timeout", kept: everything });
});

test("ConsulSource.load retries once on a connection that died unnoticed", async () => {
  let requests = 0;
  const script = (asked: Asked, response: ServerResponse) => {
    requests += 1;
    if (requests === 1) response.socket?.destroy();
    else answer(response, 200, "11", listed({ "app/a": "7" }));
    expect(asked.key).toBe("app/");
  };
  expect(await afterGood(script)).toEqual({ code: undefined, kept: { a: 7 } });
});

test("ConsulSource.load reports keys that Consul filtered out", async () => {
  await using server = await ScriptedServer.start((_asked, response) => {
    response.setHeader("x-consul-results-filtered-by-acls", "true");
    answer(response, 200, "10", listed({ "app/a": "1" }));
  });
  const follower = new Follower(new ConsulSource("app", { address: server.url, ...quick }));
  await follower.reload();
  expect(follower.layer?.diagnostics).toMatchObject([{ code: "filtered" }]);
  await follower.stop();
});

test("ConsulSource sends datacenter, namespace, partition, consistency and token with every request", async () => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }));
  const options = {
    datacenter: "dc2",
    namespace: "team",
    partition: "part",
    consistency: "stale",
    token: "t0ken",
  } as const;
  await using follower = await follow(server, options);
  await vi.waitFor(() => expect(server.asked.some(({ blocking }) => blocking)).toBe(true), patience);
  expect(follower.tree).toEqual({ a: 1 });
  for (const { query, headers } of server.asked) {
    expect(Object.fromEntries(query)).toMatchObject({ dc: "dc2", ns: "team", partition: "part", stale: "1" });
    expect(headers["x-consul-token"]).toBe("t0ken");
    expect(query.has("token")).toBe(false);
  }
});

test("ConsulSource.watch asks without an index first, then with the last index and the wait", async () => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }, "42"));
  await using follower = await follow(server);
  await vi.waitFor(() => expect(server.asked.some(({ blocking }) => blocking)).toBe(true), patience);
  const watching = server.asked.filter(({ query }) => query.has("keys"));
  expect(watching.map(({ query }) => [query.get("index"), query.get("wait")]).slice(0, 2)).toEqual([
    [null, null],
    ["42", "300ms"],
  ]);
  expect(follower.outcomes.slice(0, 2)).toEqual(["data", "unchanged"]);
});

test.each([
  ["an error", (response: ServerResponse) => answer(response, 500, "50", "")],
  ["an index below the last", (response: ServerResponse) => answer(response, 200, "7", "[]")],
  ["index 0", (response: ServerResponse) => answer(response, 200, "0", "[]")],
  ["no index", (response: ServerResponse) => answer(response, 200, undefined, "[]")],
  ["an index that is not a number", (response: ServerResponse) => answer(response, 200, "many", "[]")],
  ["a negative index", (response: ServerResponse) => answer(response, 200, "-5", "[]")],
  ["a cut connection", (response: ServerResponse) => response.destroy()],
])("ConsulSource.watch begins again without an index after %s, and reads again", async (_title, give) => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }, "42"));
  await using follower = await follow(server);
  await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
  const [waiting] = server.open;
  const before = server.asked.length;
  server.script = good({ "app/a": "2" }, "42");
  give(waiting!);
  await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
  const watching = () => server.asked.slice(before).filter(({ query }) => query.has("keys"));
  await vi.waitFor(() => expect(watching().length).toBeGreaterThan(0), patience);
  expect(watching()[0]?.query.get("index")).toBe(null);
});

test.each([
  ["ignores wait", "42"],
  ["always says index 0", "0"],
  ["gives no index", undefined],
  ["returns an index that is not a number", "x"],
])("ConsulSource.watch asks ever more slowly if a server %s", async (_title, index) => {
  await using server = await ScriptedServer.start((_asked, response) =>
    answer(response, 200, index, listed({ "app/a": "1" })),
  );
  await using follower = await follow(server);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // 20, 40, 80, 160, 320, 640 ms and so on, up to 5 s; each may be followed by one load.
  expect(server.asked.length).toBeLessThan(30);
  expect(follower.trees.length).toBe(1);
  server.script = (_asked, response) => answer(response, 200, index, listed({ "app/a": "2" }));
  if (index === "42") return;
  await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
});

test("ConsulSource.watch stays silent for an absent prefix while the store's index moves", async () => {
  let index = 10;
  await using server = await ScriptedServer.start((asked, response) => {
    if (asked.blocking) index += 1;
    answer(response, 404, String(index), "");
  });
  await using follower = await follow(server);
  await vi.waitFor(() => expect(index).toBeGreaterThan(14), patience);
  expect(follower.rings).toBe(1);
  server.script = good({ "app/a": "1" }, "1000");
  await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
});

test("ConsulSource.load answers unchanged if keys were rewritten with equal values", async () => {
  await using server = await ScriptedServer.start((_asked, response) => {
    const index = server.asked.length;
    answer(response, 200, String(index), listed({ "app/a": "1", "app/b": "x" }, index));
  });
  const follower = new Follower(new ConsulSource("app", { address: server.url }));
  for (let n = 0; n < 3; n++) await follower.reload();
  await follower.stop();
  expect(follower.outcomes).toEqual(["data", "unchanged", "unchanged"]);
});

test("ConsulSource.watch begins again when a load has an index below its own, as after a restore", async () => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }, "42"));
  await using follower = await follow(server, { wait: 60_000 });
  await vi.waitFor(() => expect([server.open.size, follower.outcomes.length]).toEqual([1, 2]), patience);
  const [waiting] = server.open;
  server.script = good({ "app/a": "0" }, "17");
  await follower.reload();
  await vi.waitFor(() => expect(server.asked.at(-1)?.query.get("index")).toBe("17"), patience);
  expect(server.open.has(waiting!)).toBe(false);
  expect(follower.tree).toEqual({ a: 0 });
});

test("ConsulSource.watch waits as long as Retry-After says", async () => {
  await using server = await ScriptedServer.start((asked, response) => {
    if (!asked.query.has("keys")) return answer(response, 200, "10", listed({ "app/a": "1" }));
    response.setHeader("retry-after", "1");
    answer(response, 429, undefined, "");
  });
  await using follower = await follow(server);
  const watching = () => server.asked.filter(({ query }) => query.has("keys"));
  await vi.waitFor(() => expect(watching().length).toBeGreaterThan(2), patience);
  const [first, second, third] = watching();
  expect(second!.at - first!.at).toBeGreaterThan(990);
  expect(third!.at - second!.at).toBeGreaterThan(990);
  expect((follower.source as ConsulSource).status()).toMatchObject({
    state: "retrying",
    error: { code: "rate_limited" },
  });
});

test("ConsulSource loads again after a failed load while the watch works", async () => {
  let healthy = false;
  await using server = await ScriptedServer.start((asked, response) => {
    if (asked.blocking) return;
    if (asked.query.has("keys")) answer(response, 200, "10", "[]");
    else if (healthy) answer(response, 200, "10", listed({ "app/a": "1" }));
    else answer(response, 500, undefined, "");
  });
  await using follower = await follow(server, { wait: 60_000 });
  await vi.waitFor(() => expect(follower.errors.length).toBeGreaterThan(1), patience);
  healthy = true;
  await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  expect(follower.recovered).toBe(1);
});

test("ConsulSource.watch has one request in flight, also after its process crashed and restarted", async () => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }));
  const source = new ConsulSource("app", { address: server.url, ...quick, wait: 60_000 });
  for (let life = 0; life < 5; life++) {
    const follower = await Follower.start(source);
    expect(follower.outcomes[0]).toBe("data");
    await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
    if (life < 4) await follower.stop();
    else {
      // As when the process dies without closing: its signal fires, and the next one begins at once.
      const next = new Follower(source);
      void follower.stop();
      await next.reload();
      await next.watch();
      await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
      expect(server.asked.filter(({ blocking }) => blocking).length).toBe(6);
      await next.stop();
    }
  }
  expect(server.open.size).toBe(0);
});

test("a closed ConsulSource.watch leaves no request, connection or timer", async () => {
  await using server = await ScriptedServer.start(good({ "app/a": "1" }));
  const resources = () => process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocket/.test(name)).length;
  const before = resources();
  const waiting = await follow(server, { wait: 60_000 });
  await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
  await waiting.stop();
  const failing = await Follower.start(
    new ConsulSource("app", { address: "127.0.0.1:1", backoff: { min: 60_000, max: 60_000 } }),
  );
  await failing.stop();
  await failing.stop();
  await vi.waitFor(async () => expect(await server.connections()).toBe(0), patience);
  expect(server.open.size).toBe(0);
  await vi.waitFor(() => expect(resources()).toBeLessThanOrEqual(before), patience);
  expect((waiting.source as ConsulSource).status().state).toBe("idle");
});

test("a stopped ConsulSource.load aborts its request", async () => {
  await using server = await ScriptedServer.start(() => undefined);
  const stop = new AbortController();
  const source = new ConsulSource("app", { address: server.url, timeout: 60_000 });
  const loading = source.load({ signal: stop.signal, env: {}, first: true });
  await vi.waitFor(() => expect(server.open.size).toBe(1), patience);
  stop.abort();
  await expect(loading).rejects.toMatchObject({ code: "stopped" });
  await vi.waitFor(() => expect(server.open.size).toBe(0), patience);
});

test("ConsulSource.write reports an unknown outcome if no answer arrived", async () => {
  await using server = await ScriptedServer.start((asked, response) => {
    if (asked.method === "GET") answer(response, 404, "10", "");
  });
  const source = new ConsulSource("app", { address: server.url, ...quick, ...impatient, write_through: true });
  const context = { signal: new AbortController().signal, env: {}, first: true };
  await expect(source.write!(["a"], 1, context)).rejects.toMatchObject({ code: "timeout", message: /not known/ });
});
