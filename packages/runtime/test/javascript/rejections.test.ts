/* oxlint-disable unicorn/no-thenable -- thenables are what some of these tests are about */
import { Exit, NOREPLY, OK, OtpError, REPLY, Stack, STOP, type Pid, erlang, gen_server, logger } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { death, endOf } from "../kit/inside.ts";
import { type Outcome, program } from "../kit/program.ts";

const oops = new Error("oops");
const failing = {
  "an asynchronous function that throws": async () => {
    await Promise.resolve();
    throw oops;
  },
  "a plain function that returns a promise that is rejected": () => Promise.reject(oops),
  "a plain function that returns a thenable that fails": () => ({
    then: (_done: unknown, fail: (error: unknown) => void) => fail(oops),
  }),
  "a plain function that throws": () => {
    throw oops;
  },
};

let before: logger.Handler | undefined;
let said: logger.Report[] = [];
beforeEach(() => {
  said = [];
  before = logger.set_handler((report) => void said.push(report));
});
afterEach(() => void logger.set_handler(before));

describe.each(Object.entries(failing))("%s", (_title, fail) => {
  test("is the exit reason [error, stack] in a process's body", async () => {
    const reason = (await endOf(fail)) as unknown[];
    expect(reason[0]).toBe(oops);
    expect(reason[1]).toBeInstanceOf(Stack);
  });

  test("is the start's failure in init", async () => {
    const error = await gen_server.start({ init: fail } as object, undefined).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OtpError);
    expect((error as OtpError).reason).toStrictEqual([oops, expect.any(Stack)]);
    expect((error as OtpError).cause).toBe(oops);
  });

  test("ends the server and fails the caller with the same reason in handle_call", async () => {
    const pid = await gen_server.start({ init: () => [OK, 0], handle_call: fail } as object, undefined);
    const error = await gen_server.call(pid as Pid, "x").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Exit);
    const [reason] = (error as Exit).reason as [unknown[]];
    expect(reason[0]).toBe(oops);
    expect(erlang.is_process_alive(pid as Pid)).toBe(false);
  });

  test.each(["handle_cast", "handle_info", "handle_continue"] as const)("ends the server in %s", async (callback) => {
    const module = {
      init: () => [OK, 0],
      handle_call: () => [REPLY, 1, 0, [gen_server.CONTINUE, 1]],
      [callback]: fail,
    };
    const pid = (await gen_server.start(module as object, undefined)) as Pid;
    const end = death(pid);
    if (callback === "handle_cast") gen_server.cast(pid, 1);
    else if (callback === "handle_info") erlang.send(pid, 1);
    else await gen_server.call(pid, 1);
    expect(((await end) as unknown[])[0]).toBe(oops);
  });

  test("becomes the exit reason in terminate", async () => {
    const module = { init: () => [OK, 0], handle_cast: () => [STOP, "enough", 0], terminate: fail };
    const pid = (await gen_server.start(module as object, undefined)) as Pid;
    const end = death(pid);
    gen_server.cast(pid, 1);
    expect(((await end) as unknown[])[0]).toBe(oops);
  });
});

test("a crash of a gen_server is reported once", async () => {
  const pid = await gen_server.start(
    { init: () => [OK, 0], handle_cast: () => Promise.reject(oops) } as object,
    undefined,
  );
  const end = death(pid as Pid);
  gen_server.cast(pid as Pid, 1);
  await end;
  expect(said.map(({ event }) => event)).toStrictEqual(["process_crash"]);
});

test("a promise rejected with undefined is a failure, too", async () => {
  expect(await endOf(() => Promise.reject(undefined))).toStrictEqual([undefined, expect.any(Stack)]);
});

test("a promise that a callback leaves behind is not awaited", async () => {
  const pid = (await gen_server.start(
    {
      init: () => [OK, 0] as const,
      handle_call: (_request: unknown, _from: gen_server.From, n: number) => [REPLY, n, n + 1] as const,
      handle_cast: (_message: unknown, n: number) => {
        void new Promise(() => {});
        return [NOREPLY, n + 1] as const;
      },
    },
    0,
  )) as Pid;
  gen_server.cast(pid, 1);
  expect(await gen_server.call(pid, 1)).toBe(1);
  await gen_server.stop(pid);
});

