/** The contract points of monitors, aliases, names, timers and atoms: inventory.md, P50 to P92. */
import { Atom, DOWN, ErlangError, KILL, NOPROC, NORMAL, TIMEOUT, atom, erlang, atoms } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { inProcess, next } from "./process.ts";

const { BADARG, FLUSH, KILLED, PROCESS, SYSTEM_LIMIT } = atoms;

const BOOM = atom.ensure("boom");
const waiting = (): Pid => erlang.spawn(() => erlang.receive((m) => m === "never"));
const badarg = expect.objectContaining({ reason: BADARG });
const silence = () => erlang.receive(undefined, { after: 10 });

async function dead(): Promise<Pid> {
  const [pid, ref] = erlang.spawn_monitor(() => undefined);
  await erlang.receive((m) => Array.isArray(m) && m[1] === ref);
  return pid;
}

describe("monitors", () => {
  test(
    "P50: monitor returns a new reference each time, and several monitors are independent",
    inProcess(async () => {
      const pid = waiting();
      const [r1, r2] = [erlang.monitor(PROCESS, pid), erlang.monitor("process", pid)];
      expect(r1).not.toBe(r2);
      erlang.demonitor(r1);
      erlang.exit(pid, BOOM);
      expect(await next()).toEqual([DOWN, r2, PROCESS, pid, BOOM]);
      expect(await silence()).toBe(TIMEOUT);
    }),
  );

  test(
    "P51: each monitor delivers exactly one 'DOWN', with any reason",
    inProcess(async () => {
      const ends: [unknown, unknown][] = [
        [BOOM, BOOM],
        [NORMAL, NORMAL],
        [KILL, KILL],
        [
          [BOOM, 1],
          [BOOM, 1],
        ],
      ];
      for (const [reason, seen] of ends) {
        const pid = erlang.spawn(async () => {
          await erlang.receive((m) => m === "go");
          erlang.exit(reason);
        });
        const refs = [erlang.monitor(PROCESS, pid), erlang.monitor(PROCESS, pid)];
        erlang.send(pid, "go");
        const got = [await next(), await next()];
        for (const ref of refs) expect(got).toContainEqual([DOWN, ref, PROCESS, pid, seen]);
        expect(await silence()).toBe(TIMEOUT);
      }
      const killed = waiting();
      const ref = erlang.monitor(PROCESS, killed);
      erlang.exit(killed, KILL);
      expect(await next()).toEqual([DOWN, ref, PROCESS, killed, KILLED]);
    }),
  );

  test(
    "P52: a monitor on the dead delivers 'DOWN' with noproc at once",
    inProcess(async () => {
      const pid = await dead();
      const ref = erlang.monitor(PROCESS, pid);
      expect(await erlang.receive(undefined, { after: 0 })).toEqual([DOWN, ref, PROCESS, pid, NOPROC]);
    }),
  );

  test(
    "P53: the monitoring process may die without effect on the monitored one",
    inProcess(async () => {
      const pid = waiting();
      const [, ref] = erlang.spawn_monitor(() => {
        erlang.monitor(PROCESS, pid);
        erlang.exit(BOOM);
      });
      expect(await next()).toEqual([DOWN, ref, PROCESS, expect.anything(), BOOM]);
      expect(erlang.is_process_alive(pid)).toBe(true);
      expect(erlang.process_info(pid, "monitored_by")).toEqual([]);
    }),
  );

  test(
    "P54: a monitor by name resolves the name once, and its 'DOWN' carries {Name,Node}",
    inProcess(async () => {
      const [first, second] = [waiting(), waiting()];
      erlang.register("p54", first);
      const ref = erlang.monitor(PROCESS, "p54");
      erlang.unregister("p54");
      erlang.register("p54", second);
      erlang.exit(second, BOOM);
      expect(await silence()).toBe(TIMEOUT);
      erlang.exit(first, BOOM);
      const named = [atom.ensure("p54"), erlang.node()];
      expect(await next()).toEqual([DOWN, ref, PROCESS, named, BOOM]);
      const gone = erlang.monitor(PROCESS, atom.ensure("p54"));
      expect(await next()).toEqual([DOWN, gone, PROCESS, named, NOPROC]);
    }),
  );

  test(
    "P55: after demonitor no 'DOWN' comes any more, one already in the mailbox stays",
    inProcess(async () => {
      const pid = waiting();
      expect(erlang.demonitor(erlang.monitor(PROCESS, pid))).toBe(true);
      const ref = erlang.monitor(PROCESS, pid);
      erlang.exit(pid, BOOM);
      await erlang.sleep(5);
      expect(erlang.demonitor(ref)).toBe(true);
      expect(await next()).toEqual([DOWN, ref, PROCESS, pid, BOOM]);
      expect(await silence()).toBe(TIMEOUT);
    }),
  );

  test(
    "P56: demonitor with flush also removes the 'DOWN' of that reference, and no other message",
    inProcess(async () => {
      const pid = waiting();
      const [r1, r2] = [erlang.monitor(PROCESS, pid), erlang.monitor(PROCESS, pid)];
      erlang.exit(pid, BOOM);
      erlang.send(erlang.self(), "other");
      await erlang.sleep(5);
      expect(erlang.demonitor(r1, [FLUSH])).toBe(true);
      expect(await next()).toEqual([DOWN, r2, PROCESS, pid, BOOM]);
      expect(await next()).toBe("other");
    }),
  );

  test(
    "P57: spawn_monitor is atomic: the reason is never noproc",
    inProcess(async () => {
      for (let n = 0; n < 50; n += 1) {
        const [pid, ref] = erlang.spawn_monitor(() => erlang.exit(BOOM));
        expect(await next()).toEqual([DOWN, ref, PROCESS, pid, BOOM]);
      }
    }),
  );

  test(
    "P58: the name of the dead is free before any 'DOWN' for it is delivered",
    inProcess(async () => {
      const pid = waiting();
      erlang.register("p58", pid);
      const ref = erlang.monitor(PROCESS, pid);
      erlang.exit(pid, KILL);
      expect(await next()).toEqual([DOWN, ref, PROCESS, pid, KILLED]);
      expect(erlang.whereis("p58")).toBeUndefined();
      expect(erlang.register("p58", erlang.self())).toBe(true);
    }),
  );
});

