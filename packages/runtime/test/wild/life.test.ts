/** How a program ends: with which status, and with which words. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { describe, expect, test } from "vitest";

import { program } from "../kit/program.ts";

const IMPORTS =
  'import { erlang, gen_server, supervisor, proc_lib, OK, REPLY, NOREPLY } from "@otpts/runtime";\nconst idle = { init: () => [OK, 0] };\n';
const run = (source: string) => program(IMPORTS + source);

describe("a program that ends while a call waits for an impossible reply", () => {
  test.each([
    [
      "an init that calls its own supervisor",
      `const kid = { init: async () => { await supervisor.which_children("top"); return [OK, 0]; } };
       void supervisor.start([{ id: "kid", task: () => gen_server.start_link(kid, 0) }], { name: "top" });`,
      /^The program ends during .*: code outside all processes waits for the start of supervisor "top" <.*>, which waits for the start of gen_server <.*>, which waits for the answer of supervisor "top" <.*> to which_children\. None of them can go on\n$/,
    ],
    [
      "two servers that call each other",
      `const m = (other) => ({ init: () => [OK, 0], handle_call: async (r, f, s) => [REPLY, await gen_server.call(other, "ping", Infinity), s] });
       await gen_server.start(m("b"), 0, { name: "a" });
       await gen_server.start(m("a"), 0, { name: "b" });
       gen_server.call("a", "go", Infinity);`,
      /^The program ends during .*: code outside all processes waits for the answer of gen_server "a" <.*> to "go", which waits for the answer of gen_server "b" <.*> to "ping", which waits for the answer of gen_server "a" <.*> to "ping"\. None of them can go on\n$/,
    ],
    [
      "a call that is never answered",
      `const p = await gen_server.start({ init: () => [OK, 0], handle_call: (r, f, s) => [NOREPLY, s] }, 0);
       erlang.spawn(async function client() { await gen_server.call(p, "x", Infinity); });`,
      /^The program ends during .*: client <.*> waits for the answer of gen_server (<.*>) to "x"\. \1 has taken the request and never replied \(gen_server\.reply\)\n$/,
    ],
    [
      "a callback that receives a message that is never sent",
      `const p = await gen_server.start({ init: () => [OK, 0], handle_call: async (r, f, s) => { await erlang.receive((m) => m === "no"); return [REPLY, 1, s]; } }, 0);
       gen_server.call(p, "x", Infinity);`,
      /\. (<.*>) waits for a message that is never sent\n$/,
    ],
    [
      "an init that awaits a promise that never settles",
      `gen_server.start({ init: () => new Promise(() => {}) }, 0);`,
      /waits for the start of gen_server <.*>\. (<.*>) waits for a promise that is never settled\n$/,
    ],
    [
      "a request whose response is awaited outside processes",
      `const p = await gen_server.start({ init: () => [OK, 0], handle_call: (r, f, s) => [NOREPLY, s] }, 0);
       void gen_server.receive_response(gen_server.send_request(p, "x"), Infinity);`,
      /: code outside all processes waits for the answer of gen_server (<.*>) to "x"\. \1 has taken the request and never replied/,
    ],
    [
      "a request whose response a process awaits",
      `const p = await gen_server.start({ init: () => [OK, 0], handle_call: (r, f, s) => [NOREPLY, s] }, 0);
       erlang.spawn(async function client() { await gen_server.wait_response(gen_server.send_request(p, "x"), Infinity); });`,
      /: client <.*> waits for the answer of gen_server (<.*>) to "x"\. \1 has taken the request and never replied/,
    ],
    [
      "a task, of code outside processes and of a process",
      `const { task } = await import("@otpts/runtime/task");
       void task.await(task.async(function work() { return new Promise(() => {}); }), Infinity);
       erlang.spawn(async function owner() { await task.await_many([task.async(() => new Promise(() => {}))], Infinity); });`,
      /^[^\n]*: code outside all processes waits for the result of an anonymous function (<.*>)\. \1 waits for a promise that is never settled\n[^\n]*: owner <.*> waits for the result of an anonymous function <.*>\.[^\n]*\n$/,
    ],
    [
      "an event manager whose handler hangs",
      `const { gen_event } = await import("@otpts/runtime/gen_event");
       const m = await gen_event.start();
       const handler = { name: "alarm", init: () => [OK, 0], handle_event: () => new Promise(() => {}) };
       await gen_event.add_handler(m, handler, 0);
       void gen_event.sync_notify(m, "fire");
       void gen_event.call(m, handler, "how", Infinity);`,
      /waits for the answer of alarm in gen_event (<.*>) to "how"\. \1 waits for a promise [^]*waits for gen_event <.*> to handle the event "fire"\./,
    ],
    [
      "a stop of a server whose terminate hangs",
      `void gen_server.stop(await gen_server.start({ init: () => [OK, 0], terminate: () => new Promise(() => {}) }, 0));`,
      /: code outside all processes waits for the end of gen_server (<.*>)\. \1 waits for a promise that is never settled\n$/,
    ],
  ])("says who waits for whom: %s", async (_what, source, words) => {
    const { code, stdout, stderr } = await run(source);
    expect({ code, stdout }).toStrictEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(words);
  });

  test("does not report waits that are over, or whose process is dead", async () => {
    const { code, stderr } = await run(`
      const { task } = await import("@otpts/runtime/task");
      const p = await gen_server.start({ init: () => [OK, 0], handle_call: (r, f, s) => (r === "no" ? [NOREPLY, s] : [REPLY, r, s]) }, 0);
      await gen_server.receive_response(gen_server.send_request(p, "x"), 1_000);
      await gen_server.receive_response(gen_server.send_request(p, "no"), 10);
      await task.await(task.async(() => 1));
      await task.yield(task.async(() => new Promise(() => {})), 10);
      const owner = erlang.spawn(async () => { await task.await(task.async(() => new Promise(() => {})), Infinity); });
      await erlang.sleep(5);
      erlang.exit(owner, "kill");
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
  });

  test("keeps the status that it set itself", async () => {
    const hang = "gen_server.start({ init: () => new Promise(() => {}) }, 0);";
    expect((await run(`${hang} process.exitCode = 7;`)).code).toBe(7);
    const { code, stderr } = await run(`${hang} setTimeout(() => process.exit(0), 20);`);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
  });

  test("is not reported if its processes are idle", async () => {
    const { code, stderr } = await run(`
      const top = await supervisor.start([
        { id: "a", task: () => gen_server.start_link(idle, 0) },
        { id: "b", task: () => proc_lib.start_link(async () => { proc_lib.init_ack(); await erlang.receive(); }) },
      ]);
      erlang.spawn(() => erlang.receive());
      void supervisor.ended(top);
      await gen_server.call(await gen_server.start({ ...idle, handle_call: (r, f, s) => [REPLY, r, s] }, 0), 1);
      gen_server.send_request(top, "x");
    `);
    expect(code).toBe(0);
    expect(stderr).not.toContain("The program ends during");
  });
});

const failing = `[{ id: "a", task: () => gen_server.start_link({ init: () => { setTimeout(() => gen_server.cast("a", 1), 20); return [OK, 0]; }, handle_cast: () => { throw new Error("boom"); } }, 0, { name: "a" }) }]`;

describe("a tree that gives up", () => {
  test("sets the program's status to 1 with a report", async () => {
    const { code, stderr } = await run(`await supervisor.start(${failing}, { name: "top" });`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/Supervisor "top" gives up: child "a" /);
    expect(stderr).toMatch(
      /The supervision tree of <.*> is gone, because it gave up: the program's exit status is 1\n$/,
    );
  });

  test("ends the program, even with a timer left, if it stops on signals", async () => {
    const { code, stderr } = await run(
      `setInterval(() => {}, 1_000); await supervisor.start(${failing}, { signals: true });`,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /The supervision tree of <.*> is gone, because it gave up: the program ends with status 1\n$/,
    );
  });

  test("replaces a status of 0 that the program has set", async () => {
    const { code, stderr } = await run(`process.exitCode = 0; await supervisor.start(${failing});`);
    expect(code).toBe(1);
    expect(stderr).toMatch(/the program's exit status is 1\n$/);
  });

  test("leaves the status unchanged if a process started it, or if the program has set one", async () => {
    const inner = `erlang.spawn(async () => { erlang.process_flag("trap_exit", true); await supervisor.start_link(${failing}); await erlang.receive(); });`;
    expect((await run(inner)).code).toBe(0);
    expect((await run(`process.exitCode = 4; await supervisor.start(${failing});`)).code).toBe(4);
  });

  test("and is stopped deliberately leaves the status unchanged", async () => {
    const { code } = await run(`await supervisor.stop(await supervisor.start([]));`);
    expect(code).toBe(0);
  });
});

describe("a program goes on after its reports when stderr", () => {
  const source = `
    let lost = 0;
    const server = { init: () => [OK, 0], handle_call: () => { throw new Error("boom"); } };
    process.stdin.once("data", async () => {
      for (let n = 0; n < 40; n++) {
        await gen_server.call(await gen_server.start(server, 0), "x".repeat(500)).catch(() => lost++);
        await erlang.sleep(1);
      }
      console.log(lost, process.stderr.listenerCount("error"));
      process.stdin.destroy();
    });
  `;
  const outcome = async (stderr: "pipe" | number) => {
    const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "--eval", IMPORTS + source], {
      cwd: PACKAGE,
      stdio: ["pipe", "pipe", stderr],
    });
    child.stderr?.destroy();
    child.stdin?.end("go");
    let stdout = "";
    child.stdout?.on("data", (chunk) => (stdout += String(chunk)));
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { code, stdout };
  };

  test("is a pipe whose other end is closed", async () => {
    expect(await outcome("pipe")).toStrictEqual({ code: 0, stdout: "40 0\n" });
  });

  test.skipIf(!existsSync("/dev/full"))("is on a full disk", async () => {
    const full = openSync("/dev/full", "w");
    expect(await outcome(full)).toStrictEqual({ code: 0, stdout: "40 0\n" });
    closeSync(full);
  });
});

test("a failed start that no code handles ends the program with status 1 and its message", async () => {
  const { code, stderr } = await run(
    `supervisor.start([{ id: "db", task: () => gen_server.start_link({ init: () => { throw new Error("no db"); } }, 0) }]);`,
  );
  expect(code).toBe(1);
  expect(stderr).toContain('OtpError: Cannot start supervisor: child "db" failed to start: no db');
});

describe("in a worker thread", () => {
  const threaded = (source: string) =>
    run(`
      import { isMainThread, Worker } from "node:worker_threads";
      if (isMainThread) new Worker(new URL(import.meta.url)).on("exit", (code) => console.log("thread", code));
      else {
        ${source}
      }
    `);

  test("a tree that gives up ends the thread with status 1, and the report says so", async () => {
    const { code, stdout, stderr } = await threaded(`await supervisor.start(${failing});`);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: "thread 1\n" });
    expect(stderr).toMatch(/because it gave up: the worker thread's exit status is 1\n$/);
  });

  test("a wait for a reply that cannot come ends only the thread", async () => {
    const { stdout, stderr } = await threaded(
      `void gen_server.call(await gen_server.start({ ...idle, handle_call: (r, f, s) => [NOREPLY, s] }, 0), 1, Infinity);`,
    );
    expect(stdout).toBe("thread 1\n");
    expect(stderr).toMatch(/^The worker thread ends during a wait for a reply that cannot come: /);
  });

  test("signals are reported to have no effect", async () => {
    const { stderr } = await threaded(`await supervisor.start([], { signals: true });`);
    expect(stderr).toMatch(/\[warning\] No signal stops supervisor <.*>: it runs in a worker thread, and [^\n]*\n$/);
  });
});

test("supervisor.ended resolves with the reason, also outside processes", async () => {
  const { stdout } = await run(`
    const top = await supervisor.start([], { name: "top" });
    const waits = [supervisor.ended(top), supervisor.ended("top")];
    await supervisor.stop(top, "done");
    console.log(...(await Promise.all(waits)), String(await supervisor.ended(top)));
  `);
  expect(stdout).toBe("done done noproc\n");
});

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));

/** Runs a program that a server keeps alive, sends the signal at each line "now", and resolves with its end. */
function signalled(signal: "SIGTERM" | "SIGINT", source: string) {
  const worker = `
    import { createServer } from "node:http";
    createServer().listen(0);
    const worker = (id, init = () => {}, end = () => {}) => ({ id, shutdown: 60_000, task: () => gen_server.start_link({
      init: async () => { erlang.process_flag("trap_exit", true); await init(); return [OK, id]; },
      terminate: (reason) => { console.log(id, reason.name); return end(); },
    }, 0) });
  `;
  return new Promise<{ code: number | null; lines: string[]; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", IMPORTS + worker + source], {
      cwd: PACKAGE,
    });
    const lines: string[] = [];
    let stderr = "";
    child.stderr.on("data", (chunk) => (stderr += String(chunk)));
    child.stdout.on("data", (chunk) => {
      for (const line of String(chunk).trim().split("\n")) {
        if (line === "now") child.kill(signal);
        else lines.push(line);
      }
    });
    child.on("close", (code) => resolve({ code, lines, stderr }));
  });
}