describe("an unhandled rejection", () => {
  // vitest listens to unhandled rejections itself, so these are separate programs.
  const prelude = `
    import { erlang, gen_server, supervisor, logger, OK, NOREPLY, REPLY, EXIT } from "@otpts/runtime";
    logger.set_handler((report) => console.log(report.level, report.event, String(report.details.pid), report.details.name?.name, report.text.split("\\n")[0]));
  `;

  test("that a process caused is reported for that process and ends it, and Node goes on", async () => {
    const { code, stdout, stderr } = await program(`${prelude}
      const pid = erlang.spawn(async () => {
        erlang.register("careless", erlang.self());
        void (async () => { await erlang.sleep(1); throw new Error("nobody looks"); })();
        await erlang.receive();
      });
      erlang.spawn(async () => {
        erlang.monitor("process", pid);
        const [, , , who, [error]] = await erlang.receive();
        console.log("DOWN", who === pid, error.message);
      });
      console.log(String(pid));
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    const [pid, report, down, ...more] = stdout.trim().split("\n");
    expect(report).toBe(
      `error unhandled_rejection ${pid} careless Unhandled rejection in process ${pid} (careless) (an anonymous function), which ends because of it: Error: nobody looks`,
    );
    expect(down).toBe("DOWN true nobody looks");
    expect(more).toStrictEqual([]);
  });

  test("in a supervised gen_server makes the supervisor restart it", async () => {
    const { code, stdout, stderr } = await program(`${prelude}
      const module = {
        init: () => [OK, 0],
        handle_call: (request, _from, n) => {
          if (request === "leave") void Promise.reject(new Error("left behind"));
          return [REPLY, n, n + 1];
        },
      };
      const sup = await supervisor.start([supervisor.child_spec({ id: "it", task: () => gen_server.start_link(module, 0, { name: "it" }) })]);
      const first = erlang.whereis("it");
      await gen_server.call("it", "leave");
      while (erlang.whereis("it") === first || erlang.whereis("it") === undefined) await new Promise((r) => setTimeout(r, 1));
      console.log("state", await gen_server.call("it", "go"));
      await supervisor.stop(sup);
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^error unhandled_rejection .* it Unhandled rejection in process/);
    expect(lines.at(-1)).toBe("state 0");
  });

  test("in code of a dead process is reported without further effect", async () => {
    const { code, stdout, stderr } = await program(`${prelude}
      const pid = erlang.spawn(async () => {
        void (async () => { await new Promise((r) => setTimeout(r, 5)); throw new Error("too late"); })();
      });
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("which is dead already: Error: too late");
  });

  test("that is handled later in the same turn has no effect", async () => {
    const { code, stdout } = await program(`${prelude}
      erlang.spawn(async () => {
        const later = Promise.reject(new Error("handled"));
        await Promise.resolve();
        await later.catch(() => {});
        console.log("alive");
      });
    `);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: "alive\n" });
  });

  test("of code outside any process ends Node with exit code 1, as without this package", async () => {
    const { code, stderr } = await program(`${prelude}
      erlang.spawn(() => {});
      await new Promise((r) => setTimeout(r, 5));
      void Promise.reject(new Error("outside"));
      setTimeout(() => console.log("never reached"), 1000);
    `);
    expect(code).toBe(1);
    expect(stderr).toContain("Error: outside");
  });

  test.each([["undefined"], ["null"], ['"text"'], ["{ a: 1 }"]])(
    "of code outside any process with %s ends Node as it would without this package",
    async (value) => {
      const source = (start: string) => `${prelude}${start}
        await new Promise((r) => setTimeout(r, 5));
        void Promise.reject(${value});
        setTimeout(() => console.log("never reached"), 1000);`;
      const [plain, running] = await Promise.all([program(source("")), program(source("erlang.spawn(() => {});"))]);
      expect(running.code).toBe(plain.code);
      expect(running.stdout).toBe(plain.stdout);
      expect(firstError(running.stderr)).toBe(firstError(plain.stderr));
    },
  );

  describe.each([
    [[]],
    [["--unhandled-rejections=warn"]],
    [["--unhandled-rejections=none"]],
    [["--unhandled-rejections=strict"]],
    [["--unhandled-rejections=throw"]],
    [["--unhandled-rejections=warn-with-error-code"]],
    [["--unhandled-rejections", "none"]],
  ])("of code outside any process, under %j", (flags) => {
    test.each([
      ["no listener", ""],
      [
        "a listener for uncaught errors",
        'process.on("uncaughtException", (error, origin) => console.log(error.message, origin));',
      ],
    ])("with %s, does and prints what it would without this package", async (_which, listen) => {
      const source = (start: string) => `${prelude}${start}${listen}
        await new Promise((r) => setTimeout(r, 5));
        void Promise.reject(new Error("outside"));
        setTimeout(() => console.log("went on"), 20);`;
      const [plain, running] = await Promise.all([
        program(source(""), { flags }),
        program(source("erlang.spawn(() => {});"), { flags }),
      ]);
      const shown = ({ code, stdout, stderr }: Outcome) => ({ code, stdout, stderr: withoutPlaces(stderr) });
      expect(shown(running)).toStrictEqual(shown(plain));
    });
  });

  test("of a process does not reach the program's own listeners, which often end the program", async () => {
    const { code, stdout, stderr } = await program(`${prelude}
      process.on("unhandledRejection", () => process.exit(7));
      const pid = erlang.spawn(async () => { void Promise.reject(new Error("its own")); await erlang.receive(); });
      await erlang.sleep(5);
      console.log(erlang.is_process_alive(pid));
    `);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^error unhandled_rejection .*its own\nfalse\n$/);
  });

  test("of a process ends it even if another package has restored an earlier emit", async () => {
    const { code, stdout, stderr } = await program(`
      const { emit } = process;
      const { erlang, logger } = await import("@otpts/runtime");
      logger.set_handler((report) => console.log(report.event));
      const pid = erlang.spawn(async () => { void Promise.reject(new Error("its own")); await erlang.receive(); });
      process.emit = emit;
      await erlang.sleep(5);
      console.log(erlang.is_process_alive(pid));
      void Promise.reject(new Error("outside"));
      setTimeout(() => console.log("never reached"), 1000);
    `);
    expect({ code, stdout }).toStrictEqual({ code: 1, stdout: "unhandled_rejection\nfalse\n" });
    expect(firstError(stderr)).toBe("Error: outside");
  });

  test("of code outside any process goes to the program's own listener, if there is one", async () => {
    const { code, stdout, stderr } = await program(`${prelude}
      erlang.spawn(() => {});
      process.on("unhandledRejection", (error) => console.log("own", error.message));
      void Promise.reject(new Error("outside"));
    `);
    expect({ code, stdout, stderr }).toStrictEqual({ code: 0, stdout: "own outside\n", stderr: "" });
  });

  test.each([
    ["no such name", `void gen_server.call("nobody", 1);`, "noproc"],
    ["a crash at once", `void gen_server.call("it", "crash");`, "crashed"],
    ["a crash later", `void gen_server.call("it", "crash later");`, "crashed"],
    ["two crashes", `void gen_server.call("it", 1); void gen_server.call("it", "crash");`, "crashed"],
    ["a time-out", `void gen_server.call("it", "wait", 10);`, "timeout"],
    ["a start that fails", `void gen_server.start({ init: () => { throw new Error("no"); } }, 0);`, "OtpError"],
    [
      "a start that fails later",
      `void gen_server.start({ init: async () => { throw new Error("no"); } }, 0);`,
      "OtpError",
    ],
  ])("of a call or start without await (%s) ends the process that made it", async (_how, act, reason) => {
    const { code, stdout, stderr } = await program(`
      import { erlang, gen_server, logger, OK, REPLY, NOREPLY } from "@otpts/runtime";
      logger.set_handler(undefined);
      await gen_server.start({
        init: () => [OK, 0],
        handle_call: async (request, _from, n) => {
          if (request === "crash") erlang.exit("crashed");
          if (request === "crash later") { await erlang.sleep(5); erlang.exit("crashed"); }
          return request === "wait" ? [NOREPLY, n] : [REPLY, n, n];
        },
      }, 0, { name: "it" });
      const pid = erlang.spawn(async () => { ${act} await erlang.receive(); });
      erlang.spawn(async () => {
        erlang.monitor("process", pid);
        const [, , , , [reason]] = await erlang.receive();
        console.log(String(reason.name ?? reason));
      });
    `);
    expect({ code, stdout, stderr }).toStrictEqual({ code: 0, stdout: `${reason}\n`, stderr: "" });
  });

  test("of code outside any process ends Node even if two copies of this package are loaded", async () => {
    const { code, stdout, stderr } = await program(`
      import { cpSync, mkdtempSync, rmSync } from "node:fs";
      import { tmpdir } from "node:os";
      import { join } from "node:path";
      import { fileURLToPath, pathToFileURL } from "node:url";
      import * as one from "@otpts/runtime";
      const folder = mkdtempSync(join(tmpdir(), "otpts-copy-"));
      cpSync(fileURLToPath(new URL(".", import.meta.resolve("@otpts/runtime"))), folder, { recursive: true });
      const two = await import(pathToFileURL(join(folder, "index.js")).href);
      rmSync(folder, { recursive: true });
      if (two.erlang === one.erlang) console.log("the same copy");
      for (const { erlang } of [one, two]) erlang.spawn(() => {});
      setTimeout(() => void Promise.reject(new Error("nobody's")), 5);
      setTimeout(() => console.log("swallowed"), 1_000);
    `);
    expect({ code, stdout }).toStrictEqual({ code: 1, stdout: "" });
    expect(firstError(stderr)).toBe("Error: nobody's");
  });

  test("of an orderly exit (a call to a server that stopped) is the process's exit reason", async () => {
    const { code, stdout } = await program(`${prelude}
      const pid = erlang.spawn(async () => {
        erlang.process_flag("trap_exit", true);
        void gen_server.call("nobody", "hello");
        await erlang.receive();
      });
      erlang.spawn(async () => {
        erlang.monitor("process", pid);
        const [, , , , reason] = await erlang.receive();
        console.log("DOWN", reason[0].name);
      });
    `);
    expect(code).toBe(0);
    expect(stdout).toContain("DOWN noproc");
  });
});

// What is printed, without process ids, and the files that each program has for itself.
function withoutPlaces(stderr: string): string {
  return stderr
    .replaceAll(/\(node:\d+\)|\S*dist-test-\S+/gu, "…")
    .replaceAll(/^.*void Promise.reject.*$|^\s*\^+$/gmu, "");
}

// The line that names the error, without places and hashes.
function firstError(stderr: string): string | undefined {
  return stderr.split("\n").find((line) => /^\S*(Error|Uncaught)|ERR_/.test(line));
}
