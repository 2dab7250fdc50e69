/** Classes of promises that are not the engine's own, as libraries have them. */
import { expect, test } from "vitest";
import vm from "node:vm";

import { telemetry, logger } from "@otpts/runtime";
import { program } from "../kit/program.ts";

// As bluebird and zone.js do it: a class of promises that shares nothing with the engine's takes the place of the global one,
// and its functions refuse promises of other classes.
const REPLACED = `
const Native = Promise;
class Foreign {
  #inner;
  constructor(run) { this.#inner = new Native(run); }
  then(...both) { const inner = this.#inner.then(...both); return new Foreign((resolve, reject) => inner.then(resolve, reject)); }
  catch(failed) { return this.then(undefined, failed); }
  finally(done) { return this.then((value) => (done(), value), (error) => { done(); throw error; }); }
  static resolve(value) { return new Foreign((resolve) => resolve(value)); }
  static reject(error) { return new Foreign((_resolve, reject) => reject(error)); }
  static all(list) { return new Foreign((resolve, reject) => Native.all(list).then(resolve, reject)); }
  static race(list) { return new Foreign((resolve, reject) => Native.race(list).then(resolve, reject)); }
}
globalThis.Promise = Foreign;
const { erlang, gen_server, supervisor, logger, OK, NOREPLY, REPLY } = await import("@otpts/runtime");
logger.set_handler(() => {});
const server = {
  init: async () => [OK, 0],
  handle_call: async (request, _from, state) => {
    const me = erlang.self();
    await Foreign.resolve(1);
    if (request === "crash") return Foreign.reject(new Error("boom"));
    if (request === "foreign") return Foreign.resolve([REPLY, erlang.self() === me, state]);
    return [REPLY, erlang.self() === me, state];
  },
  terminate: () => Foreign.resolve(console.log("terminated")),
};
const foreign = { ...server, handle_call: (_request, _from, state) => Foreign.resolve([REPLY, "by a foreign promise", state]) };
const top = await supervisor.start([
  supervisor.child_spec({ id: 1, task: () => gen_server.start_link(server, 0, { name: "server" }) }),
  supervisor.child_spec({ id: 2, task: () => gen_server.start_link(foreign, 0, { name: "foreign" }) }),
]);
console.log(await gen_server.call("server", "own"), await gen_server.call("server", "foreign"), await gen_server.call("foreign", 1));
console.log(await gen_server.call("server", "crash").catch((error) => error.name));
console.log(await gen_server.call("server", "own"));
await supervisor.stop(top);
console.log("stopped");
`;

test.each([
  ["", ""],
  [
    ", while promises are tracked",
    'import { createHook } from "node:async_hooks"; createHook({ init() {}, before() {} }).enable();',
  ],
])("servers and supervisors work with a class of promises in place of the engine's%s", async (_how, first) => {
  const { stdout, stderr, code } = await program(first + REPLACED);
  expect({ stdout, stderr, code }).toStrictEqual({
    stdout: "true true by a foreign promise\nterminated\nExit\ntrue\nstopped\n",
    stderr: "",
    code: 0,
  });
});

test("a promise of another realm ends its span, and its rejection in a handler is no unhandled rejection", async () => {
  const inRealm = vm.runInNewContext("(value) => Promise.resolve(value)") as (value: unknown) => Promise<unknown>;
  const failing = vm.runInNewContext("() => Promise.reject(new Error('of another realm'))") as () => Promise<void>;
  const events: string[] = [];
  telemetry.attach("realm", "app.work.stop", (event) => void events.push(event));
  const working = telemetry.span("app.work", {}, () => inRealm(1));
  expect(events).toStrictEqual([]);
  expect(await working).toBe(1);
  expect(events).toStrictEqual(["app.work.stop"]);
  telemetry.detach("realm");
  const reports: string[] = [];
  const before = logger.set_handler(({ text }) => void reports.push(text));
  telemetry.attach("failing", "app.failing", failing);
  telemetry.emit("app.failing");
  await new Promise((resolve) => setImmediate(resolve));
  telemetry.detach("failing");
  logger.set_handler(before);
  expect(reports.join()).toContain("of another realm");
});
