import { describe, expect, test } from "vitest";
import { program } from "../kit/program.ts";

const loaded = `
  import { createRequire } from "node:module";
  const seen = Object.keys(createRequire(import.meta.url).cache).some((file) => /[\\\\/]nact[\\\\/]lib[\\\\/]/.test(file));
  console.log(seen ? "loaded" : "not loaded");
`;

describe("@otpts/runtime/nact", () => {
  test("loads nact, and the other entries of the runtime do not", async () => {
    const without = await program(`import "@otpts/runtime"; ${loaded}`);
    expect(without.stdout + without.stderr).toBe("not loaded\n");
    const given = await program(`import "@otpts/runtime/nact"; ${loaded}`);
    expect(given.stdout + given.stderr).toBe("loaded\n");
  });

  test("leaves no timer and no process behind in a program that used everything", async () => {
    const { code, stdout, stderr } = await program(`
      import { OK, REPLY, NOREPLY, dispatcher, erlang, gen_server } from "@otpts/runtime";
      import { nact_dispatcher, pid_of, ref_of } from "@otpts/runtime/nact";
      import { dispatch, query, spawnStateless, start, stop } from "nact";
      const hour = 3_600_000;
      const system = start();
      const before = dispatcher.use(nact_dispatcher(system));
      const server = await gen_server.start({
        init: () => [OK, 0],
        handle_call: (request, _from, n) => (request === "silent" ? [NOREPLY, n] : [REPLY, n, n + 1]),
      }, 0);
      dispatcher.use(before);
      const actor = spawnStateless(system, (message) => { if (message.replyTo) dispatch(message.replyTo, 1); });
      await query(ref_of(server), "next", hour);
      await query(ref_of(server), "silent", 1).catch(() => {});
      const lost = query(ref_of(server), "silent", hour).catch(() => {});
      await gen_server.call(pid_of(actor), (replyTo) => ({ replyTo }), hour);
      await gen_server.call(pid_of(actor), "silent", 1).catch(() => {});
      const unanswered = gen_server.call(pid_of(actor), "silent", hour).catch(() => {});
      erlang.exit(server, "enough");
      stop(actor);
      await Promise.all([lost, unanswered]);
      stop(system);
      // The clock of calls notices at its next tick that no call waits any more. A timer of an hour would never end in time.
      while (process.getActiveResourcesInfo().includes("Timeout")) await new Promise((resolve) => setImmediate(resolve));
      console.log(erlang.processes().length);
    `);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "0\n", stderr: "" });
  });
});
