import { setTimeout as wait } from "node:timers/promises";
import { erlang, EXIT, Exit, OK, TIMEOUT, TRAP_EXIT, supervisor } from "@otpts/runtime";
import { task, task_supervisor } from "@otpts/runtime/task";
import { expect, test } from "vitest";
import { endOf, eventually, inside, reports } from "../kit/inside.ts";

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

const later = <T>(value: T): Promise<T> => wait(1, value);

/** Counts how many run at once. */
function gauge() {
  const counted = { now: 0, most: 0, started: 0 };
  const measured =
    <I, T>(fun: (item: I) => Promise<T>) =>
    async (item: I): Promise<T> => {
      counted.started++;
      counted.most = Math.max(counted.most, ++counted.now);
      try {
        return await fun(item);
      } finally {
        counted.now--;
      }
    };
  return { counted, measured };
}

test("async_stream returns the results in the order of the items", async () => {
  const results = await all(task.async_stream([30, 1, 10], (ms) => wait(ms, ms), { max_concurrency: 3 }));
  expect(results).toStrictEqual([
    [OK, 30],
    [OK, 1],
    [OK, 10],
  ]);
});

test("async_stream returns each result as soon as it is ready if order does not matter", async () => {
  let finish: (value: string) => void = () => {};
  const slow = new Promise<string>((resolve) => (finish = resolve));
  const found: unknown[] = [];
  for await (const one of task.async_stream(["slow", "fast"], (item) => (item === "slow" ? slow : item), {
    ordered: false,
    max_concurrency: 2,
  })) {
    found.push(one);
    finish("slow");
  }
  expect(found).toStrictEqual([
    [OK, "fast"],
    [OK, "slow"],
  ]);
});

test("async_stream runs at most max_concurrency at a time", async () => {
  const { counted, measured } = gauge();
  await all(
    task.async_stream(
      Array.from({ length: 50 }, (_, i) => i),
      measured(later),
      { max_concurrency: 4 },
    ),
  );
  expect(counted.most).toBe(4);
});

test("async_stream takes items only as results are read", async () => {
  const { counted, measured } = gauge();
  let taken = 0;
  function* endless() {
    for (;;) yield taken++;
  }
  for await (const [, value] of task.async_stream(endless(), measured(later), { max_concurrency: 2 })) {
    if (value === 9) break;
    await wait(3);
  }
  expect(taken).toBeLessThan(20);
  expect(counted.started).toBeLessThan(20);
});

test("async_stream accepts asynchronous items", async () => {
  async function* source() {
    yield 1;
    await wait(2);
    yield 2;
  }
  expect(await all(task.async_stream(source(), (n) => n * 2))).toStrictEqual([
    [OK, 2],
    [OK, 4],
  ]);
});

test("an empty source gives an empty stream", async () => {
  expect(await all(task.async_stream([], () => 1))).toStrictEqual([]);
});

test("a failing source fails the loop with its own error, and ends the tasks", async () => {
  const broken = new Error("no more");
  let signal: AbortSignal | undefined;
  // eslint-disable-next-line require-yield
  async function* source(): AsyncGenerator<number> {
    yield 1;
    await eventually(() => signal !== undefined);
    throw broken;
  }
  const run = all(
    task.async_stream(source(), (_item, context) => {
      signal = context.signal;
      return new Promise(() => {});
    }),
  );
  await expect(run).rejects.toBe(broken);
  expect(signal?.aborted).toBe(true);
});

test("leaving the loop early ends the running tasks, and asks the source to end", async () => {
  const signals: AbortSignal[] = [];
  let returned = false;
  function* source() {
    try {
      for (let i = 0; ; i++) yield i;
    } finally {
      returned = true;
    }
  }
  const loop = task.async_stream(
    source(),
    (item, { signal }) => {
      if (item === 0) return 0;
      signals.push(signal);
      return new Promise(() => {});
    },
    { max_concurrency: 3 },
  );
  for await (const _ of loop) {
    await eventually(() => signals.length >= 2);
    break;
  }
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
  await eventually(() => returned);
});

