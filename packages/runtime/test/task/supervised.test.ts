import { erlang, EXIT, KILL, OK, type Pid, supervisor } from "@otpts/runtime";
import { task, task_supervisor } from "@otpts/runtime/task";
import { expect, test } from "vitest";
import { eventually, inside, reports } from "../kit/inside.ts";

const never = () => new Promise<never>(() => {});

async function under(fun: (sup: Pid) => Promise<void>): Promise<void> {
  const sup = await task_supervisor.start();
  try {
    await fun(sup);
  } finally {
    await supervisor.stop(sup);
  }
}

test("async_nolink returns the result inside and outside processes", () =>
  under(async (sup) => {
    expect(await task.await(await task_supervisor.async_nolink(sup, () => 1))).toBe(1);
    await inside(async () => {
      const one = await task_supervisor.async_nolink(sup, async () => "two");
      expect(await task.await(one)).toBe("two");
    });
  }));

test("a failing async_nolink task does not affect its owner", () =>
  under((sup) =>
    inside(async () => {
      await reports(async () => {
        const one = await task_supervisor.async_nolink(sup, () => erlang.exit("bad"));
        expect(await task.yield(one)).toStrictEqual([EXIT, "bad"]);
      });
    }),
  ));

test("the tasks of a supervisor end with it", async () => {
  const sup = await task_supervisor.start();
  const one = await task_supervisor.async_nolink(sup, never);
  expect(await task_supervisor.children(sup)).toStrictEqual([one.pid]);
  await supervisor.stop(sup);
  expect(erlang.is_process_alive(one.pid)).toBe(false);
});

test("start_child restarts a task as its restart type demands", () =>
  under(async (sup) => {
    await reports(async () => {
      let runs = 0;
      await task_supervisor.start_child(
        sup,
        () => {
          if (++runs === 1) erlang.exit("once");
          return never();
        },
        { restart: supervisor.Transient() },
      );
      await eventually(() => runs === 2);
    });
  }));

test("terminate_child ends one task", () =>
  under(async (sup) => {
    const pid = await task_supervisor.start_child(sup, never);
    await task_supervisor.terminate_child(sup, pid);
    expect(erlang.is_process_alive(pid)).toBe(false);
    await expect(task_supervisor.terminate_child(sup, pid)).rejects.toThrow();
  }));

test("async_stream_nolink goes on after a failure", () =>
  under(async (sup) => {
    await reports(async () => {
      const found: unknown[] = [];
      for await (const one of task_supervisor.async_stream_nolink(sup, [1, 2, 3], (n) =>
        n === 2 ? erlang.exit("bad") : n,
      )) {
        found.push(one);
      }
      expect(found).toStrictEqual([
        [OK, 1],
        [EXIT, "bad"],
        [OK, 3],
      ]);
    });
  }));

test("a task supervisor is a child of a supervisor, under its name", async () => {
  const top = await supervisor.start([task_supervisor.child_spec({ name: "jobs" })]);
  expect(await task.await(await task_supervisor.async_nolink("jobs", () => 1))).toBe(1);
  await supervisor.stop(top);
});

test("a task ends if its owner dies before it begins", () =>
  under(async (sup) => {
    let ran = 0;
    const owner = erlang.spawn(async () => {
      const starting = task_supervisor.async_nolink(sup, () => void ran++);
      erlang.exit(erlang.self(), KILL);
      await starting;
    });
    await eventually(() => !erlang.is_process_alive(owner));
    await eventually(async () => (await task_supervisor.children(sup)).length === 0);
    expect(ran).toBe(0);
  }));
