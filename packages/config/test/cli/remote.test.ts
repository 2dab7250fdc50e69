import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../src/testing.ts";
import { type Ending, ending, Folder, SHOP } from "./command.ts";

const TOKEN = "a-token-for-programs";

const PROGRAM = `import { supervisor } from "@otpts/runtime";
import { ConfigManager } from "@otpts/config";
import { dashboard } from "@otpts/config/dashboard";
import spec from "./config.js";

await supervisor.start([
  supervisor.child_spec({ id: "config", task: ConfigManager.start, args: [spec] }),
  dashboard({ config: spec, read_only: process.env.READ_ONLY === "1", port: Number(process.env.PORT ?? 0), token: "${TOKEN}" }).child_spec,
]);
`;

const folder = new Folder({ ...SHOP, "program.js": PROGRAM });
let program: Program;
beforeAll(async () => {
  program = await started();
});
afterAll(async () => {
  await program.stop();
  folder.remove();
});

interface Program {
  /** Without a token. */
  readonly url: string;
  /** As it was printed. */
  readonly printed: string;
  stop(): Promise<void>;
}

/** A program that runs, with its dashboard. */
async function started(env: Readonly<Record<string, string>> = {}, file = "program.js"): Promise<Program> {
  const child = spawn(process.execPath, [file], { cwd: folder.path, env });
  const ended = ending(child);
  const printed = await new Promise<string>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk: string) => {
      text += chunk;
      const [, address] = /Dashboard: (\S+)/u.exec(text) ?? [];
      if (address !== undefined) resolve(address);
    });
    void ended.then(({ stderr }) => reject(new Error(`The program ended: ${stderr}`)));
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { url: printed.replace(/\?.*/u, ""), printed, stop };
}

const ask = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ending> =>
  folder.run([...args, "--url", program.url], env);
const version = async (): Promise<number> =>
  (JSON.parse((await ask(["history", "--json"])).stdout) as { version: number }[]).at(-1)!.version;

describe("queries to a running program", () => {
  test("check, get, tree, explain and env answer as for its specification", async () => {
    expect(await ask(["check"])).toMatchObject({ code: 0, stdout: expect.stringContaining("✓ valid: 6 settings") });
    expect(await ask(["get", "server.host"])).toMatchObject({ code: 0, stdout: "localhost\n" });
    for (const args of [["tree"], ["tree", "--json"], ["explain", "database"], ["explain", "database.pool"], ["env"]]) {
      const here = await folder.run([...args, "--module", "config.js"]);
      expect(await ask(args)).toEqual(here);
    }
  });

  test("the address may come from OTPTS_URL, and may omit http://", async () => {
    expect((await folder.run(["get", "log_level"], { OTPTS_URL: program.url })).stdout).toBe("info\n");
    const bare = program.url.replace("http://", "");
    expect((await folder.run(["get", "log_level", "--url", bare])).stdout).toBe("info\n");
  });

  test("no answer shows a secret", async () => {
    for (const args of [["tree"], ["get", "database"], ["explain", "database"], ["tree", "--json"]]) {
      const { stdout, stderr } = await ask(args);
      expect(stdout + stderr).not.toMatch(/s3cret-s3cret|pass-w0rd/u);
    }
  });

  test("diff compares the program with a specification and with a file", async () => {
    folder.write("before.json", (await ask(["tree", "--json"])).stdout);
    expect(await ask(["diff", "before.json"])).toMatchObject({ code: 0 });
    expect((await ask(["diff", "config.js"], { SHOP_SERVER_HOST: "elsewhere" })).stdout).toBe(
      '~  server.host  "elsewhere" → "localhost"\n',
    );
  });
});

