import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a tree of a and b; does `then` with the child once it is up; resolves with how it ended and what it printed. */
function tree(shutdown: string, then: (child: ReturnType<typeof spawn>, line: string) => void) {
  const source = `
    import { erlang, gen_server, supervisor, OK } from "@otpts/runtime";
    const worker = (name) => ({
      init: () => { erlang.process_flag("trap_exit", true); return [OK, name]; },
      terminate: ${shutdown},
    });
    const spec = (name) => ({ id: name, task: () => gen_server.start_link(worker(name), 0), shutdown: 60_000 });
    await supervisor.start([spec("a"), spec("b")], { signals: true });
    setInterval(() => {}, 1_000);
    console.log("up");
  `;
  return new Promise<{ code: number | null; lines: string[]; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", source], { cwd: PACKAGE });
    const lines: string[] = [];
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.stdout.on("data", (chunk) => {
      for (const line of String(chunk).trim().split("\n")) {
        lines.push(line);
        then(child, line);
      }
    });
    child.on("exit", (code) => resolve({ code, lines, stderr }));
  });
}

const signals = ["SIGTERM", "SIGINT"] as const;

describe.each(signals)("%s", (signal) => {
  test("stops the tree, last child first, and ends the program with its status", async () => {
    const { code, lines, stderr } = await tree("(reason, name) => console.log(name, reason.name)", (child, line) => {
      if (line === "up") child.kill(signal);
    });
    expect(code).toBe(signal === "SIGTERM" ? 143 : 130);
    expect(stderr).toMatch(
      new RegExp(
        `^\\S+ \\[info\\] ${signal}: stopping supervisor <0\\.\\d+\\.0> and ending the program\\. A second signal ends the program at once\\n$`,
        "u",
      ),
    );
    expect(lines).toStrictEqual(["up", "b shutdown", "a shutdown"]);
  });

  test("ends the program at once the second time", async () => {
    const { code, lines } = await tree(
      "(reason, name) => { console.log(name, 'is slow'); return new Promise((resolve) => setTimeout(resolve, 50_000)); }",
      (child, line) => {
        if (line === "up" || line === "b is slow") child.kill(signal);
      },
    );
    expect(code).toBe(signal === "SIGTERM" ? 143 : 130);
    expect(lines).toStrictEqual(["up", "b is slow"]);
  });
});
