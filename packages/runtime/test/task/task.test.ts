import { setTimeout as wait } from "node:timers/promises";
import {
  erlang,
  EXIT,
  Exit,
  gen_server,
  NOREPLY,
  OK,
  type Pid,
  REPLY,
  TIMEOUT,
  TRAP_EXIT,
  atoms,
} from "@otpts/runtime";
import { Task, task } from "@otpts/runtime/task";
import { describe, expect, test } from "vitest";
import { death, endOf, eventually, inside, reports } from "../kit/inside.ts";

const never = () => new Promise<never>(() => {});
const isAlive = (pid: Pid) => erlang.is_process_alive(pid);

describe.each([
  ["inside a process", inside],
  ["outside all processes", async <T>(fun: () => T | Promise<T>) => fun()],
] as const)("%s", (_, where) => {
  test("await returns the function's result, or the value of its promise", () =>
    where(async () => {
      expect(await task.await(task.async(() => 1))).toBe(1);
      expect(
        await task.await(
          task.async(async () => {
            await wait(5);
            return "late";
          }),
        ),
      ).toBe("late");
      expect(await task.await(task.async(() => undefined))).toBeUndefined();
    }));

  test("a task is a separate process", () =>
    where(async () => {
      const one = task.async(() => erlang.self());
      expect(await task.await(one)).toBe(one.pid);
      expect(one).toBeInstanceOf(Task);
    }));

  test("await exits with timeout and the call itself when the time is over", () =>
    where(async () => {
      const one = task.async(never);
      const error = await task.await(one, 10).catch((caught: unknown) => caught);
      expect(Exit.is(error, TIMEOUT)).toBe(true);
      expect((error as Exit).reason).toMatchObject([TIMEOUT, [{ name: "task" }, { name: "await" }, [one, 10]]]);
      await task.shutdown(one, "brutal_kill").catch(() => undefined);
      await eventually(() => !isAlive(one.pid));
    }));

  test("await_many returns all results in their order", () =>
    where(async () => {
      const slow = task.async(async () => {
        await wait(10);
        return "slow";
      });
      const fast = task.async(() => 2);
      expect(await task.await_many([slow, fast])).toStrictEqual(["slow", 2]);
    }));

  test("yield returns undefined while the task runs, and its outcome once", () =>
    where(async () => {
      let finish: (value: string) => void = () => {};
      const one = task.async(() => new Promise<string>((resolve) => (finish = resolve)));
      expect(await task.yield(one, 5)).toBeUndefined();
      finish("done");
      expect(await task.yield(one)).toStrictEqual([OK, "done"]);
    }));

  test("yield_many returns each task with its outcome", () =>
    where(async () => {
      const one = task.async(() => 1);
      const two = task.async(never);
      expect(await task.yield_many([one, two], 20)).toStrictEqual([
        [one, [OK, 1]],
        [two, undefined],
      ]);
      expect(await task.shutdown(two)).toBeUndefined();
    }));

  test("shutdown ends the task, fires its signal, and does not affect the caller", () =>
    where(async () => {
      let fired = false;
      const one = task.async(({ signal }) => {
        signal.addEventListener("abort", () => (fired = true));
        return never();
      });
      expect(await task.yield(one, 5)).toBeUndefined();
      expect(await task.shutdown(one)).toBeUndefined();
      expect(isAlive(one.pid)).toBe(false);
      expect(fired).toBe(true);
    }));

  test("shutdown returns the outcome of a task that had already finished", () =>
    where(async () => {
      const one = task.async(() => "early");
      await eventually(() => !isAlive(one.pid));
      expect(await task.shutdown(one)).toStrictEqual([OK, "early"]);
    }));

  test("shutdown kills a task that traps exits when its time is over", () =>
    where(async () => {
      const one = task.async(() => {
        erlang.process_flag(TRAP_EXIT, true);
        return never();
      });
      expect(await task.yield(one, 5)).toBeUndefined();
      expect(await task.shutdown(one, 10)).toBeUndefined();
      expect(isAlive(one.pid)).toBe(false);
    }));

  test("ignore lets the task run on unobserved", () =>
    where(async () => {
      let finish = () => {};
      let ended = false;
      const one = task.async(async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        ended = true;
      });
      expect(await task.yield(one, 5)).toBeUndefined();
      expect(await task.ignore(one)).toBeUndefined();
      finish();
      await eventually(() => ended);
    }));

  test("completed returns a task with a result", () =>
    where(async () => {
      expect(await task.await(task.completed({ a: 1 }))).toStrictEqual({ a: 1 });
    }));
});