describe("changes to a running program", () => {
  const token = ["--token", TOKEN];

  test("put, unset and rollback record a reason in the history, and diff shows the changes of a version", async () => {
    const before = await version();
    expect(await ask(["put", "server.port", "9000", "--reason", "a test", ...token])).toMatchObject({
      code: 0,
      stdout: `✓ done: version ${before + 1}\n`,
    });
    expect((await ask(["history"])).stdout.split("\n")[0]).toMatch(/^\d+ .* put +dashboard +a test$/u);
    expect((await ask(["diff", String(before), String(before + 1)])).stdout).toBe("~  server.port  8080 → 9000\n");
    expect((await ask(["unset", "server.port", ...token])).code).toBe(0);
    expect((await ask(["get", "server.port"])).stdout).toBe("8080\n");
    expect((await ask(["rollback", String(before + 1), ...token])).code).toBe(0);
    expect((await ask(["get", "server.port"])).stdout).toBe("9000\n");
    expect((await ask(["rollback", String(before), ...token])).code).toBe(0);
  });

  test("a value is read as JSON if it is JSON, else as text; --text always makes it text", async () => {
    expect((await ask(["put", "server.host", "true", "--text", "--dry-run", "--json", ...token])).stdout).toContain(
      '"new_value": "true"',
    );
    expect((await ask(["put", "server.host", "a.example", "--dry-run", ...token])).stdout).toContain('"a.example"');
    expect((await ask(["put", "server", '{"port": 1', "--dry-run", ...token])).stderr).toContain(
      "--text takes it as text",
    );
  });

  test("a dry run reports the changes without making them", async () => {
    const before = await version();
    const { stdout } = await ask(["put", "server", '{"port": 1, "host": "x"}', "--dry-run", ...token]);
    expect(stdout).toBe(`~  server.host  "localhost" → "x"
~  server.port  8080 → 1
would change 2 values of version ${before}; nothing was changed
`);
    expect(await version()).toBe(before);
  });

  test("a change that is invalid, or based on another version, is refused with the reason", async () => {
    expect(await ask(["put", "server.port", "0", ...token])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("✗ refused, nothing was changed:\n  server.port "),
    });
    expect(await ask(["put", "server.port", "1", "--if-version", "9999", ...token])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("not at 9999"),
    });
  });

  test("a change without a token is refused with a hint on where to get one; OTPTS_TOKEN and the printed address supply it", async () => {
    const refused = await ask(["put", "server.port", "1"]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("--token or OTPTS_TOKEN") });
    expect(await ask(["put", "server.port", "1", "--token", "something-else-altogether"])).toMatchObject({ code: 1 });
    expect(await ask(["unset", "server.port"], { OTPTS_TOKEN: TOKEN })).toMatchObject({ code: 0 });
    expect(await folder.run(["unset", "server.port", "--url", program.printed])).toMatchObject({ code: 0 });
  });

  test("a read-only dashboard refuses every change, with any token", async () => {
    const other = await started({ READ_ONLY: "1" });
    try {
      const { code, stderr } = await folder.run(["unset", "a", "--url", other.url, ...token]);
      expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining("read-only") });
    } finally {
      await other.stop();
    }
  });
});

test("a program whose sources become invalid keeps its old values, and check shows the problem", async () => {
  const other = await started();
  const whole = SHOP["config.toml"]!;
  try {
    folder.write("config.toml", whole.replace("8080", "70000"));
    const asked = (...args: readonly string[]) => folder.run([...args, "--url", other.url]);
    await eventually(async () => expect((await asked("check")).stdout).toContain("invalid: 1 problem"), {
      timeout: 20_000,
    });
    expect(await asked("get", "server.port")).toMatchObject({ code: 0, stdout: "8080\n" });
    expect(await asked("tree", "server")).toMatchObject({
      code: 0,
      stderr: expect.stringContaining("the output shows the values before it"),
    });
  } finally {
    folder.write("config.toml", whole);
    await other.stop();
  }
});

test("big integers keep their digits in both directions", async () => {
  const digits = "12345678901234567890";
  folder.write(
    "digits.js",
    `import { ConfigSpec, FileSource } from "@otpts/config";
export default new ConfigSpec({ sources: [new FileSource("digits.json", { settle: 0 })] });`,
  );
  folder.write("digits.json", `{ "id": ${digits} }`);
  folder.write("digits_program.js", PROGRAM.replace("./config.js", "./digits.js"));
  const other = await started({}, "digits_program.js");
  try {
    const asked = async (...args: readonly string[]) => (await folder.run([...args, "--url", other.url])).stdout;
    for (const from of [
      ["--module", "digits.js"],
      ["--url", other.url],
    ]) {
      const { stdout } = await folder.run(["tree", "--json", ...from]);
      expect(stdout).toBe(`{\n  "id": ${digits}\n}\n`);
      folder.write("saved.json", stdout);
      expect(await folder.run(["diff", "saved.json", ...from])).toMatchObject({ code: 0 });
    }
    const put = ["put", "id", digits.replace("1", "9"), "--token", TOKEN];
    expect(await asked(...put, "--dry-run")).toContain(`~  id  ${digits} → ${digits.replace("1", "9")}\n`);
    await asked(...put);
    expect(await asked("get", "id")).toBe(`${digits.replace("1", "9")}\n`);
  } finally {
    await other.stop();
  }
});

test.each([
  ["http://127.0.0.1:9", "Cannot reach"],
  ["http://127.0.0.1:99999", "must be the address of a dashboard"],
  ["file:///etc/passwd", "must be the address of a dashboard"],
])("an address where no program answers is an error: %s", async (url, words) => {
  const { code, stdout, stderr } = await folder.run(["tree", "--url", url]);
  expect(stderr).toContain(words);
  expect({ code: code === 0, stdout }).toEqual({ code: false, stdout: "" });
});

test.each(["http://someone:hunter2@127.0.0.1:9", "http://someone:hunter2@127.0.0.1:99999"])(
  "credentials in an address are in no message: %s",
  async (url) => {
    const { stderr } = await folder.run(["tree", "--url", url]);
    expect(stderr).toContain("127.0.0.1:9");
    expect(stderr).not.toContain("hunter2");
  },
);

