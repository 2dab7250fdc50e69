import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { KILL, NOREPLY, OK, type Pid, REPLY, STOP, erlang, gen_server, supervisor, telemetry } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { ConfigSpec, type ConfigClient } from "../../src/index.ts";
import { dashboard, type DashboardOptions } from "../../src/dashboard.ts";
import { toggled, without } from "../../src/dashboard/app/words.ts";
import { Hub, type Viewer } from "../../src/dashboard/hub.ts";
import { Managers } from "../../src/dashboard/managers.ts";
import { Stream } from "../../src/dashboard/stream.ts";
import { eventually, MemorySource, setup } from "../../src/testing.ts";

const kit = setup({ beforeEach, afterEach });

const SECRET = "hunter2-hunter2";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: never;
}

type Headers = Readonly<Record<string, string>>;

/** A request as it is, with whatever headers: `fetch` sets some itself. */
function ask(address: string, path: string, headers: Headers = {}, body?: unknown): Promise<Answer> {
  const url = new URL(path, address);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        host: "127.0.0.1",
        port: url.port,
        path: `${url.pathname}${url.search}`,
        method: body === undefined ? "GET" : "POST",
        headers,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            get json() {
              return JSON.parse(text) as never;
            },
          }),
        );
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** What `read` sees of a stream until it says that it has seen enough. */
async function follow(
  address: string,
  path: string,
  read: (event: string, data: never, id: string) => boolean,
  headers: Headers = {},
): Promise<void> {
  const url = new URL(path, address);
  const stop = new AbortController();
  const response = await fetch(url, { headers, signal: stop.signal });
  let text = "";
  try {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const fields = Object.fromEntries(
          text
            .slice(0, end)
            .split("\n")
            .map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]),
        );
        text = text.slice(end + 2);
        if (
          fields["event"] !== undefined &&
          read(fields["event"], JSON.parse(fields["data"] ?? "null") as never, fields["id"] ?? "")
        )
          return;
      }
    }
  } finally {
    stop.abort();
  }
}

const counter = {
  name: "Counter",
  init: (n: number) => [OK, n] as const,
  handle_call: (request: unknown, _from: gen_server.From, n: number) =>
    request === "late" ? new Promise<never>(() => {}) : ([REPLY, n, n + 1] as const),
  handle_cast: (message: unknown, n: number) =>
    message === "fail" ? ([STOP, `failed with ${SECRET}`, n] as const) : ([NOREPLY, n] as const),
};

interface Running {
  readonly config: ConfigClient;
  readonly source: MemorySource;
  readonly address: string;
  readonly invitation: string;
  readonly top: Pid;
  /** A token that allows writing, as a page gets it. */
  readonly token: (headers?: Headers) => Promise<string>;
  readonly write: (action: string, body: unknown, headers?: Headers) => Promise<Answer>;
}

async function running(options: Partial<DashboardOptions> = {}): Promise<Running> {
  const source = new MemorySource({
    server: { port: 8080, name: "shop" },
    database: { password: SECRET, url: `postgres://app:${SECRET}@db/shop` },
  });
  const schema = z.object({
    server: z.object({ port: z.number().int().max(65_535), name: z.string(), timeout: z.number().default(30) }),
    database: z.any(),
  });
  const spec = new ConfigSpec({
    id: "shown",
    name: "shown_config",
    sources: [source],
    schema,
    reload_interval: 0,
    log: false,
  });
  const config = await kit.start_manager(spec);
  const lines: string[] = [];
  const shown = dashboard({ config: spec, title: "shop", log: (line) => void lines.push(line), ...options });
  const top = await kit.processes.start_supervised({
    id: "shop",
    type: "supervisor",
    task: () =>
      supervisor.start_link(
        [
          supervisor.child_spec({ id: "counter", task: () => gen_server.start_link(counter, 0, { name: "counter" }) }),
          shown.child_spec,
        ],
        { max_restarts: 10 },
      ),
  });
  const printed = /http:\/\/\S+/u.exec(lines[0] ?? "")?.[0] ?? "";
  const address = new URL("/", printed).href;
  const page = async (path: string, headers: Headers) => {
    const { text } = await ask(address, path, { accept: "text/html", ...headers });
    return (JSON.parse(/id="boot">(.*?)<\/script>/su.exec(text)?.[1] ?? "{}") as { token?: string }).token ?? "";
  };
  let known: string | undefined;
  const token = async (headers: Headers = {}) => (known ??= await page(new URL(printed).search, headers));
  return {
    config: config as ConfigClient,
    source,
    address,
    invitation: printed,
    top,
    token,
    write: async (action, body, headers = {}) =>
      ask(
        address,
        action,
        { "content-type": "application/json", "x-dashboard-token": await token(), ...headers },
        body,
      ),
  };
}

