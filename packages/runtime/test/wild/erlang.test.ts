/** Rare cases, with the output of Erlang (OTP 25) as expectations. */
import {
  type Atom,
  atom,
  atoms,
  ErlangError,
  erlang,
  EXIT,
  type Exit,
  gen_server,
  IGNORE,
  INFINITY,
  KILL,
  logger,
  NOPROC,
  NORMAL,
  OK,
  type Pid,
  proc_lib,
  SHUTDOWN,
  STOP,
  supervisor,
  sys,
} from "@otpts/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const a = atom.ensure;
let loud: logger.Handler | undefined;
beforeAll(() => {
  loud = logger.set_handler(undefined);
});
afterAll(() => void logger.set_handler(loud));

/** The class and the reason of a promise's error. */
async function failure(promise: Promise<unknown>): Promise<readonly [string, unknown]> {
  try {
    return ["resolved", await promise];
  } catch (error) {
    return [(error as Error).name, (error as Exit).reason];
  }
}
async function mailbox(): Promise<unknown[]> {
  const found: unknown[] = [];
  for (;;) {
    const message = await erlang.receive(undefined, { after: 20 });
    if (message === atoms.TIMEOUT) return found;
    found.push(message);
  }
}
const plain = { init: () => [OK, 0] as const };

describe("a starter that traps exits", () => {
  const starts: readonly (readonly [string, () => unknown, unknown, boolean])[] = [
    ["init kills itself", () => erlang.exit(erlang.self(), KILL), atoms.KILLED, false],
    [
      "a linked helper crashes in init",
      async () => {
        erlang.spawn_link(() => erlang.exit("boom"));
        await erlang.receive();
      },
      "boom",
      false,
    ],
    ["init stops", () => [STOP, "bad"], "bad", true],
    ["init exits", () => erlang.exit("oops"), "oops", true],
    ["init exits normally", () => erlang.exit(NORMAL), NORMAL, true],
  ];
  test.each(starts)("has an 'EXIT' in its mailbox only as in OTP: %s", async (_what, init, reason, told) => {
    await inside(async () => {
      erlang.process_flag("trap_exit", true);
      expect(await failure(gen_server.start_link({ init: init as never }, 0))).toStrictEqual(["OtpError", reason]);
      expect(await mailbox()).toStrictEqual(told ? [[EXIT, expect.anything(), reason]] : []);
    });
  });

  test("has none if the time for init is over", async () => {
    await inside(async () => {
      erlang.process_flag("trap_exit", true);
      const late = { init: () => new Promise<readonly [typeof OK, number]>(() => undefined) };
      const started = await failure(gen_server.start_link(late, 0, { timeout: 5 }));
      expect(started).toStrictEqual(["OtpError", atoms.TIMEOUT]);
      expect(await mailbox()).toStrictEqual([]);
    });
  });

  test("has one if init is ignored", async () => {
    await inside(async () => {
      erlang.process_flag("trap_exit", true);
      expect(await gen_server.start_link({ init: () => IGNORE }, 0)).toBe(IGNORE);
      expect(await mailbox()).toStrictEqual([[EXIT, expect.anything(), NORMAL]]);
    });
  });
});

