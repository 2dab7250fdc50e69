/** What JavaScript adds to OTP's rules: asynchronous handlers, odd results, reports, refusals. */
import {
  EXIT,
  ErlangError,
  Exit,
  KILL,
  type NameRegistry,
  OK,
  OtpError,
  type Pid,
  TRAP_EXIT,
  atom,
  atoms,
  erlang,
  logger,
  sys,
} from "@otpts/runtime";
import { GEN_EVENT_EXIT, HIBERNATE, REMOVE_HANDLER, SWAP_HANDLER, gen_event } from "@otpts/runtime/gen_event";
import { testing } from "@otpts/runtime/testing";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inside, reports } from "../kit/inside.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- handlers that the types refuse are tried on purpose
type Any = any;

let loud: logger.Handler | undefined;
let manager: Pid;
beforeEach(async () => {
  loud = logger.set_handler(undefined);
  manager = await gen_event.start();
});
afterEach(() => {
  logger.set_handler(loud);
  erlang.exit(manager, KILL);
});

const collecting = (seen: unknown[], name: string) => ({
  init: () => [OK, name] as const,
  handle_event(event: unknown, state: string) {
    seen.push([state, event]);
    return [OK, state] as const;
  },
});

describe("handlers", () => {
  test("run one after the other for each event, even if asynchronous, as the manager's process", async () => {
    const seen: unknown[] = [];
    await gen_event.add_handler(manager, collecting(seen, "last"), undefined);
    const slow = {
      init: () => [OK, 0] as const,
      async handle_event(event: unknown, n: number) {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push([erlang.self(), event]);
        return [OK, n + 1] as const;
      },
      handle_call: (_request: unknown, n: number) => [OK, n, n] as const,
    };
    await gen_event.add_handler(manager, slow, undefined);
    gen_event.notify(manager, 1);
    await gen_event.sync_notify(manager, 2);
    expect(seen).toEqual([
      [manager, 1],
      ["last", 1],
      [manager, 2],
      ["last", 2],
    ]);
    expect(await gen_event.call(manager, slow, "how many")).toBe(2);
  });

  test.each<[string, () => Any]>([
    ["throws", () => erlang.error("boom")],
    ["rejects", async () => erlang.error("boom")],
    [
      "returns a revoked proxy",
      () => {
        const { proxy, revoke } = Proxy.revocable([], {});
        revoke();
        return proxy;
      },
    ],
    ["returns a proxy that throws", () => new Proxy([], { get: () => erlang.error("do not look") })],
    ["returns nothing", () => undefined],
  ])("go on when one that %s is removed", async (_what, handle_event) => {
    const seen: unknown[] = [];
    await gen_event.add_handler(manager, collecting(seen, "well"), undefined);
    await gen_event.add_handler(manager, { init: () => [OK, 0], handle_event } as Any, undefined);
    await gen_event.sync_notify(manager, 1);
    await gen_event.sync_notify(manager, 2);
    expect(seen).toEqual([
      ["well", 1],
      ["well", 2],
    ]);
    expect(await gen_event.which_handlers(manager)).toHaveLength(1);
  });

  test("are reported at their end with reason, last event and state, as format_status shows them", async () => {
    const failing = {
      name: "failing",
      init: () => [OK, "secret"] as const,
      handle_event: (): Any => erlang.error("boom"),
      format_status: (status: object) => ({ ...status, state: "hidden" }),
    };
    await gen_event.add_handler(manager, [failing, 7], undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "fire"));
    expect(report).toMatchObject({ level: "error", event: "handler_crash" });
    expect(report?.text).toMatch(/boom[^]*Last event: "fire"[^]*State: "hidden"/u);
    expect(report?.text).not.toContain("secret");
  });
});

