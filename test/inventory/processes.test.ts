/** The contract points of processes: inventory.md, P01 to P44. */
import {
  DOWN,
  EXIT,
  ErlangError,
  Exit,
  KILL,
  NOPROC,
  NORMAL,
  SHUTDOWN,
  Stack,
  TIMEOUT,
  TRAP_EXIT,
  Thrown,
  atom,
  erlang,
  atoms,
} from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { describe, expect, test } from "vitest";
import { inProcess, next, recordedCases } from "./process.ts";

const { BADARG, KILLED, PROCESS } = atoms;

const BOOM = atom.ensure("boom");
const GO = atom.ensure("go");

/** A process that waits for ever. */
const waiting = (): Pid => erlang.spawn(() => erlang.receive((m) => m === "never"));
/** A process that runs `body` when it gets GO. */
const onGo = (body: () => unknown): Pid =>
  erlang.spawn(async () => {
    await erlang.receive((m) => m === GO);
    await body();
  });
/** The reason a process that runs this body ends with. */
async function reasonOf(body: () => unknown): Promise<unknown> {
  const [, ref] = erlang.spawn_monitor(body);
  const [, , , , reason] = (await erlang.receive((m) => Array.isArray(m) && m[1] === ref)) as unknown[];
  return reason;
}
/** Waits for the death of a process; its reason. */
async function death(pid: Pid): Promise<unknown> {
  const ref = erlang.monitor(PROCESS, pid);
  const [, , , , reason] = (await erlang.receive((m) => Array.isArray(m) && m[1] === ref)) as unknown[];
  return reason;
}
/** A process that traps exits and forwards every message to `to` as [tag, message]. */
async function trapper(to: Pid, tag: unknown): Promise<Pid> {
  const pid = erlang.spawn(async () => {
    erlang.process_flag(TRAP_EXIT, true);
    erlang.send(to, [tag, "ready"]);
    for (;;) erlang.send(to, [tag, await erlang.receive()]);
  });
  expect(await next()).toEqual([tag, "ready"]);
  return pid;
}

describe("recorded from Erlang/OTP 25", () => {
  recordedCases("prx_");
  recordedCases("plx_");
});

describe("creation and termination", () => {
  test(
    "P01: spawn returns the pid at once and does not wait for the function",
    inProcess(async () => {
      let finished = false;
      const pid = erlang.spawn(async () => {
        await erlang.receive((m) => m === GO);
        finished = true;
      });
      expect(erlang.is_process_alive(pid)).toBe(true);
      expect(finished).toBe(false);
      erlang.send(pid, GO);
      await death(pid);
      expect(finished).toBe(true);
    }),
  );

  test(
    "P02: a process whose function returns ends with normal, whatever the value",
    inProcess(async () => {
      for (const value of [undefined, 42, BOOM, [EXIT, BOOM], { error: true }]) {
        expect(await reasonOf(() => value)).toBe(NORMAL);
        expect(await reasonOf(() => Promise.resolve(value))).toBe(NORMAL);
      }
    }),
  );

  test(
    "P03: an exit that is not caught ends the process with that reason",
    inProcess(async () => {
      const term = [BOOM, [1, 2]];
      expect(await reasonOf(() => erlang.exit(term))).toBe(term);
      expect(await reasonOf(() => Promise.resolve().then(() => erlang.exit(BOOM)))).toBe(BOOM);
    }),
  );

  test(
    "P04: a run-time error that is not caught ends the process with {E,Stack}",
    inProcess(async () => {
      const ends = [() => erlang.error(BOOM), () => Promise.resolve().then(() => erlang.error(BOOM))];
      for (const end of ends) expect(await reasonOf(end)).toEqual([BOOM, expect.any(Stack)]);
      expect(await reasonOf(() => erlang.unregister("nobody_has_it"))).toEqual([BADARG, expect.any(Stack)]);
      const error = new Error("broken");
      const reason = (await reasonOf(() => {
        throw error;
      })) as unknown[];
      expect(reason[0]).toBe(error);
      expect(reason[1]).toBeInstanceOf(Stack);
    }),
  );

  test(
    "P05: an uncaught throw ends the process with {{nocatch,T},Stack}",
    inProcess(async () => {
      const nocatch = atom.ensure("nocatch");
      expect(await reasonOf(() => erlang.throw(BOOM))).toEqual([[nocatch, BOOM], expect.any(Stack)]);
    }),
  );

  test(
    "P06: exit, error and throw can be caught inside; an exit signal cannot and runs no catch or finally",
    inProcess(async () => {
      const caught: string[] = [];
      for (const raise of [() => erlang.exit(BOOM), () => erlang.error(BOOM), () => erlang.throw(BOOM)]) {
        try {
          raise();
        } catch (error) {
          caught.push((error as Error).name);
        }
      }
      expect(caught).toEqual([new Exit(1).name, new ErlangError(1).name, new Thrown(1).name]);
      const trail: string[] = [];
      const pid = erlang.spawn(async () => {
        try {
          trail.push("begin");
          await erlang.receive((m) => m === "never");
        } catch {
          trail.push("catch");
        } finally {
          trail.push("finally");
        }
      });
      const ref = erlang.monitor(PROCESS, pid);
      erlang.send_after(10, erlang.self(), "begun");
      await next();
      erlang.exit(pid, BOOM);
      expect(await next()).toEqual([DOWN, ref, PROCESS, pid, BOOM]);
      await erlang.sleep(20);
      expect(trail).toEqual(["begin"]);
    }),
  );

  test(
    "P07: is_process_alive is false once the process has exited, and stays false",
    inProcess(async () => {
      const pid = onGo(() => undefined);
      expect(erlang.is_process_alive(pid)).toBe(true);
      erlang.send(pid, GO);
      await death(pid);
      expect(erlang.is_process_alive(pid)).toBe(false);
      for (let n = 0; n < 100; n += 1) erlang.spawn(() => undefined);
      expect(erlang.is_process_alive(pid)).toBe(false);
    }),
  );

  test(
    "P08: exit(P,kill) and then is_process_alive(P) gives false",
    inProcess(() => {
      for (const reason of [KILL, BOOM]) {
        const pid = waiting();
        erlang.exit(pid, reason);
        expect(erlang.is_process_alive(pid)).toBe(false);
      }
    }),
  );
});

