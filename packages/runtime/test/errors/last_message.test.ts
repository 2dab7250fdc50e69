import { NOREPLY, OK, REPLY, erlang, gen_server } from "@otpts/runtime";
import { expect, test } from "vitest";

import { reports } from "../kit/inside.ts";

const server = {
  init: () => [OK, 0] as const,
  handle_call: (request: unknown) => [REPLY, request, 0] as const,
  handle_cast: () => [NOREPLY, 0] as const,
};

test("a server that ends between two messages is reported without a last message, whatever it handled before", async () => {
  const found = await reports(async () => {
    const pid = await gen_server.start(server, 0);
    erlang.send(pid, "nobody handles this");
    gen_server.cast(pid, "a cast");
    await gen_server.call(pid, "a call");
    await gen_server.stop(pid, "odd").catch(() => {});
  });
  const crash = found.find(({ event }) => event === "process_crash");
  expect(crash?.details).not.toHaveProperty("message");
  expect(crash?.text).toContain("Last message: none (between two messages)");
});
