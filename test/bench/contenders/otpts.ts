import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { erlang, gen_server, logger, supervisor, NOREPLY, OK, REPLY, SHUTDOWN } from "@otpts/runtime";
import type { Pid } from "@otpts/runtime";
import { gen_statem, KEEP_STATE_AND_DATA, STATE_FUNCTIONS } from "@otpts/runtime/gen_statem";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";
import { burn, underLoad } from "../load.ts";
import { liveBytes, median, per, processorTime } from "../stopwatch.ts";

const settled = Promise.resolve();

/** Echoes calls, swallows casts, passes a token on: {@link Hop} in, one hop fewer out, to the server in its state. */
const server = {
  init: (state: unknown) => [OK, state] as const,
  handle_call: (request: unknown, _from: unknown, state: unknown) => [REPLY, request, state] as const,
  handle_cast: (message: unknown, state: unknown) => {
    if (message instanceof Hop) {
      if (message.left === 0) message.done();
      else gen_server.cast(state as Pid, new Hop(message.left - 1, message.done));
    } else if (message instanceof Next) return [NOREPLY, message.pid] as const;
    return [NOREPLY, state] as const;
  },
};

/** The same, but its callback awaits once, and then calls self(). */
const async_server = {
  ...server,
  handle_call: async (request: unknown, _from: unknown, state: unknown) => {
    await settled;
    erlang.self();
    return [REPLY, request, state] as const;
  },
};

const burning_server = {
  ...server,
  handle_call: (request: unknown, _from: unknown, state: unknown) => {
    burn(5);
    return [REPLY, request, state] as const;
  },
};

/** A state machine that echoes calls. */
const machine = gen_statem.states({
  callback_mode: () => STATE_FUNCTIONS,
  init: () => [OK, "idle", 0],
  idle: (type, content) => [KEEP_STATE_AND_DATA, [[REPLY, (type as readonly [unknown, gen_server.From])[1], content]]],
});

/** Notifies its owner when its init has run, and crashes at any message. */
const crashing_server = {
  ...server,
  init: (started: (pid: Pid) => void) => {
    started(erlang.self());
    return [OK, started] as const;
  },
  handle_cast: () => {
    throw new Error("boom");
  },
};

class Hop {
  constructor(
    readonly left: number,
    readonly done: () => void,
  ) {}
}

class Next {
  constructor(readonly pid: Pid) {}
}

const start = (): Promise<Pid> => gen_server.start(server, 0);

async function several(n: number): Promise<Pid[]> {
  const pids: Pid[] = [];
  for (let i = 0; i < n; i++) pids.push(await start());
  return pids;
}

async function stopAll(pids: readonly Pid[]): Promise<void> {
  for (const pid of pids) await gen_server.stop(pid);
}

async function calls(pid: Pid, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await gen_server.call(pid, i);
}

/** Runs `body` as a process and resolves with its result. */
function inside<T>(body: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    erlang.spawn(() => body().then(resolve, reject));
  });
}

async function callsTo(module: typeof server | typeof async_server, n: number): Promise<{ ns: number }> {
  const pid = await gen_server.start(module, 0);
  await calls(pid, n / 10);
  const ns = await per(n, () => calls(pid, n));
  await gen_server.stop(pid);
  return { ns };
}

/** Calls to a state machine in batches, each between two of calls to a server, so that whatever else the computer does falls on both alike. */
async function machineOverServer(n: number): Promise<{ ns: number; ratio: number }> {
  const [one, other] = [await gen_statem.start(machine, undefined), await start()];
  const batch = n / 10;
  const machineCalls = async () => {
    for (let i = 0; i < batch; i++) await gen_statem.call(one, i);
  };
  const serverCalls = () => calls(other, batch);
  await machineCalls();
  await serverCalls();
  const taken: number[] = [];
  const ratios: number[] = [];
  let before = await processorTime(serverCalls);
  for (let round = 0; round < 10; round++) {
    let own = 0;
    taken.push(await per(batch, async () => (own = await processorTime(machineCalls))));
    const after = await processorTime(serverCalls);
    ratios.push((2 * own) / (before + after));
    before = after;
  }
  await gen_statem.stop(one);
  await gen_server.stop(other);
  return { ns: median(taken), ratio: median(ratios) };
}

