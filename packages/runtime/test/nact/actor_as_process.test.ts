import {
  Exit,
  KILL,
  NOPROC,
  NORMAL,
  Stack,
  TIMEOUT,
  erlang,
  gen_server,
  supervisor,
  sys,
  type Pid,
} from "@otpts/runtime";
import { pid_of, ref_of } from "@otpts/runtime/nact";
import * as nact from "nact";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { death, eventually, inside } from "../kit/inside.ts";
import { behind, quiet, watch } from "./kit.ts";

type Context = nact.ActorContext<unknown, nact.Ref<unknown>> & { readonly sender: nact.Ref<unknown> };

let system: nact.ActorSystemRef;

beforeEach(() => {
  system = nact.start();
});

afterEach(() => nact.stop(system));

/** An actor that collects its messages. */
function collector(name = "collector"): { actor: nact.Ref<unknown>; got: unknown[]; senders: nact.Ref<unknown>[] } {
  const got: unknown[] = [];
  const senders: nact.Ref<unknown>[] = [];
  const actor = nact.spawnStateless(
    system,
    (message: unknown, context) => {
      got.push(message);
      senders.push((context as Context).sender);
    },
    name,
  );
  return { actor, got, senders };
}

/** An actor that counts in the style of nact's typed users: the message says where to answer. */
function typedCounter(): nact.Ref<unknown> {
  return nact.spawn(
    system,
    (count = 0, message: { replyTo: nact.Ref<number> }) => {
      nact.dispatch(message.replyTo, count);
      return count + 1;
    },
    "typed",
  );
}

/** The same in the style of nact's guide: it answers its sender. */
function senderCounter(): nact.Ref<unknown> {
  return nact.spawn(
    system,
    (count = 0, _message: unknown, context) => {
      nact.dispatch((context as unknown as Context).sender, count as never);
      return (count as number) + 1;
    },
    "sender",
  );
}

function crasher(onCrash?: "stop" | "resume" | "reset" | "escalate"): nact.Ref<unknown> {
  const act = (_state: unknown, message: unknown, context: unknown) => {
    if (message instanceof Error) throw message;
    nact.dispatch((context as Context).sender, message);
  };
  const properties =
    onCrash === undefined ? {} : { onCrash: (_m: unknown, _e: unknown, context: never) => context[onCrash] };
  return nact.spawn(system, act, "crasher", properties as never);
}

describe("pid_of", () => {
  test("is the same pid for the same actor, and another one for its successor of the same name", async () => {
    const { actor } = collector();
    const pid = pid_of(actor);
    expect(pid_of(actor)).toBe(pid);
    expect(erlang.processes()).toContain(pid);
    expect(erlang.process_info(pid, "initial_call")).toMatch(/^nact actor .*collector$/);
    nact.stop(actor);
    expect(erlang.is_process_alive(pid)).toBe(false);
    expect(erlang.processes()).not.toContain(pid);
    const next = pid_of(collector().actor);
    expect(next).not.toBe(pid);
    expect(erlang.is_process_alive(next)).toBe(true);
  });

  test("of a stopped actor is a dead pid", async () => {
    const { actor } = collector();
    nact.stop(actor);
    const pid = pid_of(actor);
    expect(erlang.is_process_alive(pid)).toBe(false);
    expect(erlang.send(pid, "dropped")).toBe("dropped");
    expect(await death(pid)).toBe(NOPROC);
    await expect(gen_server.call(pid, "x")).rejects.toMatchObject({ reason: [NOPROC, expect.anything()] });
  });

  test("returns the pid of a process's reference", () => {
    const pid = erlang.spawn(() => erlang.receive());
    expect(pid_of(ref_of(pid))).toBe(pid);
    erlang.register("bridged", pid);
    expect(pid_of(ref_of("bridged"))).toBe(pid);
    erlang.exit(pid, KILL);
    expect(erlang.is_process_alive(pid_of(ref_of("bridged")))).toBe(false);
  });

  test("throws for a value that is not an actor's reference", () => {
    for (const wrong of [system, new nact.Nobody(), undefined, "actor", {}]) {
      expect(() => pid_of(wrong as never)).toThrow(TypeError);
    }
  });
});

