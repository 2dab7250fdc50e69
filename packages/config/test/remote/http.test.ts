import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type HttpOptions, HttpSource } from "../../src/http.ts";
import { Follower } from "../consul/kit/follower.ts";
import { eventually } from "../eventually.ts";
import { type Asked, WebServer } from "./kit/web_server.ts";

const quick: HttpOptions = { timeout: 500, poll_interval: 0, backoff: { min: 5, max: 30 } };

let folder: string;
let server: WebServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-http-"));
  server = await WebServer.start((_, response) => response.end());
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const source = (path = "/app.json", options: HttpOptions = {}) =>
  new HttpSource(`${server.url}${path}`, { ...quick, ...options });

/** What one load of a new source makes of an answer. */
async function loaded(made: HttpSource) {
  const follower = new Follower(made);
  await follower.reload();
  const [error] = follower.errors;
  return { follower, tree: follower.tree, outcome: follower.outcomes[0], code: error?.code, message: error?.message };
}

function answer(type: string | undefined, body: string | Buffer, headers: Record<string, string> = {}) {
  return (_: Asked, response: ServerResponse) => {
    response.writeHead(200, { ...(type === undefined ? {} : { "content-type": type }), ...headers }).end(body);
  };
}

const json = (tree: object) => answer("application/json", JSON.stringify(tree));

describe("HttpSource reads", () => {
  test.each([
    ["application/json", "/x", '{"a": 1}'],
    ["application/json; charset=UTF-8", "/x", '{"a": 1}'],
    ["application/vnd.app.v1+json", "/x", '{"a": 1}'],
    ["Application/JSON", "/x.toml", '{"a": 1}'],
    ["application/toml", "/x", "a = 1"],
    ["application/yaml", "/x", "a: 1"],
    ["text/x-yaml", "/x", "a: 1"],
    ["application/vnd.app+yaml", "/x", "a: 1"],
    ["text/plain", "/x.toml", "a = 1"],
    ["text/plain", "/x.yml?v=2.json", "a: 1"],
    ["application/octet-stream", "/x.jsonc", '{"a": 1, /* one */ }'],
    [undefined, "/x.json", '{"a": 1}'],
  ])("%s at %s", async (type, path, body) => {
    server.script = answer(type, body);
    expect((await loaded(source(path))).tree).toEqual({ a: 1 });
  });

  test("the format that is given, whatever the content type", async () => {
    server.script = answer("text/html", "a = 1");
    expect((await loaded(source("/x", { format: "toml" }))).tree).toEqual({ a: 1 });
  });

  test.each([
    ["text/html; charset=utf-8", "/x.json"],
    ["text/plain", "/x"],
    [undefined, "/x"],
    ["text/plain", "/x.txt"],
    ["text/plain", "/x.env"],
    ["application/xml", "/x.json"],
    ['evil"\u00e9/x', "/x.json"],
  ])("no document that is %s at %s, and reports what to do", async (type, path) => {
    server.script = answer(type, '{"a": 1}');
    const { code, message } = await loaded(source(path));
    expect(code).toBe("unknown_format");
    expect(message).toMatch(/give the option "format", one of toml, json, jsonc, yaml/u);
    expect(message).not.toContain("evil");
  });

  test.each([
    ["iso-8859-1", Buffer.from([0x22, 0xe9, 0x22])],
    ['"utf-16le"', Buffer.from('"é"', "utf16le")],
    ["utf-8", Buffer.from('"é"')],
  ])("the charset %s", async (charset, text) => {
    const brackets = charset.includes("16") ? ["utf16le" as const] : ["latin1" as const];
    const body = Buffer.concat([Buffer.from('{"a":', brackets[0]), text, Buffer.from("}", brackets[0])]);
    server.script = answer(`application/json; charset=${charset}`, body);
    expect((await loaded(source())).tree).toEqual({ a: "é" });
  });

  test.each(["x-unknown", "utf-16le"])("no document with the unsuitable charset %s", async (charset) => {
    server.script = answer(`application/json; charset=${charset}`, Buffer.from('{"a": "b"} '.slice(0, 9)));
    expect((await loaded(source())).code).toBe("charset");
  });

  test("no document that is not UTF-8 or not well-formed, and reports the place", async () => {
    server.script = answer("application/toml", "a = 1\nb = \n");
    expect(await loaded(source())).toMatchObject({ message: expect.stringContaining("line 2") as string });
    server.script = answer("application/toml", Buffer.from([0x61, 0xff]));
    expect((await loaded(source())).code).toBe("not_utf8");
  });

  test("values with their places: the URL and the line", async () => {
    server.script = answer("application/toml", "a = 1\n[t]\nb = 2\n");
    const { follower } = await loaded(source("/app.toml?token=hunter2"));
    expect(follower.layer?.origin(["t", "b"])).toEqual({ source: `${server.url}/app.toml`, line: 3, column: 1 });
  });
});

