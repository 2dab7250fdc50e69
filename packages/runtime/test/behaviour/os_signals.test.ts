import type { ChildProcess } from "node:child_process";
import { describe, expect, test } from "vitest";
import { followed } from "../kit/program.ts";

/** Runs a tree of a and b; calls `then` with each line that it prints. */
function tree(shutdown: string, then: (line: string, child: ChildProcess) => void) {
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
  return followed(source, then);
}

const signals = ["SIGTERM", "SIGINT"] as const;

describe.each(signals)("%s", (signal) => {
  test("stops the tree, last child first, and ends the program with its status", async () => {
    const { code, lines, stderr } = await tree("(reason, name) => console.log(name, reason.name)", (line, child) => {
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
      (line, child) => {
        if (line === "up" || line === "b is slow") child.kill(signal);
      },
    );
    expect(code).toBe(signal === "SIGTERM" ? 143 : 130);
    expect(lines).toStrictEqual(["up", "b is slow"]);
  });
});
