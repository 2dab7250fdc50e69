import { describe, expect, test } from "vitest";

import { program } from "../kit/program.ts";

const PROCESSES = 50_000;
/** Far below what one kept object per process would take (16 bytes and more), far above what the engine itself varies by. */
const SLACK = 600_000;

/** Ways of living and dying. Each source is the body of an asynchronous function that lets `n` processes live and die. */
const lives = {
  "do nothing": `for (let i = 0; i < n; i++) erlang.spawn(() => {});`,
  fail: `for (let i = 0; i < n; i++) erlang.spawn(() => { throw undefined; });`,
  "wait, and are killed": `
    const pids = Array.from({ length: n }, () => erlang.spawn(() => (begun++, erlang.receive())));
    await all(n);
    for (const pid of pids) erlang.exit(pid, "kill"), erlang.exit(pid, "enough");`,
  "wait with a time-out and full mailboxes, and are killed": `
    const pids = Array.from({ length: n }, () => erlang.spawn(() => (begun++, erlang.receive((m) => m === "never", { after: 1_000_000 }))));
    for (const pid of pids) erlang.send(pid, { some: "message" });
    await all(n);
    for (const pid of pids) erlang.exit(pid, "enough");`,
  "are linked in a chain": `
    await inside(async () => {
      let last = erlang.spawn(() => erlang.receive());
      const first = last;
      for (let i = 1; i < n; i++) { const before = last; last = erlang.spawn(async () => { erlang.link(before); begun++; await erlang.receive(); }); }
      await all(n - 1);
      erlang.exit(first, "enough");
    });`,
  "are linked to one that lives on": `
    await inside(async () => {
      erlang.process_flag("trap_exit", true);
      for (let i = 0; i < n; i++) { erlang.spawn_link(() => {}); await erlang.receive(); }
    });`,
  "are monitored by one that lives on": `
    await inside(async () => {
      for (let i = 0; i < n; i++) { erlang.spawn_monitor(() => {}); await erlang.receive(); }
    });`,
  "monitor, link, alias and name themselves": `
    for (let i = 0; i < n; i += 100) {
      for (let k = 0; k < 100; k++) erlang.spawn(async () => { erlang.monitor("process", old); erlang.link(old); erlang.unlink(old); erlang.alias(); if (k === 0) erlang.register("only", erlang.self()); });
      await turn();
    }`,
  "leave timers behind, sent and not sent": `
    for (let i = 0; i < n; i += 100) {
      for (let k = 0; k < 100; k++) erlang.spawn(async () => { erlang.send_after(1_000_000, erlang.self(), 1); erlang.start_timer(0, erlang.self(), 1); await erlang.receive(); });
      await new Promise((resolve) => setTimeout(resolve, 2));
      await turn();
    }`,
  "die in a call that is never answered": `
    for (let i = 0; i < n; i += 100) {
      const pids = Array.from({ length: 100 }, () => erlang.spawn(() => gen_server.call(silent, "never", 1_000_000)));
      await turn();
      for (const pid of pids) erlang.exit(pid, "enough");
    }
    // What they asked is a message in the server's mailbox until it is handled, as in OTP.
    await gen_server.call(silent, "answer");`,
  "run on after they were killed, and wait for what never comes": `
    for (let i = 0; i < n; i += 1_000) {
      let open;
      const gate = new Promise((resolve) => { open = resolve; });
      const waits = [() => erlang.receive(), () => erlang.sleep(1), () => gen_server.call(silent, 1), () => gen_server.start(server, 0), () => gen_server.stop(silent)];
      const pids = Array.from({ length: 1_000 }, (_, k) => erlang.spawn(async () => { begun++; await gate; await waits[k % waits.length](); }));
      await all(1_000);
      for (const pid of pids) erlang.exit(pid, "enough");
      open();
      await turn();
    }`,
  "have their signal fired": `
    for (let i = 0; i < n; i += 1_000) {
      for (let k = 0; k < 1_000; k++) erlang.spawn(() => void erlang.signal());
      await turn();
    }`,
  "are gen_servers that are called and stopped": `
    for (let i = 0; i < n; i += 100) {
      await Promise.all(Array.from({ length: 100 }, async () => {
        const pid = await gen_server.start(server, 0);
        await gen_server.call(pid, "hello");
        gen_server.cast(pid, "bye");
      }));
    }`,
  "are gen_servers that crash under a supervisor": `
    const sup = await supervisor.start([supervisor.child_spec({ id: "c", task: () => gen_server.start_link(server, 0, { name: "crasher" }) })], { max_restarts: 1e9 });
    for (let i = 0; i < n / 10; i++) { gen_server.cast("crasher", "crash"); do { await turn(); } while (erlang.whereis("crasher") === undefined); }
    await supervisor.stop(sup);`,
  "are children of a simple_one_for_one supervisor": `
    const sup = await supervisor.start([supervisor.child_spec({ id: "c", task: () => gen_server.start_link(server, 0), restart: "temporary" })], { strategy: "simple_one_for_one" });
    for (let i = 0; i < n / 5; i++) gen_server.cast(await supervisor.start_child(sup, []), "bye");
    await supervisor.stop(sup);`,
};