test("a task that takes too long ends the stream with timeout, or has timeout as its result", async () => {
  const slow = () => new Promise<never>(() => {});
  const error = await all(task.async_stream([1], slow, { timeout: 10 })).catch((caught: unknown) => caught);
  expect(Exit.is(error, TIMEOUT)).toBe(true);
  const kept = task.async_stream(["a", "b"], (item) => (item === "a" ? slow() : item), {
    timeout: 20,
    on_timeout: "kill_task",
  });
  expect(await all(kept)).toStrictEqual([
    [EXIT, TIMEOUT],
    [OK, "b"],
  ]);
});

test("a task that fails ends a loop outside all processes", async () => {
  await reports(async () => {
    const error = await all(
      task.async_stream([1, 2], (n) => {
        if (n === 2) throw new TypeError("odd");
        return n;
      }),
    ).catch((caught: unknown) => caught);
    expect(Exit.is(error, TypeError)).toBe(true);
    expect((error as Exit).cause).toBeInstanceOf(TypeError);
  });
});

test("a task that fails ends the reading process, or is a result for one that traps exits", async () => {
  await reports(async () => {
    const failing = () => task.async_stream([1, 2], (n) => (n === 1 ? erlang.exit("bad") : n));
    const end = await endOf(() => all(failing()));
    expect(end).toMatchObject(["bad", [{ name: "task" }, { name: "async_stream" }, expect.anything()]]);
    await inside(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      expect(await all(failing())).toStrictEqual([
        [EXIT, "bad"],
        [OK, 2],
      ]);
    });
  });
});

test("zip_input_on_exit adds the item to a failure", async () => {
  await reports(async () => {
    const sup = await task_supervisor.start();
    const results = await all(
      task_supervisor.async_stream_nolink(sup, ["x"], () => erlang.exit("bad"), { zip_input_on_exit: true }),
    );
    expect(results).toStrictEqual([[EXIT, ["x", "bad"]]]);
    await supervisor.stop(sup);
  });
});

test("a reader that dies ends the tasks of its stream", async () => {
  let signal: AbortSignal | undefined;
  const reader = erlang.spawn(() =>
    all(
      task.async_stream([1], (_item, context) => {
        signal = context.signal;
        return new Promise(() => {});
      }),
    ),
  );
  await eventually(() => signal !== undefined);
  erlang.exit(reader, "gone");
  await eventually(() => signal?.aborted);
});

