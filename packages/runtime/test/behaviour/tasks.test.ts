import { OK, erlang, gen_server, supervisor, type Pid } from "@otpts/runtime";
import { expect, test } from "vitest";

import { death } from "../kit/inside.ts";

const server = { init: () => [OK, 0] as const };

test("a task function is called as a method of its specification", async () => {
  let id: unknown;
  const spec = {
    id: "named",
    task(this: { id: unknown }) {
      id = this.id;
      return gen_server.start_link(server, 0);
    },
  };
  const pid = await supervisor.start([supervisor.child_spec(spec)]);
  await supervisor.stop(pid);
  expect(id).toBe("named");
});

test("the promise of a task function is awaited natively, whatever its own `then` does", async () => {
  const children: Pid[] = [];
  const task = () =>
    Object.assign(
      gen_server.start_link(server, 0).then((pid) => (children.push(pid), pid)),
      {
        // oxlint-disable-next-line unicorn/no-thenable -- that is the point
        then: () => {
          throw new Error("a then of its own");
        },
      },
    );
  const pid = await supervisor.start([supervisor.child_spec({ id: "odd", task })]);
  const [first] = children as [Pid];
  const ended = death(first);
  erlang.exit(first, "boom");
  await ended;
  await expect.poll(() => children.length).toBe(2);
  expect(erlang.is_process_alive(pid)).toBe(true);
  expect(await supervisor.count_children(pid)).toContainEqual([expect.objectContaining({ name: "active" }), 1]);
  await supervisor.stop(pid);
});
