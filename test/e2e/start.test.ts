import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eachEnded, Program } from "./program.ts";

eachEnded();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "otpts-start-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Running {
  readonly program: Program;
  readonly address: string;
  readonly config_file: string;
}

async function start(preload?: string): Promise<Running> {
  const program = new Program("queuemizer/start.js", { TMPDIR: folder }, preload);
  await program.printed(/Ctrl-C stops it in order\.\n/);
  const [, address] = await program.printed(/^queuemizer runs at (http:\/\/127\.0\.0\.1:\d+) /m);
  const [, config_file] = await program.printed(/^ {2}edit (.+)$/m);
  return { program, address: address ?? "", config_file: config_file ?? "" };
}

async function http(url: string, method = "GET", body?: string): Promise<readonly [status: number, body: unknown]> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  return [response.status, await response.json()];
}

describe("examples/queuemizer/start", () => {
  test("prints its address, its process id and commands to try", async () => {
    const { program, address, config_file } = await start();
    const [, dashboard] = await program.printed(/^Dashboard: (http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]+)$/m);
    expect(program.stdout).toBe(`Dashboard: ${dashboard}
queuemizer runs at ${address} (process ${program.pid}). Try:

  edit ${config_file}
  curl ${address}/config
  curl -X PUT -d '{"requests": 1000, "window": 60}' ${address}/rate_limits
  curl -X PUT -d '{"requests": -1, "window": 60}' ${address}/rate_limits

Ctrl-C stops it in order.
`);
    expect(config_file.startsWith(folder)).toBe(true);
  });

  test("shows an edit of its file at once, with path, old and new value", async () => {
    const { program, config_file } = await start();
    const text = await readFile(config_file, "utf8");
    await writeFile(config_file, text.replace("download_rate = 500", "download_rate = 750"));
    await program.printed(/^queuemizer\.tc_rules\.enp4s0\.download_rate: 500 -> 750$/m);
    await writeFile(config_file, text.replace(`["enp4s0", "enp5s0"]`, `["enp4s0"]`));
    await program.printed(/^queuemizer\.interfaces: \["enp4s0","enp5s0"\] -> \["enp4s0"\]$/m);
    await program.printed(/^queuemizer\.tc_rules\.enp4s0\.download_rate: 750 -> 500$/m);
  });

  test("answers the printed commands as described", async () => {
    const { program, address } = await start();
    expect(await http(`${address}/config`)).toEqual([
      200,
      {
        interfaces: ["enp4s0", "enp5s0"],
        rate_limits: { api: { requests: 100, window: 60 } },
        feature_flags: { new_ui: false },
      },
    ]);
    const limits = `${address}/rate_limits`;
    expect(await http(limits, "PUT", `{"requests": 1000, "window": 60}`)).toEqual([200, { status: "updated" }]);
    await program.printed(/^rate_limits\.api\.requests: 100 -> 1000$/m);
    expect(await http(limits, "PUT", `{"requests": -1, "window": 60}`)).toEqual([
      400,
      { error: "invalid configuration", reason: "requests must be a whole number > 0" },
    ]);
    expect(await http(limits, "PUT", `{"requests": `)).toEqual([
      400,
      { error: "invalid configuration", reason: "the body is not JSON" },
    ]);
    expect(await http(`${address}/elsewhere`)).toEqual([404, { error: "there is PUT /rate_limits and GET /config" }]);
    expect(await http(`${address}/config`)).toMatchObject([
      200,
      { rate_limits: { api: { requests: 1000, window: 60 } } },
    ]);
    expect(program.stderr).toBe("");
  });

  test.each(["SIGINT", "SIGTERM"] as const)("stops in order with %s: code 0, and nothing is left", async (signal) => {
    const { program, address } = await start();
    // A connection that is still open must not keep it.
    const waiting = fetch(`${address}/rate_limits`, { method: "PUT", body: endless(), duplex: "half" } as RequestInit);
    const cut = expect(waiting).rejects.toThrow();
    await new Promise((resolve) => setImmediate(resolve));
    program.signal(signal);
    const ending = await program.ended();
    expect(ending.stderr).toMatch(new RegExp(`^\\S+ \\[info\\] ${signal}: stopping supervisor <.*>[^\n]*\n$`));
    expect(ending.stdout).toMatch(
      /\nstopped, in this order: http_api, provisioning_manager, tc_manager, config_manager\n$/,
    );
    expect([ending.code, ending.signal]).toEqual([0, null]);
    await cut;
    await expect(fetch(address)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  // The HTTP server does not close: the tree would wait for it as long as its shutdown time lasts.
  const slow = `import http from "node:http";
    http.Server.prototype.close = function () { console.log("closing"); return this; };`;

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("ends at once with a second %s while it stops, with code %i", async (signal, code) => {
    const { program } = await start(slow);
    program.signal("SIGTERM");
    await program.printed(/^closing$/m);
    program.signal(signal);
    const ending = await program.ended();
    expect([ending.code, ending.signal]).toEqual([code, null]);
    expect(ending.stdout).not.toMatch(/stopped, in this order/);
  });

  test("ends with code 1 and the reason if its port is taken, and leaves nothing behind", async () => {
    const { address } = await start();
    const other = new Program("queuemizer/start.js", { TMPDIR: folder, PORT: new URL(address).port });
    const { code, stderr } = await other.ended();
    expect(code).toBe(1);
    expect(stderr).toMatch(/child "http_api" failed to start: listen EADDRINUSE/);
    expect((await readdir(folder)).filter((name) => name.startsWith("queuemizer-"))).toHaveLength(1);
  });
});

/** A body that never comes to its end. */
function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
}