describe("messages and mailbox", () => {
  test(
    "P10: send to a pid returns the message, even if the receiver is dead, and has no other result",
    inProcess(async () => {
      const pid = erlang.spawn(() => undefined);
      await death(pid);
      const message = [BOOM];
      expect(erlang.send(pid, message)).toBe(message);
      expect(erlang.send(erlang.self(), message)).toBe(message);
      expect(await next()).toBe(message);
      expect(await erlang.receive(undefined, { after: 10 })).toBe(TIMEOUT);
    }),
  );

  test(
    "P11: a message to an unregistered name is badarg in the sender",
    inProcess(() => {
      expect(() => erlang.send("nobody_has_it", BOOM)).toThrow(expect.objectContaining({ reason: BADARG }));
    }),
  );

  test(
    "P12: signals of all kinds from one sender arrive in the order they were sent",
    inProcess(async () => {
      const pid = await trapper(erlang.self(), "t");
      const sender = erlang.spawn(async () => {
        erlang.send(pid, 1);
        erlang.exit(pid, BOOM);
        erlang.send(pid, 2);
        erlang.link(pid);
        erlang.send(pid, 3);
        erlang.exit(SHUTDOWN);
      });
      const seen = [await next(), await next(), await next(), await next(), await next()];
      expect(seen).toEqual([
        ["t", 1],
        ["t", [EXIT, sender, BOOM]],
        ["t", 2],
        ["t", 3],
        ["t", [EXIT, sender, SHUTDOWN]],
      ]);
    }),
  );

  test(
    "P13: of several senders, each one's order is kept, whatever the order between them",
    inProcess(async () => {
      const main = erlang.self();
      for (const who of ["x", "y"]) {
        erlang.spawn(async () => {
          for (let n = 0; n < 50; n += 1) {
            erlang.send(main, [who, n]);
            if (n % 7 === 0) await erlang.sleep(0);
          }
        });
      }
      const seen: Record<string, number[]> = { x: [], y: [] };
      for (let n = 0; n < 100; n += 1) {
        const [who, k] = (await next()) as [string, number];
        seen[who]!.push(k);
      }
      const inOrder = Array.from({ length: 50 }, (_, n) => n);
      expect(seen).toEqual({ x: inOrder, y: inOrder });
    }),
  );

  test(
    "P14: messages enter the mailbox at its end",
    inProcess(async () => {
      const self = erlang.self();
      for (let n = 0; n < 5; n += 1) erlang.send(self, n);
      for (let n = 0; n < 5; n += 1) expect(await next()).toBe(n);
    }),
  );

  test(
    "P15: receive takes the first message that matches, the others stay in order",
    inProcess(async () => {
      const self = erlang.self();
      for (const message of ["a", 1, "b", 2, "c", 3]) erlang.send(self, message);
      expect(await erlang.receive((m) => typeof m === "number")).toBe(1);
      expect(await erlang.receive((m) => m === "c")).toBe("c");
      expect([await next(), await next(), await next(), await next()]).toEqual(["a", "b", 2, 3]);
    }),
  );

  test(
    "P16: messages that do not match do not restart the time of receive … after T",
    inProcess(async () => {
      const self = erlang.self();
      let noises = 0;
      const noise = erlang.spawn(async () => {
        for (;;) {
          erlang.send(self, "noise");
          noises += 1;
          await erlang.sleep(5);
        }
      });
      // Were the time restarted by each noise, this would never return.
      expect(await erlang.receive((m) => m === "wanted", { after: 40 })).toBe(TIMEOUT);
      erlang.exit(noise, KILL);
      const sent = noises;
      for (let n = 0; n < sent; n += 1) expect(await next()).toBe("noise");
    }),
  );

  test(
    "P17: receive … after 0 takes a waiting message and does not wait otherwise",
    inProcess(async () => {
      expect(await erlang.receive(undefined, { after: 0 })).toBe(TIMEOUT);
      erlang.send(erlang.self(), "here");
      expect(await erlang.receive((m) => m === "not this", { after: 0 })).toBe(TIMEOUT);
      expect(await erlang.receive((m) => m === "here", { after: 0 })).toBe("here");
    }),
  );

  test(
    "P18: a message that no receive takes stays in the mailbox without harm",
    inProcess(async () => {
      const pid = waiting();
      for (let n = 0; n < 10; n += 1) erlang.send(pid, n);
      await erlang.sleep(5);
      expect(erlang.process_info(pid, "message_queue_len")).toBe(10);
      expect(erlang.is_process_alive(pid)).toBe(true);
    }),
  );
});