describe("HttpSource.load", () => {
  test("transfers a document again only when it has changed, by its ETag", async () => {
    server.serve('{"a": 1}');
    const follower = new Follower(source());
    await follower.reload();
    await follower.reload();
    server.serve('{"a": 2}');
    await follower.reload();
    expect(follower.outcomes).toEqual(["data", "unchanged", "data"]);
    expect(follower.tree).toEqual({ a: 2 });
    const [first, second, third] = server.asked.map(({ headers }) => headers["if-none-match"]);
    expect(first).toBeUndefined();
    expect(second).toBe(third);
  });

  test("transfers a document without an ETag again only when its time of change differs", async () => {
    const time = "Thu, 01 Jan 2026 00:00:00 GMT";
    server.script = ({ headers }, response) => {
      if (headers["if-modified-since"] === time) response.writeHead(304).end();
      else response.writeHead(200, { "content-type": "application/json", "last-modified": time }).end('{"a": 1}');
    };
    const follower = new Follower(source());
    await follower.reload();
    await follower.reload();
    expect(follower.outcomes).toEqual(["data", "unchanged"]);
    expect(server.asked.length).toBe(2);
  });

  test.each(['W/"1"', "without-quotes", "12345"])(
    "transfers a changed document only, with the ETag %s",
    async (etag) => {
      server.script = ({ headers }, response) => {
        if (headers["if-none-match"] === etag) response.writeHead(304).end();
        else response.writeHead(200, { "content-type": "application/json", etag }).end('{"a": 1}');
      };
      const follower = new Follower(source());
      await follower.reload();
      await follower.reload();
      expect(follower.outcomes).toEqual(["data", "unchanged"]);
      expect(server.asked[1]!.headers["if-none-match"]).toBe(etag);
    },
  );

  test("answers unchanged for an equal document with another ETag or with none", async () => {
    let n = 0;
    server.script = (asked, response) => answer("application/json", '{"a": 1}', { etag: `"${++n}"` })(asked, response);
    const follower = new Follower(source());
    await follower.reload();
    await follower.reload();
    server.script = answer("application/json", '{"a": 1}');
    await follower.reload();
    expect(follower.outcomes).toEqual(["data", "unchanged", "unchanged"]);
  });

  test("reads a refused document again, since it keeps no ETag of it", async () => {
    server.serve('{"a": 1}');
    const follower = new Follower(source());
    await follower.reload();
    server.serve('{"a": ');
    await follower.reload();
    await follower.reload();
    expect(follower.outcomes).toEqual(["data", "error", "error"]);
    server.serve('{"a": 1}');
    await follower.reload();
    expect(server.asked.at(-1)!.headers["if-none-match"]).toBe(server.asked[1]!.headers["if-none-match"]);
    expect(follower.outcomes.at(-1)).toBe("unchanged");
  });

  test.each<[string, string, (response: ServerResponse) => unknown]>([
    ["400", "bad_request", (r) => r.writeHead(400).end()],
    ["401", "denied", (r) => r.writeHead(401).end()],
    ["403", "denied", (r) => r.writeHead(403).end("hunter2")],
    ["407", "denied", (r) => r.writeHead(407).end()],
    ["429", "rate_limited", (r) => r.writeHead(429).end()],
    ["500", "server_error", (r) => r.writeHead(500).end("hunter2")],
    ["503", "server_error", (r) => r.writeHead(503).end()],
    ["204", "http_status", (r) => r.writeHead(204).end()],
    ["206", "http_status", (r) => r.writeHead(206).end("{}")],
    ["302 without a way", "redirect", (r) => r.writeHead(302).end()],
    ["302 to another protocol", "redirect", (r) => r.writeHead(302, { location: "ftp://host/x" }).end()],
    ["302 to nothing that is a URL", "redirect", (r) => r.writeHead(302, { location: "http://[" }).end()],
    ["302 to itself", "redirect", (r) => r.writeHead(302, { location: "/app.json" }).end()],
    ["a list", "shape", (r) => r.writeHead(200, { "content-type": "application/json" }).end("[1]")],
    ["an empty body", "syntax", (r) => r.writeHead(200, { "content-type": "application/json" }).end()],
    [
      "a body that is cut off",
      "truncated",
      (r) => {
        r.writeHead(200, { "content-type": "application/json" }).write('{"a": 2');
        setTimeout(() => r.destroy(), 20);
      },
    ],
    [
      "less than its Content-Length says",
      "truncated",
      (r) => {
        r.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write('{"a": 2}');
        setTimeout(() => r.destroy(), 20);
      },
    ],
    [
      "a body without a length whose connection is reset",
      "truncated",
      (r) => {
        r.socket!.write("HTTP/1.1 200 OK\r\ncontent-type: application/toml\r\n\r\na = 2\n");
        setTimeout(() => void r.socket!.resetAndDestroy(), 20);
      },
    ],
    ["a body that does not end", "timeout", (r) => r.writeHead(200, { "content-type": "application/json" }).write("{")],
    ["no answer", "timeout", () => undefined],
    ["a connection that is closed", "unreachable", (r) => r.destroy()],
    [
      "a body that is packed strangely",
      "bad_encoding",
      (r) => r.writeHead(200, { "content-type": "application/json", "content-encoding": "zstd" }).end("{}"),
    ],
    [
      "a body that is not packed as it says",
      "bad_encoding",
      (r) => r.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end('{"a": 2}'),
    ],
    [
      "a packed body that is cut off",
      "truncated",
      (r) =>
        r
          .writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" })
          .end(gzipSync(JSON.stringify({ a: Math.random() })).subarray(0, -12)),
    ],
    [
      "headers that are too large",
      "unreachable",
      (r) => r.writeHead(200, { "content-type": "application/json", "x-more": "x".repeat(100_000) }).end("{}"),
    ],
  ])("keeps the last good values for %s", async (_what, code, script) => {
    server.serve('{"a": 1}');
    const follower = new Follower(source());
    await follower.reload();
    server.script = (_, response) => void script(response);
    await follower.reload();
    expect(follower.errors[0]?.code).toBe(code);
    expect(follower.tree).toEqual({ a: 1 });
    expect(follower.told()).not.toContain("hunter2");
    server.serve('{"a": 3}');
    await follower.reload();
    expect(follower.tree).toEqual({ a: 3 });
  });

  test("accepts a body without a length that ends with its connection", async () => {
    server.script = (_, { socket }) => {
      socket!.end("HTTP/1.1 200 OK\r\ncontent-type: application/toml\r\n\r\na = 2\n");
    };
    const follower = new Follower(source());
    await follower.reload();
    expect(follower.tree).toEqual({ a: 2 });
  });

  test("does not accept 304 if it holds no document", async () => {
    server.script = (_, response) => void response.writeHead(304).end();
    expect(await loaded(source())).toMatchObject({
      code: "http_status",
      message: expect.stringContaining("it reports no change (304) to a request without a condition"),
    });
  });

  test("explains an answer that is not HTTP", async () => {
    const other = createServer((socket) => void socket.end("220 mail.example ESMTP\r\n")).listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const { message } = await loaded(new HttpSource(`http://127.0.0.1:${port}/app.json`, quick));
    expect(message).toMatch(/the answer is not HTTP \(HPE_/u);
    other.close();
  });

  const head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
  const good = '{"a": 1}';
  test.each<[string, string, string]>([
    ["more than its Content-Length says", `${head}content-length: 8\r\n\r\n${good}HTTP/1.1 200 OK\r\n\r\n`, "data"],
    ["no length, and the end of the connection", `${head}\r\n${good}`, "data"],
    ["HTTP/1.0", `HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n${good}`, "data"],
    ["interim responses before it", `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${head}\r\n${good}`, "data"],
    ["chunks", `${head}transfer-encoding: chunked\r\n\r\n8\r\n${good}\r\n0\r\n\r\n`, "data"],
    ["chunks without an end", `${head}transfer-encoding: chunked\r\n\r\n8\r\n${good}\r\n`, "truncated"],
    ["a chunk that has no size", `${head}transfer-encoding: chunked\r\n\r\nzz\r\n${good}\r\n`, "truncated"],
    ["two lengths", `${head}content-length: 8\r\ncontent-length: 9\r\n\r\n${good}`, "unreachable"],
    ["another protocol", "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n", "unreachable"],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-ty", "unreachable"],
    ["nothing", "", "unreachable"],
  ])("reads bytes with %s as %s", async (_what, bytes, outcome) => {
    const raw = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end(bytes));
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => raw.once("listening", resolve));
    const { port } = raw.address() as { port: number };
    const found = await loaded(new HttpSource(`http://127.0.0.1:${port}/app.json`, { ...quick, timeout: 5000 }));
    raw.close();
    expect(found.code ?? found.outcome).toBe(outcome);
    expect(found.tree).toEqual(outcome === "data" ? { a: 1 } : {});
  });

  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["identity", (text: string) => Buffer.from(text)],
  ])("unpacks %s", async (encoding, pack) => {
    const body = pack('{"a": 1}');
    server.script = answer("application/json", body, { "content-encoding": encoding });
    expect((await loaded(source())).tree).toEqual({ a: 1 });
    expect(server.asked[0]!.headers["accept-encoding"]).toBe("gzip, br");
  });
});