describe("gen_server.stop", () => {
  const TERMINATE = [a("sys"), a("terminate")] as const;
  test.each([
    ["ended normally first", NORMAL, NORMAL, undefined],
    ["ended normally first, shutdown was wanted", NORMAL, SHUTDOWN, 1_000],
    ["ended with shutdown first, which was wanted", SHUTDOWN, SHUTDOWN, 1_000],
  ])("of a server that %s fails with sys:terminate", async (_what, own, wanted, timeout) => {
    let finish: (() => void) | undefined;
    const busy = {
      init: () => [OK, 0] as const,
      handle_call: async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        return [STOP, own, "r", 0] as const;
      },
    };
    const pid = (await gen_server.start(busy, 0)) as Pid;
    const call = gen_server.call(pid, "x" as never);
    await new Promise(setImmediate);
    const stopped = failure(
      timeout === undefined ? gen_server.stop(pid, wanted) : gen_server.stop(pid, wanted, timeout),
    );
    finish?.();
    await call;
    expect(await stopped).toStrictEqual(["Exit", [own, [...TERMINATE, [pid, wanted, timeout ?? INFINITY]]]]);
  });

  test("of a server that ends for another reason in terminate fails with that reason only", async () => {
    const odd = { ...plain, terminate: () => erlang.exit("other") };
    const pid = (await gen_server.start(odd, 0)) as Pid;
    expect(await failure(gen_server.stop(pid, SHUTDOWN, 1_000))).toStrictEqual(["Exit", "other"]);
    const same = (await gen_server.start({ ...plain, terminate: () => erlang.exit(NORMAL) }, 0)) as Pid;
    expect(await failure(gen_server.stop(same, SHUTDOWN, 1_000))).toStrictEqual(["Exit", NORMAL]);
    const asked = (await gen_server.start(odd, 0)) as Pid;
    expect(await failure(sys.terminate(asked, NORMAL, 1_000))).toStrictEqual(["resolved", OK]);
  });

  test("of a missing process is noproc, and sys.terminate says more", async () => {
    expect(await failure(gen_server.stop("nobody"))).toStrictEqual(["Exit", NOPROC]);
    expect(await failure(gen_server.stop(["nobody", erlang.node()]))).toStrictEqual(["Exit", NOPROC]);
    expect(await failure(sys.terminate("nobody", NORMAL))).toStrictEqual([
      "Exit",
      [NOPROC, [...TERMINATE, ["nobody", NORMAL]]],
    ]);
  });
});

describe("an unknown call to a supervisor", () => {
  test("exits in the caller with function_clause and is reported, and the supervisor lives on", async () => {
    const reports: logger.Report[] = [];
    logger.set_handler((report) => void reports.push(report));
    const top = await supervisor.start([{ id: "a", task: () => gen_server.start_link(plain, 0) }]);
    const [name, reason] = await failure(gen_server.call(top, "hello" as never));
    gen_server.cast(top, "hello" as never);
    expect(name).toBe("Exit");
    expect(reason).toStrictEqual([
      [a("function_clause"), expect.anything()],
      [a("gen_server"), a("call"), [top, "hello"]],
    ]);
    expect(await supervisor.which_children(top)).toHaveLength(1);
    expect(reports.map(({ text }) => text)).toStrictEqual([
      `Supervisor ${top} received an unknown call: "hello"`,
      `Supervisor ${top} received an unknown cast: "hello"`,
    ]);
    logger.set_handler(undefined);
    await supervisor.stop(top);
  });
});

describe("simple_one_for_one", () => {
  let mode: "ok" | "ignore" = "ok";
  const task = () => (mode === "ok" ? gen_server.start_link(plain, 0) : IGNORE);
  const tree = (restart: "permanent" | "transient" | "temporary") =>
    supervisor.start([{ id: a("w"), task, restart }], { strategy: "simple_one_for_one", max_restarts: 10 });
  const counts = async (sup: Pid) => (await supervisor.count_children(sup)).map(([, n]) => n);

  test.each(["permanent", "transient"] as const)(
    "keeps and counts a %s child whose restart is ignored",
    async (kind) => {
      mode = "ok";
      const sup = await tree(kind);
      const child = (await supervisor.start_child(sup, [])) as Pid;
      mode = "ignore";
      erlang.exit(child, KILL);
      expect(await supervisor.which_children(sup)).toStrictEqual([[undefined, undefined, a("worker"), []]]);
      expect(await counts(sup)).toStrictEqual([1, 1, 0, 1]);
      expect(await supervisor.get_childspec(sup, child)).toMatchObject({ id: a("w"), restart: a(kind) });
      expect(await supervisor.terminate_child(sup, child)).toBe(OK);
      expect(await supervisor.which_children(sup)).toStrictEqual([]);
      expect(await counts(sup)).toStrictEqual([1, 0, 0, 0]);
      await supervisor.stop(sup);
    },
  );

  test("forgets a temporary child, and a child whose first start is ignored", async () => {
    mode = "ok";
    const sup = await tree("temporary");
    const child = (await supervisor.start_child(sup, [])) as Pid;
    mode = "ignore";
    erlang.exit(child, KILL);
    expect(await supervisor.start_child(sup, [])).toBeUndefined();
    expect(await counts(sup)).toStrictEqual([1, 0, 0, 0]);
    await supervisor.stop(sup);
  });

  test("returns the specification for any dead pid and for the id, but not for a living process of another tree", async () => {
    mode = "ok";
    const sup = await tree("permanent");
    const child = (await supervisor.start_child(sup, [])) as Pid;
    await supervisor.terminate_child(sup, child);
    expect(await supervisor.get_childspec(sup, child)).toMatchObject({ id: a("w") });
    expect(await supervisor.get_childspec(sup, a("w"))).toMatchObject({ id: a("w") });
    expect(await failure(supervisor.get_childspec(sup, sup))).toStrictEqual(["OtpError", a("not_found")]);
    expect(await failure(supervisor.terminate_child(sup, undefined))).toStrictEqual([
      "OtpError",
      a("simple_one_for_one"),
    ]);
    await supervisor.stop(sup);
  });
});

