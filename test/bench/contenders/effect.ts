import { Deferred, Effect, Fiber, Queue } from "effect";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";
import { burn, underLoad } from "../load.ts";
import { liveBytes, per } from "../stopwatch.ts";

/** The messages of the benchmark's fibers. A call carries the deferred that its caller awaits. */
type Message =
  | { readonly tag: "call"; readonly value: unknown; readonly reply: Deferred.Deferred<unknown> }
  | { readonly tag: "cast"; readonly value: unknown }
  | { readonly tag: "next"; readonly next: Server }
  | { readonly tag: "hop"; readonly left: number; readonly done: () => void }
  | { readonly tag: "from"; readonly from: Server }
  | { readonly tag: "crash" };

/** Effect has no actor: a server is a fiber that takes from a queue for ever. */
interface Server {
  readonly queue: Queue.Queue<Message>;
  readonly fiber: Fiber.Fiber<unknown, unknown>;
}

type Handler = (state: Server | undefined, message: Message) => Effect.Effect<Server | undefined>;

const echo: Handler = (state, message) => {
  if (message.tag === "call") return Effect.as(Deferred.succeed(message.reply, message.value), state);
  if (message.tag === "next") return Effect.succeed(message.next);
  if (message.tag === "hop") {
    if (message.left > 0)
      return Effect.as(
        Queue.offer((state as Server).queue, { tag: "hop", left: message.left - 1, done: message.done }),
        state,
      );
    message.done();
  }
  return Effect.succeed(state);
};

const asyncEcho: Handler = (state, message) =>
  Effect.flatMap(
    Effect.promise(() => Promise.resolve()),
    () => echo(state, message),
  );

const burningEcho: Handler = (state, message) => {
  burn(5);
  return echo(state, message);
};

const loop = (queue: Queue.Queue<Message>, handler: Handler): Effect.Effect<never> =>
  Effect.gen(function* () {
    let state: Server | undefined;
    for (;;) state = yield* handler(state, yield* Queue.take(queue));
  });

const start = (handler: Handler = echo): Effect.Effect<Server> =>
  Effect.gen(function* () {
    const queue = yield* Queue.unbounded<Message>();
    return { queue, fiber: yield* Effect.forkDetach(loop(queue, handler)) };
  });

const run = Effect.runPromise;

/** For use inside a fiber; a caller outside runs it as a separate fiber. */
const call = (server: Server, value: unknown, timeout = 5000) =>
  Effect.gen(function* () {
    const reply = yield* Deferred.make<unknown>();
    yield* Queue.offer(server.queue, { tag: "call", value, reply });
    return yield* Effect.timeout(Deferred.await(reply), timeout);
  });

const calls = (server: Server, n: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < n; i++) yield* call(server, i);
  });

const several = (n: number) =>
  Effect.gen(function* () {
    const servers: Server[] = [];
    for (let i = 0; i < n; i++) servers.push(yield* start());
    return servers;
  });

const stopAll = (servers: readonly Server[]) =>
  Effect.gen(function* () {
    for (const { fiber } of servers) yield* Fiber.interrupt(fiber);
  });

const castsAmong = (servers: readonly Server[], n: number) =>
  Effect.gen(function* () {
    for (let i = 0; i < n; i++) {
      const server = servers[i % servers.length] as Server;
      yield* Queue.offer(server.queue, { tag: "cast", value: i });
      if (i % 1000 === 999) yield* call(server, "sync");
    }
  });

const hop = (first: Server, n: number): Promise<void> =>
  new Promise((resolve) => {
    Queue.offerUnsafe(first.queue, { tag: "hop", left: n, done: resolve });
  });

async function callsInside(handler: Handler, n: number): Promise<{ ns: number }> {
  const server = await run(start(handler));
  await run(calls(server, n / 10));
  const ns = await per(n, () => run(calls(server, n)));
  await run(Fiber.interrupt(server.fiber));
  return { ns };
}

async function callsOutside(handler: Handler, n: number): Promise<{ ns: number }> {
  const server = await run(start(handler));
  for (let i = 0; i < n / 10; i++) await run(call(server, i));
  const ns = await per(n, async () => {
    for (let i = 0; i < n; i++) await run(call(server, i));
  });
  await run(Fiber.interrupt(server.fiber));
  return { ns };
}

function callsUnderLoad(handler: Handler, ms: number) {
  return underLoad(ms, (load) =>
    run(
      Effect.gen(function* () {
        const server = yield* start(handler);
        do yield* call(server, "ping");
        while (load.next() && load.next());
        yield* Fiber.interrupt(server.fiber);
      }),
    ),
  );
}