describe("HttpSource reads no more than max_bytes", () => {
  const big = { max_bytes: 1000, timeout: 20_000 };

  test("if the declared length is greater", async () => {
    server.script = (_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "1001" }).flushHeaders();
    };
    expect(await loaded(source("/x", big))).toMatchObject({ code: "too_large" });
  });

  test("if the body never ends", async () => {
    let sent = 0;
    server.script = (_, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && response.write(" ".repeat(500))) sent += 500;
      };
      response.on("drain", more);
      more();
    };
    expect(await loaded(source("/x", big))).toMatchObject({ code: "too_large" });
    await eventually(async () => expect(await server.connections()).toBe(0));
    expect(sent).toBeGreaterThan(1000);
  });

  test("if a small packed body unpacks to more", async () => {
    const bomb = gzipSync(Buffer.alloc(50 * 1024 * 1024, " "));
    server.script = answer("application/json", bomb, { "content-encoding": "gzip" });
    const before = process.memoryUsage().arrayBuffers;
    expect((await loaded(source("/x", { ...big, max_bytes: 100_000 }))).code).toBe("too_large");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20 * 1024 * 1024);
  });

  test("if a large packed body unpacks to little", async () => {
    const nothing = Array<Buffer>(1000).fill(gzipSync(""));
    server.script = answer("application/json", Buffer.concat([gzipSync('{"a": 1}'), ...nothing]), {
      "content-encoding": "gzip",
      "transfer-encoding": "chunked",
    });
    expect((await loaded(source("/x", { ...big, max_bytes: 10_000 }))).code).toBe("too_large");
    expect((await loaded(source("/x", { ...big, max_bytes: 100_000 }))).tree).toEqual({ a: 1 });
  });

  test("and accepts exactly that number", async () => {
    server.script = answer("application/json", `{"a": 1}${" ".repeat(992)}`);
    expect((await loaded(source("/x", big))).tree).toEqual({ a: 1 });
  });
});