describe("read access", () => {
  test("is for this machine only, by its own host names, and for no other site", async () => {
    const { address } = await running();
    const status = async (headers: Headers, path = "/processes") => (await ask(address, path, headers)).status;
    expect(await status({})).toBe(200);
    expect(await status({ host: `localhost:${new URL(address).port}` })).toBe(200);
    expect(await status({ host: "[::1]:80" })).toBe(200);
    // DNS rebinding: the name is another site's, the address this machine's.
    for (const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "localhost.evil.example"]) {
      expect(await status({ host })).toBe(403);
      expect(await status({ host }, "/assets/main.js")).toBe(403);
      expect(await status({ host }, "/stream?page=")).toBe(403);
    }
    for (const origin of ["https://evil.example", "null", "http://localhost:1", "not an origin"])
      expect(await status({ origin })).toBe(403);
    expect((await ask(address, "/", { origin: "https://evil.example" })).text).toContain(
      "its Origin is https://evil.example, and its Host 127.0.0.1",
    );
    expect(await status({ origin: new URL(address).origin })).toBe(200);
    expect(await status({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
    expect(await status({ "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" })).toBe(403);
    // A link on another site may be followed.
    expect(await status({ "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).toBe(200);
    // A proxy on this machine passes on requests from elsewhere.
    for (const name of ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"])
      expect(await status({ [name]: "10.0.0.1" })).toBe(403);
    const { text } = await ask(address, "/", { host: "evil.example" });
    expect(text).toMatch(/\\"evil.example\\" is not one of its host names: set the option hosts/);
  });

  test("uses the client's address as each framework passes it on", async () => {
    const spec = new ConfigSpec({
      id: "framed",
      name: "framed_config",
      sources: [new MemorySource({})],
      reload_interval: 0,
    });
    await kit.start_manager(spec);
    const shown = dashboard({ config: spec });
    const status = async (connection: unknown) =>
      (await shown.fetch(new Request("http://localhost/health"), connection)).status;
    expect(await status(undefined)).toBe(200);
    expect(await status({ remote_address: "127.0.0.1" })).toBe(200);
    expect(await status({ remote_address: "::ffff:127.0.0.1" })).toBe(200);
    for (const connection of [
      { remote_address: "10.1.2.3" },
      { incoming: { socket: { remoteAddress: "10.1.2.3" } } },
      { remoteAddr: { hostname: "10.1.2.3" } },
      { requestIP: () => ({ address: "10.1.2.3" }) },
      { server: { requestIP: () => ({ address: "::ffff:10.1.2.3" }) } },
    ])
      expect(await status(connection)).toBe(403);
    shown.close();
  });

  test("behind a proxy accepts the names in hosts, even if the proxy does not pass them on", async () => {
    const { address, write } = await running({ read_only: false, authorize: () => true, hosts: ["ops.example"] });
    const token = /"token":"([^"]+)"/u.exec((await ask(address, "/", { accept: "text/html" })).text)?.[1] ?? "";
    const reload = async (origin: string) =>
      (await write("/sources/reload", {}, { origin, "x-forwarded-for": "10.0.0.1", "x-dashboard-token": token }))
        .status;
    expect(await reload("https://ops.example")).toBe(200);
    expect(await reload("https://evil.example")).toBe(403);
    expect(await reload("https://ops.example.evil.example")).toBe(403);
  });

  test("is decided by authorize, and denied when authorize fails", async () => {
    const answers: unknown[] = [];
    const { address, config } = await running({
      read_only: false,
      authorize: (request) => {
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        expect(request.headers.get("authorization")).toBe("Bearer x");
        return answer as boolean;
      },
    });
    const look = async (answer: unknown) => {
      answers.push(answer);
      return ask(address, "/processes", { authorization: "Bearer x", host: "ops.example" });
    };
    expect((await look(true)).status).toBe(200);
    expect((await look({ user: "ada" })).status).toBe(200);
    for (const answer of [false, undefined, null, 0, "yes"]) expect((await look(answer)).status).toBe(403);
    const failed = await look(new Error("the secret of the login server"));
    expect(failed.status).toBe(403);
    expect(failed.text).not.toContain("login server");
    expect((await look(new Response("who are you?", { status: 401 }))).status).toBe(401);

    // One may look and not write, another one may, under his name.
    answers.push({ user: "eve", write: false }, { user: "eve", write: false }, { user: "ada" }, { user: "ada" });
    const page = (headers: Headers) => ask(address, "/", { accept: "text/html", ...headers });
    const auth = { authorization: "Bearer x" };
    expect((await page(auth)).text).not.toContain('"token"');
    const put = { path: "server.port", value: 81 };
    const json = { ...auth, "content-type": "application/json" };
    expect((await ask(address, "/configuration/put", json, put)).text).toContain("you may read but not write");
    const token = /"token":"([^"]+)"/u.exec((await page(auth)).text)?.[1] ?? "";
    expect((await ask(address, "/configuration/put", { ...json, "x-dashboard-token": token }, put)).status).toBe(200);
    expect((await config.history()).at(-1)).toMatchObject({ actor: "dashboard:ada" });
  });

  test("gives a page that other sites can neither frame nor inject into", async () => {
    const { address } = await running();
    for (const path of ["/", "/configuration", "/assets/main.js", "/assets/preact.js", "/nothing"]) {
      const { headers } = await ask(address, path, { accept: "text/html" });
      const policy = String(headers["content-security-policy"]);
      expect(policy).toMatch(/^default-src 'self'; script-src 'self' 'sha256-[^']+'; style-src 'self';/);
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain("unsafe");
      expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "x-frame-options": "DENY" });
      expect(headers).not.toHaveProperty("access-control-allow-origin");
    }
    const { text } = await ask(address, "/", { accept: "text/html" });
    // Nothing of it comes from the network.
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//u);
    expect((await ask(address, "/assets/../package.json")).status).toBe(404);
    expect((await ask(address, "/assets/..%2f..%2fpackage.json")).status).toBe(404);
    expect((await ask(address, "/assets/main.ts")).status).toBe(404);
  });
});

