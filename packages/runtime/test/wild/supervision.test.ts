/** Reported mistakes in supervision: children that are not linked, slow starts, unknown options. */
import { erlang, gen_server, KILL, logger, OK, supervisor, type Pid } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { useClock } from "../../src/process/timer.ts";
import type { Clock } from "../../src/process/clock.ts";

const idle = { init: () => [OK, 0] as const };
let reports: logger.Report[] = [];
let before: logger.Handler | undefined;
const tops: Pid[] = [];
beforeEach(() => {
  reports = [];
  before = logger.set_handler((report) => void reports.push(report));
});
afterEach(async () => {
  for (const top of tops.splice(0)) await supervisor.stop(top).catch(() => undefined);
  logger.set_handler(before);
});
const of = (event: string) => reports.filter((report) => report.event === event);

describe("a child that is not linked to its supervisor", () => {
  test("is reported once, with the right code", async () => {
    let pid: Pid | undefined;
    const task = async () => (pid = await gen_server.start(idle, 0));
    const top = await supervisor.start([{ id: "db", task }], { name: "app" });
    tops.push(top);
    expect(of("child_not_linked").map(({ text }) => text)).toStrictEqual([
      `Supervisor "app": child "db" ${pid} is not linked to it, so its end goes unnoticed and it is not started again. Write task: () => gen_server.start_link(…), not start; in a task that is awaited elsewhere, start_link must be called as the supervisor`,
    ]);
    await supervisor.terminate_child(top, "db");
    await supervisor.restart_child(top, "db");
    expect(of("child_not_linked")).toHaveLength(1);
  });

  test("is reported under simple_one_for_one, too", async () => {
    const top = await supervisor.start([{ id: "s", task: () => gen_server.start(idle, 0) }], {
      strategy: "simple_one_for_one",
    });
    tops.push(top);
    await supervisor.start_child(top, []);
    await supervisor.start_child(top, []);
    expect(of("child_not_linked")).toHaveLength(1);
  });

  test("is not reported if it is linked, ignored or dead at once", async () => {
    const top = await supervisor.start([
      { id: "a", task: () => gen_server.start_link(idle, 0) },
      { id: "b", task: () => erlang.spawn_link(() => undefined), restart: "temporary" },
      { id: "c", task: () => [erlang.spawn_link(() => erlang.receive()), "info"] },
    ]);
    tops.push(top);
    expect(of("child_not_linked")).toStrictEqual([]);
  });
});

test("an init of more than 5 s is reported once, with the child and its supervisor, and the start goes on", async () => {
  let time = 0;
  const alarms = new Set<{ at: number; fire: () => void }>();
  const clock: Clock = {
    now: () => time,
    set: (fire, ms) => {
      const alarm = { at: time + ms, fire };
      alarms.add(alarm);
      return { clear: () => void alarms.delete(alarm), hold: () => undefined };
    },
  };
  const pass = (ms: number) => {
    time += ms;
    for (const alarm of alarms) {
      if (alarm.at > time) continue;
      alarms.delete(alarm);
      alarm.fire();
    }
  };
  const real = useClock(clock);
  try {
    let ready: (() => void) | undefined;
    const slow = {
      init: () => new Promise<readonly [typeof OK, number]>((resolve) => (ready = () => resolve([OK, 0]))),
    };
    const starting = supervisor.start([{ id: "db", task: () => gen_server.start_link(slow, 0) }], { name: "app" });
    await vi.waitFor(() => expect(alarms.size).toBe(1));
    pass(4_999);
    expect(of("slow_start")).toHaveLength(0);
    pass(1);
    pass(60_000);
    expect(of("slow_start").map(({ text, details }) => [text.split(":", 1)[0], details["id"]])).toStrictEqual([
      ['Supervisor "app" has waited 5000 ms for child "db" to start, and goes on waiting', "db"],
    ]);
    ready?.();
    const top = await starting;
    expect(alarms.size).toBe(0);
    erlang.exit(top, KILL);
  } finally {
    useClock(real);
  }
});

describe("options of a supervisor", () => {
  const spec = { id: "a", task: () => gen_server.start_link(idle, 0) };
  test.each([
    [[], { max_restart: 3 }, 'there is no option "max_restart" (did you mean max_restarts?)'],
    [
      [],
      { restrat: "one_for_one" },
      'there is no option "restrat"; the options are strategy, max_restarts, max_seconds, auto_shutdown, name and signals',
    ],
    [[], { Strategy: "one_for_one" }, "did you mean strategy?"],
    [[{ ...spec, restrat: "permanent" }], {}, 'child "a": there is no option "restrat" (did you mean restart?)'],
    [[{ ...spec, shutDown: 1 }], {}, "did you mean shutdown?"],
    [[{ ...spec, start: 1 }], {}, 'child "a": there is no option "start"'],
    [[], { signals: "yes" }, 'signals must be true, false or { exit: false }, got "yes"'],
    [[], { signals: { exti: false } }, 'there is no option "exti" (did you mean exit?)'],
    [[], [], "its options must be an object with strategy"],
    [spec, undefined, "give a list of child specifications, or a module with init, got"],
    [spec, undefined, "one specification is given as a list of one"],
    [undefined, undefined, "give a list of child specifications, or a module with init, got undefined"],
    ["x", undefined, 'got "x"'],
    [{ init: () => [OK, [{}, []]] }, undefined, ""],
    [
      [{ ...spec, restart: structuredClone({ name: "permanent" }) }],
      {},
      'atom.existing("permanent") gives the atom again',
    ],
  ])("are checked: %j with %j", async (first, given, text) => {
    const started = supervisor.start(first as never, given as never);
    if (text === "") tops.push(await started);
    else await expect(started).rejects.toThrow(text);
  });

  test("may each be undefined", async () => {
    const all = { strategy: undefined, max_restarts: undefined, max_seconds: undefined, auto_shutdown: undefined, name: undefined, signals: undefined }; // prettier-ignore
    const child = { ...spec, args: undefined, restart: undefined, shutdown: undefined, type: undefined, significant: undefined, modules: undefined }; // prettier-ignore
    tops.push(await supervisor.start([child], all), await supervisor.start([child], undefined));
    expect(supervisor.check_childspecs([child], undefined)).toBe(OK);
  });

  test("and of a specification for start_child are refused if a key is unknown", async () => {
    const top = await supervisor.start([]);
    tops.push(top);
    await expect(supervisor.start_child(top, { ...spec, resart: 1 } as never)).rejects.toThrow("did you mean restart?");
  });

  test("follow OTP in a module's init, which ignores unknown keys unless they look misspelt", async () => {
    tops.push((await supervisor.start({ init: () => [OK, [{ colour: 1 }, [{ ...spec, colour: 1 }]]] }, 0)) as Pid);
    await expect(supervisor.start({ init: () => [OK, [{ max_restart: 1 }, []]] }, 0)).rejects.toThrow("did you mean");
    await expect(supervisor.start({ init: () => [OK, [{}, []]] }, 0, { strategy: "one_for_one" })).rejects.toThrow(
      'there is no option "strategy"; the options are name and signals',
    );
  });
});