describe("proc_lib.init_ack", () => {
  test("is a message to the parent the second time", async () => {
    await inside(async () => {
      const pid = await proc_lib.start_link(async () => {
        proc_lib.init_ack();
        proc_lib.init_ack([OK, "second"]);
        await erlang.receive();
      });
      expect(await mailbox()).toStrictEqual([[a("ack"), pid, [OK, "second"]]]);
    });
  });
});

describe("a name on another node", () => {
  const far = ["svc", a("other@host")] as const;
  const down = [a("nodedown"), a("other@host")];
  test("is nodedown for calls and stops", async () => {
    const called = (...args: unknown[]) => ["Exit", [down, [a("gen_server"), a("call"), args]]];
    expect(await failure(gen_server.call(far, "x" as never))).toStrictEqual(called(far, "x"));
    expect(await failure(gen_server.call(far, "x" as never, 100))).toStrictEqual(called(far, "x", 100));
    expect(await failure(gen_server.stop(far))).toStrictEqual(["Exit", down]);
    expect(await failure(gen_server.stop(far, SHUTDOWN, 100))).toStrictEqual(["Exit", down]);
    expect(await failure(sys.get_state(far))).toStrictEqual(["Exit", [down, [a("sys"), a("get_state"), [far]]]]);
    expect(await failure(sys.suspend(far, 100))).toStrictEqual(["Exit", [down, [a("sys"), a("suspend"), [far, 100]]]]);
    expect(await failure(sys.terminate(far, NORMAL))).toStrictEqual([
      "Exit",
      [down, [a("sys"), a("terminate"), [far, NORMAL]]],
    ]);
    expect(await failure(supervisor.which_children(far))).toStrictEqual(called(far, a("which_children"), INFINITY));
    await expect(gen_server.call(far, "x" as never)).rejects.toThrow(
      "there is no connection to the node other@host (nodedown): there is one node, nonode@nohost",
    );
    await expect(gen_server.call(["svc", "other@host"], "x" as never)).rejects.toThrow("nodedown");
  });

  test("is nodedown in the response to a request", async () => {
    const asked = () => gen_server.wait_response(gen_server.send_request(far, "x" as never), 100);
    expect(await failure(asked())).toStrictEqual(["OtpError", [down, far]]);
    await inside(async () => expect(await failure(asked())).toStrictEqual(["OtpError", [down, far]]));
  });

  test("accepts casts and messages, but no monitor", async () => {
    expect(gen_server.cast(far, "x" as never)).toBe(OK);
    expect(erlang.send(far, "x")).toBe("x");
    await inside(async () => {
      expect(() => erlang.monitor("process", far)).toThrow(ErlangError);
      expect(() => erlang.monitor("process", ["svc", 7 as unknown as Atom])).toThrow(ErlangError);
      const ref = erlang.monitor("process", ["svc", erlang.node()]);
      expect(await mailbox()).toStrictEqual([[atoms.DOWN, ref, atoms.PROCESS, [a("svc"), erlang.node()], NOPROC]]);
    });
  });
});

test("sys.replace_state of a dead server names the function as OTP does", async () => {
  const fun = (state: unknown) => state;
  const pid = (await gen_server.start(plain, 0)) as Pid;
  await gen_server.stop(pid);
  const named = [a("replace_state"), fun];
  expect(await failure(sys.replace_state(pid, fun))).toStrictEqual(["Exit", [NOPROC, [a("sys"), named, [pid]]]]);
  expect(await failure(sys.replace_state(pid, fun, 100))).toStrictEqual([
    "Exit",
    [NOPROC, [a("sys"), named, [pid, 100]]],
  ]);
  expect(await failure(sys.trace(pid, true, 100))).toStrictEqual([
    "Exit",
    [NOPROC, [a("sys"), a("trace"), [pid, true, 100]]],
  ]);
});