describe("write access", () => {
  test("is denied unless the dashboard allows it", async () => {
    const { address, config } = await running();
    const body = { path: "server.port", value: 81 };
    const answer = await ask(
      address,
      "/configuration/put",
      { "content-type": "application/json", "x-dashboard-token": "x" },
      body,
    );
    expect([answer.status, answer.text]).toStrictEqual([
      403,
      '{"error":"Cannot answer: this dashboard is read-only: it allows changes with { read_only: false }"}',
    ]);
    expect(await config.get("server.port")).toBe(8080);
  });

  test("is granted once to the visitor with the printed address, and not to another site", async () => {
    const { address, invitation, token, write, config } = await running({ read_only: false });
    expect(invitation).toMatch(/\?token=[\w-]{30,}$/);
    const body = { path: "server.port", value: 81 };
    // Without an invitation, with a wrong one: a page that looks and does not write.
    for (const path of ["/", "/?token=wrong"])
      expect((await ask(address, path, { accept: "text/html" })).text).not.toContain('"token":');
    expect(await token()).toMatch(/^[\w-]{30,}$/);
    expect((await ask(address, new URL(invitation).search, { accept: "text/html" })).text).not.toContain('"token":');
    expect((await write("/configuration/put", body, { "x-dashboard-token": "" })).status).toBe(403);
    expect((await write("/configuration/put", body, { "x-dashboard-token": "wrong" })).status).toBe(403);
    expect((await write("/configuration/put", body, { origin: "https://evil.example" })).status).toBe(403);
    expect((await write("/configuration/put", body, { host: "evil.example" })).status).toBe(403);
    // What a form of another site can send without asking first.
    expect((await write("/configuration/put", body, { "content-type": "text/plain" })).status).toBe(415);
    expect(await config.get("server.port")).toBe(8080);
    expect((await write("/configuration/put", body)).json).toStrictEqual({ done: "committed", version: 2 });
    expect(await config.get("server.port")).toBe(81);
  });
});

describe("a token for programs", () => {
  const lasting = "a-token-that-lasts";

  test("allows any number of writes, and gives no page a token", async () => {
    const { address, write, config } = await running({ read_only: false, token: lasting });
    for (const port of [81, 82]) {
      const sent = await write(
        "/configuration/put",
        { path: "server.port", value: port },
        { "x-dashboard-token": lasting },
      );
      expect(sent.status).toBe(200);
      expect(await config.get("server.port")).toBe(port);
    }
    expect((await ask(address, `/?token=${lasting}`, { accept: "text/html" })).text).not.toContain('"token":');
  });

  test("allows nothing if the dashboard is read-only", async () => {
    const { write } = await running({ token: lasting });
    const body = { path: "server.port", value: 81 };
    expect((await write("/configuration/put", body, { "x-dashboard-token": lasting })).status).toBe(403);
  });
});

