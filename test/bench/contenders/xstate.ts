import { createActor, fromPromise, fromTransition } from "xstate";
import type { ActorRef, EventObject, Snapshot } from "xstate";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";
import { burn, underLoad } from "../load.ts";
import { liveBytes, per } from "../stopwatch.ts";

/** The events of the benchmark's actors. A call's event carries the resolver of the caller's promise. */
interface Event extends EventObject {
  readonly type: "call" | "cast" | "hop" | "next" | "crash";
  readonly value?: unknown;
  readonly resolve?: (value: unknown) => void;
  readonly left?: number;
  readonly next?: Server;
}
type Server = ActorRef<Snapshot<unknown>, Event>;
type State = { readonly next?: Server };

/** The leanest logic xstate has: a transition function, no state chart. */
const logic = fromTransition<State, Event, never, unknown, EventObject>((state, event) => {
  if (event.type === "call") event.resolve?.(event.value);
  else if (event.type === "next") return { next: event.next as Server };
  else if (event.type === "hop") {
    if (event.left === 0) event.resolve?.(undefined);
    else state.next?.send({ type: "hop", left: (event.left as number) - 1, resolve: event.resolve as never });
  }
  return state;
}, {});

const crashing = fromTransition<State, Event, never, unknown, EventObject>(() => {
  throw new Error("boom");
}, {});

const start = (): Server => createActor(logic).start() as unknown as Server;
const several = (n: number): Server[] => Array.from({ length: n }, start);
const stop = (server: Server): void => (server as unknown as { stop(): void }).stop();

const call = (server: Server, value: unknown): Promise<unknown> =>
  new Promise((resolve) => server.send({ type: "call", value, resolve }));

async function calls(server: Server, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await call(server, i);
}

async function callsTo(n: number): Promise<{ ns: number }> {
  const server = start();
  await calls(server, n / 10);
  const ns = await per(n, () => calls(server, n));
  stop(server);
  return { ns };
}

async function castsAmong(servers: readonly Server[], n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const server = servers[i % servers.length] as Server;
    server.send({ type: "cast", value: i });
    if (i % 1000 === 999) await call(server, "sync");
  }
}

const hop = (first: Server, n: number): Promise<unknown> =>
  new Promise((resolve) => first.send({ type: "hop", left: n, resolve }));

/** Runs `body` in an actor and resolves with its result. */
function inside<T>(body: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    createActor(fromPromise(() => body().then(resolve, reject))).start();
  });
}

function callsUnderLoad(microseconds: number, ms: number) {
  return underLoad(ms, async (load) => {
    const burning = fromTransition<State, Event, never, unknown, EventObject>((state, event) => {
      if (microseconds > 0) burn(microseconds);
      event.resolve?.(event.value);
      return state;
    }, {});
    const server = createActor(burning).start() as unknown as Server;
    await inside(async () => {
      do await call(server, "ping");
      while (load.next() && load.next());
    });
    stop(server);
  });
}

const nosupervisor = "no supervisor of children that restart";

export const contender: Contender = {
  name: "xstate",
  notes: [
    "synchronous: send runs the receiver's transition before it returns, so a call's answer is there at once",
    "call is a promise's resolver in an event: no time-out, no monitor; a call to a stopped actor never settles",
    "two actors that answer each other never return to the event loop: timer and echo wait until they end",
    "no links, no monitors, no supervision: crash to restart is an error observer that creates a new actor",
    "actors are fromTransition logic, its leanest; state charts cost more",
  ],
  absent: {
    strangers: "no await belongs to a process in it",
    call_statem: "every actor is a state machine, as in its call row",
    call_async: "transitions are synchronous",
    mailbox: "no mailbox fills: send handles the event before it returns",
    selective: "no selective receive",
    call_waiting: "no mailbox to read from",
    children: nosupervisor,
  },
  probes: {
    import: ({ n }) => imports(import.meta.resolve("xstate"), n),
    call: ({ n }) => callsTo(n),
    call_inside: ({ n }) => inside(() => callsTo(n)),
    async call_many({ n, flight }) {
      const server = start();
      const callers = (each: number) => Promise.all(Array.from({ length: flight }, () => calls(server, each)));
      await callers(n / flight / 10);
      const ns = await per(n, () => callers(n / flight));
      stop(server);
      return { ns };
    },

    async cast({ n }) {
      const server = start();
      await castsAmong([server], n / 10);
      const ns = await per(n, () => castsAmong([server], n));
      stop(server);
      return { ns };
    },
    async ring({ n, among }) {
      const servers = several(among);
      servers.forEach((server, i) => server.send({ type: "next", next: servers[(i + 1) % among] as Server }));
      const first = servers[0] as Server;
      await hop(first, n / 10);
      const ns = await per(n, () => hop(first, n));
      servers.forEach(stop);
      return { ns };
    },

    async lifecycle({ n }) {
      let servers: Server[] = [];
      const spawn = await per(n, () => (servers = several(n)));
      return { spawn, stop: await per(n, () => servers.forEach(stop)) };
    },
    async lifecycle_together({ n }) {
      let servers: Server[] = [];
      const spawn = await per(n, () => (servers = several(n)));
      return { spawn, stop: await per(n, () => servers.forEach(stop)) };
    },
    async memory({ n }) {
      several(1000).forEach(stop);
      const before = await liveBytes();
      const servers = several(n);
      const bytes = ((await liveBytes()) - before) / n;
      servers.forEach(stop);
      return { bytes };
    },
    async crash({ n }) {
      let started: ((server: Server) => void) | undefined;
      const create = (): void => {
        const server = createActor(crashing) as unknown as Server;
        server.subscribe({ error: create });
        (server as unknown as { start(): void }).start();
        started?.(server);
      };
      const next = () => new Promise<Server>((resolve) => (started = resolve));
      const first = next();
      create();
      let server = await first;
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) {
          const restarted = next();
          server.send({ type: "crash" });
          server = await restarted;
        }
      });
      stop(server);
      return { ns };
    },

    load_send: ({ ms }) =>
      underLoad(ms, async (load) => {
        const pong = fromTransition<State, Event, never, unknown, EventObject>((state, event, { self }) => {
          if (load.next()) event.next?.send({ type: "cast", next: self as unknown as Server });
          return state;
        }, {});
        const [a, b] = [createActor(pong).start(), createActor(pong).start()] as unknown as [Server, Server];
        a.send({ type: "cast", next: b });
        [a, b].forEach(stop);
      }),
    load_call: ({ ms }) => callsUnderLoad(0, ms),
    load_burn: ({ ms }) => callsUnderLoad(5, ms),

    async call_among({ n, among }) {
      const servers = several(among);
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) await call(servers[i % among] as Server, i);
      });
      servers.forEach(stop);
      return { ns };
    },
    async cast_among({ n, among }) {
      const servers = several(among);
      const ns = await per(n, () => castsAmong(servers, n));
      servers.forEach(stop);
      return { ns };
    },
  },
};