describe("HttpSource follows redirects", () => {
  test("to the same server, with its headers, up to five", async () => {
    server.script = (asked, response) => {
      const n = Number(asked.path.slice(1));
      if (n < 5) response.writeHead([301, 302, 303, 307, 308][Math.abs(n)]!, { location: `/${n + 1}` }).end();
      else json({ a: 1 })(asked, response);
    };
    expect((await loaded(source("/0", { headers: { authorization: "Bearer x" } }))).tree).toEqual({ a: 1 });
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(Array(6).fill("Bearer x"));
    expect((await loaded(source("/-1"))).code).toBe("redirect");
  });

  test("to another server, without its headers, its user and password", async () => {
    await using other = await WebServer.start(json({ a: 1 }));
    server.script = (_, response) => {
      const location = `http://evil:credentials@${other.url.slice("http://".length)}/there`;
      response.writeHead(302, { location }).end();
    };
    const url = `http://user:hunter2@${server.url.slice("http://".length)}/x`;
    const made = new HttpSource(url, { ...quick, headers: { "x-token": "hunter2" } });
    expect((await loaded(made)).tree).toEqual({ a: 1 });
    expect(server.asked[0]!.headers).toMatchObject({
      "x-token": "hunter2",
      authorization: `Basic ${Buffer.from("user:hunter2").toString("base64")}`,
    });
    expect(JSON.stringify(other.asked)).not.toMatch(/hunter2|authorization|x-token|credentials/u);
  });
});

