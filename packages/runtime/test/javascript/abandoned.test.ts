import { expect, test } from "vitest";

import { program } from "../kit/program.ts";

test("an abandoned request keeps nothing else of its mailbox in memory", async () => {
  const { stdout } = await program(
    `
    import { KILL, OK, erlang, gen_server } from "@otpts/runtime";
    const server = { init: () => [OK, 0], handle_call: () => new Promise(() => {}) };
    const pid = await gen_server.start(server, 0);
    gen_server.call(pid, "busy").catch(() => {});
    const kept = gen_server.send_request(pid, "abandoned");
    let big = { big: true };
    const weak = new WeakRef(big);
    erlang.send(pid, big);
    big = undefined;
    await gen_server.receive_response(kept, 1);
    erlang.exit(pid, KILL);
    for (let n = 0; n < 5; n++) { await new Promise((resolve) => setTimeout(resolve, 1)); gc(); }
    console.log(weak.deref() === undefined ? "collected" : "kept", typeof kept);
    `,
    { flags: ["--expose-gc"] },
  );
  expect(stdout).toBe("collected object\n");
});