/** A source that waits for its second item for ever, and says when it is left. */
function stuck() {
  const source = { left: false, asked: 0 };
  const items: AsyncIterableIterator<number> = {
    [Symbol.asyncIterator]: () => items,
    next: () => (source.asked++ === 0 ? Promise.resolve({ value: 1 }) : new Promise(() => {})),
    return() {
      source.left = true;
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { source, items };
}

test("a source that is awaited is ended when the loop is left, and when the reader dies", async () => {
  const one = stuck();
  for await (const _ of task.async_stream(one.items, later)) break;
  expect(one.source.left).toBe(true);
  const other = stuck();
  const reader = erlang.spawn(() => all(task.async_stream(other.items, later)));
  await eventually(() => other.source.asked === 2);
  erlang.exit(reader, "gone");
  await eventually(() => other.source.left);
  let left = false;
  const ended = { [Symbol.asyncIterator]: () => ({ next: () => ({ done: true }), return: () => (left = true) }) };
  expect(await all(task.async_stream(ended as never, later))).toStrictEqual([]);
  expect(left).toBe(false);
});

test("return ends a stream from outside while a result is awaited, and its reader sees the end", async () => {
  const signals: AbortSignal[] = [];
  const stream = task.async_stream([1, 2], (_item, { signal }) => {
    signals.push(signal);
    return new Promise<never>(() => {});
  });
  const waiting = stream.next();
  await eventually(() => signals.length > 0);
  await stream.return();
  expect(await waiting).toStrictEqual({ done: true, value: undefined });
  expect(signals.every(({ aborted }) => aborted)).toBe(true);
  expect(await stream.next()).toStrictEqual({ done: true, value: undefined });
  const fresh = task.async_stream([1], later);
  await fresh.return();
  expect(await all(fresh)).toStrictEqual([]);
});

test("tasks that end with their stream, or by its time-out, are no failures for their supervisor", async () => {
  const sup = await task_supervisor.start();
  const found = await reports(async () => {
    const forever = () => new Promise<never>(() => {});
    const items = [() => 0, forever, () => (erlang.process_flag(TRAP_EXIT, true), forever())];
    const run = (item: () => unknown) => item();
    for await (const _ of task_supervisor.async_stream_nolink(sup, items, run, { max_concurrency: 3 })) break;
    const options = { timeout: 5, on_timeout: "kill_task" } as const;
    expect(await all(task_supervisor.async_stream_nolink(sup, [forever], run, options))).toStrictEqual([
      [EXIT, TIMEOUT],
    ]);
    expect(await task_supervisor.children(sup)).toStrictEqual([]);
  });
  // One that traps exits has to be killed.
  expect(found.map(({ text }) => text.replace(/^[^]*reason /u, ""))).toStrictEqual(["killed"]);
  await supervisor.stop(sup);
});

test("is_ok narrows the type of an outcome to a success", async () => {
  let sum = 0;
  for await (const outcome of task.async_stream([1, 2], later)) if (task.is_ok(outcome)) sum += outcome[1];
  expect(sum).toBe(3);
  expect([task.is_ok([EXIT, "boom"]), task.is_ok(undefined)]).toStrictEqual([false, false]);
});

test("a stream leaves no process behind", async () => {
  const before = erlang.processes().length;
  await all(task.async_stream([1, 2, 3], later));
  for await (const _ of task.async_stream([1, 2, 3], later)) break;
  await eventually(() => erlang.processes().length === before);
});

test("a stream leaves nothing in the mailbox of its reader", () =>
  inside(async () => {
    erlang.process_flag(TRAP_EXIT, true);
    await all(task.async_stream([1, 2, 3], later));
    for await (const _ of task.async_stream([1, 2, 3], later)) break;
    await wait(5);
    expect(erlang.process_info(erlang.self(), "messages")).toStrictEqual([]);
    expect(erlang.process_info(erlang.self(), "links")).toStrictEqual([]);
  }));

test.each([
  [{ max_concurrency: 0 }, "max_concurrency must be a whole number ≥ 1, got 0"],
  [{ max_concurrency: Number.NaN }, "max_concurrency must be a whole number ≥ 1, got NaN"],
  [{ concurrency: 4 } as never, 'there is no option "concurrency"; the options are max_concurrency, ordered,'],
  [{ on_timeout: "explode" as never }, 'on_timeout must be "exit" or "kill_task", got "explode"'],
])("async_stream refuses %o", async (options, text) => {
  await expect(all(task.async_stream([1], later, options))).rejects.toThrow(text);
});

test.each([
  [5, later, "items must be iterable, got 5"],
  [{ length: 1 }, later, "items must be iterable, got { length: 1 }"],
  [[1], "later", 'a function is needed, got "later"'],
])("streams refuse %o with %o", async (items, fun, text) => {
  await expect(all(task_supervisor.async_stream("nobody", items as never, fun as never))).rejects.toThrow(text);
});

test("a task's options are checked like all others", async () => {
  const sup = await task_supervisor.start();
  const options = { restrat: "permanent" } as never;
  await expect(task_supervisor.start_child(sup, () => 1, options)).rejects.toThrow("did you mean restart?");
  expect(() => task_supervisor.child_spec({ nmae: "jobs" } as never)).toThrow("did you mean name?");
  await supervisor.stop(sup);
});
