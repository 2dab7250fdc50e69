import { expect, test } from "vitest";

import { program } from "../kit/program.ts";

/**
 * Lives in which nothing of its kind is alive when the collector comes: supervisors with crashing children, calls that wait
 * and that do not, monitors, receives, timers.
 */
const LIFE = `
import { NOREPLY, OK, REPLY, erlang, gen_server, logger, supervisor } from "@otpts/runtime";
logger.set_handler(undefined);
const server = {
  init: (told) => (told?.(), [OK, 0]),
  handle_call: (request) => [REPLY, request, 0],
  handle_cast: () => { throw "boom"; },
};
for (let round = 0; round < 12; round++) {
  console.log("round " + round);
  let told;
  const task = () => gen_server.start_link(server, () => told?.(), { name: "worker" });
  const sup = await supervisor.start([supervisor.child_spec({ id: 1, task })], { max_restarts: 1e9 });
  for (let n = 0; n < 3000; n++) {
    const restarted = new Promise((resolve) => { told = resolve; });
    gen_server.cast("worker", "crash");
    await restarted;
  }
  await Promise.all(Array.from({ length: 100 }, async () => { for (let n = 0; n < 50; n++) await gen_server.call("worker", n); }));
  await supervisor.stop(sup);
  await new Promise((resolve) => erlang.spawn(async () => {
    for (let n = 0; n < 2000; n++) { erlang.spawn_monitor(() => {}); await erlang.receive(undefined, { after: 10_000 }); }
    resolve();
  }));
  gc();
}`;

// What is compiled again in every round because a layout died shows in every round; what happens once is warming up.
test("no compiled code is thrown away because a collection found no living instance of a layout", async () => {
  const { code, stdout } = await program(LIFE, { flags: ["--expose-gc", "--trace-deopt"] });
  expect(code).toBe(0);
  const rounds = stdout.split(/^round \d+$/mu).slice(1);
  expect(rounds).toHaveLength(12);
  const lost = rounds.slice(6).map((round) => round.match(/reason: weak objects/gu)?.length ?? 0);
  expect(Math.min(...lost), `functions that lost their code in each round: ${lost.join(" ")}`).toBe(0);
});