describe("HttpSource, while it is followed,", () => {
  test("polls, and finds a change", async () => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { poll_interval: 20 }));
    server.serve('{"a": 2}');
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
    expect(follower.outcomes.filter((outcome) => outcome === "data")).toHaveLength(2);
  });

  test("reports its state: connected, retrying with the time of the next attempt, connected", async () => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { poll_interval: 10, backoff: { min: 20, max: 200 } }));
    const status = () => follower.source.status!() as ReturnType<HttpSource["status"]>;
    expect(status()).toMatchObject({ state: "connected", error: undefined, bytes: 8, missing: false });
    await server.stop();
    await eventually(() =>
      expect(status()).toMatchObject({ state: "retrying", error: { code: "unreachable" }, bytes: 8 }),
    );
    await eventually(() => expect(status().next_retry).toBeDefined());
    expect(status().error?.message).toBe(`Cannot read "${server.url}/x": connection refused (ECONNREFUSED)`);
    await server.back();
    await eventually(() => expect(status()).toMatchObject({ state: "connected", error: undefined, retries: 0 }));
    expect(follower.recovered).toBe(1);
  });

  test("sends no request while Retry-After lasts, even if it is asked to reload", async () => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { poll_interval: 10 }));
    server.script = (_, response) => void response.writeHead(429, { "retry-after": "200" }).end();
    await eventually(() => expect(follower.errors.length).toBe(1));
    const asked = server.asked.length;
    server.serve('{"a": 2}');
    await follower.reload();
    await follower.reload();
    expect(server.asked.length).toBe(asked);
    expect(follower.errors.map(({ code }) => code)).toEqual(Array(3).fill("rate_limited"));
    expect(follower.tree).toEqual({ a: 1 });
  });

  test("asks again when Retry-After is over, and not before", async () => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { poll_interval: 10 }));
    let refused = 0;
    server.script = ({ at }, response) => {
      refused = at;
      response.writeHead(503, { "retry-after": "1" }).end();
      server.serve('{"a": 2}');
    };
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
    const next = server.asked.find(({ at }) => at > refused);
    expect(next!.at - refused).toBeGreaterThanOrEqual(990);
  });

  test("accepts an absence once a second reading confirms it", async () => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { on_missing: "clear" }));
    server.script = (_, response) => void response.writeHead(404).end();
    await follower.reload();
    expect(follower.outcomes.at(-1)).toBe("unchanged");
    expect(follower.source.status!()).toMatchObject({ missing: true });
    await eventually(() => expect(follower.outcomes.at(-1)).toBe("absent"));
    expect(follower.tree).toEqual({});
    server.serve('{"a": 1}');
    await follower.reload();
    expect(follower.tree).toEqual({ a: 1 });
  });

  test.each<[string, (response: ServerResponse) => unknown]>([
    ["a body that does not end", (r) => r.writeHead(200, { "content-type": "application/json" }).write("{")],
    ["an answer that does not come", () => undefined],
    ["an error whose body does not end", (r) => r.writeHead(500).write("{")],
    ["a redirect whose body does not end", (r) => r.writeHead(302, { location: "/y" }).write("{")],
  ])("keeps no connection after %s", async (_what, script) => {
    server.serve('{"a": 1}');
    await using follower = await Follower.start(source("/x", { backoff: { min: 60_000, max: 60_000 } }));
    server.script = (_, response) => void script(response);
    await follower.reload();
    expect(follower.failing).toBe(true);
    await eventually(async () => expect(await server.connections()).toBe(0));
  });

  test("leaves no socket and no timer when it is stopped during a request or a wait", async () => {
    const count = () => {
      const counts: Record<string, number> = {};
      for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
      return counts;
    };
    const before = count();
    for (const script of [json({ a: 1 }), () => undefined, (_: Asked, r: ServerResponse) => void r.destroy()]) {
      server.script = json({ a: 0 });
      const options = { poll_interval: 5, timeout: 60_000, long_poll: 60_000, backoff: { min: 60_000, max: 60_000 } };
      const follower = await Follower.start(source("/x", options));
      server.script = script;
      const asked = server.asked.length;
      await eventually(() => expect(server.asked.length).toBeGreaterThan(asked));
      await follower.stop();
      await eventually(async () => expect(await server.connections()).toBe(0));
    }
    await eventually(() => {
      for (const [kind, n] of Object.entries(count())) expect([kind, n <= (before[kind] ?? 0)]).toEqual([kind, true]);
      return true;
    });
  });
});

