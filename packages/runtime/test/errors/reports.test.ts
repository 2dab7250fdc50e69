import {
  KILL,
  NOREPLY,
  NORMAL,
  OK,
  REPLY,
  SHUTDOWN,
  STOP,
  erlang,
  gen_server,
  proc_lib,
  supervisor,
  type Pid,
} from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { death, eventually, inside, reports } from "../kit/inside.ts";

/** The text of a report without the frames of the stack. */
const bare = (text: string | undefined) =>
  (text ?? "")
    .split("\n")
    .filter((line) => !/^\s+at /.test(line))
    .join("\n");

describe("a crash report", () => {
  test("shows process, name, reason, last message, state, ancestors and start function only once", async () => {
    let pid: Pid | undefined;
    let sup: Pid | undefined;
    const vault = {
      name: "vault",
      init: () => [OK, { entries: 3, token: "s3cret" }],
      handle_cast: () => {
        throw new TypeError("x is not a function");
      },
      format_status: (status: gen_server.Status) => ({ ...status, state: { entries: 3, token: "***" } }),
    };
    const said = await reports(async () => {
      sup = await supervisor.start(
        [{ id: "vault", task: () => gen_server.start_link(vault as object, 0 as never, { name: "vault" }) }],
        {
          name: "safe",
        },
      );
      pid = erlang.whereis("vault") as Pid;
      const end = death(pid);
      gen_server.cast("vault", { open: 1 });
      await end;
      await eventually(() => erlang.whereis("vault") !== undefined);
      await supervisor.stop(sup);
    });
    expect(said.map(({ event }) => event)).toStrictEqual(["process_crash", "child_terminated"]);
    expect(bare(said[0]?.text)).toBe(
      [
        `gen_server "vault" ${pid} terminating`,
        "  Reason: TypeError: x is not a function",
        "  Last message: { open: 1 }",
        "  State: { entries: 3, token: '***' }",
        "  Module: vault",
        `  Child: "vault" of supervisor "safe" ${sup}`,
        "  Ancestors: [ safe ]",
        "  Started as: gen_server vault",
      ].join("\n"),
    );
    expect(said[0]?.text).toMatch(/\n {4}at .*reports\.test\.ts/);
    expect(said[1]?.text).toBe(
      `Supervisor "safe" restarts child "vault" ${pid}, which ended with reason TypeError: x is not a function`,
    );
    for (const { text, details } of said) expect(text + JSON.stringify(details)).not.toContain("s3cret");
  });

  test("hides state and message when format_status fails", async () => {
    const module = {
      init: () => [OK, "s3cret"],
      handle_cast: () => {
        throw new Error("boom");
      },
      format_status: () => {
        throw new Error("not today");
      },
    };
    const [report] = await reports(async () => {
      const pid = (await gen_server.start(module as object, 0)) as Pid;
      const end = death(pid);
      gen_server.cast(pid, "s3cret too");
      await end;
    });
    expect(report?.text).toContain("State: 'not shown: format_status failed (Error)'");
    expect(report?.text).not.toContain("s3cret");
  });

  test("of a crash in init mentions init", async () => {
    const [report] = await reports(() =>
      gen_server
        .start(
          {
            init: () => {
              throw new Error("no disk");
            },
          },
          0,
          { name: "db" },
        )
        .catch(() => {}),
    );
    expect(bare(report?.text)).toContain("Last message: none (during init)");
  });

  test.each([
    ["normal", NORMAL],
    ["shutdown", SHUTDOWN],
    ["{shutdown, _}", [SHUTDOWN, "why"]],
  ])("is not made for an end with %s", async (_reason, reason) => {
    const said = await reports(async () => {
      const pid = (await gen_server.start(
        { init: () => [OK, 0], handle_cast: () => [STOP, reason, 0] } as object,
        0,
      )) as Pid;
      const end = death(pid);
      gen_server.cast(pid, 1);
      await end;
    });
    expect(said).toStrictEqual([]);
  });

  test("is not made for a killed process", async () => {
    const said = await reports(async () => {
      const pid = (await gen_server.start({ init: () => [OK, 0] }, 0)) as Pid;
      const end = death(pid);
      erlang.exit(pid, KILL);
      await end;
    });
    expect(said).toStrictEqual([]);
  });

  test("of a proc_lib process shows its ancestors", async () => {
    let parent: Pid | undefined;
    const said = await reports(() =>
      inside(async () => {
        parent = erlang.self();
        const pid = proc_lib.spawn(function worker() {
          throw new Error("boom");
        });
        erlang.monitor("process", pid);
        await erlang.receive();
      }),
    );
    expect(said).toHaveLength(1);
    expect(bare(said[0]?.text)).toMatch(
      new RegExp(
        `^Process <0\\.\\d+\\.0> crashed\n {2}Reason: Error: boom\n {2}Ancestors: \\[ ${String(parent)} \\]\n {2}Started as: worker$`,
      ),
    );
  });
});

describe("a supervisor that gives up", () => {
  test("reports the child, the number of restarts and the period", async () => {
    const flaky = { init: () => [OK, 0], handle_cast: () => [STOP, "tired", 0] };
    const said = await reports(async () => {
      const sup = await supervisor.start(
        [{ id: "flaky", task: () => gen_server.start_link(flaky as object, 0 as never, { name: "flaky" }) }],
        { name: "patient", max_restarts: 2, max_seconds: 60 },
      );
      const end = death(sup);
      for (let crash = 0; crash < 3; crash++) {
        const pid = erlang.whereis("flaky") as Pid;
        gen_server.cast(pid, "go");
        await eventually(() => !erlang.is_process_alive(pid) && (crash === 2 || erlang.whereis("flaky") !== undefined));
      }
      expect(await end).toBe(SHUTDOWN);
    });
    const end = said.filter(({ event }) => event === "supervisor_shutdown");
    expect(end).toHaveLength(1);
    expect(end[0]?.text).toBe(
      `Supervisor "patient" gives up: child "flaky" ended with reason "tired", and no more than 2 restarts within 60 s may happen (this would be number 3). It ends with reason shutdown`,
    );
  });
});

describe("an unexpected message", () => {
  test("is reported by a gen_server without handle_info, which lives on", async () => {
    const said = await reports(async () => {
      const pid = (await gen_server.start(
        { init: () => [OK, 0], handle_call: () => [REPLY, 1, 0], handle_cast: () => [NOREPLY, 0] },
        0,
        { name: "deaf" },
      )) as Pid;
      erlang.send(pid, ["hello"]);
      expect(await gen_server.call(pid, 1)).toBe(1);
      await gen_server.stop(pid);
    });
    expect(said.map(({ level, text }) => [level, text.replace(/<[\d.]+>/, "PID")])).toStrictEqual([
      [
        "warning",
        `gen_server "deaf" PID received an unexpected message: [ 'hello' ] (the module { init, handle_call, handle_cast } has no handle_info)`,
      ],
    ]);
  });
});

test("a format_status that is asynchronous hides the state, like one that fails", async () => {
  const module = {
    init: () => [OK, "secret"],
    handle_cast: () => {
      throw new Error("boom");
    },
    format_status: async () => ({ state: "shown" }),
  };
  const [crash] = await reports(async () => {
    const pid = (await gen_server.start(module as object, undefined)) as Pid;
    gen_server.cast(pid, 1 as never);
    await eventually(() => !erlang.is_process_alive(pid));
  });
  expect(crash?.text).not.toContain("secret");
  expect(crash?.details).toMatchObject({ state: expect.stringContaining("not shown") });
});
