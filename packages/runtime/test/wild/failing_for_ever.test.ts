import { NOREPLY, OK, REPLY, erlang, gen_server, logger, proc_lib, supervisor, sys, type Pid } from "@otpts/runtime";
import { gen_statem } from "@otpts/runtime/gen_statem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { inside } from "../kit/inside.ts";

// Far more than fit between two turns of the event loop.
const MANY = 200_000;

/** How often `ask` could be asked until the event loop had a turn. */
async function askedUntilTurn(ask: () => unknown): Promise<number> {
  let turned = false;
  setImmediate(() => (turned = true));
  let asked = 0;
  while (!turned && asked < MANY) {
    asked++;
    try {
      await ask();
    } catch {
      // The failure is intended.
    }
  }
  return asked;
}

const server = {
  init: () => [OK, 0] as const,
  handle_call: (_request: unknown, _from: unknown, state: number) => [REPLY, 0, state] as const,
  handle_cast: (_message: unknown, state: number) => [NOREPLY, state] as const,
};

let dead: Pid;
let handler: logger.Handler | undefined;
beforeAll(async () => {
  handler = logger.set_handler(undefined);
  dead = await gen_server.start(server, undefined);
  await gen_server.stop(dead);
  await gen_server.start(server, undefined, { name: "taken" });
});
afterAll(async () => {
  await gen_server.stop("taken");
  logger.set_handler(handler);
});

const anywhere: Record<string, () => unknown> = {
  "calls to an unknown name": () => gen_server.call("nobody", 1),
  "calls to a dead process": () => gen_server.call(dead, 1),
  "calls to an invalid server": () => gen_server.call(17 as never, 1 as never),
  "calls with a bad time-out": () => gen_server.call("taken", 1, -1),
  "calls to an unknown name on all nodes": () => gen_server.multi_call("nobody", 1),
  "stops of an unknown name": () => gen_server.stop("nobody"),
  "stops of a dead process": () => gen_server.stop(dead),
  "stops of an unknown name by proc_lib": () => proc_lib.stop("nobody"),
  "requests to an unknown name": () => gen_server.receive_response(gen_server.send_request("nobody", 1), 10),
  "starts under a name in use": () => gen_server.start(server, undefined, { name: "taken" }),
  "starts with unknown options": () => gen_server.start(server, undefined, { nmae: "x" } as never),
  "starts of an invalid module": () => gen_server.start(undefined as never, undefined as never),
  "starts of an invalid state machine": () => gen_statem.start(undefined as never, undefined as never),
  "calls to an unknown state machine": () => gen_statem.call("nobody", 1 as never),
  "starts whose init fails": () => gen_server.start({ init: () => ["stop" as never, 1] } as never, undefined as never),
  "system requests to an unknown name": () => sys.get_state("nobody"),
  "terminations of an unknown name": () => sys.terminate("nobody", "why"),
  "questions to an unknown supervisor": () => supervisor.which_children("nobody"),
  "receives outside all processes, or for a bad time": () => erlang.receive(undefined, { after: -1 }),
  "waits for a request that is over": (() => {
    const request = gen_server.send_request("nobody", 1);
    return () => gen_server.wait_response(request, 0);
  })(),
};

const inProcess: Record<string, () => unknown> = {
  "calls to itself": () => gen_server.call(erlang.self(), 1),
  "stops of itself": () => gen_server.stop(erlang.self()),
  "system requests to itself": () => sys.get_state(erlang.self()),
  "monitors of a dead process": async () => {
    const ref = erlang.monitor("process", dead);
    await erlang.receive((message) => Array.isArray(message) && message[1] === ref);
  },
  "receives that take nothing": () => erlang.receive(undefined, { after: 0 }),
};

describe("the event loop turns during an endless series of", () => {
  for (const [what, ask] of Object.entries(anywhere)) {
    test(`${what}, outside processes`, async () => expect(await askedUntilTurn(ask)).toBeLessThan(MANY));
  }
  for (const [what, ask] of Object.entries({ ...anywhere, ...inProcess })) {
    test(`${what}, in a process`, async () => expect(await inside(() => askedUntilTurn(ask))).toBeLessThan(MANY));
  }
});