describe("HttpSource with a long poll", () => {
  /** Responds at once if the content differs from the client's, and otherwise when it changes. */
  class Holding {
    text = '{"a": 1}';
    n = 1;
    readonly waiting = new Set<() => void>();

    readonly script = ({ headers }: Asked, response: ServerResponse): void => {
      const send = () => {
        this.waiting.delete(send);
        if (response.headersSent) return;
        const etag = `"${this.n}"`;
        if (headers["if-none-match"] === etag) response.writeHead(304).end();
        else response.writeHead(200, { "content-type": "application/json", etag }).end(this.text);
      };
      const waits = headers.prefer === "wait=2" && headers["if-none-match"] === `"${this.n}"`;
      if (!waits) return send();
      this.waiting.add(send);
      setTimeout(send, 2000).unref();
    };

    set(text: string): void {
      this.text = text;
      this.n += 1;
      for (const send of this.waiting) send();
    }
  }

  test("receives each change at once, and asks for nothing else meanwhile", async () => {
    const place = new Holding();
    server.script = place.script;
    await using follower = await Follower.start(source("/x", { long_poll: 2000 }));
    await eventually(() => expect(place.waiting.size).toBe(1));
    for (const a of [2, 3, 4]) {
      const asked = server.asked.length;
      place.set(JSON.stringify({ a }));
      await eventually(() => expect(follower.tree).toEqual({ a }));
      await eventually(() => expect(place.waiting.size).toBe(1));
      // The load, and the next wait; one more wait where that began before the load had ended.
      expect(server.asked.length - asked).toBeLessThanOrEqual(3);
    }
  });

  test("follows a server that was stopped and restarted", async () => {
    const place = new Holding();
    server.script = place.script;
    await using follower = await Follower.start(source("/x", { long_poll: 2000 }));
    await eventually(() => expect(place.waiting.size).toBe(1));
    await server.stop();
    await eventually(() => expect(follower.failing).toBe(true));
    place.set('{"a": 5}');
    await server.back();
    await eventually(() => expect(follower.tree).toEqual({ a: 5 }));
    place.set('{"a": 6}');
    await eventually(() => expect(follower.tree).toEqual({ a: 6 }));
  });

  test("asks a server that does not wait, or changes its ETag with each answer, ever more slowly", async () => {
    let n = 0;
    for (const script of [
      (_: Asked, response: ServerResponse) => answer("application/json", '{"a": 1}', { etag: `"${++n}"` })(_, response),
      (_: Asked, response: ServerResponse) => answer("application/json", '{"a": 1}')(_, response),
    ]) {
      server.script = script;
      await using follower = await Follower.start(source("/x", { long_poll: 2000, debounce: 1 }));
      const began = performance.now();
      const asked = server.asked.length;
      await eventually(() => expect(performance.now() - began).toBeGreaterThan(2000));
      // Doubling from 10 ms, each wait with its load.
      expect(server.asked.length - asked).toBeLessThan(40);
      expect(follower.tree).toEqual({ a: 1 });
    }
  });
});

