import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { type ConsulOptions, ConsulSource } from "../../src/sources/consul.ts";
import { Agent } from "./kit/agent.ts";
import { describe_with_consul } from "./kit/binary.ts";
import { Follower } from "./kit/follower.ts";
import { Proxy } from "./kit/proxy.ts";

const patience = { timeout: 25_000, interval: 10 };
const unknown_token = "deadbeef-dead-beef-dead-beefdeadbeef";
const read = (prefix: string) => `key_prefix "${prefix}" { policy = "read" }`;

await describe_with_consul("ConsulSource with access control", () => {
  let agent: Agent;
  let dir: string;
  let count = 0;
  const folder = () => `acl/${(count += 1)}`;

  beforeAll(async () => {
    agent = await Agent.start({ acl: true });
    dir = await mkdtemp(join(tmpdir(), "otpts-consul-token-"));
  });
  afterAll(async () => {
    await agent.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const follow = (prefix: string, options: ConsulOptions = {}, env = {}) =>
    Follower.start(new ConsulSource(prefix, { address: agent.url, ...options }), env);

  test("ConsulSource without a token is denied, which is not the same as absent", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await follow(prefix);
    expect(follower.outcomes[0]).toBe("error");
    expect(follower.errors[0]).toMatchObject({ code: "denied" });
    expect((follower.source as ConsulSource).status()).toMatchObject({ error: { code: "denied" } });
    await using blob = await follow(`${prefix}/a`, { layout: "blob" });
    expect(blob.errors[0]).toMatchObject({ code: "denied" });
  });

  test("ConsulSource with an unknown token is denied", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    await using follower = await follow(prefix, { token: unknown_token });
    expect(follower.errors[0]).toMatchObject({ code: "denied" });
    expect(follower.told()).not.toContain(unknown_token);
  });

  test("ConsulSource with a grant reports an absent prefix as absent", async () => {
    const prefix = folder();
    const { secret } = await agent.token(read(`${prefix}/`));
    await using follower = await follow(prefix, { token: secret });
    expect(follower.outcomes[0]).toBe("absent");
  });

  test("ConsulSource with a partial grant loads the keys that it may read", async () => {
    const prefix = folder();
    await agent.put_all({ [`${prefix}/open/a`]: "1", [`${prefix}/closed/b`]: "2" });
    const { secret } = await agent.token(read(`${prefix}/open/`));
    await using follower = await follow(prefix, {}, { CONSUL_HTTP_TOKEN: secret });
    expect(follower.tree).toEqual({ open: { a: 1 } });
    await agent.put(`${prefix}/open/a`, "3");
    await vi.waitFor(() => expect(follower.tree).toEqual({ open: { a: 3 } }), patience);
  });

  test("ConsulSource keeps the last good values when its grant is revoked, and follows again when the grant returns", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const token = await agent.token(read(`${prefix}/`));
    await using follower = await follow(prefix, { token: token.secret, wait: 500, on_missing: "clear" });
    await agent.grant(token.policy, read("somewhere/else/"));
    await agent.put(`${prefix}/a`, "2");
    await vi.waitFor(() => expect(follower.errors.at(-1)?.code).toBe("denied"), patience);
    await follower.reload();
    await follower.reload();
    expect(follower.trees).toEqual([{ a: 1 }]);
    await agent.grant(token.policy, read(`${prefix}/`));
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    expect(follower.failing).toBe(false);
  });

  test("ConsulSource keeps the last good values when its token is revoked during the watch", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const token = await agent.token(read(`${prefix}/`));
    await using follower = await follow(prefix, { token: token.secret, wait: 500 });
    await agent.revoke(token.accessor);
    await vi.waitFor(() => expect(follower.errors.at(-1)?.code).toBe("denied"), patience);
    expect(follower.tree).toEqual({ a: 1 });
    expect(follower.told()).not.toContain(token.secret);
  });

  test("ConsulSource takes a rotated token from its file with the next request", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const token_file = join(dir, "token");
    const old = await agent.token(read(`${prefix}/`));
    await writeFile(token_file, `${old.secret}\n`);
    await using follower = await follow(prefix, { token_file, wait: 500 });
    expect(follower.tree).toEqual({ a: 1 });
    const next = await agent.token(read(`${prefix}/`));
    await writeFile(token_file, `${next.secret}\n`);
    await agent.revoke(old.accessor);
    await agent.put(`${prefix}/a`, "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    await vi.waitFor(() => expect(follower.failing).toBe(false), patience);
  });

  test("ConsulSource calls the token function before each request", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const token = await agent.token(read(`${prefix}/`));
    let present = unknown_token;
    await using follower = await follow(prefix, { token: async () => present });
    expect(follower.failing).toBe(true);
    present = token.secret;
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  });

  test("ConsulSource shows no text of a token function or a token file that fails", async () => {
    const failing = await follow(folder(), {
      token: () => {
        throw new Error(`no lease for ${unknown_token}`);
      },
    });
    expect(failing.errors[0]).toMatchObject({ code: "token" });
    const missing = await follow(folder(), { token_file: join(dir, "nowhere") });
    expect(missing.errors[0]).toMatchObject({ code: "token" });
    expect(missing.errors[0]?.message).toContain("ENOENT");
    const binary = await follow(folder(), { token: `${unknown_token}\u0000\r\nx: y` });
    expect(binary.errors[0]).toMatchObject({ code: "token" });
    for (const follower of [failing, missing, binary]) {
      expect(follower.told()).not.toContain(unknown_token);
      await follower.stop();
    }
  });

  test("ConsulSource never shows its token", async () => {
    const prefix = folder();
    await agent.put(`${prefix}/a`, "1");
    const { secret } = await agent.token(read(`${prefix}/`));
    await using proxy = await Proxy.start(agent.port);
    const written: string[] = [];
    const streams = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, "write").mockImplementation((chunk) => {
        written.push(String(chunk));
        return true;
      }),
    );
    const options = { address: proxy.url.replace("//", "//user:s3cret-pass@"), token: secret, timeout: 200, wait: 200 };
    const follower = await follow(prefix, { ...options, backoff: { min: 10, max: 20 }, write_through: true });
    try {
      for (const mode of ["refuse", "silent", "open"] as const) {
        proxy.cut(mode);
        await follower.reload();
        const writing = follower.source.write!(["a"], "2", follower.context);
        await expect(writing).rejects.toMatchObject({ name: "ConfigSourceError" });
        await writing.catch((error: unknown) => follower.errors.push(error as never));
      }
      await follower.stop();
    } finally {
      for (const stream of streams) stream.mockRestore();
    }
    expect(follower.errors.map(({ code }) => code)).toEqual(
      expect.arrayContaining(["unreachable", "timeout", "denied"]),
    );
    const all = follower.told() + written.join("");
    expect(all).not.toContain(secret);
    expect(all).not.toContain("s3cret-pass");
    expect(all).not.toContain(Buffer.from("user:s3cret-pass").toString("base64"));
  });
});