/**
 * The cost of awaits outside all processes in a thread where a process has run, relative to a thread without: the two
 * take turns, so that whatever else the computer does falls on both alike.
 */
async function strangers(n: number): Promise<{ times: number }> {
  const [without, beside] = [awaiting(n / 20), awaiting(n / 20, import.meta.resolve("@otpts/runtime"))];
  for (let round = 0; round < 20; round++) for (const thread of [without, beside]) await thread.batch();
  const [before, after]: [number[], number[]] = [[], []];
  for (let round = 0; round < 30; round++) {
    before.push(await without.batch());
    after.push(await beside.batch());
  }
  await Promise.all([without.end(), beside.end()]);
  return { times: Math.min(...after) / Math.min(...before) };
}

/** A thread that awaits in batches of `n`, after a process has run in it, if it is given the runtime's address. */
function awaiting(n: number, runtime?: string): { batch(): Promise<number>; end(): Promise<unknown> } {
  const source = `
    const { parentPort, workerData: { runtime, n } } = await import("node:worker_threads");
    if (runtime !== undefined) {
      const { erlang } = await import(runtime);
      await new Promise((resolve) => erlang.spawn(resolve));
    }
    parentPort.on("message", async () => {
      const begun = process.cpuUsage();
      for (let i = 0; i < n; i++) await undefined;
      const { user, system } = process.cpuUsage(begun);
      parentPort.postMessage(user + system);
    });
  `;
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const thread = new Worker(url, { workerData: { runtime, n } });
  return {
    async batch() {
      // Rejects if the thread fails.
      const answer = once(thread, "message");
      thread.postMessage("go");
      return ((await answer) as [number])[0];
    },
    end: () => thread.terminate(),
  };
}

/** Casts in batches of 1,000, each closed by a call, so that no mailbox grows with `n`. */
async function castsAmong(pids: readonly Pid[], n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const pid = pids[i % pids.length] as Pid;
    gen_server.cast(pid, i);
    if (i % 1000 === 999) await gen_server.call(pid, "sync");
  }
}

function hop(first: Pid, n: number): Promise<void> {
  return new Promise((resolve) => gen_server.cast(first, new Hop(n, resolve)));
}

/** A supervisor of `n` permanent children; `next()` resolves with the pid of the next child whose init runs. */
async function family(n: number): Promise<{ pid: Pid; children: Pid[]; next(): Promise<Pid> }> {
  const children: Pid[] = [];
  let told = (pid: Pid): void => void children.push(pid);
  const task = () => gen_server.start_link(crashing_server, (pid: Pid) => told(pid));
  const specs = Array.from({ length: n }, (_, id) => supervisor.child_spec({ id, task, restart: "permanent" }));
  const pid = await supervisor.start(specs, { max_restarts: 1_000_000, max_seconds: 1 });
  return { pid, children, next: () => new Promise((resolve) => (told = resolve)) };
}

async function crashes(tree: Awaited<ReturnType<typeof family>>, first: Pid, n: number): Promise<void> {
  let pid = first;
  for (let i = 0; i < n; i++) {
    const restarted = tree.next();
    gen_server.cast(pid, "crash");
    pid = await restarted;
  }
}