describe("the configuration", () => {
  test("is complete in answers to programs, and a wrong question is refused with a reason", async () => {
    const { address, config } = await running();
    await config.put("server.name", "x".repeat(1_000));
    const { json } = await ask(address, "/answers/value?path=server");
    expect(json).toMatchObject({ path: "server", version: 2, value: { port: 8080, name: "x".repeat(1_000) } });
    expect((await ask(address, "/answers/difference?from=1")).json).toMatchObject([{ path: "server.name" }]);
    expect((await ask(address, "/answers/nothing")).status).toBe(404);
    expect((await ask(address, "/answers/value?path=a..b")).status).toBe(400);
    expect((await ask(address, "/answers/difference?from=x")).status).toBe(400);
    expect((await ask(address, "/answers/difference?from=77")).status).toBe(404);
    expect((await ask(address, "/answers/value?manager=nobody")).status).toBe(404);
  });

  test("is shown with each value, its type and its origin, and without secrets", async () => {
    const { address, config } = await running();
    await config.put("server.name", "shop 2", { actor: "ada", reason: "renamed" });
    const { json } = await ask(address, "/configuration?path=server.name");
    expect(json).toMatchObject({
      version: 2,
      overrides: 1,
      panel: {
        path: "server.name",
        value: '"shop 2"',
        type: "string",
        expected: "string",
        overridden: true,
        comes_back: { value: '"shop"' },
        since: { version: 2, cause: "put", actor: "ada", reason: "renamed" },
        stack: [
          { role: "winner", badge: "put", value: '"shop 2"' },
          { role: "shadowed", value: '"shop"', why: 'replaced by the runtime override at "server.name"' },
        ],
      },
    });
    const rows = (json as { rows: { path: string }[] }).rows;
    expect(rows.find(({ path }) => path === "server.timeout")).toMatchObject({
      value: "30",
      type: "integer",
      badge: "default",
    });
    expect(rows.find(({ path }) => path === "database.password")).toMatchObject({
      secret: true,
      value: '"[redacted]"',
    });
    const found = (await ask(address, "/configuration?q=shop%202")).json as { rows: unknown[] };
    expect(found.rows).toMatchObject([{ path: "server.name" }]);
    expect((await ask(address, "/configuration?only=overrides")).json).toMatchObject({ matching: 1 });
    expect((await ask(address, "/configuration?only=defaults")).json).toMatchObject({
      rows: [{ path: "server.timeout" }],
    });
    expect((await ask(address, "/configuration?manager=other")).status).toBe(404);
    expect((await ask(address, "/configuration?path=a..b")).json).toMatchObject({
      panel: { error: expect.any(String) as string },
    });
  });

  test("leaks no secret in any answer, stream, refusal or event", async () => {
    kit.processes.allow_reports();
    const { address, write, source, config } = await running({ read_only: false, show_state: true });
    await config.put("database.token", `${SECRET}-too`);
    const texts: string[] = [];
    await write("/configuration/put", { path: "database.password", value: `${SECRET}-new`, dry_run: true }).then(
      ({ text }) => texts.push(text),
    );
    await write("/configuration/put", {
      path: "database.password",
      value: `${SECRET}-new`,
      dry_run: true,
      full: true,
    }).then(({ text }) => texts.push(text));
    await write("/configuration/put", { path: "server.port", value: SECRET }).then(({ text }) => texts.push(text));
    await follow(address, "/stream?page=events", (event, data) => {
      texts.push(JSON.stringify(data));
      if (event === "snapshot") gen_server.cast("counter", "fail");
      return event === "events" && JSON.stringify(data).includes("process_crash");
    });
    source.set({ server: { port: SECRET }, database: {} });
    await config.reload().catch(() => undefined);
    const key = String(erlang.whereis("counter")).replaceAll(/[<>]/gu, "");
    const manager = String(erlang.whereis("shown_config")).replaceAll(/[<>]/gu, "");
    for (const path of [
      "/",
      "/processes",
      `/processes?pid=${key}&state=1`,
      `/processes?pid=${manager}&state=1`,
      "/configuration",
      "/configuration?path=database",
      "/configuration?path=database.url",
      "/configuration?q=hunter",
      "/changes",
      "/changes?to=2",
      "/sources?pattern=**",
      "/events",
      "/health",
      "/ready",
      "/metrics",
      "/answers/verdict",
      "/answers/value",
      "/answers/leaves",
      "/answers/leaves?path=database.password",
      "/answers/explanation?path=database",
      "/answers/explanation?path=database.password",
      "/answers/environment",
      "/answers/history",
      "/answers/difference?from=1",
    ]) {
      for (const accept of ["application/json", "text/html"]) texts.push((await ask(address, path, { accept })).text);
    }
    expect(texts.length).toBeGreaterThan(30);
    expect(texts.filter((text) => text.includes("hunter2"))).toStrictEqual([]);
  });

  test("keeps digits on the way to the editor and back, and offers whole texts to copy", async () => {
    const { address, write, config } = await running({ read_only: false });
    const id = 12_345_678_901_234_567_890n;
    const body = `{"path":"database.id","value":{"of":[${id},{"x":null}],"a.b":true}}`;
    expect((await write("/configuration/put", body)).status).toBe(200);
    expect(await config.get("database.id")).toEqual({ of: [id, { x: null }], "a.b": true });
    const panel = async (path: string) =>
      (
        (await ask(address, `/configuration?path=${encodeURIComponent(path)}`)).json as {
          panel: Record<string, unknown>;
        }
      ).panel;
    const { editable, copies, value } = await panel("database.id");
    expect(editable).toContain(`${id},\n`);
    expect(value).toBe(`{"of":[${id},{"x":null}],"a.b":true}`);
    expect(copies).toMatchObject({ env: `DATABASE__ID=${value as string}` });
    // TOML has no null.
    expect(copies).not.toHaveProperty("TOML");
    await config.put("database.long", "v".repeat(1_000));
    expect(await panel("database.long")).toMatchObject({
      copies: { TOML: `[database]\nlong = "${"v".repeat(1_000)}"`, JSON: `"${"v".repeat(1_000)}"` },
    });
    expect(await panel("database.id.a\\.b")).toMatchObject({
      copies: { path: "database.id.a\\.b", TOML: '[database.id]\n"a.b" = true', env: "DATABASE__ID__A_B=true" },
    });
  });

  test("cannot be overwritten with the placeholders of its secrets", async () => {
    const { address, write, config } = await running({ read_only: false });
    for (const path of ["database", "database.url", "database.password"]) {
      const { panel } = (await ask(address, `/configuration?path=${path}`)).json as { panel: unknown };
      expect(panel).toMatchObject({ masked: true, editable: "", copies: {} });
    }
    expect((await ask(address, "/configuration?path=server")).json).toMatchObject({ panel: { masked: false } });
    const shown = { password: "[redacted]", url: "postgres://app:other@db/shop" };
    const refused = await write("/configuration/put", { path: "database", value: shown });
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining("the value contains [redacted]")]);
    expect(await config.get("database.password")).toBe(SECRET);
  });

  test("folds and unfolds keys that contain commas", async () => {
    const { address, config } = await running();
    await config.put("database.a,b", { c: { "d%,": { e: 1 } } });
    const paths = async (query: string) =>
      ((await ask(address, `/configuration?${query}`)).json as { rows: { path: string }[] }).rows.map(
        ({ path }) => path,
      );
    expect(await paths("")).toContain("database.a,b.c.d%,.e");
    const closed = encodeURIComponent(toggled(toggled(null, "database.a,b.c.d%,"), "server"));
    const left = await paths(`closed=${closed}`);
    expect(left).toContain("database.a,b.c.d%,");
    expect(left).not.toContain("database.a,b.c.d%,.e");
    expect(left).not.toContain("server.port");
    expect(toggled(toggled(null, "a,b"), "a,b")).toBe("");
    expect(without("a,b%2Cc", "b,c")).toBe("a");
  });

  test("is changed after a dry run, with a reason, and only if it is unchanged since it was read", async () => {
    const { write, config, address } = await running({ read_only: false });
    const put = { path: "server.port", value: 9090, reason: "the other port" };
    expect((await write("/configuration/put", { ...put, dry_run: true })).json).toStrictEqual({
      preview: { version: 1, changed: 1, changes: [{ path: "server.port", old_value: "8080", new_value: "9090" }] },
    });
    expect(await config.get("server.port")).toBe(8080);
    await config.put("server.name", "meanwhile");
    const conflict = await write("/configuration/put", { ...put, if_version: 1 });
    expect([conflict.status, conflict.json]).toMatchObject([409, { conflict: { expected: 1, current: 2 } }]);
    expect((await write("/configuration/put", { ...put, if_version: 2 })).json).toMatchObject({ version: 3 });
    const refused = await write("/configuration/put", { path: "server.port", value: 70_000, reason: "too large" });
    expect([refused.status, refused.json]).toMatchObject([422, { problems: [{ path: "server.port" }] }]);

    // The history has author, reason and refusals; a version is rolled back.
    expect((await ask(address, "/changes?to=3")).json).toMatchObject({
      current: 3,
      entries: [
        {
          kind: "refused",
          cause: "put",
          paths: ["server.port"],
          actor: "dashboard",
          reason: "too large",
          problems: [{ path: "server.port" }],
        },
        { kind: "committed", version: 3, actor: "dashboard", reason: "the other port", paths: ["server.port"] },
        {
          kind: "refused",
          version: 2,
          reason: "the other port",
          error: expect.stringContaining("at version 2 now") as string,
        },
        { kind: "committed", version: 2, paths: ["server.name"] },
        { kind: "committed", version: 1, cause: "start" },
      ],
      difference: {
        from: 2,
        to: 3,
        changed: 1,
        lines: [{ path: "server.port", old_value: "8080", new_value: "9090" }],
      },
    });
    expect((await write("/changes/rollback", { version: 1, dry_run: true })).json).toMatchObject({
      preview: { changed: 2 },
    });
    expect((await write("/changes/rollback", { version: 1, reason: "back" })).json).toMatchObject({ version: 4 });
    expect(await config.get("server.port")).toBe(8080);
    expect((await write("/changes/rollback", { version: 99 })).status).toBe(400);
    await config.put("server.port", 1234);
    expect((await write("/configuration/unset", { path: "server.port" })).json).toMatchObject({ version: 6 });
    expect(await config.get("server.port")).toBe(8080);
  });

  test("answers a request that makes no sense with an explanation", async () => {
    const { write, address } = await running({ read_only: false });
    for (const [action, body, status, words] of [
      ["/configuration/put", "{", 400, "the body is not JSON"],
      ["/configuration/put", [], 400, "the body must be an object"],
      ["/configuration/put", { value: 1 }, 400, "path must be a text"],
      ["/configuration/put", { path: "server.port" }, 400, "value is missing"],
      ["/configuration/put", { path: "a..b", value: 1 }, 400, "a..b"],
      ["/configuration/put", { path: "server.port", value: 1, if_version: "1" }, 400, "if_version must be a number"],
      [
        "/configuration/put",
        { path: "server.port", value: "x".repeat(1_100_000) },
        400,
        "the body is longer than 1048576 bytes",
      ],
      ["/configuration/explode", {}, 404, "there is no action"],
      ["/processes/toString", {}, 404, "there is no action"],
      ["/processes/suspend", { pid: "0.999999.0" }, 400, "no process of this pid lives"],
    ] as const) {
      const answer = await write(action, body);
      expect([answer.status, (answer.json as { error: string }).error]).toStrictEqual([
        status,
        expect.stringContaining(words),
      ]);
    }
    expect((await ask(address, "/constructor")).status).toBe(404);
    expect((await ask(address, "/stream?page=toString")).status).toBe(404);
  });
});

