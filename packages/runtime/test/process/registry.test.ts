import { ErlangError, KILL, atom, erlang, type Pid, atoms } from "@otpts/runtime";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const { BADARG } = atoms;

let pid: Pid;
let other: Pid;
beforeEach(() => {
  pid = erlang.spawn(() => erlang.receive());
  other = erlang.spawn(() => erlang.receive());
});
afterEach(() => {
  erlang.exit(pid, KILL);
  erlang.exit(other, KILL);
});

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ErlangError);
    expect((error as ErlangError).reason).toBe(BADARG);
    return (error as Error).message;
  }
  throw new Error("it was not refused");
}

describe("register", () => {
  test("treats a string and the atom of the same name as the same name", () => {
    expect(erlang.register("mine", pid)).toBe(true);
    expect(erlang.whereis(atom.ensure("mine"))).toBe(pid);
    expect(erlang.whereis("mine")).toBe(pid);
    expect(erlang.registered()).toContain(atom.ensure("mine"));
    expect(erlang.process_info(pid, "registered_name")).toBe(atom.ensure("mine"));
  });

  test.each([
    [
      "a name in use",
      () => (erlang.register("mine", other), erlang.register("mine", pid)),
      () => `Cannot register ${pid} as "mine": the name belongs to ${other}`,
    ],
    [
      "a second name",
      () => (erlang.register("mine", pid), erlang.register("yours", pid)),
      () => `Cannot register ${pid} as "yours": the process is already registered as "mine"`,
    ],
    [
      "a dead process",
      () => (erlang.exit(pid, KILL), erlang.register("mine", pid)),
      () => `Cannot register ${pid} as "mine": the process is dead`,
    ],
    [
      "the name undefined",
      () => erlang.register("undefined", pid),
      () => `Cannot register ${pid} as "undefined": "undefined" is not a name`,
    ],
    [
      "an invalid name",
      () => erlang.register(7 as never, pid),
      () => `Cannot register ${pid} as 7: a name is a string or an atom`,
    ],
    [
      "an invalid pid",
      () => erlang.register("mine", "yours" as never),
      () => `Cannot register: a pid is needed, got "yours" (use erlang.whereis for a name)`,
    ],
  ])("refuses %s", (_what, act, text) => {
    expect(refusal(act)).toBe(text());
  });

  test.each(["constructor", "__proto__", "hasOwnProperty"])("leaves %s unknown until it is registered", (name) => {
    expect(erlang.whereis(name)).toBeUndefined();
    erlang.register(name, pid);
    expect(erlang.whereis(name)).toBe(pid);
  });
});

describe("unregister", () => {
  test("frees the name, and the process can take another", () => {
    erlang.register("mine", pid);
    expect(erlang.unregister("mine")).toBe(true);
    expect(erlang.whereis("mine")).toBeUndefined();
    expect(erlang.process_info(pid, "registered_name")).toBeUndefined();
    erlang.register("mine", other);
    erlang.register("another", pid);
  });

  test("refuses an unknown name", () => {
    expect(refusal(() => erlang.unregister("nobody"))).toBe('Cannot unregister "nobody": no process has this name');
  });
});

describe("a name", () => {
  test("is free before any process is notified of the death", async () => {
    erlang.register("mine", pid);
    const seen = await inside(async () => {
      erlang.process_flag("trap_exit", true);
      erlang.link(pid);
      erlang.monitor("process", pid);
      erlang.exit(pid, KILL);
      const now = erlang.whereis("mine");
      await erlang.receive();
      await erlang.receive();
      return [now, erlang.whereis("mine")];
    });
    expect(seen).toStrictEqual([undefined, undefined]);
  });

  test("without a process is badarg for send, and undefined for whereis", () => {
    expect(erlang.whereis("nobody")).toBeUndefined();
    expect(refusal(() => erlang.send("nobody", 1))).toBe('Cannot send to "nobody": no process has this name');
  });

  test("of another node reaches no process, without an error", () => {
    expect(erlang.send(["mine", atom.ensure("other@host")], 1)).toBe(1);
  });
});
