import { describe, expect, test } from "vitest";

import { program } from "../kit/program.ts";

const prelude = `
  import { erlang, gen_server, supervisor, telemetry, sys, OK, REPLY, NOREPLY } from "@otpts/runtime";
  const server = { init: () => [OK, 0], handle_call: (request, _from, n) => request === "wait" ? [NOREPLY, n] : [REPLY, n, n + 1], handle_cast: (_m, n) => [NOREPLY, n] };
`;

/** Programs in which all that is left is idle. */
const idle = {
  "nothing but an import": "",
  "a process that has ended": "erlang.spawn(() => {});",
  "a process that waits for a message": "erlang.spawn(() => erlang.receive());",
  "a gen_server between two messages": `const pid = await gen_server.start(server, 0); console.log(await gen_server.call(pid, "next"));`,
  "a supervision tree": `
    await supervisor.start([supervisor.child_spec({ id: "a", task: () => gen_server.start_link(server, 0, { name: "a" }) })]);
    await gen_server.call("a", "next");`,
  "a supervision tree that listens to SIGTERM and SIGINT": `
    await supervisor.start([supervisor.child_spec({ id: "a", task: () => gen_server.start_link(server, 0, { name: "a" }) })], supervisor.options({ signals: true }));`,
  "a call that was answered long before its time-out": `const pid = await gen_server.start(server, 0); await gen_server.call(pid, "next", 1_000_000);`,
  "a call that was answered before a short time-out": `const pid = await gen_server.start(server, 0); await gen_server.call(pid, "next", 900);`,
  "a timer that was stopped":
    "erlang.cancel_timer(erlang.send_after(1_000_000, erlang.spawn(() => erlang.receive()), 1));",
  "a timer to a process that died": `
    const pid = erlang.spawn(() => erlang.receive()); erlang.send_after(1_000_000, pid, 1); erlang.exit(pid, "kill");`,
  "a timer to a process that was dead before": `
    const pid = erlang.spawn(() => {}); await new Promise((r) => setTimeout(r, 5)); erlang.send_after(1_000_000, pid, 1);`,
  "a timer with { ref: false }":
    "erlang.send_after(1_000_000, erlang.spawn(() => erlang.receive()), 1, { ref: false });",
  "a time-out of a process that died": `
    const pid = erlang.spawn(() => erlang.receive(undefined, { after: 1_000_000 })); await new Promise((r) => setTimeout(r, 5)); erlang.exit(pid, "enough");`,
  "a call of a process that died": `
    const to = await gen_server.start(server, 0);
    const pid = erlang.spawn(() => gen_server.call(to, "wait", 1_000_000)); await new Promise((r) => setTimeout(r, 5)); erlang.exit(pid, "enough");`,
  "an idle time-out of a server that died": `
    const pid = await gen_server.start({ init: () => [OK, 0, 1_000_000] }, 0); erlang.exit(pid, "kill");`,
  "a start's time-out after the start": "await gen_server.start(server, 0, { timeout: 1_000_000 });",
  "handlers of telemetry": `telemetry.attach("it", "**", () => {}); telemetry.emit("a.b");`,
  "a monitor, a link and an alias": `
    const pid = erlang.spawn(() => erlang.receive());
    erlang.spawn(async () => { erlang.link(pid); erlang.monitor("process", pid); erlang.alias(); await erlang.receive(); });`,
  "a thousand idle servers": "await Promise.all(Array.from({ length: 1_000 }, () => gen_server.start(server, 0)));",
};

/** Programs that still wait for something that will happen. */
const busy = {
  "a call without a reply": `const pid = await gen_server.start(server, 0); await gen_server.call(pid, "wait", 1_000).catch((e) => console.log(e.reason[0].name));`,
  "a call without a reply and a short time-out": `const pid = await gen_server.start(server, 0); await gen_server.call(pid, "wait", 60).catch((e) => console.log(e.reason[0].name));`,
  send_after: `const pid = erlang.spawn(async () => console.log(await erlang.receive())); erlang.send_after(60, pid, "timeout");`,
  "receive with a time-out":
    "erlang.spawn(async () => console.log((await erlang.receive(undefined, { after: 60 })).name));",
  "erlang.sleep": `erlang.spawn(async () => { await erlang.sleep(60); console.log("timeout"); });`,
  "erlang.sleep outside any process": `await erlang.sleep(60); console.log("timeout");`,
  "an idle time-out": `await gen_server.start({ init: () => [OK, 0, 60], handle_info: (m, n) => { console.log(m.name); return [NOREPLY, n]; } }, 0);`,
  "a timer beside one with { ref: false }": `
    const pid = erlang.spawn(async () => console.log(await erlang.receive()));
    erlang.send_after(1_000_000, pid, "far", { ref: false }); erlang.send_after(60, pid, "timeout");`,
  "two processes that talk, beside a call that times out": `
    const play = async () => { for (;;) { const [from] = await erlang.receive(); erlang.send(from, [erlang.self()]); } };
    const a = erlang.spawn(play), b = erlang.spawn(play);
    erlang.send(a, [b]);
    const pid = await gen_server.start(server, 0);
    await gen_server.call(pid, "wait", 60).catch((e) => { console.log(e.reason[0].name); process.exit(); });`,
};

describe("Node ends by itself when all that is left is", () => {
  test.concurrent.each(Object.entries(idle))("%s", async (_title, source) => {
    const { code, stderr } = await program(prelude + source);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
  });
});

describe("Node waits for", () => {
  test.concurrent.each(Object.entries(busy))("%s", async (_title, source) => {
    const { code, stdout, stderr } = await program(prelude + source);
    expect({ code, stdout, stderr }).toStrictEqual({ code: 0, stdout: "timeout\n", stderr: "" });
  });

  test("operations of a process outside the runtime", async () => {
    const { stdout } = await program(`${prelude}
      erlang.spawn(async () => { await new Promise((r) => setTimeout(r, 30)); console.log("done"); });`);
    expect(stdout).toBe("done\n");
  });
});
