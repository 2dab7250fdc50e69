import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RemoteFailure } from "../../src/remote.ts";
import { Follow, type FollowPort, type Heard } from "../../src/sources/remote/follow.ts";

/** When a source reads again: by the clock of the test. */

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Fixture extends AsyncDisposable {
  readonly follow: Follow;
  /** Times at which it rang, in milliseconds. */
  readonly rings: number[];
  /** Times at which it asked. */
  readonly asks: number[];
  healthy: boolean;
  released: number;
}

function following(port: Partial<FollowPort> = {}): Fixture {
  const began = performance.now();
  const now = () => Math.round(performance.now() - began);
  const { ask } = port;
  const stop = new AbortController();
  const fixture = {
    rings: [] as number[],
    asks: [] as number[],
    healthy: true,
    released: 0,
  };
  const follow = new Follow(
    {
      blind: () => false,
      ring: () => void fixture.rings.push(now()),
      healthy: () => fixture.healthy,
      release: async () => void fixture.released++,
      debounce: 0,
      backoff: { min: 100, max: 1000 },
      load_backoff: { min: 500, max: 4000 },
      poll_interval: 0,
      unrelated: 250,
      polling: 5000,
      random: () => 0,
      ...port,
      ask:
        ask === undefined
          ? undefined
          : (again, signal) => {
              fixture.asks.push(now());
              return ask(again, signal);
            },
    },
    stop.signal,
  );
  return Object.assign(fixture, {
    follow,
    async [Symbol.asyncDispose]() {
      await follow.close();
      expect(vi.getTimerCount()).toBe(0);
      expect(fixture.released).toBe(1);
    },
  });
}

const gaps = (times: readonly number[]) => times.slice(1).map((at, index) => at - times[index]!);
const loaded = { again: false, took: 1, news: true };
const heard = (news: boolean, more: Partial<Heard> = {}): Heard => ({ news, moved: news, valid: true, ...more });

/** Waits for this long. A timer of 0 ms fires after 1 ms, here as in Node. */
function waiting(ms: number, result: () => Heard): NonNullable<FollowPort["ask"]> {
  return (_, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(result()), ms);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason as Error);
      });
    });
}

describe("Follow without waits", () => {
  test("rings once poll_interval after a load, minus up to a tenth", async () => {
    for (const [random, at] of [
      [0, 1000],
      [1, 900],
    ] as const) {
      await using fixture = following({ poll_interval: 1000, random: () => random });
      await vi.advanceTimersByTimeAsync(500);
      fixture.follow.loaded(loaded);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(fixture.rings).toEqual([500 + at]);
    }
  });

  test("rings at growing intervals while loads fail, and polls again after a successful one", async () => {
    await using fixture = following({ poll_interval: 60_000 });
    fixture.healthy = false;
    for (let n = 0; n < 6; n++) {
      fixture.follow.load_failed();
      // A second failure meanwhile changes nothing.
      fixture.follow.load_failed();
      await vi.advanceTimersToNextTimerAsync();
    }
    expect(gaps([0, ...fixture.rings])).toEqual([500, 1000, 2000, 4000, 4000, 4000]);
    fixture.healthy = true;
    fixture.follow.loaded(loaded);
    fixture.follow.load_failed();
    await vi.advanceTimersToNextTimerAsync();
    expect(gaps(fixture.rings).at(-1)).toBe(500);
    fixture.follow.loaded(loaded);
    await vi.advanceTimersToNextTimerAsync();
    expect(gaps(fixture.rings).at(-1)).toBe(60_000);
  });

  test("waits as long as the server asked for, and shows the time of the next attempt", async () => {
    await using fixture = following();
    fixture.healthy = false;
    fixture.follow.load_failed(12_345);
    expect(fixture.follow.state).toMatchObject({ connected: false, next_retry: Date.now() + 12_345 });
    await vi.advanceTimersByTimeAsync(12_344);
    expect(fixture.rings).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fixture.rings).toEqual([12_345]);
  });
});

