import { KILL, OK, erlang, gen_server, supervisor, type Pid } from "@otpts/runtime";
import { expect, test } from "vitest";

import { death } from "../kit/inside.ts";
import { program } from "../kit/program.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A supervisor and a child that never gets done with ending; `ending` resolves when it has begun to. */
async function family(shutdown: number): Promise<{ parent: Pid; child: Pid; ending: Promise<void> }> {
  let child: Pid | undefined;
  let begun = () => {};
  const ending = new Promise<void>((resolve) => (begun = resolve));
  const clinging = {
    init: () => (erlang.process_flag("trap_exit", true), [OK, 0] as const),
    terminate: () => (begun(), new Promise(() => {})),
  };
  const task = async () => (child = await gen_server.start_link(clinging, 0));
  const parent = await supervisor.start([supervisor.child_spec({ id: "clinging", task, shutdown })]);
  return { parent, child: child as Pid, ending };
}

test("a child that outlives its shutdown time is killed", async () => {
  const { parent, child } = await family(20);
  const ended = death(child);
  await supervisor.stop(parent);
  expect(String(await ended)).toBe("killed");
});

test("a supervisor that is killed while it waits for a child kills no process afterwards", async () => {
  const { parent, child, ending } = await family(40);
  const stopped = supervisor.stop(parent).catch(() => "killed");
  await ending;
  erlang.exit(parent, KILL);
  expect(await stopped).toBe("killed");
  await pause(120);
  expect(erlang.is_process_alive(child)).toBe(true);
  erlang.exit(child, KILL);
});

test("a supervisor that is killed while it waits for a child leaves no timer that keeps Node alive", async () => {
  const { code, stdout } = await program(`
    import { KILL, OK, erlang, gen_server, supervisor } from "@otpts/runtime";
    let child, sup;
    const clinging = {
      init: () => (erlang.process_flag("trap_exit", true), [OK, 0]),
      terminate: () => (setImmediate(() => { erlang.exit(sup, KILL); console.log(erlang.is_process_alive(child)); }), new Promise(() => {})),
    };
    const task = async () => (child = await gen_server.start_link(clinging, 0));
    sup = await supervisor.start([supervisor.child_spec({ id: 1, task, shutdown: 1_000_000 })]);
    supervisor.stop(sup).catch(() => console.log("killed"));
  `);
  expect({ code, stdout }).toStrictEqual({ code: 0, stdout: "true\nkilled\n" });
});