describe("messages", () => {
  const bad: Any = { name: "bad", init: () => [OK, 0], handle_event: () => [atoms.NOREPLY, 0], handle_call: () => 7 };

  test("the report of a wrong result names callback, module, the result and the allowed results", async () => {
    await gen_event.add_handler(manager, [bad, 7], undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "fire"));
    expect(report?.text).toMatch(/^gen_event handler \[bad, 7\] crashed/u);
    expect(report?.text).toContain(
      "handle_event of bad returned [ noreply, 0 ], and must return [OK, state], REMOVE_HANDLER or",
    );
  });

  test.each<[string, Any, string]>([
    ["nothing", undefined, "; it returned nothing"],
    ["the state", { n: 1 }, "; the state alone is not a result: [OK, state]"],
    [
      "text as tag",
      ["ok", 0],
      '; "ok" is a string, and the tag is the atom OK (import { OK } from "@otpts/runtime/gen_event")',
    ],
    ["text", "remove_handler", '; "remove_handler" is a string, and the atom REMOVE_HANDLER is meant'],
    ["a gen_server's result", [atoms.NOREPLY, 0], "; NOREPLY is a gen_server's: [OK, state]"],
    ["no state", [OK], "; it is too short: [OK, state]"],
    ["the tag alone", OK, "; OK alone is not a result"],
  ])("the report of a wrong result has its likely cause: %s", async (_what, result, cause) => {
    await gen_event.add_handler(manager, { ...bad, handle_event: () => result }, undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "fire"));
    expect(report?.text).toContain(cause);
  });

  test("the error of a wrong reply or init has its likely cause", async () => {
    const calling = async (result: unknown) => {
      const handler: Any = { ...bad, handle_call: () => result };
      await gen_event.add_handler(manager, handler, undefined);
      await gen_event.call(manager, handler, 0);
    };
    await reports(async () => {
      await expect(calling(7)).rejects.toThrow("; the reply alone is not a result: [OK, reply, state]");
      await expect(calling([OK, 7])).rejects.toThrow("; it is too short: [OK, reply, state]");
      await expect(calling([atoms.REPLY, 7, 0])).rejects.toThrow("; REPLY is a gen_server's: [OK, reply, state]");
    });
    const starting = (init: unknown) => gen_event.add_handler(manager, { ...bad, init } as Any, undefined);
    await expect(starting(() => [atoms.STOP, 0])).rejects.toThrow("; an init that fails returns [ERROR, reason]");
    await expect(starting(undefined)).rejects.toThrow("bad cannot be installed: it has no init");
    await expect(starting(7)).rejects.toThrow("its init must be a function, and is 7");
  });

  test("a misspelt callback is reported with its name", async () => {
    await gen_event.add_handler(manager, { ...bad, handle_event: undefined, handleEvent: () => [OK, 0] }, undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "fire"));
    expect(report?.text).toContain("bad cannot handle an event: it has no handle_event; is its handleEvent meant");
  });

  test("a class, another object of the same name, and a swap without pairs are refused with the cause", async () => {
    await expect(gen_event.add_handler(manager, class Alarm {} as Any, 0)).rejects.toThrow("an instance (new …)");
    await gen_event.add_handler(manager, bad, undefined);
    await expect(gen_event.call(manager, { ...bad }, 0)).rejects.toThrow(
      "installed: bad. A handler is found by the object that was installed, and this is another object of that name",
    );
    await expect(gen_event.swap_handler(manager, bad, bad)).rejects.toThrow(
      "Cannot swap event handlers: the first argument behind the manager must be [handler, args], got",
    );
    await expect(gen_event.swap_handler(manager, [bad, 0], bad)).rejects.toThrow("the second argument");
  });

  test("a reason that format_status hides is not in the message either", async () => {
    const hiding = { ...bad, format_status: () => ({ reason: "hidden" }) };
    await gen_event.add_handler(manager, hiding, undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "fire"));
    expect(report?.text).toContain("hidden");
    expect(report?.text).not.toContain("noreply");
  });

  test("an error of the caller names the operation, the handler and the reason", async () => {
    await gen_event.add_handler(manager, [bad, 1], undefined);
    await expect(gen_event.call(manager, [bad, 2], 0)).rejects.toThrow(
      `Cannot call [bad, 2] of the event manager ${manager}: it is not installed (bad_module); installed: [bad, 1]`,
    );
    await expect(gen_event.call(manager, [bad, 1], 0)).rejects.toThrow(
      "handle_call of bad returned 7, and must return [OK, reply, state]",
    );
    await expect(gen_event.delete_handler(manager, bad, 0)).rejects.toThrow(
      "it is not installed (module_not_found); no handler is",
    );
    const failing: readonly [Any, string][] = [
      [{ ...bad, init: () => 5 }, "init of bad returned 5, and must return [OK, state] or [ERROR, reason]"],
      [{ ...bad, init: () => undefined }, "init of bad returned undefined"],
      [{ ...bad, init: () => [atoms.ERROR, "no disk"] }, 'its init refused: "no disk"'],
      [{ ...bad, init: undefined }, "bad cannot be installed: it has no init"],
      [{ ...bad, init: () => erlang.error("boom") }, "boom"],
    ];
    for (const [handler, words] of failing) {
      await expect(gen_event.add_handler(manager, handler, undefined)).rejects.toThrow(words);
      await expect(gen_event.swap_handler(manager, [bad, 0], [handler, undefined])).rejects.toThrow(words);
    }
  });
});