test("a task that fails ends its owner with the same reason", async () => {
  await reports(async () => {
    const reason = await endOf(async () => {
      await task.await(
        task.async(() => {
          erlang.exit("broken");
        }),
      );
    });
    expect(reason).toBe("broken");
  });
});

test("an owner that dies ends its tasks", async () => {
  let child: Pid | undefined;
  const owner = erlang.spawn(async () => {
    child = task.async(never).pid;
    await never();
  });
  await eventually(() => child !== undefined);
  erlang.exit(owner, "gone");
  await eventually(() => !isAlive(child as Pid));
});

test("a failure outside all processes is thrown by await, with the original error as its cause", async () => {
  const found = await reports(async () => {
    const thrown = new RangeError("too far");
    const one = task.async(() => {
      throw thrown;
    });
    const error = await task.await(one).catch((caught: unknown) => caught);
    expect(Exit.is(error, RangeError)).toBe(true);
    expect((error as Exit).cause).toBe(thrown);
  });
  expect(found).toHaveLength(1);
});

test("await_many fails with the first failure of the list", async () => {
  await reports(async () => {
    const bad = task.async(() => erlang.exit("bad"));
    await expect(task.await_many([task.async(() => 1), bad])).rejects.toMatchObject({
      reason: ["bad", expect.anything()],
    });
  });
});

test("a task can be awaited only by its owner", () =>
  inside(async () => {
    const one = task.async(() => 1);
    const refusal = await endOf(async () => {
      const error = await task.await(one).catch((caught: unknown) => caught);
      erlang.exit(String(error));
    });
    expect(refusal).toContain("only its owner can");
    expect(await task.await(one)).toBe(1);
  }));

test("a gen_server that does not await receives result and end as messages", async () => {
  const seen: unknown[] = [];
  const server = await gen_server.start(
    {
      init: () => [OK, new Map<unknown, string>()] as const,
      handle_call(_request: unknown, _from: unknown, jobs: Map<unknown, string>) {
        const one = task.async(() => "result");
        jobs.set(one.ref, "job");
        return [REPLY, OK, jobs] as const;
      },
      handle_info(message: unknown, jobs: Map<unknown, string>) {
        const [ref, value] = message as [unknown, unknown];
        seen.push([jobs.get(ref), value]);
        return [NOREPLY, jobs] as const;
      },
    },
    undefined,
  );
  await gen_server.call(server, "begin");
  await eventually(() => seen.length > 0);
  await gen_server.call(server, "again");
  await eventually(() => seen.length > 1);
  expect(seen).toStrictEqual([
    ["job", "result"],
    ["job", "result"],
  ]);
  await gen_server.stop(server);
});

test("an awaited task leaves nothing in the mailbox", () =>
  inside(async () => {
    const one = task.async(() => 1);
    await task.await(one);
    await task.shutdown(task.async(never));
    await task.yield(task.async(() => 2));
    await wait(5);
    expect(erlang.process_info(erlang.self(), "messages")).toStrictEqual([]);
    expect(erlang.process_info(erlang.self(), "monitors")).toStrictEqual([]);
    expect(erlang.process_info(erlang.self(), "links")).toStrictEqual([]);
  }));

test("start_link makes a child for a supervisor, and start an independent process", async () => {
  let ran = false;
  const pid = task.start(() => {
    ran = true;
  });
  await death(pid);
  expect(ran).toBe(true);
  await inside(async () => {
    erlang.process_flag(TRAP_EXIT, true);
    const child = task.start_link(() => erlang.exit("over"));
    expect(await erlang.receive()).toStrictEqual([EXIT, child, "over"]);
  });
});

test("a value that is not a function is refused", () => {
  expect(() => task.async(1 as never)).toThrow("Cannot start a task: a function is needed, got 1");
  expect(atoms.BADARG).toBeDefined();
});