export const contender: Contender = {
  name: "effect",
  notes: [
    "no actor in its core: a server is a fiber that takes from an unbounded Queue, a call is a Deferred in a message",
    "call has a time-out (Effect.timeout) and no monitor: a call to a fiber that died waits for its time-out",
    "from outside, each call runs as a separate fiber (Effect.runPromise)",
    "crash to restart is Effect.catchCause around the loop: same fiber, same queue, no restart limit",
  ],
  absent: {
    strangers: "no await belongs to a process in it",
    call_statem: "no state machine",
    selective: "no selective receive: a queue is taken from in order",
    call_waiting: "no mailbox of its own: an answer comes through a Deferred",
    children: "no supervisor of children that restart",
  },
  probes: {
    import: ({ n }) => imports(import.meta.resolve("effect"), n),
    call: ({ n }) => callsOutside(echo, n),
    call_inside: ({ n }) => callsInside(echo, n),
    call_async: ({ n }) => callsOutside(asyncEcho, n),
    async call_many({ n, flight }) {
      const server = await run(start());
      const callers = (each: number) => Promise.all(Array.from({ length: flight }, () => run(calls(server, each))));
      await callers(n / flight / 10);
      const ns = await per(n, () => callers(n / flight));
      await run(Fiber.interrupt(server.fiber));
      return { ns };
    },

    async cast({ n }) {
      const server = await run(start());
      await run(castsAmong([server], n / 10));
      const ns = await per(n, () => run(castsAmong([server], n)));
      await run(Fiber.interrupt(server.fiber));
      return { ns };
    },
    async ring({ n, among }) {
      const servers = await run(several(among));
      servers.forEach(({ queue }, i) => {
        Queue.offerUnsafe(queue, { tag: "next", next: servers[(i + 1) % among] as Server });
      });
      const first = servers[0] as Server;
      await hop(first, n / 10);
      const ns = await per(n, () => hop(first, n));
      await run(stopAll(servers));
      return { ns };
    },

    async lifecycle({ n }) {
      let servers: Server[] = [];
      const spawn = await per(n, async () => (servers = await run(several(n))));
      return { spawn, stop: await per(n, () => run(stopAll(servers))) };
    },
    async lifecycle_together({ n }) {
      let servers: Server[] = [];
      const spawn = await per(n, async () => (servers = await run(several(n))));
      return { spawn, stop: await per(n, () => run(Fiber.interruptAll(servers.map(({ fiber }) => fiber)))) };
    },
    async memory({ n }) {
      await run(stopAll(await run(several(1000))));
      const before = await liveBytes();
      const servers = await run(several(n));
      const bytes = ((await liveBytes()) - before) / n;
      await run(stopAll(servers));
      return { bytes };
    },
    async crash({ n }) {
      let started = (): void => undefined;
      const queue = await run(Queue.unbounded<Message>());
      const crashing: Handler = () => {
        throw new Error("boom");
      };
      const supervised: Effect.Effect<never> = Effect.suspend(() => {
        started();
        return Effect.catchCause(loop(queue, crashing), () => supervised);
      });
      const fiber = Effect.runFork(supervised);
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) {
          const restarted = new Promise<void>((resolve) => (started = resolve));
          Queue.offerUnsafe(queue, { tag: "crash" });
          await restarted;
        }
      });
      await run(Fiber.interrupt(fiber));
      return { ns };
    },

    load_send: ({ ms }) =>
      underLoad(ms, async (load) => {
        let ended = (): void => undefined;
        const end = new Promise<void>((resolve) => (ended = resolve));
        const pair: Server[] = [];
        const pong =
          (self: number): Handler =>
          (state, message) => {
            if (message.tag === "from" && load.next())
              return Effect.as(Queue.offer(message.from.queue, { tag: "from", from: pair[self] as Server }), state);
            ended();
            return Effect.succeed(state);
          };
        pair.push(await run(start(pong(0))), await run(start(pong(1))));
        const [a, b] = pair as [Server, Server];
        Queue.offerUnsafe(a.queue, { tag: "from", from: b });
        await end;
        await run(stopAll(pair));
      }),
    load_call: ({ ms }) => callsUnderLoad(echo, ms),
    load_burn: ({ ms }) => callsUnderLoad(burningEcho, ms),

    async call_among({ n, among }) {
      const servers = await run(several(among));
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) await run(call(servers[i % among] as Server, i));
      });
      await run(stopAll(servers));
      return { ns };
    },
    async cast_among({ n, among }) {
      const servers = await run(several(among));
      const ns = await per(n, () => run(castsAmong(servers, n)));
      await run(stopAll(servers));
      return { ns };
    },
    async mailbox({ n }) {
      const server = await run(start());
      const times = Math.max(1, Math.floor(500_000 / n));
      const fillAndDrain = () => {
        for (let i = 0; i < n; i++) Queue.offerUnsafe(server.queue, { tag: "cast", value: i });
        return run(call(server, "sync", 600_000));
      };
      const ns = await per(n * times, async () => {
        for (let i = 0; i < times; i++) await fillAndDrain();
      });
      await run(Fiber.interrupt(server.fiber));
      return { ns };
    },
  },
};
