import { observer } from "@otpts/runtime/observer";
import type { Context } from "../context.ts";
import { healthOf } from "../health.ts";
import { keyOf, tagOf, textOf } from "../text.ts";

const MOST = 5;

/** The program in numbers, its problems, and its busy processes. */
export async function overview({ options, managers, hub }: Context): Promise<object> {
  const healths = await Promise.all(managers.all.map(healthOf));
  const numbers = hub.watching ? hub.samples.overview : observer.overview();
  const memory = process.memoryUsage();
  const { all: samples } = hub.samples;
  const waits = observer.waits();
  return {
    program: {
      title: options.title,
      pid: process.pid,
      node: process.version,
      started_at: new Date(Date.now() - Math.round(process.uptime()) * 1_000).toISOString(),
      run: hub.boot,
    },
    numbers: {
      ...numbers,
      message_rate: samples.at(-1)?.rate ?? 0,
      loop_delay: samples.at(-1)?.delay,
      heap_used: memory.heapUsed,
      rss: memory.rss,
    },
    history: {
      rate: samples.map((one) => one.rate),
      delay: samples.map((one) => one.delay ?? 0),
      heap: samples.map((one) => one.heap),
      waiting: samples.map((one) => one.waiting),
    },
    managers: healths.map(({ status, ...health }) => {
      return {
        ...health,
        keys: status?.keys,
        overrides: status?.overrides.length,
        subscriptions: status?.subscriptions,
        slow: status?.subscribers.slow.length,
        problems: status?.refused?.problems ?? [],
        sources: status?.sources.map(({ name, kind, state, stale_for, last_error }) => ({
          name,
          kind,
          state,
          stale_for,
          error: last_error?.message,
        })),
      };
    }),
    running: observer.top("running", MOST).flatMap((one) => {
      const callback = one.pid === undefined ? undefined : observer.details(one.pid)?.info.current_callback;
      const seconds = Math.floor((callback?.running_for ?? 0) / 1_000);
      return seconds < 1 ? [] : [{ ...short(one, seconds * 1_000), callback: callback?.callback }];
    }),
    longest_queues: observer.top("queue", MOST).map((one) => short(one, one.message_queue_len)),
    busiest: observer.top("rate", MOST).map((one) => short(one, one.message_rate)),
    restarted: observer.restarted(MOST).map(({ pid, name, child_id, restarts, at, reason }) => ({
      pid: keyOf(pid),
      name,
      id: textOf(child_id, 80),
      restarts,
      at,
      reason: managers.scrub(reason),
    })),
    waits: waits.slice(0, MOST).map(({ caller, server, request, waiting_for }) => ({
      caller: nameOf(caller),
      caller_pid: keyOf(caller),
      server: nameOf(server),
      server_pid: keyOf(server),
      request: tagOf(request),
      // Rounded to a second, because it would change at each reading.
      waiting_for: Math.floor(waiting_for / 1_000) * 1_000,
    })),
    events: hub.events.noteworthy(20),
  };
}

function short(one: observer.SupervisedNode, amount: number): object {
  return { pid: keyOf(one.pid), name: one.name, id: one.child_id, module: one.module, amount };
}

function nameOf(pid: Parameters<typeof keyOf>[0]): string {
  if (pid === undefined) return "code outside processes";
  const found = observer.details(pid);
  return found?.name ?? `${found?.module ?? "a process"} ${String(pid)}`;
}
