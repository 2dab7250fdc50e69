import {
  KILL,
  NOREPLY,
  NORMAL,
  OK,
  OtpError,
  REPLY,
  dispatcher,
  erlang,
  gen_server,
  supervisor,
  type Pid,
  atoms,
} from "@otpts/runtime";
import { nact_dispatcher } from "@otpts/runtime/nact";
import * as nact from "nact";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { death, eventually, inside } from "../kit/inside.ts";
import { actorAt, childrenOf, quiet, watch } from "./kit.ts";

const { KILLED } = atoms;

const counter = {
  init: (start: number) => [OK, start] as const,
  handle_call: (_request: unknown, _from: gen_server.From, n: number) => [REPLY, n, n + 1] as const,
  handle_cast: (_message: unknown, n: number) => [NOREPLY, n + 1] as const,
};

let system: nact.ActorSystemRef;
let before: dispatcher.Dispatcher;

beforeEach(() => {
  system = nact.start();
  before = dispatcher.use(nact_dispatcher(system));
});

afterEach(() => {
  dispatcher.use(before);
  nact.stop(system);
});

describe("nact_dispatcher", () => {
  test("gives every process its own actor, named after the pid, until it dies", async () => {
    const server = await gen_server.start(counter, 0);
    expect(childrenOf(system)).toEqual([`0.${server.id}.${server.serial}`]);
    expect(await gen_server.call(server, "next")).toBe(0);
    expect(await gen_server.call(server, "next")).toBe(1);
    await gen_server.stop(server);
    expect(childrenOf(system)).toEqual([]);
  });

  test("runs the process in its actor: a turn is a message that nact handles", async () => {
    const pid = erlang.spawn(async () => erlang.receive());
    const { end } = await watch(pid);
    await eventually(() => erlang.process_info(pid, "status")?.name === "waiting");
    const actor = actorAt(system, `0.${pid.id}.${pid.serial}`);
    let handled = 0;
    const { f } = actor;
    actor.f = function (this: unknown, ...args: unknown[]) {
      handled++;
      return f.apply(this, args);
    };
    erlang.send(pid, "hello");
    expect(handled).toBe(0);
    expect(await end).toBe(NORMAL);
    expect(handled).toBe(1);
  });

  test("is in force after `use` until the previous dispatcher is restored", async () => {
    const hosted = await gen_server.start(counter, 0);
    expect(dispatcher.use(before)).not.toBe(before);
    const own = await gen_server.start(counter, 0);
    expect(childrenOf(system)).toHaveLength(1);
    await Promise.all([gen_server.stop(hosted), gen_server.stop(own)]);
  });

  test("passes messages that nact code dispatches to the hosting actor on to the process", async () => {
    const got = new Promise((resolve) => erlang.spawn(async () => resolve(await erlang.receive())));
    const [name] = childrenOf(system);
    nact.dispatch(actorAt(system, name as string).reference, "from nact");
    expect(await got).toBe("from nact");
  });

  test("ends a process with reason killed when nact stops its actor", async () => {
    const server = await gen_server.start(counter, 0);
    const { end } = await watch(server);
    nact.stop(actorAt(system, `0.${server.id}.${server.serial}`).reference);
    expect(await end).toBe(KILLED);
    expect(erlang.is_process_alive(server)).toBe(false);
  });

  test("ends all hosted processes with reason killed when their nact system stops", async () => {
    const servers = await Promise.all([1, 2, 3].map((n) => gen_server.start(counter, n)));
    dispatcher.use(before);
    const elsewhere = await gen_server.start(counter, 0);
    const watched = await Promise.all(servers.map(watch));
    nact.stop(system);
    expect(await Promise.all(watched.map(({ end }) => end))).toEqual([KILLED, KILLED, KILLED]);
    expect(erlang.is_process_alive(elsewhere)).toBe(true);
    await gen_server.stop(elsewhere);
  });

  test("fails a start with the reason if the nact system has stopped", async () => {
    const known = erlang.processes();
    nact.stop(system);
    const error = await gen_server.start(counter, 0).then(String, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OtpError);
    expect((error as OtpError).message).toMatch(
      /^Cannot start gen_server: Cannot host process <.*> in nact: .*has stopped$/,
    );
    expect(erlang.processes()).toEqual(known);
  });

  test("throws for a value that is not a system or actor, and for one that has stopped", () => {
    nact.stop(system);
    expect(() => nact_dispatcher(system)).toThrow(/has stopped/);
    expect(() => nact_dispatcher(undefined as never)).toThrow(TypeError);
    expect(() => nact_dispatcher(new nact.Nobody())).toThrow(TypeError);
    expect(() => dispatcher.use(system as never)).toThrow(TypeError);
  });

  test("hosts processes below an actor, too, and dies with it", async () => {
    const parent = nact.spawn(system, (state: unknown) => state, "parent");
    dispatcher.use(nact_dispatcher(parent));
    const server = await gen_server.start(counter, 7);
    expect(await gen_server.call(server, "next")).toBe(7);
    dispatcher.use(before);
    const { end } = await watch(server);
    nact.stop(parent);
    expect(await end).toBe(KILLED);
  });

  test("treats a crash as the process's, so that nact sees no fault", async () => {
    await quiet(async () => {
      const reason = await death(erlang.spawn(() => erlang.exit("boom")));
      expect(["boom", "noproc"]).toContain(String(reason));
      const server = await gen_server.start(
        {
          ...counter,
          handle_call: () => {
            throw new Error("boom");
          },
        },
        0,
      );
      await expect(gen_server.call(server, "x")).rejects.toThrow(/boom/);
    });
    expect(childrenOf(system)).toEqual([]);
  });

  test("hosts supervisors: a killed child is restarted in a new actor", async () => {
    await quiet(async () => {
      const task = () => gen_server.start_link(counter, 0);
      const sup = await supervisor.start([supervisor.child_spec({ id: "c", task })]);
      const child = async () => (await supervisor.which_children(sup))[0]?.[1] as Pid;
      const first = await child();
      erlang.exit(first, KILL);
      while ((await child()) === first);
      expect(childrenOf(system)).toHaveLength(2);
      await supervisor.stop(sup);
      expect(childrenOf(system)).toEqual([]);
    });
  });

  test("hosts 10,000 processes, and leaves no actor behind", async () => {
    const servers = await Promise.all(Array.from({ length: 10_000 }, (_, n) => gen_server.start(counter, n)));
    expect(childrenOf(system)).toHaveLength(10_000);
    const replies = await Promise.all(servers.map((pid) => gen_server.call(pid, "next", Infinity)));
    expect(replies).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
    await Promise.all(servers.map((pid) => gen_server.stop(pid)));
    expect(childrenOf(system)).toEqual([]);
  });
});