describe("links", () => {
  test(
    "P20: a link is bidirectional",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const mine = onGo(() => erlang.exit(BOOM));
      erlang.link(mine);
      erlang.send(mine, GO);
      expect(await next()).toEqual([EXIT, mine, BOOM]);
      const self = erlang.self();
      const theirs = erlang.spawn(async () => {
        erlang.link(self);
        await erlang.receive((m) => m === GO);
        erlang.exit(BOOM);
      });
      erlang.send(theirs, GO);
      expect(await next()).toEqual([EXIT, theirs, BOOM]);
    }),
  );

  test(
    "P21: there is at most one link between two processes, and one unlink removes it",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const twice = onGo(() => erlang.exit(BOOM));
      erlang.link(twice);
      erlang.link(twice);
      expect(erlang.process_info(twice, "links")).toEqual([erlang.self()]);
      erlang.send(twice, GO);
      expect(await next()).toEqual([EXIT, twice, BOOM]);
      expect(await erlang.receive(undefined, { after: 10 })).toBe(TIMEOUT);
      const once = onGo(() => erlang.exit(BOOM));
      erlang.link(once);
      erlang.link(once);
      erlang.unlink(once);
      erlang.send(once, GO);
      await death(once);
      expect(await erlang.receive(undefined, { after: 10 })).toBe(TIMEOUT);
    }),
  );

  test(
    "P22: either side may create or remove the link",
    inProcess(async () => {
      const self = erlang.self();
      const pid = erlang.spawn(async () => {
        erlang.link(self);
        await erlang.receive((m) => m === GO);
        erlang.exit(BOOM);
      });
      await erlang.sleep(5);
      expect(erlang.process_info(self, "links")).toEqual([pid]);
      erlang.unlink(pid);
      expect(erlang.process_info(pid, "links")).toEqual([]);
      erlang.send(pid, GO);
      expect(await death(pid)).toBe(BOOM);
    }),
  );

  test(
    "P23: link to oneself returns true and does nothing",
    inProcess(() => {
      expect(erlang.link(erlang.self())).toBe(true);
      expect(erlang.process_info(erlang.self(), "links")).toEqual([]);
    }),
  );

  test(
    "P24: link to the dead by a trapping process: true, and {'EXIT',Pid,noproc}",
    inProcess(async () => {
      const pid = erlang.spawn(() => erlang.exit(BOOM));
      await death(pid);
      erlang.process_flag(TRAP_EXIT, true);
      expect(erlang.link(pid)).toBe(true);
      expect(await next()).toEqual([EXIT, pid, NOPROC]);
    }),
  );

  test(
    "P25: link to the dead by a process that does not trap: error noproc, raised by link itself",
    inProcess(async () => {
      const pid = erlang.spawn(() => undefined);
      await death(pid);
      expect(() => erlang.link(pid)).toThrow(ErlangError);
      expect(() => erlang.link(pid)).toThrow(expect.objectContaining({ reason: NOPROC }));
    }),
  );

  test(
    "P26: after unlink the link has no effect any more, but an 'EXIT' that is already there stays",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const pid = onGo(() => erlang.exit(BOOM));
      erlang.link(pid);
      erlang.send(pid, GO);
      await death(pid);
      expect(erlang.unlink(pid)).toBe(true);
      expect(await next()).toEqual([EXIT, pid, BOOM]);
      const other = onGo(() => erlang.exit(BOOM));
      erlang.link(other);
      erlang.unlink(other);
      erlang.send(other, GO);
      await death(other);
      expect(await erlang.receive(undefined, { after: 10 })).toBe(TIMEOUT);
    }),
  );

  test(
    "P27: unlink of a process that is not linked returns true",
    inProcess(async () => {
      const pid = waiting();
      expect(erlang.unlink(pid)).toBe(true);
      erlang.exit(pid, KILL);
      expect(erlang.unlink(pid)).toBe(true);
    }),
  );

  test(
    "P28: spawn_link is atomic: the parent gets the real reason even if the child dies at once",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      for (let n = 0; n < 50; n += 1) {
        const pid = erlang.spawn_link(() => erlang.exit(BOOM));
        expect(await next()).toEqual([EXIT, pid, BOOM]);
      }
    }),
  );

  test(
    "P29: the links of the dead are gone, and its name is free before any 'EXIT' is delivered",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const pid = waiting();
      erlang.register("p29", pid);
      erlang.link(pid);
      erlang.exit(pid, BOOM);
      expect(await next()).toEqual([EXIT, pid, BOOM]);
      expect(erlang.whereis("p29")).toBeUndefined();
      expect(erlang.process_info(erlang.self(), "links")).toEqual([]);
    }),
  );
});