describe("clients", () => {
  const nothing = { init: () => [OK, 0] as const, handle_event: () => REMOVE_HANDLER };

  test("an operation that fails is an OtpError with OTP's term", async () => {
    const reasonOf = (promise: Promise<unknown>) =>
      promise.then(
        () => "no error",
        (error: unknown) => (error instanceof OtpError ? error.reason : error),
      );
    expect(await reasonOf(gen_event.delete_handler(manager, nothing, 0))).toBe(atom.ensure("module_not_found"));
    expect(await reasonOf(gen_event.call(manager, nothing, 0))).toBe(atom.ensure("bad_module"));
    const refusing = { ...nothing, init: () => [atoms.ERROR, "no disk"] as const };
    expect(await reasonOf(gen_event.add_handler(manager, refusing, undefined))).toEqual([atoms.ERROR, "no disk"]);
  });

  test("a missing manager is an Exit, and for notify a badarg", async () => {
    await expect(gen_event.sync_notify("nobody", 1)).rejects.toBeInstanceOf(Exit);
    await expect(gen_event.call("nobody", nothing, 1)).rejects.toThrow(/no process has this name/u);
    await expect(gen_event.sync_notify("nobody", 1)).rejects.toThrow(
      'Cannot notify the event manager "nobody": no process has this name',
    );
    await expect(gen_event.which_handlers("nobody")).rejects.toThrow("Cannot list the handlers of the event manager");
    expect(() => gen_event.notify("nobody", 1)).toThrow(ErlangError);
  });

  test("an event may arrive as a message or through a registry, which drops one for an unknown key", async () => {
    const seen: unknown[] = [];
    await gen_event.add_handler(manager, collecting(seen, "one"), undefined);
    erlang.send(manager, [atom.ensure("notify"), 1]);
    const sent: unknown[] = [];
    const names: NameRegistry = {
      register_name: () => "yes",
      unregister_name: () => OK,
      whereis_name: () => manager,
      send(name, message) {
        sent.push(message);
        if (name === "nobody") erlang.exit("badarg");
        erlang.send(manager, message);
        return manager;
      },
    };
    expect(gen_event.notify({ via: [names, "somebody"] }, 2)).toBe(OK);
    expect(gen_event.notify({ via: [names, "nobody"] }, 3)).toBe(OK);
    await gen_event.sync_notify(manager, 4);
    expect(seen).toEqual([
      ["one", 1],
      ["one", 2],
      ["one", 4],
    ]);
    expect(sent).toEqual([
      [atom.ensure("notify"), 2],
      [atom.ensure("notify"), 3],
    ]);
  });

  test("a parent that installed a handler is notified of the handler's end and of the manager's", async () => {
    const [told, ended] = await inside(async () => {
      erlang.process_flag(TRAP_EXIT, true);
      const own = await gen_event.start_link();
      await gen_event.add_sup_handler(own, nothing, undefined);
      await gen_event.stop(own, "over");
      return [await erlang.receive(), await erlang.receive()];
    });
    expect(told).toEqual([GEN_EVENT_EXIT, nothing, atoms.SHUTDOWN]);
    expect(ended).toEqual([EXIT, expect.anything(), "over"]);
  });

  test("a handler may be replaced by one that hibernates, except by its own callback, as in OTP", async () => {
    const next = {
      name: "next",
      init: ([, state]: [unknown, number]) => [OK, state, HIBERNATE] as const,
      handle_event: () => REMOVE_HANDLER,
      handle_call: (_request: unknown, state: number) => [OK, state, state] as const,
    };
    const first = {
      init: () => [OK, 1] as const,
      handle_event: (_event: unknown, state: number) => [SWAP_HANDLER, "bye", state, next, undefined] as const,
      terminate: (_argument: unknown, state: number) => state + 1,
    };
    await gen_event.add_handler(manager, first, undefined);
    await gen_event.swap_handler(manager, [first, "bye"], [next, undefined]);
    expect(await gen_event.call(manager, next, "state")).toBe(2);
    await gen_event.delete_handler(manager, next, "bye");

    await gen_event.add_handler(manager, first, undefined);
    const [report] = await reports(() => gen_event.sync_notify(manager, "swap"));
    expect(report?.text).toContain("init of next returned [ ok, 2, hibernate ], and must return [OK, state]");
    expect(await gen_event.which_handlers(manager)).toEqual([]);
  });

  test("a manager may have a bounded mailbox: events are casts, all else is a call, which reports why it failed", async () => {
    let done: (value?: unknown) => void = () => {};
    const seen: unknown[] = [];
    const slow = {
      init: () => [OK, 0] as const,
      async handle_event(event: unknown, state: number) {
        seen.push(event);
        if (event === 1) await new Promise((resolve) => (done = resolve));
        return [OK, state] as const;
      },
    };
    const narrow = await gen_event.start({ mailbox: { max_len: 2 } });
    await gen_event.add_handler(narrow, slow, undefined);
    gen_event.notify(narrow, 1);
    await testing.eventually(() => seen.length === 1);
    for (const event of [2, 3, 4]) gen_event.notify(narrow, event);
    await expect(gen_event.sync_notify(narrow, 5)).rejects.toThrow("the server's mailbox is full (overload)");
    done();
    await gen_event.stop(narrow);
    expect(seen).toEqual([1, 2, 3]);
  });

  test("a value that is not a handler is refused, and so is a supervised handler outside any process", async () => {
    const odd: Any = "handler";
    await expect(gen_event.add_handler(manager, odd, 0)).rejects.toThrow(/An event handler is a module/u);
    await expect(gen_event.add_sup_handler(manager, nothing, undefined)).rejects.toThrow(/runs in none/u);
    await expect(inside(() => gen_event.add_sup_handler(manager, nothing, undefined))).resolves.toBe(OK);
  });

  test("a state that a handler's format_status hides is shown neither by sys nor in the report of the manager's end", async () => {
    const secret = (format_status: (status: object) => object) => ({
      ...nothing,
      init: () => [OK, "secret"] as const,
      format_status,
    });
    const hiding = secret((status) => ({ ...status, state: "hidden" }));
    await gen_event.add_handler(manager, hiding, undefined);
    await gen_event.add_handler(manager, [secret(() => erlang.error("boom")), 1], undefined);
    const status = (await sys.get_status(manager))[3] as unknown;
    expect(inspect(status, { depth: 10 })).toMatch(/format_status failed[^]*hidden/u);
    expect(inspect(status, { depth: 10 })).not.toContain("secret'");
    expect(await sys.get_state(manager)).toContainEqual([hiding, false, "secret"]);
    const [report] = await reports(() => gen_event.stop(manager, "over"));
    expect(report?.text).toContain("hidden");
    expect(report?.text).not.toContain("'secret'");
  });

  test("sys shows a manager with its behaviour and its handlers", async () => {
    await gen_event.add_handler(manager, [nothing, 1], undefined);
    expect((await sys.get_status(manager))[2][1]).toBe(atom.ensure("gen_event"));
    expect(await sys.get_state(manager)).toEqual([[nothing, 1, 0]]);
  });
});
