import {
  erlang,
  Exit,
  gen_server,
  NOPROC,
  NOREPLY,
  OK,
  OtpError,
  REPLY,
  atom,
  atoms,
  supervisor,
  sys,
} from "@otpts/runtime";
import { gen_statem } from "@otpts/runtime/gen_statem";
import { registry } from "@otpts/runtime/registry";
import { testing } from "@otpts/runtime/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const kit = testing.setup({ beforeEach, afterEach });
const counter = {
  name: "counter",
  init: (start: number) => [OK, start] as const,
  handle_call: (request: unknown, _from: unknown, n: number) => {
    if (request === "crash") throw new Error("on purpose");
    return [REPLY, n, n + 1] as const;
  },
  handle_cast: (step: unknown, n: number) => [NOREPLY, n + (step as number)] as const,
};
const key = (n: unknown) => ({ via: [registry, ["users", ["user", n]]] }) as const;

test("a server is started, called, cast to and stopped under a key of the registry", async () => {
  await kit.start_supervised(registry.child_spec({ name: "users" }));
  const pid = await gen_server.start(counter, 5, { name: key(1) });
  gen_server.cast(key(1), 10);
  expect(await gen_server.call(key(1), "next")).toBe(15);
  expect(registry.lookup("users", ["user", 1])).toStrictEqual([[pid, undefined]]);
  const again = await gen_server.start(counter, 5, { name: key(1) }).catch((caught: unknown) => caught);
  expect(OtpError.is(again, [atoms.ALREADY_STARTED, pid])).toBe(true);
  await gen_server.stop(key(1));
  const gone = await gen_server.call(key(1), "next").catch((caught: unknown) => caught);
  expect(Exit.is(gone, NOPROC)).toBe(true);
  expect(String(gone)).toContain(
    `Call to [ 'users', [ 'user', 1 ] ] with request "next" failed: no process has this name`,
  );
});

test("an error for a key names the key", async () => {
  await kit.start_supervised(registry.child_spec({ name: "users" }));
  const shown = "[ 'users', [ 'user', 9 ] ]";
  await expect(sys.get_state(key(9))).rejects.toThrow(`sys.get_state of ${shown} failed`);
  await expect(gen_server.stop(key(9))).rejects.toThrow(shown);
  await expect(gen_server.receive_response(gen_server.send_request(key(9), "next"), 100)).rejects.toThrow(
    `Request to ${shown} failed`,
  );
});

test("a child under a key is restarted under the same key", async () => {
  await kit.start_supervised(registry.child_spec({ name: "users" }));
  await kit.start_supervised(
    supervisor.child_spec({ id: "one", task: () => gen_server.start_link(counter, 0, { name: key("x") }) }),
  );
  await gen_server.call(key("x"), "crash").catch(() => undefined);
  await kit.expect_report("on purpose");
  await kit.expect_report("child_terminated");
  await testing.eventually(async () => (await gen_server.call(key("x"), "next").catch(() => undefined)) === 0);
});

test("a state machine may have a key, too", async () => {
  await kit.start_supervised(registry.child_spec({ name: "users" }));
  const door = {
    callback_mode: () => atom.ensure("handle_event_function"),
    init: () => [OK, "open", 0] as const,
    handle_event: (type: unknown) =>
      [atom.ensure("keep_state_and_data"), [[REPLY, (type as readonly unknown[])[1], "yes"]]] as never,
  };
  const pid = await gen_statem.start(door as never, undefined as never, { name: key("door") });
  expect(await gen_statem.call(key("door"), "there?" as never)).toBe("yes");
  expect(registry.whereis_name(["users", ["user", "door"]])).toBe(pid);
  await gen_statem.stop(key("door"));
});

test("ten thousand servers start and stop without an atom", async () => {
  await kit.start_supervised(registry.child_spec({ name: "users" }));
  const before = atom.count();
  for (let n = 0; n < 10_000; n++) {
    await gen_server.start(counter, n, { name: key(n) });
    await gen_server.stop(key(n));
  }
  expect(atom.count()).toBe(before);
  await registry.sync("users");
  expect(registry.count("users")).toBe(0);
});

test.each([
  ["has no whereis_name", {}, /its registry has no whereis_name/],
  [
    "throws",
    {
      whereis_name: () => {
        throw new Error("broken registry");
      },
    },
    /broken registry/,
  ],
  ["answers with an invalid pid", { whereis_name: () => 7 }, /must return a pid or undefined, got 7/],
])("a registry that %s makes the call exit and the start fail", async (_title, module, text) => {
  const name = { via: [module as never, "x"] } as const;
  await expect(gen_server.call(name, "hello")).rejects.toThrow(text);
  await expect(gen_server.start(counter, 0, { name })).rejects.toThrow(text);
  expect(gen_server.cast(name, "hello")).toBe(OK);
});

test("an object that is not a via name is refused", async () => {
  await expect(gen_server.call({ via: "users" } as never, "x" as never)).rejects.toThrow("{ via: [registry, name] }");
  await expect(gen_server.start(counter, 0, { name: { via: [] } as never })).rejects.toThrow("name");
  expect(erlang.is_process()).toBe(false);
});
