/** Web programs lose no request when they are stopped under load. */
import { Agent, request } from "node:http";
import { describe, expect, test } from "vitest";
import { testing } from "@otpts/runtime/testing";
import { eachEnded, Program } from "./program.ts";

eachEnded();

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly connection: string | undefined;
}

function ask(port: number, path: string, agent: Agent, method = "POST"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (text: string) => (body += text));
      response.on("end", () => resolve({ status: response.statusCode, body, connection: response.headers.connection }));
      response.on("error", reject);
    });
    asked.on("error", reject);
    asked.end();
  });
}

async function serving(name: string, bank: number): Promise<{ program: Program; port: number }> {
  const program = new Program(`web/${name}.js`, { BANK_MS: String(bank) });
  const said = await program.printed(/listening on (\d+)/u);
  return { program, port: Number(said[1]) };
}

describe.each(["fastify", "hono"])("%s", (name) => {
  test("1,000 requests in progress at SIGTERM are answered, and the program ends with the signal's status", async () => {
    const { program, port } = await serving(name, 3_000);
    const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
    // Connections that are kept alive, and idle when the signal comes.
    const idle = new Agent({ keepAlive: true, maxSockets: Infinity });
    expect((await ask(port, "/readyz", idle, "GET")).status).toBe(200);
    const answers = Array.from({ length: 1_000 }, (_, index) => ask(port, `/orders/${index}`, agent));
    const all = Promise.all(answers);
    await program.printed(/1000 orders taken/u);
    program.signal("SIGTERM");
    await testing.eventually(() => program.stderr.includes("drains"));
    // On a connection that was open: it is served, and reports that the service is not ready.
    const late = await ask(port, "/readyz", idle, "GET");
    expect(late).toMatchObject({ status: 503, connection: "close" });
    const given = await all;
    expect(given.filter(({ status }) => status !== 200)).toStrictEqual([]);
    expect(new Set(given.map(({ body }) => (JSON.parse(body) as { id: string }).id)).size).toBe(1_000);
    const { code, stderr } = await program.ended();
    expect(code, stderr).toBe(143);
    expect(stderr).toMatch(/has drained after \d+ ms[^]*has stopped after \d+ ms/u);
    agent.destroy();
    idle.destroy();
  }, 120_000);

  test("a client with a persistent connection is asked to leave, and never cut off", async () => {
    const { program, port } = await serving(name, 5);
    const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
    let answered = 0;
    const odd: unknown[] = [];
    const client = async (id: number): Promise<void> => {
      for (let n = 0; ; n++) {
        const { status, connection } = await ask(port, `/orders/${id}-${n}`, agent);
        if (status !== 200) odd.push(status);
        // Like a load balancer that checks the readiness probe.
        if (connection === "close") return;
        if (++answered === 500) program.signal("SIGTERM");
      }
    };
    await Promise.all(Array.from({ length: 50 }, (_, id) => client(id)));
    expect(odd).toStrictEqual([]);
    expect(answered).toBeGreaterThanOrEqual(500);
    expect((await program.ended()).code).toBe(143);
    agent.destroy();
  }, 120_000);
});
