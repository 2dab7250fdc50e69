import { dispatch, query, spawn, start, stop } from "nact";
import type { ActorSystemRef, Ref } from "nact";
import type { Contender } from "../contender.ts";
import { imports } from "../imports.ts";
import { burn, underLoad } from "../load.ts";
import type { Load } from "../load.ts";
import { liveBytes, per } from "../stopwatch.ts";

/** The messages of the benchmark's actors. A query's message carries the reference to answer to. */
type Message =
  | { readonly reply: Ref<unknown>; readonly value: unknown }
  | { readonly left: number; readonly done: () => void }
  | { readonly next: Actor }
  | { readonly from: Actor }
  | "crash"
  | number;
type Actor = Ref<Message>;
type State = { readonly next?: Actor };

const timeout = 5000;
const settled = Promise.resolve();
const system = start();

/** nact draws an unnamed actor's name at random from 2^32 and refuses one that is taken, so thousands need names. */
let named = 0;
const name = (): string => `actor-${++named}`;

function echo(state: State, message: Message): State {
  if (typeof message !== "object") return state;
  if ("reply" in message) dispatch(message.reply, message.value);
  else if ("next" in message) return { next: message.next };
  else if ("left" in message) {
    if (message.left === 0) message.done();
    else dispatch(state.next as Actor, { left: message.left - 1, done: message.done });
  }
  return state;
}

async function asyncEcho(state: State, message: Message): Promise<State> {
  await settled;
  return echo(state, message);
}

function burningEcho(state: State, message: Message): State {
  burn(5);
  return echo(state, message);
}

/** An actor whose stop can be awaited. */
class Server {
  readonly ref: Actor;
  readonly #stopped: Promise<void>;
  constructor(f: (state: State, message: Message) => State | Promise<State> = echo) {
    let stopped = (): void => undefined;
    this.#stopped = new Promise((resolve) => (stopped = resolve));
    this.ref = spawn(system, f, name(), { initialState: {}, afterStop: () => stopped() });
  }
  stop(): Promise<void> {
    stop(this.ref);
    return this.#stopped;
  }
}

const call = (ref: Actor, value: unknown): Promise<unknown> =>
  query(ref, (reply: Ref<unknown>): Message => ({ reply, value }), timeout);

async function calls(ref: Actor, n: number): Promise<void> {
  for (let i = 0; i < n; i++) await call(ref, i);
}

/** Runs `body` in an actor and resolves with its result. */
function inside<T>(body: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const actor = spawn(system, async () => {
      await body().then(resolve, reject);
      stop(actor);
    });
    dispatch(actor, 0 as never);
  });
}

async function callsTo(server: Server, n: number): Promise<{ ns: number }> {
  await calls(server.ref, n / 10);
  const ns = await per(n, () => calls(server.ref, n));
  await server.stop();
  return { ns };
}

const several = (n: number): Server[] => Array.from({ length: n }, () => new Server());

async function stopAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) await server.stop();
}

async function castsAmong(servers: readonly Server[], n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const { ref } = servers[i % servers.length] as Server;
    dispatch(ref, i);
    if (i % 1000 === 999) await call(ref, "sync");
  }
}

const hop = (first: Actor, n: number): Promise<void> =>
  new Promise((resolve) => dispatch(first, { left: n, done: resolve }));

