/** Names that come from outside, and what looks like a name and is none. */
import {
  atom,
  type Atom,
  atoms,
  DOWN,
  ErlangError,
  erlang,
  gen_server,
  KILL,
  logger,
  NOREPLY,
  NORMAL,
  OK,
  type Pid,
  REPLY,
  supervisor,
} from "@otpts/runtime";
import { afterEach, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

const { BADARG } = atoms;
const echo = {
  init: (state: unknown) => [OK, state] as const,
  handle_call: (request: unknown, _from: unknown, state: unknown) => [REPLY, request, state] as const,
  handle_cast: (_message: unknown, state: unknown) => [NOREPLY, state] as const,
};

const started: Pid[] = [];
afterEach(() => {
  for (const pid of started.splice(0)) erlang.exit(pid, KILL);
});
async function server(name?: string | Atom): Promise<Pid> {
  const pid = await gen_server.start(echo, 0, name === undefined ? {} : { name });
  started.push(pid);
  return pid;
}

let fresh = 0;
const newName = () => `outside:${++fresh}:${"x".repeat(3)}`;

describe("a name that is a string", () => {
  test("creates no atom in any operation", async () => {
    const name = newName();
    await server("warm up");
    await gen_server.call("warm up", 1);
    const before = atom.count();
    const pid = await server(name);
    expect(erlang.whereis(name)).toBe(pid);
    await gen_server.call(name, 1);
    await gen_server.call([name, "nonode@nohost"], 1);
    gen_server.cast(name, 1);
    erlang.send([name, "nonode@nohost"], 1);
    erlang.cancel_timer(erlang.send_after(1_000, name, 1));
    expect(erlang.registered()).toSatisfy((all: Atom[]) => all.some((each) => each.name === name));
    expect(erlang.process_info(pid, "registered_name")?.name).toBe(name);
    expect(atom.exists(name)).toBe(false);
    await inside(async () => {
      erlang.monitor("process", name);
      erlang.monitor("process", newName());
      await erlang.receive();
    });
    await gen_server.call(newName(), 1).catch(() => undefined);
    await gen_server.stop(name);
    await gen_server.stop(name).catch(() => undefined);
    erlang.register(name, await server());
    erlang.unregister(name);
    const tree = await supervisor.start([{ id: newName(), task: () => gen_server.start_link(echo, 0, { name }) }], {
      name: newName(),
    });
    await supervisor.which_children(tree);
    await supervisor.stop(tree);
    expect(atom.count()).toBe(before);
  });

  test("is the same name as the atom, and is shown as an atom", async () => {
    const name = newName();
    const pid = await server(name);
    const shown = erlang.process_info(pid, "registered_name");
    const same = atom.ensure(name);
    expect(shown).toBe(same);
    expect(erlang.whereis(same)).toBe(pid);
    expect(erlang.registered()).toContain(same);
    expect(erlang.process_info(pid, "registered_name")).toBe(same);
    await expect(gen_server.call(same, "x")).resolves.toBe("x");
    await expect(server(same)).rejects.toMatchObject({ reason: [atoms.ALREADY_STARTED, pid] });
    expect(() => erlang.register(same, pid)).toThrow("the name belongs to");
  });

  test("is in the 'DOWN' of a monitor by name, with the node", async () => {
    const name = newName();
    await server(name);
    const message = await inside(async () => {
      const ref = erlang.monitor("process", [name, "nonode@nohost"]);
      await gen_server.stop(name);
      return [ref, await erlang.receive()];
    });
    expect(message[1]).toStrictEqual([DOWN, message[0], atoms.PROCESS, [atom.ensure(name), erlang.node()], NORMAL]);
  });

  test("can be registered and unregistered a hundred thousand times without leaving anything", async () => {
    const before = atom.count();
    const names = erlang.registered().length;
    for (let n = 0; n < 100_000; n++) {
      const name = `session:${n}`;
      const pid = erlang.spawn(() => erlang.receive());
      erlang.register(name, pid);
      erlang.exit(pid, KILL);
      if (n % 1_000 === 0) await new Promise(setImmediate);
    }
    expect(atom.count()).toBe(before);
    expect(erlang.registered()).toHaveLength(names);
  });

  test("is unchanged in reports", async () => {
    const reports: logger.Report[] = [];
    const handler = logger.set_handler((report) => void reports.push(report));
    const name = newName();
    const pid = await gen_server.start({ ...echo, handle_cast: () => erlang.exit("bad") }, 0, { name });
    gen_server.cast(name, 1);
    await new Promise(setImmediate);
    logger.set_handler(handler);
    expect(reports[0]?.details).toMatchObject({ name: atom.ensure(name), pid });
    expect(reports[0]?.text).toContain(`gen_server "${name}" ${pid} terminating`);
  });
});

const posted = structuredClone({ name: "ok" });
class Service {
  name = "svc";
}
const impostors: readonly (readonly [string, unknown])[] = [
  ["an object with a name", { name: "svc" }],
  ["an atom that was posted", posted],
  ["an instance with a name", new Service()],
  ["a function", function svc() {}],
  [
    "an object whose name throws",
    {
      get name() {
        throw new Error("no");
      },
    },
  ],
];

describe.each(impostors)("%s", (_what, value) => {
  test("is refused wherever a server or a name is expected", async () => {
    await server("svc");
    await server("ok");
    const never = value as never;
    const acts: (() => unknown)[] = [
      () => gen_server.call(never, 1 as never),
      () => gen_server.cast(never, 1 as never),
      () => gen_server.stop(never),
      () => gen_server.abcast(never, 1 as never),
      () => gen_server.send_request(never, 1 as never),
      () => gen_server.start(echo, 0, { name: never }),
      () => supervisor.which_children(never),
      () => supervisor.stop(never),
      () => supervisor.start([], { name: never }),
      () => erlang.send(never, 1),
      () => erlang.send([never, erlang.node()], 1),
      () => erlang.send_after(1, never, 1),
      () => erlang.whereis(never),
      () => erlang.unregister(never),
      () => erlang.register(never, started[0] as Pid),
      () => inside(() => void erlang.monitor("process", never)),
      () => inside(() => void erlang.monitor("process", [never, erlang.node()])),
      () => inside(() => void erlang.link(never)),
      () => erlang.exit(never, 1),
      () => erlang.is_process_alive(never),
      () => erlang.process_info(never),
    ];
    for (const act of acts) {
      const failed = await Promise.resolve()
        .then(act)
        .then(
          (result) => ["it was accepted", String(act), result],
          (error: unknown) => error,
        );
      expect(failed, String(act)).toBeInstanceOf(ErlangError);
      expect((failed as ErlangError).reason).toBe(BADARG);
    }
  });
});

test("the refusal of a posted atom names the cause and the way to get the atom", async () => {
  await expect(gen_server.call(posted as never, 1 as never)).rejects.toThrow(
    `Cannot reach server { name: 'ok' }: a server is a pid, a name, [name, node] or { via: [registry, name] }; an object with a name is not an atom. An atom that was posted or cloned is such an object: atom.existing("ok") gives the atom again`,
  );
});