describe("fairness under nact", () => {
  test("the event loop turns while two processes message each other for ever", async () => {
    const pong = erlang.spawn(async () => {
      for (;;) erlang.send((await erlang.receive<[Pid]>())[0], "pong");
    });
    let answered = 0;
    const ping = erlang.spawn(async () => {
      for (;;) {
        erlang.send(pong, [erlang.self()]);
        await erlang.receive();
        answered++;
      }
    });
    for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setTimeout(resolve, 0));
    const before = answered;
    await eventually(() => answered >= before + 1_000, { timeout: 60_000 });
    erlang.exit(ping, KILL);
    erlang.exit(pong, KILL);
  });

  test("every server with messages makes progress, however long other callbacks take", async () => {
    const handled = [0, 0, 0, 0];
    const servers = await Promise.all(
      handled.map((_, index) =>
        gen_server.start(
          {
            init: () => [OK, 0] as const,
            handle_cast: () => {
              handled[index] = (handled[index] as number) + 1;
              gen_server.cast(erlang.self(), "again");
              for (const until = performance.now() + 0.2; performance.now() < until;);
              return [NOREPLY, 0] as const;
            },
          },
          undefined,
        ),
      ),
    );
    for (const pid of servers) gen_server.cast(pid, "go");
    await eventually(() => Math.max(...handled) >= 2_000, { timeout: 60_000 });
    for (const pid of servers) erlang.exit(pid, KILL);
    expect(Math.min(...handled)).toBeGreaterThan(0);
  });
});

describe("processes of both dispatchers in one program", () => {
  const both = async (): Promise<{ hosted: Pid; own: Pid }> => {
    const hosted = await gen_server.start(counter, 10);
    const hosting = dispatcher.use(before);
    const own = await gen_server.start(counter, 20);
    dispatcher.use(hosting);
    return { hosted, own };
  };

  test("call each other", async () => {
    const { hosted, own } = await both();
    expect(await inside(() => gen_server.call(own, "next"))).toBe(20);
    dispatcher.use(before);
    expect(await inside(() => gen_server.call(hosted, "next"))).toBe(10);
    await Promise.all([gen_server.stop(hosted), gen_server.stop(own)]);
  });

  test("self() is right on both sides after an await of the other", async () => {
    const { hosted, own } = await both();
    const seen = await inside(async () => {
      const self = erlang.self();
      await gen_server.call(own, "next");
      await gen_server.call(hosted, "next");
      return self === erlang.self();
    });
    expect(seen).toBe(true);
    await Promise.all([gen_server.stop(hosted), gen_server.stop(own)]);
  });

  test.each(["hosted", "own"] as const)(
    "links and monitors report the end of the %s one to the other",
    async (dies) => {
      const { hosted, own } = await both();
      const [target, watcherIsHosted] = dies === "hosted" ? [hosted, false] : [own, true];
      if (!watcherIsHosted) dispatcher.use(before);
      const heard = inside(async () => {
        erlang.process_flag("trap_exit", true);
        erlang.link(target);
        const ref = erlang.monitor("process", target);
        erlang.exit(target, "gone");
        const exit = await erlang.receive<unknown[]>((message) => Array.isArray(message) && message[0].name === "EXIT");
        const down = await erlang.receive<unknown[]>((message) => Array.isArray(message) && message[1] === ref);
        return [exit.slice(1), down[4]];
      });
      expect(await heard).toEqual([[target, "gone"], "gone"]);
      await gen_server.stop(dies === "hosted" ? own : hosted);
    },
  );

  test.each(["hosted", "own"] as const)("a link takes down the %s one with the other", async (dies) => {
    const hosting = dispatcher.use(before);
    const spawned = (as: "hosted" | "own", body: () => unknown): Pid => {
      dispatcher.use(as === "hosted" ? hosting : before);
      return erlang.spawn(body);
    };
    const target = spawned(dies, () => erlang.receive());
    spawned(dies === "hosted" ? "own" : "hosted", () => {
      erlang.link(target);
      erlang.exit("both");
    });
    expect(await death(target)).toSatisfy((reason) => reason === "both" || String(reason) === "noproc");
  });
});
