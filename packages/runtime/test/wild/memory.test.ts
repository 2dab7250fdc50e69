/** What must not stay: keys of children that are gone, and the state of the dead. */
import { describe, expect, test } from "vitest";

import { keyOf } from "../../src/behaviour/child.ts";
import { atom } from "../../src/index.ts";
import { program } from "../kit/program.ts";

const IMPORTS = `import { erlang, gen_server, supervisor, sys, OK, REPLY, NOREPLY, STOP, KILL, CONTINUE } from "@otpts/runtime";
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const collected = async (ref) => { for (let n = 0; n < 50; n++) { await turn(); gc(); if (ref.deref() === undefined) return true; } return false; };
`;
const run = (source: string) => program(IMPORTS + source, { flags: ["--expose-gc"] });

describe("a child's id", () => {
  test("is equal to ids with equal elements, and to no other", () => {
    const object = {};
    const symbol = Symbol("s");
    const ids: unknown[] = [
      "a", "1", 1, 1n, true, null, object, {}, symbol, Symbol("s"), Symbol.for("s"), [], ["a"], [["a"]], ["a", "b"], ["a,b"], [1], ["1"], [1n],
      [object], [{}], [symbol], [Symbol("s")], [Symbol.for("s")], [null], [undefined], ['["a"]'], '\0["a"]', '["a"]', "\0", "\0\0",
    ]; // prettier-ignore
    expect(new Set(ids.map(keyOf)).size).toBe(ids.length);
    expect(keyOf(["session", 7, [object, symbol]])).toBe(keyOf([atom.ensure("session"), 7, [object, symbol]]));
    expect(keyOf("a")).toBe(keyOf(atom.ensure("a")));
  });

  test.each([
    ["a tuple", "['session', n, 'x'.repeat(20)]"],
    ["a string", "`session:${n}:${'x'.repeat(20)}`"],
    ["a tuple with an object", "['session', { n }]"],
  ])("that is %s is released with its child: 100,000 of them leave nothing", async (_what, id) => {
    const { stdout, stderr } = await run(`
      const top = await supervisor.start([]);
      const child = { init: () => [OK, 0] };
      let n = 0;
      const cycles = async (count) => {
        for (let i = 0; i < count; i++, n++) {
          const spec = { id: ${id}, task: () => gen_server.start_link(child, 0), restart: "temporary" };
          await supervisor.start_child(top, spec);
          await supervisor.terminate_child(top, spec.id);
        }
        for (let i = 0; i < 5; i++) { await turn(); gc(); }
        return process.memoryUsage().heapUsed;
      };
      await cycles(5_000);
      const before = await cycles(5_000);
      console.log(Math.round((await cycles(100_000) - before) / 100_000));
    `);
    expect(stderr).toBe("");
    // Bytes for each.
    expect(Number(stdout)).toBeLessThan(8);
  });
});

describe("a dead server's state is not kept in memory by this object:", () => {
  const keepers: readonly (readonly [string, string])[] = [
    ["promise that a callback made", `kept = Promise.resolve(1).then(() => 2); return [REPLY, 1, s];`],
    ["promise that is never settled", `kept = new Promise(() => {}); return [REPLY, 1, s];`],
    ["from", `kept = from; return [NOREPLY, s];`],
    ["pid", `kept = erlang.self(); return [REPLY, 1, s];`],
    ["reference", `kept = erlang.make_ref(); return [REPLY, 1, s];`],
    ["monitor", `kept = erlang.monitor("process", friend); return [REPLY, 1, s];`],
    ["alias", `kept = erlang.alias(); return [REPLY, 1, s];`],
    ["timer", `kept = erlang.send_after(60_000, erlang.self(), s); return [REPLY, 1, s];`],
    ["signal", `kept = erlang.signal(); return [REPLY, 1, s];`],
    ["value in its dictionary", `erlang.put("state", s); kept = Promise.resolve(); return [REPLY, 1, s];`],
    ["call it made", `kept = gen_server.call(friend, "never", Infinity).catch(() => {}); return [REPLY, 1, s];`],
    ["sleep", `kept = erlang.sleep(60_000); return [REPLY, 1, s];`],
    ["request it sent", `kept = gen_server.send_request(friend, "never"); return [REPLY, 1, s];`],
  ];
  test.each(keepers)("%s", async (_what, body) => {
    const { stdout, stderr } = await run(`
      const friend = await gen_server.start({ init: () => [OK, 0], handle_call: (_r, _f, s) => [NOREPLY, s] }, 0);
      let kept;
      let ref;
      const module = {
        init: () => { const state = { big: "x".repeat(1_000) }; ref = new WeakRef(state); return [OK, state]; },
        handle_call: (request, from, s) => { ${body} },
        handle_cast: () => [STOP, "normal", undefined],
      };
      const start = async (end) => {
        const pid = await gen_server.start(module, 0);
        gen_server.call(pid, "go").catch(() => {});
        await turn();
        end(pid);
      };
      await start((pid) => erlang.exit(pid, KILL));
      console.log(await collected(ref));
      await start((pid) => void gen_server.stop(pid).catch(() => {}));
      console.log(await collected(ref), kept !== undefined);
      process.exit();
    `);
    expect({ stdout, stderr }).toStrictEqual({ stdout: "true\ntrue true\n", stderr: "" });
  });

  test.each([
    [
      "gen_server",
      `class Module { init() { return [OK, 0]; } handle_call(_r, _f, s) { kept = new Promise(() => {}); return [REPLY, 1, s]; } }
       const start = (module) => gen_server.start(module, 0);`,
    ],
    [
      "gen_statem",
      `const { gen_statem } = await import("@otpts/runtime/gen_statem");
       class Module { callback_mode() { return "state_functions"; } init() { return [OK, "a", 0]; } a([, from]) { kept = new Promise(() => {}); return ["keep_state_and_data", [["reply", from, 1]]]; } }
       const start = (module) => gen_statem.start(module, 0);`.replaceAll(
        /"(callback_mode|state_functions|keep_state_and_data|reply)"/gu,
        'erlang_atom("$1")',
      ),
    ],
  ])("%s's module of its own, which may hold as much", async (_what, start) => {
    const { stdout, stderr } = await run(`
      import { atom } from "@otpts/runtime";
      const erlang_atom = atom.ensure;
      let kept;
      ${start}
      let ref;
      const begin = async () => { const module = new Module(); ref = new WeakRef(module); const pid = await start(module); await gen_server.call(pid, "go"); return pid; };
      for (const end of [(pid) => erlang.exit(pid, KILL), (pid) => gen_server.stop(pid)]) {
        await end(await begin());
        console.log(await collected(ref), kept !== undefined);
      }
      process.exit();
    `);
    expect({ stdout, stderr }).toStrictEqual({ stdout: "true true\ntrue true\n", stderr: "" });
  });

  test("error of a failed call", async () => {
    const { stdout } = await run(`
      let ref;
      const module = {
        init: () => { const state = { big: 1 }; ref = new WeakRef(state); return [OK, state]; },
        handle_call: () => erlang.exit("bad"),
      };
      const pid = await gen_server.start(module, 0);
      const error = await gen_server.call(pid, "go").catch((e) => e);
      console.log(await collected(ref), error.message.length > 0);
    `);
    expect(stdout).toBe("true true\n");
  });
});