describe("processes", () => {
  const keyOf = (pid: Pid | undefined) => String(pid).replaceAll(/[<>]/gu, "");

  test("are listed as a tree, as a table and one by one", async () => {
    const { address, top } = await running();
    for (let i = 0; i < 3; i++) await gen_server.call("counter", "next");
    const tree = (await ask(address, "/processes")).json as {
      view: string;
      rows: { key: string; depth: number; name?: string }[];
    };
    const at = tree.rows.findIndex(({ key }) => key === keyOf(top));
    expect(tree.rows.slice(at, at + 3)).toMatchObject([
      { type: "supervisor", strategy: "one_for_one", children: 2, open: true },
      {
        id: "counter",
        name: "counter",
        module: "gen_server Counter",
        handled: 3,
        restarts: 0,
        depth: (tree.rows[at]?.depth ?? 0) + 1,
      },
      { id: "dashboard", module: "gen_server Dashboard" },
    ]);
    const closed = (await ask(address, `/processes?closed=${keyOf(top)}`)).json as typeof tree;
    expect(closed.rows.map(({ name }) => name)).not.toContain("counter");
    expect((await ask(address, "/processes?q=COUNTER")).json).toMatchObject({
      view: "table",
      rows: [{ name: "counter" }],
    });
    expect((await ask(address, `/processes?pid=${keyOf(erlang.whereis("counter"))}`)).json).toMatchObject({
      panel: {
        name: "counter",
        id: "counter",
        supervisor: { pid: keyOf(top) },
        handled: 3,
        can_show_state: false,
        can_write: false,
        waits_for: [],
        links: [{ pid: keyOf(top) }],
      },
    });
    expect((await ask(address, "/processes?pid=0.999999.0")).json).toMatchObject({ panel: { dead: true } });
  });

  test("are shown with the callers that wait for them, without the requests", async () => {
    const { address } = await running();
    void gen_server.call("counter", ["late", SECRET], Infinity).catch(() => undefined);
    void gen_server.call("counter", "late", Infinity).catch(() => undefined);
    const look = () => ask(address, `/processes?pid=${keyOf(erlang.whereis("counter"))}`);
    await eventually(async () => JSON.stringify((await look()).json).includes('"status":"running"'));
    expect((await look()).json).toMatchObject({
      panel: {
        callback: "handle_call",
        waited_for_by: [{ who: { name: "code outside processes" }, request: '"late"' }],
      },
    });
    erlang.exit(erlang.whereis("counter") as Pid, KILL);
    kit.processes.allow_reports();
  });

  test("are suspended, restarted and stopped by authorized users, after a confirmation", async () => {
    kit.processes.allow_reports();
    const { write, address, top } = await running({ read_only: false });
    const pid = keyOf(erlang.whereis("counter"));
    const status = async () =>
      ((await ask(address, "/processes?q=counter")).json as { rows: { status: string }[] }).rows[0]?.status;
    expect((await write("/processes/suspend", { pid })).json).toStrictEqual({ done: "suspended" });
    expect(await status()).toBe("suspended");
    await write("/processes/resume", { pid });
    expect(await status()).toBe("waiting");
    expect((await write("/processes/restart", { pid, confirm: "something else" })).text).toContain(
      "confirm must be the process's name",
    );
    const restarted = (await write("/processes/restart", { pid, confirm: "counter" })).json as { pid: string };
    expect(restarted.pid).toBe(keyOf(erlang.whereis("counter")));
    expect(restarted.pid).not.toBe(pid);
    expect((await write("/processes/stop", { pid: restarted.pid, confirm: restarted.pid })).status).toBe(200);
    expect(erlang.whereis("counter")).toBeUndefined();
    expect((await write("/processes/start", { supervisor: keyOf(top), id: "counter" })).status).toBe(200);
    expect(erlang.whereis("counter")).toBeDefined();
  });

  test("are collapsed and sent in pieces if there are thousands", async () => {
    const { address } = await running();
    await kit.processes.start_supervised({
      id: "pool",
      type: "supervisor",
      task: () =>
        supervisor.start_link(
          [supervisor.child_spec({ id: "worker", task: () => gen_server.start_link(counter, 0) })],
          {
            strategy: "simple_one_for_one",
            name: "pool",
          },
        ),
    });
    for (let i = 0; i < 2_000; i++) await supervisor.start_child("pool", []);
    const rows = async (more = "") =>
      ((await ask(address, `/processes${more}`)).json as { rows: { type: string; name?: string; left?: number }[] })
        .rows;
    const all = await rows();
    expect(all.length).toBeLessThan(100);
    expect(all.find(({ name }) => name === "pool")).toMatchObject({ children: 2_000, open: false });
    const key = keyOf(erlang.whereis("pool"));
    const open = await rows(`?open=${key}`);
    expect(open.find(({ type }) => type === "more")).toMatchObject({ left: 1_900, of: key });
    expect((await rows(`?open=${key}&more=${key}:300`)).find(({ type }) => type === "more")).toMatchObject({
      left: 1_700,
    });
    expect((await rows("?view=table&n=5000")).length).toBe(1_000);
  }, 60_000);
});

