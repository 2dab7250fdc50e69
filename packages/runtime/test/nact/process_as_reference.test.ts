import { Exit, KILL, NOREPLY, OK, REPLY, SHUTDOWN, erlang, gen_server, supervisor, atoms } from "@otpts/runtime";
import { pid_of, ref_of } from "@otpts/runtime/nact";
import * as nact from "nact";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventually, inside } from "../kit/inside.ts";
import { quiet, watch } from "./kit.ts";

const { CALLING_SELF, GEN_CALL, KILLED } = atoms;

let system: nact.ActorSystemRef;

beforeEach(() => {
  system = nact.start();
});

afterEach(() => nact.stop(system));

/** Replies, replies by the reference in the message, replies late, or not at all. */
const server = {
  init: () => [OK, [] as unknown[]] as const,
  handle_call: (request: unknown, _from: gen_server.From, seen: unknown[]) => {
    if (request === "silent") return [NOREPLY, seen] as const;
    if (request === "crash") erlang.exit("crashed");
    if (request === "seen") return [REPLY, seen, seen] as const;
    if (typeof request === "object" && request !== null && "replyTo" in request) {
      nact.dispatch((request as { replyTo: nact.Ref<string> }).replyTo, "by reference");
      return [NOREPLY, seen] as const;
    }
    return [REPLY, ["reply to", request], seen] as const;
  },
  handle_info: (message: unknown, seen: unknown[]) => [NOREPLY, [...seen, message]] as const,
};

const ask = (reference: nact.Ref<unknown>, message: unknown, timeout = 60_000): Promise<unknown> =>
  nact.query(reference, message as never, timeout);

describe("ref_of", () => {
  test("is a reference that nact code can dispatch to: the process gets the messages in order", async () => {
    const got = new Promise<unknown[]>((resolve) => {
      const pid = erlang.spawn(async () => resolve([await erlang.receive(), await erlang.receive()]));
      const relay = nact.spawnStateless(
        system,
        (message: number) => nact.dispatch(ref_of<number>(pid), message),
        "relay",
      );
      for (const n of [1, 2]) nact.dispatch(relay, n);
    });
    expect(await got).toEqual([1, 2]);
  });

  test("of an actor's pid is the actor's own reference", () => {
    const actor = nact.spawnStateless(system, () => {}, "own");
    expect(ref_of(pid_of(actor))).toBe(actor);
  });

  test("looks like nact's references: a name and a path", () => {
    const pid = erlang.spawn(() => erlang.receive());
    const reference = ref_of(pid) as unknown as { name: string; path: { toString(): string } };
    expect(reference.name).toBe(`0.${pid.id}.${pid.serial}`);
    expect(reference.path.toString()).toBe(`@otpts/runtime://0.${pid.id}.${pid.serial}`);
    erlang.exit(pid, KILL);
  });

  test("throws for a value that is neither a pid nor a name", () => {
    for (const wrong of [undefined, 1, {}, system]) expect(() => ref_of(wrong as never)).toThrow(TypeError);
  });

  test("cannot be the parent of an actor", () => {
    const pid = erlang.spawn(() => erlang.receive());
    expect(() => nact.spawn(ref_of(pid), () => {})).toThrow(/Cannot spawn a nact actor below process <.*>/);
    erlang.exit(pid, KILL);
    expect(() => nact.spawn(ref_of(pid), () => {})).toThrow(/stopped/);
  });
});

