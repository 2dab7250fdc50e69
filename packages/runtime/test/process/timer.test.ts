import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Clock } from "../../src/process/clock.ts";
import { cancel, COARSE_FROM, enter, leave, left, useClock, wait } from "../../src/process/timer.ts";
import { type Coarse, Deadline } from "../../src/process/deadline.ts";
import { SimulatedClock } from "../../src/testing/simulated_clock.ts";

let clock: SimulatedClock;
let real: Clock;
const entered = new Set<Coarse>();
beforeEach(() => {
  clock = new SimulatedClock();
  real = useClock(clock);
});
afterEach(() => {
  for (const call of entered) if (call.slot >= 0) leave(call);
  entered.clear();
  useClock(real);
});

class Bell extends Deadline {
  readonly rang: number[];
  constructor(then = () => {}, background = false) {
    const rang: number[] = [];
    super(() => {
      rang.push(clock.now());
      then();
    }, background);
    this.rang = rang;
  }
}

class Call implements Coarse {
  slot = -1;
  rounds = 0;
  earlier: Coarse | undefined = undefined;
  later: Coarse | undefined = undefined;
  expired: number[] = [];
  constructor() {
    entered.add(this);
  }
  expire(): void {
    this.expired.push(clock.now());
  }
}

describe("wait", () => {
  test("fires once, at its time and not before", () => {
    const bell = new Bell();
    wait(bell, 100);
    clock.advance(99);
    expect(bell.rang).toStrictEqual([]);
    clock.advance(1);
    expect(bell.rang).toStrictEqual([1_100]);
    clock.advance(10_000);
    expect(bell.rang).toHaveLength(1);
  });

  test("fires in the order of due times, whatever the order of insertion", () => {
    const order: number[] = [];
    for (const ms of [30, 10, 20, 5, 25]) wait(new Bell(() => order.push(ms)), ms);
    clock.advance(30);
    expect(order).toStrictEqual([5, 10, 20, 25, 30]);
  });

  test("with 0 fires at the clock's next alarm, never at once", () => {
    const bell = new Bell();
    wait(bell, 0);
    expect(bell.rang).toStrictEqual([]);
    clock.advance(0);
    expect(bell.rang).toHaveLength(1);
  });

  test("with Infinity arms nothing", () => {
    wait(new Bell(), Infinity);
    expect(clock.alarms).toBe(0);
  });

  test("arms one alarm for any number of deadlines, and none when all are over", () => {
    for (let ms = 1; ms <= 1_000; ms++) wait(new Bell(), ms);
    expect(clock.alarms).toBe(1);
    clock.advance(999);
    expect(clock.alarms).toBe(1);
    clock.advance(1);
    expect(clock.alarms).toBe(0);
  });

  test("inside a firing deadline is kept", () => {
    const second = new Bell();
    wait(new Bell(() => wait(second, 50)), 50);
    clock.advance(99);
    expect(second.rang).toStrictEqual([]);
    clock.advance(1);
    expect(second.rang).toStrictEqual([1_100]);
  });

  test("fires all overdue deadlines in order when the event loop was late", () => {
    const order: number[] = [];
    clock.lag = 500;
    for (const ms of [30, 10, 20]) wait(new Bell(() => order.push(ms)), ms);
    clock.advance(600);
    expect(order).toStrictEqual([10, 20, 30]);
    clock.lag = 0;
    clock.advance(0);
  });
});

describe("cancel", () => {
  test("stops a deadline; the last one disarms the clock", () => {
    const [one, two] = [new Bell(), new Bell()];
    wait(one, 10);
    wait(two, 20);
    cancel(one);
    clock.advance(15);
    cancel(two);
    expect(clock.alarms).toBe(0);
    clock.advance(100);
    expect([...one.rang, ...two.rang]).toStrictEqual([]);
  });

  test("of a deadline that is not waiting changes nothing", () => {
    const [one, two] = [new Bell(), new Bell()];
    cancel(one);
    wait(one, 10);
    wait(two, 20);
    clock.advance(10);
    cancel(one);
    cancel(one);
    clock.advance(10);
    expect([...one.rang, ...two.rang]).toStrictEqual([1_010, 1_020]);
  });

  test("inside another deadline due at the same time is effective", () => {
    const second = new Bell();
    wait(new Bell(() => cancel(second)), 10);
    wait(second, 10);
    clock.advance(20);
    expect(second.rang).toStrictEqual([]);
  });

  test("of any subset leaves the others firing in order", () => {
    fc.assert(
      fc.property(fc.array(fc.record({ ms: fc.nat(200), stopped: fc.boolean() }), { maxLength: 60 }), (plan) => {
        const order: number[] = [];
        const bells = plan.map(({ ms }) => new Bell(() => order.push(ms)));
        plan.forEach(({ ms }, index) => wait(bells[index] as Bell, ms));
        plan.forEach(({ stopped }, index) => stopped && cancel(bells[index] as Bell));
        clock.advance(200);
        expect(order).toStrictEqual(
          plan
            .filter(({ stopped }) => !stopped)
            .map(({ ms }) => ms)
            .toSorted((a, b) => a - b),
        );
        expect(clock.alarms).toBe(0);
      }),
    );
  });
});