test("credentials in an address are sent as basic authentication, unless a header replaces them", async () => {
  const sent: unknown[] = [];
  const server = createServer((request, response) => {
    sent.push(request.headers.authorization);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://someone:p%40ss@127.0.0.1:${(server.address() as AddressInfo).port}`;
    await folder.run(["tree", "--url", url]);
    await folder.run(["tree", "--url", url, "--header", "Authorization: Bearer x"]);
    expect(sent).toEqual([`Basic ${Buffer.from("someone:p@ss").toString("base64")}`, "Bearer x"]);
  } finally {
    server.close();
  }
});

test("an address of another server is reported as such", async () => {
  const server = createServer((_request, response) => response.end("<h1>Shop</h1>"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const { stderr } = await folder.run(["tree", "--url", `http://127.0.0.1:${port}`]);
    expect(stderr).toContain("no dashboard of @otpts/config answers there");
  } finally {
    server.close();
  }
});

test("--module and --url exclude each other, but each overrides the environment variable of the other", async () => {
  expect(await ask(["tree", "--module", "config.js"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("both"),
  });
  expect(await ask(["get", "log_level"], { OTPTS_CONFIG: "config.js" })).toMatchObject({ code: 0 });
  const elsewhere = { OTPTS_URL: "http://127.0.0.1:9" };
  expect(await folder.run(["get", "log_level", "--module", "config.js"], elsewhere)).toMatchObject({ code: 0 });
});

/** Whether the expected text has not been printed yet. @throws if the command has ended without printing it */
function goesOn(child: ChildProcess, printed: string, wanted: string): boolean {
  if (printed.includes(wanted)) return false;
  if (child.exitCode === null && child.signalCode === null) return true;
  throw new Error(`The command ended without printing "${wanted}": ${printed}`);
}

describe("watch", () => {
  const watching = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of watching) child.kill("SIGKILL");
    watching.clear();
  });

  /** A running watch, and its output so far. */
  function watch(args: readonly string[]): { child: ChildProcess; text: () => string; ended: Promise<Ending> } {
    const child = folder.start(["watch", ...args]);
    watching.add(child);
    let text = "";
    child.stdout?.on("data", (chunk: string) => (text += chunk));
    return { child, text: () => text, ended: ending(child) };
  }

  test("each change that matches the pattern is printed with its version, and Ctrl-C ends the command with exit code 0", async () => {
    const { child, text, ended } = watch(["server", "--json", "--url", program.url]);
    // It may begin to listen after the first of them.
    for (let port = 7_000; goesOn(child, text(), "server.port"); port++) {
      await ask(["put", "log_level", "debug", "--token", TOKEN]);
      await ask(["put", "server.port", String(port), "--token", TOKEN]);
    }
    child.kill("SIGINT");
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lines = stdout.trim().split("\n");
    for (const line of lines) {
      expect(JSON.parse(line)).toMatchObject({ cause: "put", changes: [{ path: "server.port" }] });
    }
  });

  test("a refused change of a source is printed on stderr with its place", async () => {
    const whole = SHOP["config.toml"]!;
    const { child, ended } = watch(["--url", program.url]);
    let stderr = "";
    child.stderr?.on("data", (chunk: string) => (stderr += chunk));
    try {
      // What other tests have put stands above server.port.
      const wanted = "refused:\n  database.pool";
      for (let pool = -1; goesOn(child, stderr, wanted); pool--) {
        folder.write("config.toml", `${whole}pool = ${pool}\n`);
        // A file that is written all the time is never whole.
        await eventually(() => expect(stderr).toContain(wanted), { timeout: 5_000 }).catch(() => undefined);
      }
      expect(stderr).toContain("at config.toml:9:1");
    } finally {
      folder.write("config.toml", whole);
      child.kill("SIGINT");
      await ended;
    }
  });

  test("a restarted program is watched again", async () => {
    const other = await started();
    const port = new URL(other.url).port;
    const { child, ended, text } = watch(["--url", other.url]);
    const put = (path: string, value: string) => folder.run(["put", path, value, "--url", other.url, "--token", TOKEN]);
    for (let value = 1; goesOn(child, text(), "server.port"); value++) await put("server.port", String(value));
    await other.stop();
    const again = await started({ PORT: port });
    try {
      for (let value = 1; goesOn(child, text(), "server.host"); value++) await put("server.host", `host-${value}`);
    } finally {
      child.kill("SIGTERM");
      await ended;
      await again.stop();
    }
    expect((await ended).code).toBe(0);
  });

  test("watch of a specification prints the changes of an edited file when it is saved, and Ctrl-C leaves nothing behind", async () => {
    folder.write("edited.toml", SHOP["config.toml"]!);
    folder.write("edited.js", SHOP["config.js"]!.replace("config.toml", "edited.toml"));
    const { child, text, ended } = watch(["--module", "edited.js"]);
    for (let port = 8_001; goesOn(child, text(), "server.port"); port++) {
      folder.write("edited.toml", SHOP["config.toml"]!.replace("8080", String(port)));
      await eventually(
        () => {
          if (!text().includes("server.port")) throw new Error("not yet");
        },
        { timeout: 2_000 },
      ).catch(() => undefined);
    }
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/version 2 source\n {2}~ {2}server\.port {2}80\d\d → 80\d\d\n/u);
  });
});
