import net from "node:net";
import type { Metrics } from "./contender.ts";
import { percentile } from "./stopwatch.ts";

/**
 * The time that a busy runtime leaves to the rest of the program: while `load` keeps processes messaging each other, a 10 ms
 * timer measures how late it is and a TCP echo how long a round trip takes, one every 10 ms.
 */

/** Milliseconds between two samples. */
const interval = 10;

export interface Load {
  /**
   * Counts one handled message, and returns whether to send another. The load ends by itself once its time is over,
   * since a starving one could not be stopped.
   */
  next(): boolean;
}

/**
 * @param ms how long the load lasts
 * @param start begins the load and resolves when it has ended
 * @returns `late` and `echo`, the 99th percentiles in ms; `rate`, messages handled a second
 */
export async function underLoad(ms: number, start: (load: Load) => Promise<unknown>): Promise<Metrics> {
  const echo = await listen();
  const client = await connect(echo);
  const late: number[] = [];
  const trips: number[] = [];
  let handled = 0;
  const begin = performance.now();
  const end = begin + ms;
  // The clock is read at every 64th message: reading it costs as much as a message.
  const load: Load = { next: () => (++handled & 63) !== 0 || performance.now() < end };

  const clock = lateness(late, end);
  const trip = roundTrips(client, trips, end);
  await start(load);
  const took = performance.now() - begin;
  await Promise.all([clock, trip]);
  client.destroy();
  await new Promise((resolve) => echo.close(resolve));
  return { late: percentile(late, 0.99), echo: percentile(trips, 0.99), rate: (handled * 1000) / took };
}

/** Spins for so many microseconds: a handler with work to do. */
export function burn(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

async function lateness(late: number[], end: number): Promise<void> {
  for (;;) {
    const due = performance.now() + interval;
    await new Promise((resolve) => setTimeout(resolve, interval));
    const now = performance.now();
    late.push(Math.max(0, now - due));
    if (now >= end) return;
  }
}

async function roundTrips(client: net.Socket, trips: number[], end: number): Promise<void> {
  for (;;) {
    const start = performance.now();
    const answer = new Promise((resolve) => client.once("data", resolve));
    client.write("echo");
    await answer;
    const now = performance.now();
    trips.push(now - start);
    if (now >= end) return;
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

function listen(): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      socket.setNoDelay(true);
      socket.pipe(socket);
    });
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function connect(server: net.Server): Promise<net.Socket> {
  const { port } = server.address() as net.AddressInfo;
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => resolve(socket));
    socket.setNoDelay(true);
    socket.once("error", reject);
  });
}