describe("Follow with waits", () => {
  test("rings after each wait that reports a change, once debounce is over", async () => {
    await using fixture = following({ ask: waiting(1000, () => heard(true)), debounce: 20 });
    await vi.advanceTimersByTimeAsync(1019);
    expect(fixture.rings).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(fixture.rings).toEqual([1020]);
    fixture.follow.loaded(loaded);
    await vi.advanceTimersByTimeAsync(3000);
    expect(fixture.rings).toEqual([1020, 2041, 3062]);
  });

  test("asks ever more slowly if waits end at once, or if loads find no change", async () => {
    for (const [result, slowest] of [
      [heard(false), 5000],
      [heard(false, { moved: true }), 250],
      [heard(true, { valid: false }), 5000],
      [heard(true), 250],
    ] as const) {
      await using fixture = following({ ask: waiting(0, () => result) });
      for (let n = 0; n < 2000; n++) {
        await vi.advanceTimersByTimeAsync(10);
        if (fixture.rings.length > 0) fixture.follow.loaded({ ...loaded, news: false });
      }
      const found = gaps(fixture.asks);
      expect(Math.max(...found)).toBe(slowest);
      expect(found.at(-1)).toBe(slowest);
    }
  });

  test("asks at the pace of readings if each finds a change, at least once a second", async () => {
    for (const [took, pace] of [
      [40, 80],
      [10_000, 1000],
    ] as const) {
      await using fixture = following({ ask: waiting(0, () => heard(true)) });
      for (let n = 0; n < 500; n++) {
        fixture.follow.loaded({ again: false, took, news: true });
        await vi.advanceTimersByTimeAsync(10);
      }
      expect(gaps(fixture.asks).at(-1)).toBe(pace);
    }
  });

  test("asks at growing intervals after failures, rings once for them, and again after the first successful wait", async () => {
    let isDown = true;
    const again: boolean[] = [];
    const ask: FollowPort["ask"] = async (anew, signal) => {
      again.push(anew);
      if (isDown) throw new RemoteFailure("unreachable", "it is down");
      return waiting(100_000, () => heard(false))(anew, signal);
    };
    await using fixture = following({ ask });
    await vi.advanceTimersByTimeAsync(3700);
    expect(gaps(fixture.asks)).toEqual([100, 200, 400, 800, 1000, 1000]);
    expect(fixture.rings).toEqual([0]);
    expect(fixture.follow.state).toMatchObject({ connected: false, retries: 7, failure: { code: "unreachable" } });
    isDown = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(again).toEqual(Array(8).fill(true));
    await vi.advanceTimersByTimeAsync(100_000);
    expect(fixture.follow.state).toMatchObject({ connected: true, retries: 0, failure: undefined });
    expect(again.at(-1)).toBe(false);
  });

  test("waits after a failure as long as the server asked for", async () => {
    const ask = () => Promise.reject(new RemoteFailure("busy", "it is busy", { retry_after: 7000 }));
    await using fixture = following({ ask });
    await vi.advanceTimersByTimeAsync(15_000);
    expect(fixture.asks).toEqual([0, 7000, 14_000]);
  });

  test("leaves the repetition of a failed load to the waits while these fail, unless they miss changes", async () => {
    for (const isBlind of [false, true]) {
      const ask = () => Promise.reject(new RemoteFailure("unreachable", "it is down", { retry_after: 100_000 }));
      await using fixture = following({ ask, blind: () => isBlind });
      await vi.advanceTimersByTimeAsync(1);
      fixture.follow.load_failed();
      await vi.advanceTimersByTimeAsync(10_000);
      expect(fixture.rings).toEqual(isBlind ? [0, 501] : [0]);
    }
  });

  test("restarts a wait when a load asks for it", async () => {
    const again: boolean[] = [];
    const ask: FollowPort["ask"] = (anew, signal) => {
      again.push(anew);
      return waiting(1000, () => heard(false))(anew, signal);
    };
    await using fixture = following({ ask });
    await vi.advanceTimersByTimeAsync(1500);
    fixture.follow.loaded({ ...loaded, again: true });
    await vi.advanceTimersByTimeAsync(1);
    expect(fixture.asks).toEqual([0, 1001, 1500]);
    expect(again).toEqual([true, false, true]);
  });
});
