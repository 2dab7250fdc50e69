import { writeFile } from "node:fs/promises";
import type { ServerOptions } from "node:https";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HttpSource, type TlsOptions } from "../../src/http.ts";
import { Follower } from "../consul/kit/follower.ts";
import { eventually } from "../eventually.ts";
import { Authority, type Pair } from "./kit/certificates.ts";
import { type Script, WebServer } from "./kit/web_server.ts";

let authority: Authority;
let pair: Pair;
let client: Pair;
let ca: string;
beforeAll(async () => {
  authority = await Authority.make();
  ca = authority.ca;
  [pair, client] = await Promise.all([authority.sign(), authority.sign("client")]);
});
afterAll(() => authority[Symbol.asyncDispose]());

const script: Script = (_, response) => {
  response.writeHead(200, { "content-type": "application/json" }).end('{"a": 1}');
};
const serving = (options: ServerOptions = pair) => WebServer.start(script, options);

async function loaded(url: string, tls: TlsOptions = {}, headers = {}) {
  const follower = new Follower(new HttpSource(`${url}/x`, { poll_interval: 0, tls, headers }));
  await follower.reload();
  return { tree: follower.tree, code: follower.errors[0]?.code, message: follower.errors[0]?.message };
}

test("HttpSource trusts the given authority, as text or as a file, and no other", async () => {
  await using server = await serving();
  expect((await loaded(server.url, { ca })).tree).toEqual({ a: 1 });
  expect((await loaded(server.url, { ca: Buffer.from(ca) })).tree).toEqual({ a: 1 });
  expect((await loaded(server.url, { ca_file: authority.ca_file })).tree).toEqual({ a: 1 });
  expect((await loaded(server.url, { verify: false })).tree).toEqual({ a: 1 });
  const unknown = await loaded(server.url);
  expect(unknown).toMatchObject({ tree: {}, code: "tls" });
  expect(unknown.message).toMatch(
    /its certificate has an unknown issuer; give the issuer's certificate as ca \([A-Z_]+\)$/u,
  );
});

test("HttpSource explains a problem with a certificate", async () => {
  await using other = await serving(await authority.sign("other.internal"));
  expect((await loaded(other.url, { ca })).message).toMatch(
    /its certificate is for another name; give that as servername/u,
  );
  expect((await loaded(other.url, { ca, servername: "other.internal" })).tree).toEqual({ a: 1 });
  await using plain = await WebServer.start(script);
  expect((await loaded(plain.url.replace("http:", "https:"), { ca })).message).toMatch(/does not speak TLS there/u);
  expect((await loaded(other.url, { ca: "no PEM" })).code).toBe("tls");
  expect((await loaded(other.url, { ca, cert: client.cert, key: pair.key })).message).toMatch(
    /do not belong together/u,
  );
  const missing = await loaded(other.url, { ca_file: join(authority.dir, "nowhere.pem") });
  expect(missing).toMatchObject({
    code: "tls",
    message: expect.stringMatching(/nowhere\.pem" cannot be read \(ENOENT\)/u),
  });
});

test("HttpSource presents its certificate if the server asks for one", async () => {
  await using server = await serving({ ...pair, ca, requestCert: true, rejectUnauthorized: true });
  expect((await loaded(server.url, { ca, ...client })).tree).toEqual({ a: 1 });
  const without = await loaded(server.url, { ca });
  expect(without.tree).toEqual({});
  expect(without.code).toMatch(/^(tls|unreachable)$/u);
});

test("HttpSource works on when certificates are renewed on both sides", async () => {
  await using renewed = await Authority.make();
  await using server = await serving();
  const ca_file = join(authority.dir, "rotated.pem");
  await writeFile(ca_file, ca);
  const options = { poll_interval: 10, backoff: { min: 5, max: 20 }, tls: { ca_file } };
  await using follower = await Follower.start(new HttpSource(`${server.url}/x`, options));
  expect(follower.tree).toEqual({ a: 1 });
  server.renew(await renewed.sign());
  await eventually(() => expect(follower.errors.at(-1)?.code).toBe("tls"));
  await writeFile(ca_file, renewed.ca);
  await eventually(() => expect(follower.failing).toBe(false));
});

test("HttpSource follows a redirect to TLS but never from it, and presents no certificate to another server", async () => {
  await using secure = await serving({ ...pair, requestCert: true, rejectUnauthorized: false });
  await using plain = await WebServer.start((_, response) => {
    response.writeHead(302, { location: `${secure.url}/x` }).end();
  });
  // The authority of the system does not know the server: the redirect was followed, and fails there.
  expect((await loaded(plain.url)).code).toBe("tls");
  await using way = await serving();
  way.script = (_, response) => void response.writeHead(302, { location: `${plain.url}/x` }).end();
  expect(await loaded(way.url, { ca })).toMatchObject({
    code: "redirect",
    message: expect.stringContaining("from https to plain http"),
  });
  let shown: unknown;
  secure.script = (asked, response) => {
    shown = (response.req.socket as unknown as { getPeerCertificate(): object }).getPeerCertificate();
    script(asked, response);
  };
  way.script = (_, response) => void response.writeHead(302, { location: `${secure.url}/x` }).end();
  expect((await loaded(way.url, { ca, ...client })).tree).toEqual({ a: 1 });
  expect(shown).toEqual({});
});