describe("HttpSource with a cache file", () => {
  const cached = (path = "/app.json", options: HttpOptions = {}) =>
    source(path, { cache_file: join(folder, "cache"), ...options });

  async function filled(text = '{"a": 1, "big": 12345678901234567890}', path?: string): Promise<void> {
    server.serve(text);
    const follower = await Follower.start(cached(path));
    await follower.stop();
  }

  test("starts with the last good values while the server is down, reports that, and continues when it returns", async () => {
    await filled();
    expect((await stat(join(folder, "cache"))).mode & 0o777).toBe(0o600);
    await server.stop();
    await using follower = await Follower.start(cached());
    expect(follower.tree).toEqual({ a: 1, big: 12345678901234567890n });
    expect(follower.layer?.diagnostics).toMatchObject([{ code: "cached" }]);
    expect(follower.source.status!()).toMatchObject({ from_cache: true, error: { code: "unreachable" } });
    server.serve('{"a": 2}');
    await server.back();
    await eventually(() => expect(follower.tree).toEqual({ a: 2 }));
    expect(follower.layer?.diagnostics).toEqual([]);
    expect(follower.source.status!()).toMatchObject({ from_cache: false, error: undefined });
  });

  test("starts empty and with an error without the file", async () => {
    await server.stop();
    expect(await loaded(source())).toMatchObject({ outcome: "error", code: "unreachable", tree: {} });
  });

  test.each<[string, (text: string) => string]>([
    ["that is cut off", (text) => text.slice(0, -20)],
    ["that is empty", () => ""],
    ["in which one letter is another", (text) => text.replace("QUFB", "QUFC")],
    ["that is something else", () => "a = 1\n"],
  ])("does not use a file %s", async (_what, change) => {
    await filled(JSON.stringify({ text: "A".repeat(99) }));
    const path = join(folder, "cache");
    await writeFile(path, change(await readFile(path, "utf8")));
    await server.stop();
    expect(await loaded(cached())).toMatchObject({ outcome: "error", tree: {} });
  });

  test("does not use a file of another query, which is not shown in its name", async () => {
    await filled('{"a": 1}', "/app.json?env=staging");
    await server.stop();
    expect((await loaded(cached("/app.json?env=production"))).tree).toEqual({});
    expect((await loaded(cached("/app.json?env=staging"))).tree).toEqual({ a: 1 });
    expect(await readFile(join(folder, "cache"), "utf8")).not.toContain("staging");
  });

  test("does not use a file of another URL, nor one that other users may write", async () => {
    await filled('{"a": 1}', "/other");
    await server.stop();
    const other = await loaded(cached());
    expect(other.follower.source.status!()).toMatchObject({
      cache_problem: expect.stringContaining("another place") as string,
    });
    await writeFile(join(folder, "writable"), await readFile(join(folder, "cache")), { mode: 0o666 });
    const { chmod } = await import("node:fs/promises");
    await chmod(join(folder, "writable"), 0o666);
    const writable = await loaded(cached("/other", { cache_file: join(folder, "writable") }));
    expect(writable.tree).toEqual({});
    expect(writable.follower.source.status!()).toMatchObject({
      cache_problem: expect.stringContaining("other users may write it") as string,
    });
  });

  test("refuses to share a file with another source of the program until that is stopped", async () => {
    server.serve('{"a": 1}');
    const one = await Follower.start(cached("/one"));
    await eventually(() => expect(existsSync(join(folder, "cache"))).toBe(true));
    const two = await Follower.start(cached("/two"));
    await eventually(() =>
      expect(two.source.status!()).toMatchObject({
        cache_problem: expect.stringContaining("another source of this program writes it") as string,
      }),
    );
    await one.stop();
    server.serve('{"a": 2}');
    await two.reload();
    await eventually(() => expect(two.source.status!()).toMatchObject({ cache_problem: undefined }));
    await two.stop();
    await server.stop();
    expect((await loaded(cached("/one"))).tree).toEqual({});
    expect((await loaded(cached("/two"))).tree).toEqual({ a: 2 });
  });

  test("does not restore values that the server had deleted before it went down", async () => {
    await filled('{"a": 1}');
    server.script = (_, response) => void response.writeHead(404).end();
    const follower = new Follower(cached("/app.json", { on_missing: "clear" }));
    await follower.reload();
    await server.stop();
    await follower.reload();
    expect(follower.outcomes).toEqual(["absent", "error"]);
    expect(follower.tree).toEqual({});
  });

  test("removes the file with the document if its values are cleared, and keeps it if they are kept", async () => {
    for (const on_missing of ["keep", "clear"] as const) {
      await filled('{"a": 1}');
      const follower = await Follower.start(cached("/app.json", { on_missing }));
      server.script = (_, response) => void response.writeHead(404).end();
      await follower.reload();
      await follower.reload();
      await follower.stop();
      expect(existsSync(join(folder, "cache"))).toBe(on_missing === "keep");
    }
  });

  test("never replaces or removes a file of another kind", async () => {
    const path = join(folder, "cache");
    await writeFile(path, "a = 1\n");
    await filled();
    expect(await readFile(path, "utf8")).toBe("a = 1\n");
    server.serve('{"a": 1}');
    const follower = await Follower.start(cached("/app.json", { on_missing: "clear" }));
    expect(follower.tree).toEqual({ a: 1 });
    await eventually(() =>
      expect(follower.source.status!()).toMatchObject({
        cache_problem: `Cannot write cache file "${path}": it is not a cache file`,
      }),
    );
    server.script = (_, response) => void response.writeHead(404).end();
    await follower.reload();
    await follower.reload();
    await follower.stop();
    expect(await readFile(path, "utf8")).toBe("a = 1\n");
  });
});

