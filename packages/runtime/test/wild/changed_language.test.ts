/** Programs that change the language for all their code, as some libraries do: the runtime works as in any other program. */
import { describe, expect, test } from "vitest";

import { program } from "../kit/program.ts";

// Its parts print what a program without such changes prints.
const WORK = `
  const { atom, erlang, gen_server, supervisor, logger, Exit, OK, REPLY } = await import("@otpts/runtime");
  const { gen_statem } = await import("@otpts/runtime/gen_statem");
  logger.set_handler((report) => console.log(report.event, typeof report.text));
  const server = { init: () => [OK, 0], handle_call: (request) => { if (request === "crash") throw new TypeError("it crashes"); return [REPLY, request, 0]; } };
  const child = supervisor.child_spec({ id: "s", task: () => gen_server.start_link(server, 0, { name: "s" }) });
  const top = await supervisor.start([child], { max_restarts: 1 });
  console.log(await gen_server.call("s", "hello"));
  console.log(Exit.is(await gen_server.call("s", "crash").catch((e) => e), TypeError));
  console.log(Exit.is(await gen_server.call("nobody", 1).catch((e) => e), atom.ensure("noproc")));
  console.log((await supervisor.start([{ id: "s", task: () => 1, restrat: 1 }], {}).catch((e) => e)).message.includes("did you mean restart?"));
  erlang.spawn(async () => { Promise.reject(new Error("left behind")); await erlang.sleep(1_000); });
  await erlang.sleep(5);
  console.log(await gen_server.call("s", "again"), typeof gen_statem.start);
  await supervisor.stop(top);
`;
const USUAL = `hello
process_crash string
child_terminated string
true
true
true
unhandled_rejection string
again function
`;

describe("a program", () => {
  test.each([
    [
      "with keys in every object",
      `Object.prototype.extend = function () {}; Object.prototype.each = 1; Array.prototype.last = () => 1;`,
    ],
    ["that froze what all errors inherit", `Object.freeze(Error.prototype);`],
    [
      "that froze what everything inherits",
      `for (const each of [Object, Function, Array, Error, TypeError, Promise, Map, Set, Symbol, String]) Object.freeze(each.prototype);`,
    ],
    ["whose stacks cannot be made", `Error.prepareStackTrace = () => { throw new Error("no stack"); };`],
    ["whose stacks are lists", `Error.prepareStackTrace = (_error, frames) => frames;`],
    ["whose stacks are symbols", `Error.prepareStackTrace = () => Symbol("stack");`],
    ["whose stacks are objects that throw", `Error.prepareStackTrace = () => ({ toString() { throw 1; } });`],
    ["without stacks", `delete Error.stackTraceLimit;`],
  ])("%s", async (_what, change) => {
    expect(await program(change + WORK)).toStrictEqual({ code: 0, stdout: USUAL, stderr: "" });
  });

  test("without any change, for comparison", async () => {
    expect(await program(WORK)).toStrictEqual({ code: 0, stdout: USUAL, stderr: "" });
  });
});

// `node:domain` is what the prompt of Node before 26 gives to each line.
describe.skipIf("bun" in process.versions || "deno" in process.versions)("a domain of code that calls", () => {
  const DOMAIN = `
    import domain from "node:domain";
    const stranger = domain.create();
    stranger.on("error", (error) => console.log("the stranger's:", error.message));
  `;
  const CALL = `
    const pid = await gen_server.start({
      init: () => [OK, 0],
      handle_call: (request) => { if (request === "leave") Promise.reject(new Error("left")); return [REPLY, process.domain ?? "none", 0]; },
    }, 0);
    console.log(await gen_server.call(pid, "which"));
    console.log(process.domain === stranger);
    await gen_server.call(pid, "leave");
    await erlang.sleep(5);
    console.log(erlang.is_process_alive(pid), process.domain === stranger);
  `;
  const IMPORT = `const { erlang, gen_server, logger, OK, REPLY } = await import("@otpts/runtime"); logger.set_handler((report) => console.log(report.event));`;
  const expected = "none\ntrue\nunhandled_rejection\nfalse true\n";

  test("is not the server's, and does not get its failures", async () => {
    const { code, stdout } = await program(`${DOMAIN} ${IMPORT} stranger.enter(); ${CALL}`);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: expected });
  });

  test("is not the server's if the package was loaded in it", async () => {
    const { code, stdout } = await program(`${DOMAIN} stranger.enter(); ${IMPORT} ${CALL}`);
    expect({ code, stdout }).toStrictEqual({ code: 0, stdout: expected });
  });
});

// As cls-hooked and OpenTelemetry's older manager do: whatever is made in a context brings it along.
const CONTEXTS = `
  import { createHook } from "node:async_hooks";
  const contexts = new Map();
  const stack = [];
  createHook({
    init(id) { if (stack.length > 0) contexts.set(id, stack.at(-1)); },
    before(id) { if (contexts.has(id)) stack.push(contexts.get(id)); },
    after(id) { if (contexts.has(id)) stack.pop(); },
    destroy(id) { contexts.delete(id); },
  }).enable();
  const as = (user, fun) => { stack.push(user); try { return fun(); } finally { stack.pop(); } };
  const user = () => stack.at(-1) ?? "none";
`;

describe.skipIf("bun" in process.versions || "deno" in process.versions)("a context made of async hooks", () => {
  test("of those who wake a process is not the process's, and stays that of the caller", async () => {
    const { code, stdout, stderr } = await program(`${CONTEXTS}
      const { erlang, gen_server, NOREPLY, OK, REPLY } = await import("@otpts/runtime");
      const seen = new Set();
      const server = {
        init: () => { seen.add(user()); return [OK, 0]; },
        handle_call: async (ms, _from, n) => { seen.add(user()); await new Promise((r) => setTimeout(r, ms)); seen.add(user()); return [REPLY, n, n + 1]; },
        handle_info: (_message, n) => { seen.add(user()); return [NOREPLY, n + 1]; },
      };
      const pid = await as("starter", () => gen_server.start(server, 0));
      const requests = Array.from({ length: 40 }, (_, n) => as("user " + n, async () => {
        erlang.send(pid, "hello");
        erlang.send_after(n % 4, pid, "later");
        // Failures use up the budget of a turn, and the next drain begins in the event loop.
        for (let i = 0; i < 100; i++) await gen_server.call("nobody", 1).catch(() => 0);
        await gen_server.call(pid, n % 3);
        erlang.spawn(() => seen.add(user()));
        return user() === "user " + n;
      }));
      const kept = await Promise.all(requests);
      await erlang.sleep(20);
      console.log([...seen].join(), kept.every(Boolean), (await gen_server.call(pid, 0)) === 120);
    `);
    expect({ code, stdout, stderr }).toStrictEqual({ code: 0, stdout: "none true true\n", stderr: "" });
  });
});