describe("the stream", () => {
  test("begins with a snapshot, and continues with changes", async () => {
    const { address, config } = await running();
    const seen: string[] = [];
    await follow(address, "/stream?page=configuration", (event, data) => {
      seen.push(event);
      if (event === "snapshot") {
        expect(data).toMatchObject({ version: 1, rows: expect.any(Array) as unknown[] });
        void config.put("server.port", 81);
      }
      if (event === "patch") {
        expect(data).toContainEqual([["version"], 2]);
        expect(JSON.stringify(data)).toContain('"81"');
        return true;
      }
      return false;
    });
    expect(seen).toStrictEqual(["hello", "snapshot", "patch"]);
  });

  test("resumes after an interruption, and reports if the program was restarted", async () => {
    const { address } = await running();
    let id = "";
    const texts: string[] = [];
    await follow(address, "/stream?page=events", (event, data, at) => {
      id = at;
      if (event === "snapshot") telemetry.emit("shop.order", { count: 1 }, { number: 1 });
      if (event === "events") texts.push(JSON.stringify(data));
      return event === "events";
    });
    // Whoever looks away for a moment misses nothing.
    telemetry.emit("shop.order", { count: 1 }, { number: 2 });
    await follow(
      address,
      "/stream?page=events",
      (event, data) => {
        if (event === "hello") expect(data).toMatchObject({ restarted: false });
        if (event === "events") texts.push(JSON.stringify(data));
        return event === "events";
      },
      { "last-event-id": id },
    );
    expect(texts.map((text) => /number \d/gu.exec(text)?.[0])).toStrictEqual(["number 1", "number 2"]);
    await follow(
      address,
      "/stream?page=",
      (event, data) => {
        expect([event, data]).toMatchObject(["hello", { restarted: true }]);
        return true;
      },
      { "last-event-id": "another:7" },
    );
  });

  test("costs nothing while no page is open", async () => {
    const clock = Date.now;
    const { address } = await running();
    expect(telemetry.listening("shop.order")).toBe(false);
    await ask(address, "/");
    expect(telemetry.listening("shop.order")).toBe(false);
    await follow(address, "/stream?page=", (event) => event === "snapshot" && telemetry.listening("shop.order"));
    expect(Date.now).toBe(clock);
    await kit.processes.stop_supervised("shop");
    expect(telemetry.listening("shop.order")).toBe(false);
  });
});