describe("erlang.send to a nact actor", () => {
  test("dispatches the messages in order", async () => {
    const { actor, got } = collector();
    const pid = pid_of(actor);
    for (let n = 0; n < 100; n++) erlang.send(pid, n);
    await eventually(() => got.length === 100);
    expect(got).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });

  test("passes the sender to the actor if it is a process", async () => {
    const { actor, senders } = collector();
    const answer = await inside(async () => {
      erlang.send(pid_of(actor), "hello");
      await eventually(() => senders.length === 1);
      nact.dispatch(senders[0] as nact.Ref<unknown>, "hello yourself");
      return erlang.receive();
    });
    expect(answer).toBe("hello yourself");
    erlang.send(pid_of(actor), "from nowhere");
    await eventually(() => senders.length === 2);
    expect(senders[1]).toBeInstanceOf(nact.Nobody);
  });

  test("works by registered name and by timer, and a cast arrives as the bare message", async () => {
    const { actor, got } = collector();
    erlang.register("nact_collector", pid_of(actor));
    erlang.send("nact_collector", 1);
    gen_server.cast("nact_collector", 2);
    erlang.send_after(0, "nact_collector", 3);
    await eventually(() => got.length === 3);
    expect(got).toEqual([1, 2, 3]);
    nact.stop(actor);
    expect(erlang.whereis("nact_collector")).toBeUndefined();
  });
});

describe("gen_server.call to a nact actor", () => {
  test("with a function queries like nact, with the reference for the answer as its argument", async () => {
    const pid = pid_of(typedCounter());
    const ask = () => gen_server.call(pid, (replyTo: nact.Ref<number>) => ({ replyTo }));
    expect(await ask()).toBe(0);
    expect(await inside(ask)).toBe(1);
  });

  test("with any other term dispatches that term, and ctx.sender is the reference for the answer", async () => {
    const pid = pid_of(senderCounter());
    expect(await gen_server.call(pid, "next")).toBe(0);
    expect(await inside(() => gen_server.call(pid, ["next"]))).toBe(1);
  });

  test("takes the first answer, and drops later ones", async () => {
    const { actor, senders, got } = collector();
    const answer = gen_server.call(pid_of(actor), "question");
    await eventually(() => got.length === 1);
    const [sender] = senders as [nact.Ref<unknown>];
    nact.dispatch(sender, "first");
    nact.dispatch(sender, "second");
    expect(await answer).toBe("first");
    await expect(nact.query(sender as nact.Ref<never>, "x" as never, 10)).rejects.toThrow(/never existed/);
  });

  test("answers send_request, too", async () => {
    const pid = pid_of(senderCounter());
    const response = await inside(() => gen_server.wait_response(gen_server.send_request(pid, "next"), Infinity));
    expect(String(response)).toBe("reply,0");
  });

  test("exits with timeout if no answer arrives in time, and a later answer is dropped", async () => {
    const { actor, senders } = collector();
    const pid = pid_of(actor);
    await inside(async () => {
      const error = await gen_server.call(pid, "question", 20).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Exit);
      expect((error as { reason: unknown[] }).reason[0]).toBe(TIMEOUT);
      nact.dispatch(senders[0] as nact.Ref<unknown>, "too late");
      erlang.send(erlang.self(), "mark");
      expect(await erlang.receive()).toBe("mark");
    });
    expect(erlang.is_process_alive(pid)).toBe(true);
  });

  test("exits with normal if the actor is stopped before it answers", async () => {
    const { actor, got } = collector();
    const answer = gen_server.call(pid_of(actor), "question");
    const refused = expect(answer).rejects.toMatchObject({ reason: [NORMAL, expect.anything()] });
    await eventually(() => got.length === 1);
    nact.stop(actor);
    await refused;
  });

  test("exits with the error if the actor crashes on it", async () => {
    const actor = crasher();
    const error = new Error("boom");
    await quiet(async () => {
      await expect(gen_server.call(pid_of(actor), error)).rejects.toMatchObject({
        reason: [[error, expect.any(Stack)], expect.anything()],
      });
    });
  });

  test("exits with the error of the function that makes the message", async () => {
    const pid = pid_of(typedCounter());
    const error = new Error("no message");
    const call = gen_server.call(pid, () => {
      throw error;
    });
    await expect(call).rejects.toMatchObject({ reason: [[error, expect.any(Stack)], expect.anything()] });
    expect(await gen_server.call(pid, (replyTo: nact.Ref<number>) => ({ replyTo }))).toBe(0);
  });

  test("is refused by sys with notsup", async () => {
    const { actor, got } = collector();
    await expect(sys.get_state(pid_of(actor))).rejects.toThrow(/notsup/);
    expect(got).toEqual([]);
  });
});