describe("nact.query to a process", () => {
  test("is a gen_server call: its reply is the answer", async () => {
    const pid = await gen_server.start(server, undefined);
    expect(await ask(ref_of(pid), "hello")).toEqual(["reply to", "hello"]);
    expect(await inside(() => ask(ref_of(pid), () => "made"))).toEqual(["reply to", "made"]);
    await gen_server.stop(pid);
  });

  test("may be answered by dispatching to the reference in the message", async () => {
    const pid = await gen_server.start(server, undefined);
    expect(await ask(ref_of(pid), (replyTo: unknown) => ({ replyTo }))).toBe("by reference");
    await gen_server.stop(pid);
  });

  test("works from inside an actor", async () => {
    const pid = await gen_server.start(server, undefined);
    const answer = await new Promise((resolve) => {
      const actor = nact.spawnStateless(system, async () => resolve(await ask(ref_of(pid), "from an actor")));
      nact.dispatch(actor, "go");
    });
    expect(answer).toEqual(["reply to", "from an actor"]);
    await gen_server.stop(pid);
  });

  test("reaches a plain process in OTP's format, which erlang.send answers", async () => {
    const pid = erlang.spawn(async () => {
      const [tag, from, request] = await erlang.receive<[unknown, gen_server.From, unknown]>();
      gen_server.reply(from, [tag === GEN_CALL, request]);
    });
    expect(await ask(ref_of(pid), "hello")).toEqual([true, "hello"]);
  });

  test("rejects like nact's after its time, with the exit as its cause, and a later reply is dropped", async () => {
    const pid = await gen_server.start(server, undefined);
    const error = (await ask(ref_of(pid), "silent", 10).catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toBe("Query Timeout");
    expect(error.cause).toBeInstanceOf(Exit);
    expect(await ask(ref_of(pid), "still there")).toEqual(["reply to", "still there"]);
    await gen_server.stop(pid);
  });

  test("rejects like nact's if the process is dead", async () => {
    const pid = await gen_server.start(server, undefined);
    await gen_server.stop(pid);
    await expect(ask(ref_of(pid), "x")).rejects.toThrow("Actor stopped or never existed. Query can never resolve");
    await expect(ask(ref_of("nobody_has_this_name"), "x")).rejects.toThrow("Actor stopped or never existed");
    expect(() => nact.dispatch(ref_of(pid), "dropped")).not.toThrow();
  });

  test("rejects with the exit if the process dies before it answers", async () => {
    const pid = await gen_server.start(server, undefined);
    await quiet(async () => {
      await expect(ask(ref_of(pid), "crash")).rejects.toMatchObject({ reason: ["crashed", expect.anything()] });
    });
    const other = await gen_server.start(server, undefined);
    const refused = expect(ask(ref_of(other), "silent")).rejects.toMatchObject({ reason: [KILLED, expect.anything()] });
    erlang.exit(other, KILL);
    await refused;
  });

  test("of a process to itself fails with calling_self", async () => {
    const reason = await inside(() =>
      ask(ref_of(erlang.self()), "x").catch((thrown: unknown) => (thrown as Exit).reason),
    );
    expect((reason as unknown[])[0]).toBe(CALLING_SELF);
  });
});

describe("a reference by name", () => {
  test("refers to the present owner of the name, so that it outlives a restart", async () => {
    await quiet(async () => {
      const task = () => gen_server.start_link(server, undefined, { name: "nact_named" });
      const sup = await supervisor.start([supervisor.child_spec({ id: "named", task })]);
      const reference = ref_of("nact_named");
      nact.dispatch(reference, 1);
      expect(await ask(reference, "seen")).toEqual([1]);
      const first = erlang.whereis("nact_named");
      await expect(ask(reference, "crash")).rejects.toThrow();
      await eventually(() => erlang.whereis("nact_named") !== undefined && erlang.whereis("nact_named") !== first);
      expect(await ask(reference, "seen")).toEqual([]);
      await supervisor.stop(sup);
      await expect(ask(reference, "seen")).rejects.toThrow("Actor stopped or never existed");
    });
  });
});

describe("nact.stop on a process's reference", () => {
  test("sends the process the exit signal shutdown", async () => {
    const pid = await gen_server.start(server, undefined);
    const { end } = await watch(pid);
    nact.stop(ref_of(pid));
    expect(await end).toBe(SHUTDOWN);
    nact.stop(ref_of(pid));
  });

  test("is a message to a process that traps exits", async () => {
    const trapped = await new Promise<unknown[]>((resolve) => {
      const pid = erlang.spawn(async () => {
        erlang.process_flag("trap_exit", true);
        erlang.send(pid, "ready");
        await erlang.receive();
        nact.dispatch(ref_of(erlang.self()), "next");
        await erlang.receive();
        resolve(await erlang.receive<unknown[]>());
      });
      void watch(pid).then(() => nact.stop(ref_of(pid)));
    });
    expect(trapped[2]).toBe(SHUTDOWN);
  });
});