describe("a trace of a process", () => {
  test("reports received messages for a limited time, with contents only if states are shown", async () => {
    for (const show_state of [false, true]) {
      const { address, write, config } = await running({ read_only: false, show_state });
      const pid = String(erlang.whereis("counter")).replaceAll(/[<>]/gu, "");
      expect((await write("/processes/trace", { pid })).text).toContain("no page is open");
      const texts: string[] = [];
      await follow(address, "/stream?page=events", (event, data) => {
        if (event === "snapshot")
          void write("/processes/trace", { pid }).then(() => gen_server.call("counter", ["charge", "card 4242"]));
        if (event === "events")
          for (const { event: name, text } of data as { event: string; text: string }[]) texts.push(`${name} ${text}`);
        return texts.some((text) => text.includes("trace.send"));
      });
      const received = texts.find((text) => text.includes("trace.receive"));
      if (show_state) expect(received).toContain("card 4242");
      else
        expect(received).toBe(
          'trace.receive 1. call ["charge", …]'.replace("1. call", received?.match(/\d+\. call/u)?.[0] ?? ""),
        );
      await kit.processes.stop_supervised("shop");
      await kit.stop_manager(config);
    }
  });
});

describe("the data kept for viewers", () => {
  test("is dropped ten seconds after the last viewer left", () => {
    vi.useFakeTimers();
    try {
      const hub = new Hub(new Managers([]));
      const viewer = (): Viewer => ({ tick() {}, heard() {}, close() {} });
      const [first, second] = [viewer(), viewer()];
      const there = () => [hub.watching, telemetry.listening("shop.order"), vi.getTimerCount() > 0];
      expect(there()).toStrictEqual([false, false, false]);
      hub.enter(first);
      hub.enter(second);
      expect(there()).toStrictEqual([true, true, true]);
      hub.leave(first);
      vi.advanceTimersByTime(60_000);
      expect(there()).toStrictEqual([true, true, true]);
      hub.leave(second);
      vi.advanceTimersByTime(9_999);
      expect(there()).toStrictEqual([true, true, true]);
      vi.advanceTimersByTime(1);
      expect(there()).toStrictEqual([false, false, false]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("is kept for a viewer who returns in time", () => {
    vi.useFakeTimers();
    try {
      const hub = new Hub(new Managers([]));
      const viewer: Viewer = { tick() {}, heard() {}, close() {} };
      hub.enter(viewer);
      telemetry.emit("shop.order", {}, { number: 1 });
      hub.leave(viewer);
      vi.advanceTimersByTime(9_000);
      hub.enter(viewer);
      vi.advanceTimersByTime(9_000);
      expect(hub.events.after(0)).toMatchObject([{ event: "shop.order", text: "number 1" }]);
      hub.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

test("a page that does not read its stream is disconnected, and one that reads is not", async () => {
  const hub = new Hub(new Managers([]));
  const view = async () => ({});
  const { signal } = new AbortController();
  const mute = new Stream(hub, view, false, null, signal);
  const other = new Stream(hub, view, false, null, signal);
  const reader = other.response.body!.getReader();
  for (let second = 0; second < 300; second++) {
    mute.tick();
    other.tick();
    if (second % 15 === 14) await reader.read();
  }
  // The stream ends after the data sent so far; otherwise this would wait for more.
  expect(await mute.response.text()).toMatch(/^retry: 1000\nevent: hello/u);
  other.tick();
  expect((await reader.read()).done).toBe(false);
  hub.close();
});

describe("programs", () => {
  test("can read health, readiness and metrics", async () => {
    const { address, source, config } = await running();
    expect((await ask(address, "/health")).json).toMatchObject({
      status: "ok",
      managers: [{ name: "shown_config", state: "ok", version: 1 }],
    });
    expect((await ask(address, "/ready")).json).toStrictEqual({ ready: true, why: [] });
    const metric = async (name: string) => {
      const { text, headers } = await ask(address, "/metrics");
      expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
      return new RegExp(`^${name}(?:\\{[^}]*\\})? (.*)$`, "mu").exec(text)?.[1];
    };
    await config.reload();
    expect(await metric("config_last_reload_successful")).toBe("1");
    expect(Number(await metric("config_last_reload_success_timestamp_seconds"))).toBeGreaterThan(1e9);
    expect(await metric("otp_processes")).toMatch(/^\d+$/);
    const hash = async () =>
      /config_info\{manager="shown_config",hash="([0-9a-f]{64})"\} 1/u.exec((await ask(address, "/metrics")).text)?.[1];
    const before = await hash();
    await config.put("server.port", 81);
    expect(await hash()).not.toBe(before);
    await config.unset("server.port");
    expect(await hash()).toBe(before);

    source.set({ server: { port: "not a number" } });
    kit.processes.allow_reports();
    await config.reload().catch(() => undefined);
    expect(await metric("config_last_reload_successful")).toBe("0");
    const degraded = (await ask(address, "/health")).json;
    expect(degraded).toMatchObject({ status: "degraded", managers: [{ state: "refused" }] });
    // What is refused does not take effect: traffic may come.
    expect((await ask(address, "/ready")).status).toBe(200);
    await kit.stop_manager(config);
    expect((await ask(address, "/ready")).status).toBe(503);
    expect((await ask(address, "/configuration")).status).toBe(200);
  });

  test("can mount the dashboard under a path", async () => {
    const shown = dashboard({ config: "nobody", base: "/ops/otp/" });
    const at = (path: string, accept = "text/html") =>
      shown.fetch(new Request(`http://localhost${path}`, { headers: { accept } }));
    const moved = await at("/ops/otp?x=1");
    expect([moved.status, moved.headers.get("location")]).toStrictEqual([308, "/ops/otp/?x=1"]);
    expect(await (await at("/ops/otp/")).text()).toContain("./assets/main.js");
    expect((await at("/ops/otp/assets/main.js")).headers.get("content-type")).toContain("javascript");
    expect(await (await at("/ops/otp/configuration", "application/json")).json()).toMatchObject({ missing: true });
    // Frameworks that take the path away themselves.
    expect((await at("/processes", "application/json")).status).toBe(200);
    shown.close();
  });

  test("can mount the dashboard in Express, also behind a body parser, and without a slash at the end", async () => {
    const source = new MemorySource({ server: { port: 80 } });
    const spec = new ConfigSpec({ name: "mounted", sources: [source], reload_interval: 0, log: false });
    const config = await kit.start_manager(spec);
    const shown = dashboard({ config: spec, read_only: false });
    const app = express();
    app.use(express.json());
    app.use("/otp", shown.node);
    const server = app.listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const moved = await ask(address, "/otp?x=1");
    expect([moved.status, moved.headers["location"]]).toStrictEqual([308, "/otp/?x=1"]);
    const token = /"token":"([^"]+)"/u.exec((await ask(address, "/otp/", { accept: "text/html" })).text)?.[1] ?? "";
    const headers = { "content-type": "application/json", "x-dashboard-token": token };
    const put = await ask(address, "/otp/configuration/put", headers, { path: "server.port", value: 81 });
    expect(put.json).toStrictEqual({ done: "committed", version: 2 });
    expect(await config.get("server.port")).toBe(81);
    shown.close();
    server.close();
    server.closeAllConnections();
  });

  test("get an error that names the cause if a body has already been read", async () => {
    const shown = dashboard({ config: "nobody", read_only: false });
    const page = await shown.fetch(new Request("http://localhost/", { headers: { accept: "text/html" } }));
    const token = /"token":"([^"]+)"/u.exec(await page.text())?.[1] ?? "";
    const headers = { "content-type": "application/json", "content-length": "20", "x-dashboard-token": token };
    const answer = await shown.fetch(new Request("http://localhost/sources/reload", { method: "POST", headers }));
    expect([answer.status, await answer.text()]).toStrictEqual([
      400,
      expect.stringContaining("mount the dashboard before any body parser"),
    ]);
    shown.close();
  });

  test("get an error at once for a wrong option", () => {
    expect(() => dashboard({ hostname: "0.0.0.0" })).toThrow(
      'hostname "0.0.0.0" lets other machines in, which needs authorize',
    );
    expect(() => dashboard({ readonly: true } as never)).toThrow(
      'unknown option "readonly": the options are config, title',
    );
    expect(() => dashboard({ read_only: "no" } as never)).toThrow("read_only must be a boolean, got string");
    expect(() => dashboard({ token: "short" })).toThrow("token must have at least 16 characters, got 5");
    expect(() => dashboard({ port: 70_000 })).toThrow(/port must be from 0 to 65,535/);
    expect(() => dashboard({ config: 7 } as never)).toThrow("config must be a ConfigSpec, a name");
    expect(() => dashboard({ base: "no path" })).toThrow('base must be a path such as "/otp"');
  });
});