await describe_with_consul("ConsulSource over TLS and unix sockets", () => {
  test("ConsulSource refuses a server with an unknown certificate authority, and trusts it with the authority's certificate", async () => {
    await using agent = await Agent.start({ tls: "server" });
    await agent.put("tls/a", "1");
    const ca_file = agent.certificates!.ca;
    const first = async (options: ConsulOptions, env = {}) => {
      const follower = new Follower(new ConsulSource("tls", { address: agent.url, ...options }), env);
      await follower.reload();
      await follower.stop();
      return follower.errors[0]?.code ?? follower.tree;
    };
    expect(await first({})).toBe("tls");
    expect(await first({ tls: { ca_file } })).toEqual({ a: 1 });
    expect(await first({ tls: { ca: await readFile(ca_file) } })).toEqual({ a: 1 });
    expect(await first({}, { CONSUL_CACERT: ca_file })).toEqual({ a: 1 });
    expect(await first({ tls: { verify: false } })).toEqual({ a: 1 });
    expect(await first({}, { CONSUL_HTTP_SSL_VERIFY: "false" })).toEqual({ a: 1 });
    expect(await first({ tls: { ca_file, servername: "server.dc1.consul" } })).toEqual({ a: 1 });
    expect(await first({ tls: { ca_file, servername: "elsewhere.example" } })).toBe("tls");
    expect(await first({ tls: { ca: "no certificate" } })).toBe("tls");
    expect(await first({ tls: { ca_file: `${ca_file}.missing` } })).toBe("tls");
  });

  test("ConsulSource with mutual TLS needs a client certificate", async () => {
    await using agent = await Agent.start({ tls: "mutual" });
    await agent.put("tls/a", "1");
    const { ca, client } = agent.certificates!;
    await using stranger = await Follower.start(
      new ConsulSource("tls", { address: agent.url, tls: { ca_file: ca }, backoff: { min: 10, max: 50 } }),
    );
    expect(stranger.errors[0]?.code).toMatch(/^(tls|unreachable)$/);
    const tls = { ca_file: ca, cert_file: client.cert, key_file: client.key };
    await using follower = await Follower.start(new ConsulSource("tls", { address: agent.url, tls }));
    expect(follower.tree).toEqual({ a: 1 });
    await agent.put("tls/a", "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    await using environment = await Follower.start(new ConsulSource("tls"), {
      CONSUL_HTTP_ADDR: `127.0.0.1:${agent.https_port}`,
      CONSUL_HTTP_SSL: "true",
      CONSUL_CACERT: ca,
      CONSUL_CLIENT_CERT: client.cert,
      CONSUL_CLIENT_KEY: client.key,
    });
    expect(environment.tree).toEqual({ a: 2 });
    // In plain http to the port of https.
    const plain = new Follower(new ConsulSource("tls", { host: "127.0.0.1", port: agent.https_port }));
    await plain.reload();
    expect(plain.errors[0]?.code).toBe("tls");
    await plain.stop();
  });

  test("ConsulSource reads a renewed certificate after a failed connection", async () => {
    await using agent = await Agent.start({ tls: "server" });
    await agent.put("tls/a", "1");
    const ca_file = join(agent.dir, "renewed.pem");
    await writeFile(ca_file, "");
    const backoff = { min: 10, max: 50 };
    await using follower = await Follower.start(
      new ConsulSource("tls", { address: agent.url, tls: { ca_file }, backoff }),
    );
    expect(follower.errors[0]?.code).toBe("tls");
    await writeFile(ca_file, await readFile(agent.certificates!.ca));
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 1 }), patience);
  });

  test("ConsulSource connects through a unix socket", async () => {
    await using agent = await Agent.start({ socket: true });
    await agent.put("socket/a", "1");
    await using follower = await Follower.start(new ConsulSource("socket", { socket: agent.socket }));
    expect(follower.tree).toEqual({ a: 1 });
    await agent.put("socket/a", "2");
    await vi.waitFor(() => expect(follower.tree).toEqual({ a: 2 }), patience);
    await using environment = await Follower.start(new ConsulSource("socket"), {
      CONSUL_HTTP_ADDR: `unix://${agent.socket}`,
    });
    expect(environment.tree).toEqual({ a: 2 });
    await using nowhere = await Follower.start(new ConsulSource("socket", { socket: `${agent.socket}.missing` }));
    expect(nowhere.errors[0]?.code).toBe("unreachable");
  });
});