/** A parent and `n` children that it resets when they crash; `next()` resolves when the next child has started. */
class Family {
  readonly parent: Ref<unknown>;
  readonly children: Actor[] = [];
  #started = (): void => undefined;
  constructor(n: number) {
    this.parent = spawn(system, (state: unknown) => state) as Ref<unknown>;
    for (let i = 0; i < n; i++) this.children.push(this.#child());
  }
  next(): Promise<void> {
    return new Promise((resolve) => (this.#started = resolve));
  }
  #child(): Actor {
    const crash = (_state: State, message: Message): State => {
      if (message === "crash") throw new Error("boom");
      return {};
    };
    return spawn(this.parent as ActorSystemRef, crash, name(), {
      initialStateFunc: () => (this.#started(), {}),
      onCrash: (_message: unknown, _error: unknown, context: { reset: symbol }) => context.reset,
    } as never) as Actor;
  }
}

async function crashes(family: Family, child: Actor, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    const restarted = family.next();
    dispatch(child, "crash");
    await restarted;
  }
}

function callsUnderLoad(f: typeof echo, ms: number) {
  return underLoad(ms, async (load) => {
    const server = new Server(f);
    await inside(async () => {
      do await call(server.ref, "ping");
      while (load.next() && load.next());
    });
    await server.stop();
  });
}

function pingPong(load: Load): Promise<void> {
  return new Promise((resolve) => {
    const pong = (state: State, message: Message, context: { self: Actor }): State => {
      if (load.next()) dispatch((message as { from: Actor }).from, { from: context.self });
      else resolve();
      return state;
    };
    const [a, b] = [spawn(system, pong as never), spawn(system, pong as never)] as [Actor, Actor];
    dispatch(a, { from: b });
  });
}

export const contender: Contender = {
  name: "nact",
  notes: [
    "query has a time-out of a timer each and no monitor: a call to an actor that dies waits for its time-out",
    "dispatch to an actor that is not busy schedules a turn of the event loop (setImmediate) per message",
    "no links, no monitors, no selective receive; a crashed actor is reset in place: same reference, same mailbox, no restart limit",
    "memory: name, path, children and mailbox per actor, no start handshake",
  ],
  absent: {
    strangers: "no await belongs to a process in it",
    call_statem: "an actor has no state machine",
    selective: "no selective receive: an actor handles its messages in order",
    call_waiting: "no mailbox of its own while it handles a message",
  },
  probes: {
    import: ({ n }) => imports(import.meta.resolve("nact"), n),
    call: ({ n }) => callsTo(new Server(), n),
    call_inside: ({ n }) => inside(() => callsTo(new Server(), n)),
    call_async: ({ n }) => callsTo(new Server(asyncEcho), n),
    async call_many({ n, flight }) {
      const server = new Server();
      const callers = (each: number) => Promise.all(Array.from({ length: flight }, () => calls(server.ref, each)));
      await callers(n / flight / 10);
      const ns = await per(n, () => callers(n / flight));
      await server.stop();
      return { ns };
    },

    async cast({ n }) {
      const server = new Server();
      await castsAmong([server], n / 10);
      const ns = await per(n, () => castsAmong([server], n));
      await server.stop();
      return { ns };
    },
    async ring({ n, among }) {
      const servers = several(among);
      servers.forEach(({ ref }, i) => dispatch(ref, { next: (servers[(i + 1) % among] as Server).ref }));
      const first = (servers[0] as Server).ref;
      await hop(first, n / 10);
      const ns = await per(n, () => hop(first, n));
      await stopAll(servers);
      return { ns };
    },

    async lifecycle({ n }) {
      let servers: Server[] = [];
      const spawned = await per(n, () => (servers = several(n)));
      const stopped = await per(n, () => stopAll(servers));
      return { spawn: spawned, stop: stopped };
    },
    async lifecycle_together({ n }) {
      let servers: Server[] = [];
      const spawned = await per(n, () => (servers = several(n)));
      const stopped = await per(n, () => Promise.all(servers.map((server) => server.stop())));
      return { spawn: spawned, stop: stopped };
    },
    async memory({ n }) {
      await stopAll(several(1000));
      const before = await liveBytes();
      const refs = Array.from({ length: n }, () => spawn(system, echo, name(), { initialState: {} }));
      const bytes = ((await liveBytes()) - before) / n;
      refs.forEach(stop);
      return { bytes };
    },
    async crash({ n }) {
      const family = new Family(1);
      const ns = await per(n, () => crashes(family, family.children[0] as Actor, n));
      stop(family.parent);
      return { ns };
    },

    load_send: ({ ms }) => underLoad(ms, pingPong),
    load_call: ({ ms }) => callsUnderLoad(echo, ms),
    load_burn: ({ ms }) => callsUnderLoad(burningEcho, ms),

    async call_among({ n, among }) {
      const servers = several(among);
      const ns = await per(n, async () => {
        for (let i = 0; i < n; i++) await call((servers[i % among] as Server).ref, i);
      });
      await stopAll(servers);
      return { ns };
    },
    async cast_among({ n, among }) {
      const servers = several(among);
      const ns = await per(n, () => castsAmong(servers, n));
      await stopAll(servers);
      return { ns };
    },
    async mailbox({ n }) {
      const server = new Server();
      const times = Math.max(1, Math.floor(500_000 / n));
      const fillAndDrain = () => {
        for (let i = 0; i < n; i++) dispatch(server.ref, i);
        return query(server.ref, (reply: Ref<unknown>): Message => ({ reply, value: "sync" }), 600_000);
      };
      const ns = await per(n * times, async () => {
        for (let i = 0; i < times; i++) await fillAndDrain();
      });
      await server.stop();
      return { ns };
    },
    async children({ n, restarts }) {
      let family!: Family;
      const started = await per(n, () => (family = new Family(n)));
      const restart = await per(restarts, () => crashes(family, family.children[n >> 1] as Actor, restarts));
      const stopped = await per(n, () => stop(family.parent));
      return { start: started, restart, stop: stopped };
    },
  },
};