export const contender: Contender = {
  name: "@otpts/runtime",
  notes: [],
  absent: {},
  probes: {
    import: ({ n }) => imports(import.meta.resolve("@otpts/runtime"), n),
    call: ({ n }) => callsTo(server, n),
    strangers: ({ n }) => strangers(n),
    call_inside: ({ n }) => inside(() => callsTo(server, n)),
    call_async: ({ n }) => callsTo(async_server, n),
    call_statem: ({ n }) => machineOverServer(n),
    async call_many({ n, flight }) {
      const pid = await start();
      const callers = (each: number) => Promise.all(Array.from({ length: flight }, () => calls(pid, each)));
      await callers(n / flight / 10);
      const ns = await per(n, () => callers(n / flight));
      await gen_server.stop(pid);
      return { ns };
    },

    async cast({ n }) {
      const pid = await start();
      await castsAmong([pid], n / 10);
      const ns = await per(n, () => castsAmong([pid], n));
      await gen_server.stop(pid);
      return { ns };
    },
    async ring({ n, among }) {
      const pids = await several(among);
      pids.forEach((pid, i) => gen_server.cast(pid, new Next(pids[(i + 1) % among] as Pid)));
      const first = pids[0] as Pid;
      await hop(first, n / 10);
      const ns = await per(n, () => hop(first, n));
      await stopAll(pids);
      return { ns };
    },

    async lifecycle({ n }) {
      let pids: Pid[] = [];
      const spawn = await per(n, async () => (pids = await several(n)));
      const stop = await per(n, () => stopAll(pids));
      return { spawn, stop };
    },
    async lifecycle_together({ n }) {
      let pids: Pid[] = [];
      const spawn = await per(n, async () => (pids = await Promise.all(Array.from({ length: n }, () => start()))));
      const stop = await per(n, () => Promise.all(pids.map((pid) => gen_server.stop(pid))));
      return { spawn, stop };
    },
    async memory({ n }) {
      await stopAll(await several(1000));
      const before = await liveBytes();
      const pids = await several(n);
      const bytes = ((await liveBytes()) - before) / n;
      await stopAll(pids);
      return { bytes };
    },
    async crash({ n, restarts }) {
      logger.set_handler(undefined);
      let total = 0;
      for (let i = 0; i < n; i += restarts) {
        const tree = await family(1);
        total += await per(1, () => crashes(tree, tree.children[0] as Pid, restarts));
        await supervisor.stop(tree.pid);
      }
      return { ns: total / n };
    },

    load_send: ({ ms }) =>
      underLoad(ms, async (load) => {
        let ended = (): void => undefined;
        const end = new Promise<void>((resolve) => (ended = resolve));
        const pong = {
          ...server,
          handle_info: (from: unknown) => {
            if (load.next()) erlang.send(from as Pid, erlang.self());
            else ended();
            return [NOREPLY, 0] as const;
          },
        };
        const [a, b] = [await gen_server.start(pong, 0), await gen_server.start(pong, 0)];
        erlang.send(a, b);
        await end;
        await stopAll([a, b]);
      }),
    load_call: ({ ms }) => callsUnderLoad(server, ms),
    load_burn: ({ ms }) => callsUnderLoad(burning_server, ms),

    async call_among({ n, among }) {
      const pids = await several(among);
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) await gen_server.call(pids[i % among] as Pid, i);
      });
      await stopAll(pids);
      return { ns };
    },
    async cast_among({ n, among }) {
      const pids = await several(among);
      const ns = await per(n, () => castsAmong(pids, n));
      await stopAll(pids);
      return { ns };
    },
    async mailbox({ n }) {
      const pid = await start();
      const times = Math.max(1, Math.floor(500_000 / n));
      const fillAndDrain = () => {
        for (let i = 0; i < n; i++) gen_server.cast(pid, i);
        return gen_server.call(pid, "sync", Infinity);
      };
      const ns = await per(n * times, async () => {
        for (let i = 0; i < times; i++) await fillAndDrain();
      });
      await gen_server.stop(pid);
      return { ns };
    },
    selective: ({ queue }) =>
      inside(async () => {
        const self = erlang.self();
        for (let i = 0; i < queue; i++) erlang.send(self, i);
        erlang.send(self, "wanted");
        return { ns: await per(queue, () => erlang.receive((message) => message === "wanted")) };
      }),
    call_waiting: ({ n, queue }) =>
      inside(async () => {
        const self = erlang.self();
        for (let i = 0; i < queue; i++) erlang.send(self, i);
        return callsTo(server, n);
      }),
    async children({ n, restarts }) {
      logger.set_handler(undefined);
      let tree!: Awaited<ReturnType<typeof family>>;
      const started = await per(n, async () => (tree = await family(n)));
      const restart = await per(restarts, () => crashes(tree, tree.children[n >> 1] as Pid, restarts));
      const stop = await per(n, () => supervisor.stop(tree.pid, SHUTDOWN));
      return { start: started, restart, stop };
    },
  },
};

/** A process that calls a server for ever. A call is two messages, the request and the reply. */
function callsUnderLoad(module: typeof server, ms: number) {
  return underLoad(ms, async (load) => {
    const pid = await gen_server.start(module, 0);
    await inside(async () => {
      do await gen_server.call(pid, "ping");
      while (load.next() && load.next());
    });
    await gen_server.stop(pid);
  });
}