describe("left", () => {
  test("returns the milliseconds until a deadline fires, and undefined if it is not waiting", () => {
    const bell = new Bell();
    expect(left(bell)).toBeUndefined();
    wait(bell, 100);
    clock.advance(30);
    expect(left(bell)).toBe(70);
    cancel(bell);
    expect(left(bell)).toBeUndefined();
  });
});

describe("a background deadline", () => {
  test("does not keep Node alive, but a foreground one beside it does until it is over", () => {
    wait(new Bell(() => {}, true), 1_000);
    expect(clock.holds).toBe(false);
    const front = new Bell();
    wait(front, 2_000);
    expect(clock.holds).toBe(true);
    cancel(front);
    expect(clock.holds).toBe(false);
    wait(new Bell(), 10);
    clock.advance(10);
    expect(clock.holds).toBe(false);
    clock.advance(1_000);
    expect(clock.alarms).toBe(0);
  });
});

describe("enter", () => {
  test.each([COARSE_FROM, 1_001, 4_999, 5_000, 12_700, 12_750, 12_751, 12_800, 25_550, 25_600, 60_000, 3_600_000])(
    "of %d ms expires once: not early, at most two ticks late",
    (ms) => {
      const call = new Call();
      enter(call, ms);
      clock.advance(ms - 1);
      expect(call.expired).toStrictEqual([]);
      clock.advance(101);
      expect(call.expired).toHaveLength(1);
    },
  );

  test("arms one alarm for any number of deadlines, and none when all have left", () => {
    const callers = Array.from({ length: 1_000 }, () => new Call());
    for (const call of callers) enter(call, 5_000);
    expect(clock.alarms).toBe(1);
    for (const call of callers) leave(call);
    clock.advance(50);
    expect(clock.alarms).toBe(0);
    expect(callers.flatMap(({ expired }) => expired)).toStrictEqual([]);
  });

  test("arms nothing for a call while others wait", () => {
    enter(new Call(), 1_000);
    const before = clock.armings;
    for (let n = 0; n < 100; n++) {
      const call = new Call();
      enter(call, 5_000);
      leave(call);
    }
    expect(clock.armings).toBe(before);
    clock.advance(1_100);
  });

  test("counts ticks, not time, so that an event loop that stood still for a minute lets no call time out", () => {
    const call = new Call();
    enter(call, 5_000);
    clock.lag = 60_000;
    clock.advance(60_100);
    clock.lag = 0;
    expect(call.expired).toStrictEqual([]);
    clock.advance(5_100);
    expect(call.expired).toHaveLength(1);
  });

  test("leaves the others of a slot unchanged when the first, middle or last one leaves", () => {
    for (const gone of [0, 1, 2]) {
      const calls = [new Call(), new Call(), new Call()];
      for (const call of calls) enter(call, 1_000);
      leave(calls[gone] as Call);
      clock.advance(1_100);
      expect(calls.map(({ expired }) => expired.length)).toStrictEqual([0, 1, 2].map((n) => (n === gone ? 0 : 1)));
    }
  });

  test("expires in the order of ticks even if an expiring deadline makes another leave or enter", () => {
    const other = new Call();
    const late = new Call();
    class Meddler extends Call {
      override expire(): void {
        super.expire();
        if (other.slot >= 0) leave(other);
        enter(late, 1_000);
      }
    }
    enter(new Meddler(), 1_000);
    enter(other, 2_000);
    clock.advance(1_100);
    clock.advance(1_000);
    expect(other.expired).toStrictEqual([]);
    clock.advance(100);
    expect(late.expired).toHaveLength(1);
  });

  test("lets an expiring deadline remove its neighbour in the same slot", () => {
    const calls: Call[] = [];
    class Meddler extends Call {
      override expire(): void {
        super.expire();
        for (const call of calls) if (call !== this && call.slot >= 0) leave(call);
      }
    }
    calls.push(new Meddler(), new Meddler(), new Meddler());
    for (const call of calls) enter(call, 1_000);
    clock.advance(2_000);
    expect(calls.map(({ expired }) => expired.length).reduce((a, b) => a + b)).toBe(1);
  });
});

test("useClock refuses while a deadline waits", () => {
  const bell = new Bell();
  wait(bell, 10);
  expect(() => useClock(real)).toThrow("Cannot change the clock: something waits for time");
  cancel(bell);
});