describe.each([
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const)("%s", (signal, status) => {
  test("stops several trees, the last started first, and ends the program despite a listening server", async () => {
    const { code, lines, stderr } = await signalled(
      signal,
      `await supervisor.start([worker("a"), worker("b")], { signals: true });
       await supervisor.start([worker("c")], { signals: true });
       console.log("now");`,
    );
    expect({ code, lines }).toStrictEqual({ code: status, lines: ["c shutdown", "b shutdown", "a shutdown"] });
    expect(stderr).toContain(`${signal}: stopping supervisor`);
    expect(stderr).toContain("A second signal ends the program at once");
  });

  test.each([
    ["in the init of a child", `worker("b", () => { console.log("now"); return new Promise(() => {}); })`],
    [
      "in a task that is not a process",
      `{ id: "b", task: () => { console.log("now"); return new Promise(() => {}); } }`,
    ],
    [
      "in a supervisor below",
      `{ id: "b", type: "supervisor", task: () => supervisor.start_link([{ id: "x", task: () => { console.log("now"); return new Promise(() => {}); } }]) }`,
    ],
  ])("stops a tree that is starting: %s", async (_where, child) => {
    const { code, lines, stderr } = await signalled(
      signal,
      `void supervisor.start([worker("a"), { ...(${child}), shutdown: 50 }, worker("c")], { signals: true }).then(() => console.log("up"));`,
    );
    expect({ code, lines }).toStrictEqual({ code: status, lines: ["a shutdown"] });
    expect(stderr).not.toContain("OtpError");
  });

  test("lets the init of a child finish without a report about its link", async () => {
    const { code, lines, stderr } = await signalled(
      signal,
      `void supervisor.start([worker("a"), worker("b", () => { console.log("now"); return erlang.sleep(100); })], { signals: true });`,
    );
    expect({ code, lines }).toStrictEqual({ code: status, lines: ["b shutdown", "a shutdown"] });
    expect(stderr).toMatch(new RegExp(`^\\S+ \\[info\\] ${signal}: stopping [^\\n]+\\n$`));
  });

  test("lets the program end itself with { exit: false }", async () => {
    const { code, lines } = await signalled(
      signal,
      `const top = await supervisor.start([worker("a")], { signals: { exit: false } });
       console.log("now");
       await supervisor.ended(top);
       console.log("the rest");
       process.exit(3);`,
    );
    expect({ code, lines }).toStrictEqual({ code: 3, lines: ["a shutdown", "the rest"] });
  });
});

test("twenty trees with signals cause no warning about listeners", async () => {
  const { stderr } = await run(`
    for (let n = 0; n < 20; n++) await supervisor.start([], { signals: true });
    console.error(process.listenerCount("SIGTERM"), process.listenerCount("SIGINT"));
  `);
  expect(stderr).toBe("1 1\n");
});