describe("aliases", () => {
  test(
    "P60: a message to an active alias reaches the process that made it",
    inProcess(async () => {
      const alias = erlang.alias();
      erlang.spawn(() => erlang.send(alias, "hello"));
      expect(await next()).toBe("hello");
    }),
  );

  test(
    "P61: a message to a deactivated alias is dropped; those in the mailbox stay",
    inProcess(async () => {
      const alias = erlang.alias();
      erlang.send(alias, "before");
      expect(erlang.unalias(alias)).toBe(true);
      erlang.send(alias, "after");
      expect(erlang.unalias(alias)).toBe(false);
      expect(await next()).toBe("before");
      expect(await silence()).toBe(TIMEOUT);
    }),
  );

  test(
    "P62: monitor with {alias,demonitor} is one reference for both, which demonitor and the 'DOWN' deactivate",
    inProcess(async () => {
      const pid = waiting();
      const r1 = erlang.monitor(PROCESS, pid, { alias: "demonitor" });
      erlang.send(r1, "one");
      expect(await next()).toBe("one");
      erlang.demonitor(r1);
      erlang.send(r1, "two");
      expect(await silence()).toBe(TIMEOUT);
      const r2 = erlang.monitor(PROCESS, pid, { alias: "demonitor" });
      erlang.exit(pid, BOOM);
      expect(await next()).toEqual([DOWN, r2, PROCESS, pid, BOOM]);
      erlang.send(r2, "three");
      expect(await silence()).toBe(TIMEOUT);
    }),
  );
});

describe("the registry", () => {
  test(
    "P70: register makes a name a destination, and whereis gives the pid or undefined",
    inProcess(async () => {
      expect(erlang.whereis("p70")).toBeUndefined();
      expect(erlang.register("p70", erlang.self())).toBe(true);
      expect(erlang.whereis(atom.ensure("p70"))).toBe(erlang.self());
      erlang.send("p70", "hello");
      expect(await next()).toBe("hello");
    }),
  );

  test(
    "P71: register is badarg for a name in use, a process with a name, a dead process and the name undefined",
    inProcess(async () => {
      const [a, b] = [waiting(), waiting()];
      erlang.register("p71", a);
      expect(() => erlang.register("p71", b)).toThrow(badarg);
      expect(() => erlang.register("p71", a)).toThrow(badarg);
      expect(() => erlang.register("p71_other", a)).toThrow(badarg);
      const gone = await dead();
      expect(() => erlang.register("p71_other", gone)).toThrow(badarg);
      expect(() => erlang.register("undefined", b)).toThrow(badarg);
      expect(erlang.whereis("p71_other")).toBeUndefined();
    }),
  );

  test(
    "P72: unregister leaves the process alive; an unknown name is badarg",
    inProcess(() => {
      const pid = waiting();
      erlang.register("p72", pid);
      expect(erlang.unregister("p72")).toBe(true);
      expect(erlang.is_process_alive(pid)).toBe(true);
      expect(() => erlang.unregister("p72")).toThrow(badarg);
    }),
  );

  test(
    "P73: registered lists all names",
    inProcess(() => {
      const pid = waiting();
      erlang.register("p73", pid);
      erlang.register("p73_self", erlang.self());
      expect(erlang.registered()).toEqual(expect.arrayContaining([atom.ensure("p73"), atom.ensure("p73_self")]));
      erlang.unregister("p73");
      expect(erlang.registered()).not.toContain(atom.ensure("p73"));
    }),
  );

  test(
    "P74: a name is free when its process has ended, and can be given again at once",
    inProcess(() => {
      for (let n = 0; n < 20; n += 1) {
        const pid = waiting();
        expect(erlang.register("p74", pid)).toBe(true);
        erlang.exit(pid, KILL);
        expect(erlang.whereis("p74")).toBeUndefined();
      }
    }),
  );
});

