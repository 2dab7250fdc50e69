/** A program as a process of the operating system: signals, and the status it ends with. */
import type { ChildProcess } from "node:child_process";
import { expect, test } from "vitest";
import { followed } from "../kit/program.ts";

/** Runs a program; does `then` for each line that it prints; resolves with how it ended. */
function program(source: string, then: (line: string, child: ChildProcess) => void = () => undefined) {
  const head = `
    import { erlang, gen_server, supervisor, OK, TRAP_EXIT } from "@otpts/runtime";
    import { application } from "@otpts/runtime/application";
    const forever = () => new Promise(() => {});
    const worker = (name) => ({ init: () => { erlang.process_flag(TRAP_EXIT, true); return [OK, 0]; }, terminate: () => console.log("end " + name), handle_cast: () => { throw new Error("boom"); } });
    const app = (name, applications, more) => ({ name, applications, ...more,
      start: () => supervisor.start_link([{ id: name, task: () => gen_server.start_link(worker(name), 0, { name }) }]) });
    setInterval(() => {}, 1_000);
  `;
  return followed(head + source, then);
}

test.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("%s drains, stops in reverse order, and sets the exit status", async (signal, status) => {
  const { code, lines, stderr } = await program(
    `const db = app("db");
     await application.run(app("web", [db], { drain: () => console.log("drain web") }));
     console.log("ready");`,
    (line, child) => line === "ready" && child.kill(signal),
  );
  expect(lines).toStrictEqual(["ready", "drain web", "end web", "end db"]);
  expect(code, stderr).toBe(status);
  const told = [
    "starts",
    "is ready after",
    `${signal}: stopping program "web"`,
    "drains",
    "has drained",
    "has stopped",
  ];
  let at = -1;
  for (const text of told) {
    const next = stderr.indexOf(text, at + 1);
    expect(next, text).toBeGreaterThan(at);
    at = next;
  }
});

test("a second signal ends a draining program at once", async () => {
  const { code, lines } = await program(
    `await application.run(app("web", [], { drain: () => { console.log("drain"); return forever(); } }));
     console.log("ready");`,
    (_line, child) => child.kill("SIGTERM"),
  );
  expect(lines).toStrictEqual(["ready", "drain"]);
  expect(code).toBe(143);
});

test("a signal while the program starts stops the started applications", async () => {
  const { code, lines } = await program(
    `const slow = { name: "slow", applications: [app("db")], start: () => { console.log("starting"); return forever(); } };
     await application.run(slow);`,
    (_line, child) => void (_line === "starting" && child.kill("SIGTERM")),
  );
  expect(lines).toStrictEqual(["starting", "end db"]);
  expect(code).toBe(143);
});

test("a signal while the program waits to be ready stops it", async () => {
  const { code, lines } = await program(
    `await application.run(app("web", [], { ready: () => { console.log("asked"); return false; } }));`,
    (_line, child) => child.kill("SIGTERM"),
  );
  expect(lines[0]).toBe("asked");
  expect(lines.at(-1)).toBe("end web");
  expect(code).toBe(143);
});

test("the code behind run does not go on if the program was stopped while it started", async () => {
  const { code, lines } = await program(
    `const ready = () => { console.log("asked"); return new Promise((resolve) => setTimeout(resolve, 100, true)); };
     await application.run(app("web", [], { ready }));
     console.log("ready");`,
    (_line, child) => child.kill("SIGTERM"),
  );
  expect(lines).toStrictEqual(["asked", "end web"]);
  expect(code).toBe(143);
});

test("an application that gives up ends the program with status 1, and stops the others in order", async () => {
  const { code, lines, stderr } = await program(
    `const db = app("db");
     const log = app("log");
     await application.run(app("web", [db, log]));
     for (let n = 0; n < 2; n++) { gen_server.cast("log", "crash"); await new Promise((resolve) => setTimeout(resolve, 50)); }`,
  );
  expect(lines.filter((line) => line !== "end log")).toStrictEqual(["end web", "end db"]);
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('Application "log" ended with reason shutdown. It is permanent: the program ends');
});

test("a program that cannot start fails with the reason, and stops the started applications", async () => {
  const { code, lines, stderr } = await program(
    `const bad = { name: "bad", applications: [app("db")], start: () => { throw new Error("no disk"); } };
     await application.run(bad);`,
  );
  expect(lines).toStrictEqual(["end db"]);
  expect(code).toBe(1);
  expect(stderr).toContain('Cannot start application "bad": Error: no disk');
});

test("an application that exceeds the limit of a phase is named", async () => {
  const { code, lines, stderr } = await program(
    `await application.run(app("web", [], { drain: forever, prep_stop: forever }), { timeouts: { drain: 100, stop: 200 } });
     console.log("ready");`,
    (_line, child) => child.kill("SIGTERM"),
  );
  expect(lines).toStrictEqual(["ready"]);
  expect(code).toBe(143);
  expect(stderr).toContain('Application "web" did not drain within 100 ms: its drain function has not finished');
  expect(stderr).toMatch(
    /Application "web" did not stop within \d+ ms: its prep_stop function has not finished; its 2 processes are killed/u,
  );
});