describe("a monitor on a nact actor", () => {
  test("reports normal if it is stopped", async () => {
    const { actor } = collector();
    const { end } = await watch(pid_of(actor));
    nact.stop(actor);
    expect(await end).toBe(NORMAL);
  });

  test("reports normal if it stops by itself, or by shutdownAfter", async () => {
    const itself = nact.spawnStateless(system, (_message: unknown, context) => nact.stop(context.self), "itself");
    const idle = nact.spawnStateless(system, () => {}, "idle", { shutdownAfter: 1 });
    const idled = pid_of(idle);
    const { end } = await watch(pid_of(itself));
    nact.dispatch(itself, "go");
    expect(await end).toBe(NORMAL);
    await eventually(() => !erlang.is_process_alive(idled));
  });

  test.each([undefined, "stop", "escalate"] as const)(
    "reports the error if it crashes and onCrash says %s",
    async (onCrash) => {
      const actor = crasher(onCrash);
      const error = new Error("boom");
      const { end } = await watch(pid_of(actor));
      await quiet(async () => {
        nact.dispatch(actor, error);
        expect(await end).toEqual([error, expect.any(Stack)]);
      });
    },
  );

  test.each(["resume", "reset"] as const)(
    "ignores a crash that ends in %s, and does not blame a later stop on it",
    async (onCrash) => {
      const actor = crasher(onCrash);
      const pid = pid_of(actor);
      const { end } = await watch(pid);
      nact.dispatch(actor, new Error("boom"));
      expect(await gen_server.call(pid, "still there")).toBe("still there");
      nact.stop(actor);
      expect(await end).toBe(NORMAL);
    },
  );

  test("reports normal if the actor above it, or the system, is stopped", async () => {
    const above = collector("above").actor;
    const below = pid_of(nact.spawnStateless(above as never, () => {}, "below"));
    const other = pid_of(collector("other").actor);
    const { end } = await watch(below);
    nact.stop(above);
    expect(await end).toBe(NORMAL);
    expect(erlang.is_process_alive(other)).toBe(true);
    const watched = await watch(other);
    nact.stop(system);
    expect(await watched.end).toBe(NORMAL);
  });

  test("reports noproc at once if it has stopped", async () => {
    const { actor } = collector();
    nact.stop(actor);
    expect(await death(pid_of(actor))).toBe(NOPROC);
  });

  test("leaves nothing in nact once it is stopped", () => {
    const own = Object.keys(behind(system));
    const { actor } = collector();
    const inside_ = behind(actor);
    pid_of(actor);
    expect(Object.keys(behind(system))).not.toEqual(own);
    nact.stop(actor);
    expect(Object.keys(behind(system))).toEqual(own);
    expect(Object.hasOwn(inside_, "stop")).toBe(false);
  });
});

describe("exit signals and links to a nact actor", () => {
  test.each([KILL, "any reason"])("an exit signal %s stops the actor", async (reason) => {
    const { actor, got } = collector();
    const pid = pid_of(actor);
    const { end } = await watch(pid);
    erlang.exit(pid, reason);
    expect(String(await end)).toBe(reason === KILL ? "killed" : reason);
    expect(behind(actor)).toBeUndefined();
    nact.dispatch(actor, "dropped");
    expect(got).toEqual([]);
  });

  test("an exit signal normal does nothing", () => {
    const { actor } = collector();
    erlang.exit(pid_of(actor), NORMAL);
    expect(behind(actor)).toBeDefined();
  });

  test("gen_server.stop stops the actor with the given reason", async () => {
    const { actor } = collector();
    const pid = pid_of(actor);
    const { end } = await watch(pid);
    await gen_server.stop(pid, "enough");
    expect(await end).toBe("enough");
    expect(behind(actor)).toBeUndefined();
  });

  test("a link takes down either side with the other", async () => {
    const { actor } = collector();
    const linked = (pid: Pid) =>
      erlang.spawn(async () => {
        erlang.link(pid);
        await erlang.receive();
        erlang.exit("told to");
      });
    const first = linked(pid_of(actor));
    await eventually(() => erlang.process_info(first, "links")?.length === 1);
    erlang.send(first, "go");
    await eventually(() => behind(actor) === undefined);

    const crashing = crasher();
    const second = linked(pid_of(crashing));
    const { end } = await watch(second);
    await eventually(() => erlang.process_info(second, "links")?.length === 1);
    await quiet(async () => {
      nact.dispatch(crashing, new Error("boom"));
      expect(String(await end)).toMatch(/^Error: boom/);
    });
  });

  test("a supervisor runs actors as children, and restarts a crashed one", async () => {
    const start = () => {
      const pid = pid_of(crasher());
      erlang.link(pid);
      return pid;
    };
    await quiet(async () => {
      const sup = await supervisor.start([supervisor.child_spec({ id: "actor", task: start })]);
      const child = async () => (await supervisor.which_children(sup))[0]?.[1] as Pid;
      const first = await child();
      erlang.send(first, new Error("boom"));
      await eventually(() => !erlang.is_process_alive(first));
      let next = await child();
      while (!(next && erlang.is_process_alive(next))) next = await child();
      expect(await gen_server.call(next, "alive")).toBe("alive");
      await supervisor.stop(sup);
      expect(erlang.is_process_alive(next)).toBe(false);
    });
  });
});