const source = (life: string) => `
  import { erlang, gen_server, logger, supervisor, OK, REPLY, NOREPLY, STOP, NORMAL } from "@otpts/runtime";
  logger.set_handler(undefined);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const inside = (fun) => new Promise((resolve, reject) => void erlang.spawn(() => fun().then(resolve, reject)));
  const server = {
    init: () => [OK, 0],
    handle_call: (request, _from, n) => [REPLY, request, n],
    handle_cast: (message, n) => message === "bye" ? [STOP, NORMAL, n] : [STOP, "crash", n],
  };
  const silent = await gen_server.start({ init: () => [OK, 0], handle_call: (request) => request === "answer" ? [REPLY, 1, 0] : [NOREPLY, 0] }, 0);
  const old = erlang.spawn(() => erlang.receive());
  let begun = 0;
  const all = async (n) => { while (begun < n) await turn(); begun = 0; };
  async function live(n) { ${life} }
  const used = async () => {
    // Starts are reductions, too: those that are due may take some turns of the event loop.
    for (let i = 0; i < 10_000 && erlang.processes().length > 2; i++) await turn();
    // What a finalizer frees is free only after a later turn.
    let least = Infinity;
    for (let i = 0; i < 10; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
      least = Math.min(least, process.memoryUsage().heapUsed);
    }
    return least;
  };
  await live(10_000);
  const before = await used();
  await live(${PROCESSES});
  const after = await used();
  console.log(JSON.stringify({ grown: after - before, alive: erlang.processes().length, names: erlang.registered().length }));
  process.exit();
`;

describe(`the heap does not grow by ${PROCESSES.toLocaleString("en")} processes that`, () => {
  test.each(Object.entries(lives))(
    "%s",
    async (_title, life) => {
      const { code, stdout, stderr } = await program(source(life), { flags: ["--expose-gc"], patience: 300_000 });
      expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
      const { grown, alive, names } = JSON.parse(stdout) as { grown: number; alive: number; names: number };
      expect({ alive, names }).toStrictEqual({ alive: 2, names: 0 });
      expect(grown).toBeLessThan(SLACK);
    },
    300_000,
  );
});

test("a remembered pid keeps nothing of its dead process in memory", async () => {
  const { stdout } = await program(
    `
    import { erlang } from "@otpts/runtime";
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const used = async () => {
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      return process.memoryUsage().heapUsed;
    };
    const pids = [];
    const live = async (n) => {
      for (let i = 0; i < n; i++) {
        const pid = erlang.spawn(async () => { const large = new Array(1_000).fill(i); await erlang.receive(); return large; });
        erlang.send(pid, new Array(1_000).fill(i));
        pids.push(pid);
      }
      while (pids.some(erlang.is_process_alive)) await turn();
    };
    await live(100);
    const before = await used();
    await live(10_000);
    console.log((await used()) - before, pids.length);
    `,
    { flags: ["--expose-gc"], patience: 300_000 },
  );
  const [grown, kept] = stdout.split(" ").map(Number);
  expect(kept).toBe(10_100);
  // 160 MB if they were held.
  expect(grown).toBeLessThan(5_000_000);
});

test("a process that handles a million messages does not grow", async () => {
  const { stdout } = await program(
    `
    import { erlang } from "@otpts/runtime";
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const used = async () => {
      for (let i = 0; i < 5; i++) { await turn(); gc(); }
      return process.memoryUsage().heapUsed;
    };
    let count = 0;
    const pid = erlang.spawn(async () => { for (;;) { await erlang.receive(); count++; } });
    const handle = async (n) => {
      for (let sent = 0; sent < n; ) {
        for (let i = 0; i < 1_000; i++, sent++) erlang.send(pid, { sent });
        while (erlang.process_info(pid, "message_queue_len") > 0) await turn();
      }
    };
    await handle(100_000);
    const before = await used();
    await handle(1_000_000);
    console.log((await used()) - before, count);
    `,
    { flags: ["--expose-gc"], patience: 300_000 },
  );
  const [grown, count] = stdout.split(" ").map(Number);
  expect(count).toBe(1_100_000);
  expect(grown).toBeLessThan(SLACK);
});