describe("HttpSource keeps secrets", () => {
  test("of URL, query and headers out of names, errors, status and places", async () => {
    const secret = "hunter2";
    const url = `http://user:${secret}@${server.url.slice("http://".length)}/app.json?token=${secret}`;
    for (const script of [json({ a: 1 }), (_: Asked, r: ServerResponse) => void r.writeHead(500).end(secret)]) {
      server.script = script;
      const made = new HttpSource(url, { ...quick, headers: { "x-token": () => secret } });
      const follower = await Follower.start(made);
      expect(server.asked.at(-1)).toMatchObject({ path: `/app.json?token=${secret}`, headers: { "x-token": secret } });
      const { name } = made;
      const told = [follower.errors.map(({ message, stack }) => [message, stack]), made.status(), name];
      expect(JSON.stringify(told)).not.toContain(secret);
      expect(JSON.stringify(follower.layer?.origin(["a"]) ?? {})).not.toContain(secret);
      await follower.stop();
    }
  });

  test("of functions for headers, which are called each time, and may fail or hang", async () => {
    let n = 0;
    server.script = json({ a: 1 });
    const follower = new Follower(source("/x", { headers: { authorization: async () => `Bearer ${++n}` } }));
    await follower.reload();
    await follower.reload();
    expect(server.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer 1", "Bearer 2"]);
    const failing = (authorization: () => string | Promise<string>) =>
      loaded(source("/x", { timeout: 50, headers: { authorization } }));
    const thrown = await failing(() => {
      throw new Error("cannot log in with hunter2");
    });
    expect(thrown.message).toContain('the function for header "authorization" failed');
    expect(thrown.follower.told()).not.toContain("hunter2");
    expect((await failing(() => "hunter2\nx: y")).message).toMatch(
      /the value of header "authorization" cannot be sent$/u,
    );
    expect((await failing(() => new Promise<never>(() => undefined))).outcome).toBe("error");
  });

  test("of all its values with secret: true", async () => {
    server.script = json({ a: 1, t: { b: 2 } });
    const { follower } = await loaded(source("/x", { secret: true }));
    expect(follower.layer?.secrets).toEqual([["a"], ["t"]]);
  });
});

describe("new HttpSource refuses", () => {
  test.each<[string, unknown, object, RegExp]>([
    ["no URL", 5, {}, /url must be a text or a URL, got/u],
    ["a path", "/app.json", {}, /must be a whole URL/u],
    ["another protocol", "ftp://user:hunter2@host/x", {}, /must begin with http: or https:, got "ftp:"/u],
    ["an unknown option", "http://host/", { intervall: 1 }, /unknown option "intervall", known are name, format/u],
    ["an unknown option of TLS", "https://host/", { tls: { rejectUnauthorized: false } }, /unknown option/u],
    ["TLS for http", "http://host/", { tls: { ca: "x" } }, /"tls" is for https/u],
    ["two authorities", "https://host/", { tls: { ca: "x", ca_file: "y" } }, /either "tls.ca" or "tls.ca_file"/u],
    ["two users", "http://u:hunter2@host/", { headers: { Authorization: "x" } }, /either a user in the URL or/u],
    ["an invalid header name", "http://host/", { headers: { "a b": "x" } }, /not the name of a header/u],
    ["a header that the source sets", "http://host/", { headers: { "If-None-Match": "x" } }, /is the source's own/u],
    ["a header that is not a text", "http://host/", { headers: { a: 1 } }, /must be a text or a function/u],
    ["an invalid timeout", "http://host/", { timeout: "5s" }, /"timeout" must be a number from 1/u],
    ["an invalid poll_interval", "http://host/", { poll_interval: -1 }, /"poll_interval" must be a number from 0/u],
    ["an unknown format", "http://host/", { format: "env" }, /"format" must be "toml" or "json"/u],
    ["an invalid flag", "http://host/", { required: 1 }, /"required" must be a boolean/u],
    [
      "a back-off upside down",
      "http://host/",
      { backoff: { min: 10, max: 5 } },
      /"backoff.max" must be a number from 10/u,
    ],
  ])("%s", (_what, url, options, message) => {
    expect(() => new HttpSource(url as string, options)).toThrow(message);
    expect(() => new HttpSource(url as string, options)).not.toThrow(/hunter2/u);
  });
});