describe("exit signals", () => {
  /** A process that links to `to` and then waits. */
  const linkedTo = async (to: Pid): Promise<Pid> => {
    const main = erlang.self();
    const pid = erlang.spawn(async () => {
      erlang.link(to);
      erlang.send(main, "linked");
      await erlang.receive((m) => m === "never");
    });
    expect(await next()).toBe("linked");
    return pid;
  };

  test(
    "P30: an exit signal from a link ends a process that does not trap, with the same reason",
    inProcess(async () => {
      const dying = onGo(() => erlang.exit([BOOM, 1]));
      const linked = await linkedTo(dying);
      erlang.send(dying, GO);
      expect(await death(linked)).toEqual([BOOM, 1]);
    }),
  );

  test(
    "P31: an exit signal from a link with reason normal is ignored by a process that does not trap",
    inProcess(async () => {
      const dying = onGo(() => undefined);
      const linked = await linkedTo(dying);
      erlang.send(dying, GO);
      await death(dying);
      expect(erlang.is_process_alive(linked)).toBe(true);
    }),
  );

  test(
    "P32: a process that traps gets a message for every exit signal from a link, normal included",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      for (const reason of [BOOM, NORMAL, SHUTDOWN, [SHUTDOWN, 1]]) {
        const pid = erlang.spawn_link(() => erlang.exit(reason));
        expect(await next()).toEqual([EXIT, pid, reason]);
      }
    }),
  );

  test(
    "P33: process_flag returns the old value, at first false",
    inProcess(() => {
      expect(erlang.process_flag(TRAP_EXIT, true)).toBe(false);
      expect(erlang.process_flag(TRAP_EXIT, true)).toBe(true);
      expect(erlang.process_flag("trap_exit", false)).toBe(true);
      expect(erlang.process_flag(TRAP_EXIT, false)).toBe(false);
    }),
  );

  test(
    "P34: whether a signal is trapped is decided when it is received",
    inProcess(async () => {
      const main = erlang.self();
      const pid = erlang.spawn(async () => {
        erlang.process_flag(TRAP_EXIT, true);
        erlang.send(main, "trapping");
        await erlang.receive((m) => m === GO);
        erlang.process_flag(TRAP_EXIT, false);
        erlang.send(main, "not trapping");
        await erlang.receive((m) => m === "never");
      });
      expect(await next()).toBe("trapping");
      erlang.exit(pid, BOOM);
      erlang.send(pid, GO);
      expect(await next()).toBe("not trapping");
      expect(erlang.process_info(pid, "messages")).toEqual([[EXIT, main, BOOM]]);
      erlang.exit(pid, SHUTDOWN);
      expect(erlang.is_process_alive(pid)).toBe(false);
    }),
  );

  test(
    "P35: exit(Pid,Reason) returns true and needs no link",
    inProcess(async () => {
      const pid = waiting();
      const ref = erlang.monitor(PROCESS, pid);
      expect(erlang.exit(pid, BOOM)).toBe(true);
      expect(await next()).toEqual([DOWN, ref, PROCESS, pid, BOOM]);
    }),
  );

  test(
    "P36: exit(Pid,normal) is ignored by a process that does not trap, and a message to one that does",
    inProcess(async () => {
      const pid = waiting();
      erlang.exit(pid, NORMAL);
      expect(erlang.is_process_alive(pid)).toBe(true);
      const trapping = await trapper(erlang.self(), "t");
      erlang.exit(trapping, NORMAL);
      expect(await next()).toEqual(["t", [EXIT, erlang.self(), NORMAL]]);
    }),
  );

  test(
    "P37: exit(self(),normal) ends a process that does not trap",
    inProcess(async () => {
      let after = false;
      const reason = await reasonOf(() => {
        erlang.exit(erlang.self(), NORMAL);
        after = true;
      });
      expect(reason).toBe(NORMAL);
      expect(after).toBe(false);
    }),
  );

  test(
    "P38: exit(Pid,kill) ends a process even when it traps, and its reason is killed",
    inProcess(async () => {
      const pid = await trapper(erlang.self(), "t");
      const ref = erlang.monitor(PROCESS, pid);
      erlang.exit(pid, KILL);
      expect(await next()).toEqual([DOWN, ref, PROCESS, pid, KILLED]);
    }),
  );

  test(
    "P39: a process linked to a killed one receives killed, which can be trapped",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const pid = waiting();
      erlang.link(pid);
      const linked = await linkedTo(pid);
      erlang.exit(pid, KILL);
      expect(await next()).toEqual([EXIT, pid, KILLED]);
      expect(erlang.is_process_alive(linked)).toBe(false);
    }),
  );

  test(
    "P40: a process that exits with kill by itself sends kill over its links: trapped, or fatal with kill",
    inProcess(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const pid = onGo(() => erlang.exit(KILL));
      erlang.link(pid);
      const linked = await linkedTo(pid);
      const ref = erlang.monitor(PROCESS, linked);
      erlang.send(pid, GO);
      const got = [await next(), await next()];
      expect(got).toContainEqual([EXIT, pid, KILL]);
      expect(got).toContainEqual([DOWN, ref, PROCESS, linked, KILL]);
    }),
  );

  test(
    "P41: an exit signal over a link that has been removed is dropped",
    inProcess(async () => {
      const pid = erlang.spawn(() => erlang.exit(BOOM));
      // The process has not run yet; its exit signal comes too late.
      erlang.link(pid);
      erlang.unlink(pid);
      await death(pid);
      expect(erlang.is_process_alive(erlang.self())).toBe(true);
    }),
  );

  test(
    "P42: exit(Pid,Reason) to the dead returns true and does nothing",
    inProcess(async () => {
      const pid = erlang.spawn(() => undefined);
      await death(pid);
      expect(erlang.exit(pid, BOOM)).toBe(true);
      expect(await death(pid)).toBe(NOPROC);
    }),
  );

  test(
    "P43: a process taken down by an exit signal passes the reason on over its links",
    inProcess(async () => {
      const first = waiting();
      const second = await linkedTo(first);
      const third = await linkedTo(second);
      const ref = erlang.monitor(PROCESS, third);
      erlang.exit(first, [BOOM, 1]);
      expect(await next()).toEqual([DOWN, ref, PROCESS, third, [BOOM, 1]]);
    }),
  );

  test(
    "P44: shutdown and {shutdown,Term} are not special for links",
    inProcess(async () => {
      for (const reason of [SHUTDOWN, [SHUTDOWN, 1]]) {
        const dying = waiting();
        const linked = await linkedTo(dying);
        const ref = erlang.monitor(PROCESS, linked);
        erlang.exit(dying, reason);
        expect(await next()).toEqual([DOWN, ref, PROCESS, linked, reason]);
      }
    }),
  );
});
