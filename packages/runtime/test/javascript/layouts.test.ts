import { expect, test } from "vitest";

import { program } from "../kit/program.ts";

/**
 * Lives in which nothing of its kind is alive when the collector comes: supervisors with crashing children, calls that wait
 * and that do not, monitors, receives, timers. What the program itself makes is the same in every round.
 */
const LIFE = `
import { OK, REPLY, erlang, gen_server, logger, supervisor } from "@otpts/runtime";
logger.set_handler(undefined);
let told;
const server = {
  init: () => (told?.(), [OK, 0]),
  handle_call: (request) => [REPLY, request, 0],
  handle_cast: () => { throw "boom"; },
};
const task = () => gen_server.start_link(server, 0, { name: "worker" });
const caller = async () => { for (let n = 0; n < 50; n++) await gen_server.call("worker", n); };
const nothing = () => {};
const watcher = async () => {
  for (let n = 0; n < 2000; n++) { erlang.spawn_monitor(nothing); await erlang.receive(undefined, { after: 10_000 }); }
  told();
};
// For comparison, a layout of which nothing is kept.
const ring = Array.from({ length: 8 });
function unkept(n) { const o = {}; o.unkept_a = n; o.unkept_b = n; ring[n & 7] = o; }
for (let round = 0; round < 15; round++) {
  console.log("<round " + round + ">");
  const sup = await supervisor.start([supervisor.child_spec({ id: 1, task })], { max_restarts: 1e9 });
  for (let n = 0; n < 3000; n++) {
    const restarted = new Promise((resolve) => { told = resolve; });
    gen_server.cast("worker", "crash");
    await restarted;
  }
  await Promise.all(Array.from({ length: 100 }, caller));
  await supervisor.stop(sup);
  const over = new Promise((resolve) => { told = resolve; });
  erlang.spawn(watcher);
  await over;
  for (let n = 0; n < 200_000; n++) unkept(n);
  ring.fill(0);
  gc();
}`;

test("no function is recompiled repeatedly because a collection found no living instance of a layout", async () => {
  const { code, stdout } = await program(LIFE, { flags: ["--expose-gc", "--trace-deopt"] });
  expect(code).toBe(0);
  // V8 buffers what it prints, so a round may begin in the middle of one of its lines.
  const rounds = stdout.split(/<round \d+>/u).slice(1);
  expect(rounds).toHaveLength(15);
  // One may lose its code now and then, when V8 forgets functions that ran long ago; a lost layout shows in nearly each round.
  const losses = new Map<string, number>();
  for (const round of rounds.slice(5)) {
    for (const [, name] of round.matchAll(/SharedFunctionInfo ([^>]+).*reason: .*weak objects/gu))
      losses.set(name as string, (losses.get(name as string) ?? 0) + 1);
  }
  expect([...losses].filter(([, times]) => times > 5)).toStrictEqual([]);
  // So is this V8's way of saying it, and this its way of losing it.
  expect(stdout.replaceAll(/<round \d+>\n/gu, "")).toMatch(/SharedFunctionInfo unkept>.*reason: .*weak objects/u);
});
