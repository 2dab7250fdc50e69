/** The command in a terminal: `script` gives it one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { eventually } from "../../src/testing.ts";
import { CLI, Folder, SHOP } from "./command.ts";

const folder = new Folder({
  ...SHOP,
  "long.toml": `text = "${"long ".repeat(40)}"\nshort = 1\n`,
  "long.js": `import { ConfigSpec, FileSource } from "@otpts/config";
export default new ConfigSpec({ sources: [new FileSource("long.toml")] });`,
});
afterAll(() => folder.remove());

/** A command in a terminal, its output so far, and its end. */
function terminal(command: string, columns: number, env: Readonly<Record<string, string>> = {}) {
  const child = spawn(
    "script",
    ["-qec", `stty cols ${columns}; exec "${process.execPath}" "${CLI}" ${command}`, "/dev/null"],
    {
      cwd: folder.path,
      env: { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", SHELL: "/bin/sh", ...env },
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, text }));
  return { child, text: () => text, ended };
}

// eslint-disable-next-line no-control-regex
const plain = (text: string) => text.replaceAll(/\u001b\[[\d;]*[A-Za-z]/gu, "").replaceAll("\r", "");

describe("in a terminal", () => {
  test("output is coloured, except with NO_COLOR or TERM=dumb", async () => {
    const shown = async (env?: Readonly<Record<string, string>>) =>
      (await terminal("tree -m config.js", 100, env).ended).text;
    expect(await shown()).toContain("\u001b[");
    expect(await shown({ NO_COLOR: "1" })).not.toContain("\u001b[");
    expect(await shown({ TERM: "dumb" })).not.toContain("\u001b[");
  });

  test("no line of a table exceeds the width of the terminal, and nothing is cut in a pipe", async () => {
    for (const columns of [40, 60, 90]) {
      const lines = plain((await terminal("tree -m long.js", columns).ended).text).split("\n");
      expect(lines[0]).toContain("…");
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect((await folder.run(["tree", "-m", "long.js"])).stdout).toContain("long ".repeat(40));
  });

  test("the reasons of an explanation are wrapped without loss", async () => {
    const { text } = await terminal("explain server.port -m config.js", 50, { SHOP_SERVER_PORT: "1" }).ended;
    for (const line of plain(text).split("\n")) expect(line.length).toBeLessThanOrEqual(50);
    expect(plain(text).replaceAll(/\s+/gu, " ")).toContain('by the rule "known_path" (a known path reads the same)');
  });

  test("a status line names the source that is awaited, and disappears at the end", async () => {
    const server = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { child, text, ended } = terminal(`tree --url http://127.0.0.1:${port}`, 100);
    try {
      await eventually(() => expect(plain(text())).toContain(`waiting for 127.0.0.1:${port}`), { timeout: 20_000 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
    const shown = (await ended).text;
    expect(shown.slice(shown.lastIndexOf("waiting"))).toContain("\r\u001b[2K");
    expect(child.exitCode).toBe(1);
  });

  test("Ctrl-C ends watch silently with exit code 0", async () => {
    const { child, text, ended } = terminal("watch -m config.js", 100);
    await eventually(() => expect(text()).toContain("Ctrl-C ends it"), { timeout: 20_000 });
    child.stdin.write("\u0003");
    const { code, text: shown } = await ended;
    expect(code).toBe(0);
    expect(plain(shown).replace("^C", "").trim().split("\n")).toHaveLength(1);
  });
});
