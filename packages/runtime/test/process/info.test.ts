import { ErlangError, KILL, NOREPLY, OK, atom, erlang, gen_server, type Pid } from "@otpts/runtime";
import { describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("process_info", () => {
  test("reports everything about a living process", async () => {
    await inside(async () => {
      erlang.register("parent", erlang.self());
      const pid = erlang.spawn_link(async function worker() {
        erlang.put("key", "value");
        erlang.process_flag("trap_exit", true);
        erlang.monitor("process", "parent");
        await erlang.receive((message) => message === "end");
      });
      const ref = erlang.monitor("process", pid);
      erlang.send(pid, "one");
      erlang.send(pid, "two");
      await turn();
      expect(erlang.process_info(pid)).toStrictEqual({
        registered_name: undefined,
        initial_call: "worker",
        status: atom.ensure("waiting"),
        message_queue_len: 2,
        messages: ["one", "two"],
        links: [erlang.self()],
        monitors: [[atom.ensure("parent"), erlang.node()]],
        monitored_by: [erlang.self()],
        trap_exit: true,
        dictionary: [["key", "value"]],
        ancestors: [atom.ensure("parent")],
        parent: atom.ensure("parent"),
        open_calls: 0,
        started_at: expect.any(Date) as Date,
        messages_handled: 0,
        reductions: expect.any(Number) as number,
        restarts: 0,
        message_queue_memory: expect.any(Number) as number,
        current_callback: undefined,
        waits_for: [],
        waited_for_by: [],
      });
      expect(erlang.process_info(erlang.self(), "status")).toBe(atom.ensure("running"));
      erlang.demonitor(ref);
      erlang.unlink(pid);
      expect(erlang.process_info(pid, "links")).toStrictEqual([]);
      expect(erlang.process_info(pid, "monitored_by")).toStrictEqual([]);
      erlang.send(pid, "end");
      await turn();
      expect(erlang.process_info(pid)).toBeUndefined();
      expect(erlang.process_info(pid, "links")).toBeUndefined();
    });
  });

  test("refuses an unknown item, and names the known ones", () => {
    const pid = erlang.spawn(() => erlang.receive());
    const act = () => erlang.process_info(pid, "heap" as never);
    expect(act).toThrow(ErlangError);
    expect(act).toThrow(/^Cannot return "heap" of a process: known items are registered_name, .*waited_for_by$/);
    expect(() => erlang.process_info("name" as never)).toThrow('Cannot inspect: a pid is needed, got "name"');
    erlang.exit(pid, KILL);
  });
});

describe("a dead process leaves nothing behind in others", () => {
  test("links, monitors in both directions, aliases, open calls and queued requests", async () => {
    const server = (await gen_server.start({ init: () => [OK, 0], handle_call: () => [NOREPLY, 0] }, 0)) as Pid;
    const friend = erlang.spawn(async () => {
      erlang.process_flag("trap_exit", true);
      await erlang.receive((message) => message === "end");
    });
    let alias: ReturnType<typeof erlang.alias> | undefined;
    const pid = erlang.spawn(async () => {
      alias = erlang.alias();
      erlang.link(friend);
      erlang.monitor("process", friend);
      erlang.monitor("process", server);
      void gen_server.call(server, "never").catch(() => {});
      gen_server.send_request(server, "never");
      await erlang.receive();
    });
    await turn();
    expect(erlang.process_info(pid, "open_calls")).toBe(2);
    expect(erlang.process_info(server, "monitored_by")).toHaveLength(3);
    expect(erlang.process_info(friend, "links")).toStrictEqual([pid]);

    erlang.exit(pid, KILL);
    expect(erlang.process_info(server, "monitored_by")).toStrictEqual([]);
    expect(erlang.process_info(friend, "monitored_by")).toStrictEqual([]);
    expect(erlang.process_info(friend, "links")).toStrictEqual([]);
    if (alias !== undefined) erlang.send(alias, "to nobody");
    expect(erlang.processes()).not.toContain(pid);
    erlang.exit(server, KILL);
    erlang.exit(friend, KILL);
  });

  test("a dead server leaves no open call, link or monitor in its callers", async () => {
    const server = (await gen_server.start({ init: () => [OK, 0], handle_call: () => [NOREPLY, 0] }, 0)) as Pid;
    const pid = erlang.spawn(async () => {
      erlang.process_flag("trap_exit", true);
      erlang.link(server);
      erlang.monitor("process", server);
      await gen_server.call(server, "never").catch(() => {});
      await erlang.receive((message) => message === "end");
    });
    await turn();
    erlang.exit(server, KILL);
    await turn();
    expect(erlang.process_info(pid, "open_calls")).toBe(0);
    expect(erlang.process_info(pid, "links")).toStrictEqual([]);
    expect(erlang.process_info(pid, "monitors")).toStrictEqual([]);
    expect(erlang.process_info(pid, "message_queue_len")).toBe(2);
    erlang.exit(pid, KILL);
  });

  test("a timer to a process stops with it", async () => {
    const pid = erlang.spawn(() => erlang.receive());
    const [after, timer] = [erlang.send_after(1_000_000, pid, 1), erlang.start_timer(1_000_000, pid, 1)];
    expect(erlang.read_timer(after)).toBeGreaterThan(0);
    erlang.exit(pid, KILL);
    expect(erlang.read_timer(after)).toBe(false);
    expect(erlang.cancel_timer(timer)).toBe(false);
  });

  test("a timer to a name goes on, since another process may have the name by then", () => {
    const pid = erlang.spawn(() => erlang.receive());
    erlang.register("a name for a timer", pid);
    const timer = erlang.send_after(1_000_000, "a name for a timer", 1);
    erlang.exit(pid, KILL);
    expect(erlang.cancel_timer(timer)).toBeGreaterThan(0);
  });
});

test.each([[undefined], [5], ["timer"]])("a timer reference that is %j cannot be cancelled or read", (ref) => {
  for (const ask of [erlang.cancel_timer, erlang.read_timer]) {
    expect(() => ask(ref as unknown as ReturnType<typeof erlang.make_ref>)).toThrow(
      "Cannot look at a timer: it must be what send_after or start_timer returned, got",
    );
  }
});