describe("timers", () => {
  test(
    "P80: send_after delivers the message once, not before its time",
    inProcess(async () => {
      const begun = performance.now();
      erlang.send_after(30, erlang.self(), "late");
      expect(await next()).toBe("late");
      expect(performance.now() - begun).toBeGreaterThanOrEqual(29);
      expect(await erlang.receive(undefined, { after: 60 })).toBe(TIMEOUT);
    }),
  );

  test(
    "P81: start_timer delivers {timeout,TimerRef,Msg}",
    inProcess(async () => {
      const ref = erlang.start_timer(10, erlang.self(), "tick");
      expect(await next()).toEqual([TIMEOUT, ref, "tick"]);
    }),
  );

  test(
    "P82: cancel_timer gives the ms left, or false; after a number the message does not come",
    inProcess(async () => {
      const ref = erlang.send_after(10_000, erlang.self(), "never");
      const left = erlang.cancel_timer(ref);
      expect(left).toSatisfy((ms) => Number.isInteger(ms) && ms > 0 && ms <= 10_000);
      expect(erlang.cancel_timer(ref)).toBe(false);
      const soon = erlang.send_after(1, erlang.self(), "now");
      expect(await next()).toBe("now");
      expect(erlang.cancel_timer(soon)).toBe(false);
      expect(erlang.cancel_timer(erlang.make_ref())).toBe(false);
      const cancelled = erlang.send_after(15, erlang.self(), "never");
      expect(erlang.cancel_timer(cancelled)).not.toBe(false);
      expect(await erlang.receive(undefined, { after: 40 })).toBe(TIMEOUT);
    }),
  );

  test(
    "P83: a timer for a dead process is silent; a name is resolved when it fires, and silent without a process",
    inProcess(async () => {
      erlang.send_after(5, await dead(), "x");
      erlang.send_after(5, "p83_nobody", "x");
      erlang.send_after(10, "p83", "by name");
      erlang.register("p83", erlang.self());
      expect(await next()).toBe("by name");
      expect(await erlang.receive(undefined, { after: 20 })).toBe(TIMEOUT);
    }),
  );
});

describe("atoms", () => {
  test("P90: equal texts give the same atom", () => {
    expect(atom.ensure("p90")).toBe(atom.ensure(["p", "90"].join("")));
    expect(atom.ensure("p90")).not.toBe(atom.ensure("p91"));
    expect(atom.ensure("p90")).toBeInstanceOf(Atom);
    expect(atom.ensure("").name).toBe("");
  });

  test("P91: existing is badarg for a text that is no atom yet, and creates none", () => {
    const count = atom.count();
    expect(() => atom.existing("p91_never_made")).toThrow(badarg);
    expect(() => atom.existing("p91_never_made")).toThrow(ErlangError);
    expect(atom.exists("p91_never_made")).toBe(false);
    expect(atom.count()).toBe(count);
    const made = atom.ensure("p91_made");
    expect(atom.existing("p91_made")).toBe(made);
  });

  test("P92: an atom has at most 255 characters, more is system_limit", () => {
    expect(atom.ensure("p".repeat(255)).name).toHaveLength(255);
    expect(() => atom.ensure("p".repeat(256))).toThrow(expect.objectContaining({ reason: SYSTEM_LIMIT }));
    // Characters, not UTF-16 units.
    expect(atom.ensure("😀".repeat(255)).name).toHaveLength(510);
    expect(() => atom.ensure("😀".repeat(256))).toThrow(expect.objectContaining({ reason: SYSTEM_LIMIT }));
  });
});
