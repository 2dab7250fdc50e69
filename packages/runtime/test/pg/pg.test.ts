import { erlang, gen_server, OK } from "@otpts/runtime";
import { JOIN, LEAVE, NOT_JOINED, pg } from "@otpts/runtime/pg";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const kit = testing.setup({ beforeEach, afterEach });

test("the scope pg is the default", async () => {
  await kit.start_supervised(() => pg.start_link());
  const probe = kit.probe();
  expect(await pg.join("group", probe.pid)).toBe(OK);
  expect(pg.get_members("group")).toStrictEqual([probe.pid]);
  expect(pg.which_groups()).toStrictEqual(["group"]);
  expect(await pg.leave("group", probe.pid)).toBe(OK);
  expect(await pg.leave("group", probe.pid)).toBe(NOT_JOINED);
  expect(pg.get_members("group")).toStrictEqual([]);
});

test("groups are terms, and equal terms are the same group", async () => {
  await kit.start_supervised(() => pg.start_link("sc"));
  const probe = kit.probe();
  await pg.join("sc", ["room", { id: 7 }], probe.pid);
  expect(pg.get_members("sc", ["room", { id: 7 }])).toStrictEqual([probe.pid]);
  expect(pg.get_members("sc", ["room", { id: 8 }])).toStrictEqual([]);
});

test("a leave is announced with all its processes, and a death once for each time that the process had joined", async () => {
  await kit.start_supervised(() => pg.start_link("sc"));
  const [a, b] = [kit.probe(), kit.probe()];
  const watcher = kit.probe();
  const [ref, members] = await watcher.run(() => pg.monitor("sc", "g"));
  expect(members).toStrictEqual([]);
  await pg.join("sc", "g", [a.pid, a.pid, a.pid]);
  expect(await watcher.receive()).toStrictEqual([ref, JOIN, "g", [a.pid, a.pid, a.pid]]);
  await pg.leave("sc", "g", [a.pid, b.pid]);
  expect(await watcher.receive()).toStrictEqual([ref, LEAVE, "g", [a.pid, b.pid]]);
  erlang.exit(a.pid, "over");
  expect(await watcher.receive()).toStrictEqual([ref, LEAVE, "g", [a.pid]]);
  expect(await watcher.receive()).toStrictEqual([ref, LEAVE, "g", [a.pid]]);
});

test("monitor_scope returns all groups, and reports all changes", async () => {
  await kit.start_supervised(() => pg.start_link("sc"));
  const [a, watcher] = [kit.probe(), kit.probe()];
  await pg.join("sc", "g", a.pid);
  const [ref, groups] = await watcher.run(() => pg.monitor_scope("sc"));
  expect(groups).toStrictEqual([["g", [a.pid]]]);
  await pg.join("sc", "h", a.pid);
  expect(await watcher.receive()).toStrictEqual([ref, JOIN, "h", [a.pid]]);
  expect(await watcher.run(() => pg.demonitor("sc", ref))).toBe(OK);
  expect(await watcher.run(() => pg.demonitor("sc", ref))).toBe(false);
});

test("members are listed newest first, and simultaneous ones in their order; a leave removes the newest", async () => {
  await kit.start_supervised(() => pg.start_link("sc"));
  const [a, b, c] = [kit.probe().pid, kit.probe().pid, kit.probe().pid];
  await pg.join("sc", "g", a);
  await pg.join("sc", "g", b);
  await pg.join("sc", "g", [c, a]);
  expect(pg.get_members("sc", "g")).toStrictEqual([c, a, b, a]);
  await pg.leave("sc", "g", a);
  expect(pg.get_members("sc", "g")).toStrictEqual([c, b, a]);
});

test("a missing scope is treated by which_groups as a scope without groups", () => {
  expect(() => pg.which_groups("nowhere")).toThrow('the scope "nowhere": it is not started');
});

test("a stopped scope has no groups, and joining there exits with noproc", async () => {
  const scope = await pg.start("sc");
  const a = kit.probe();
  await pg.join("sc", "g", a.pid);
  erlang.exit(scope, "kill");
  await testing.eventually(() => !erlang.is_process_alive(scope));
  expect(pg.get_members("sc", "g")).toStrictEqual([]);
  await expect(pg.join("sc", "g", a.pid)).rejects.toThrow('Call to "sc"');
  kit.allow_reports();
});

test("a member that monitors and dies leaves nothing in the scope", async () => {
  const pid = await kit.start_supervised(() => pg.start_link("sc"));
  const a = kit.probe();
  await a.run(() => pg.monitor("sc", "g"));
  await pg.join("sc", "g", a.pid);
  erlang.exit(a.pid, "over");
  await testing.eventually(() => pg.which_groups("sc").length === 0);
  expect(erlang.process_info(pid, "monitors")).toStrictEqual([]);
});

test("a value that is not a pid is refused, and the scope lives on", async () => {
  const pid = await kit.start_supervised(() => pg.start_link("sc"));
  await expect(pg.join("sc", "g", "not a pid" as never)).rejects.toThrow("members are pids");
  expect(erlang.is_process_alive(pid)).toBe(true);
  expect(await gen_server.call(pid, ["join", 1] as never).catch(() => "crashed")).toBe("crashed");
  kit.allow_reports();
});
