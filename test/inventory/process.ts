/** Tests whose body runs inside a process, and tests that are recorded scenarios. */
import { TIMEOUT, erlang } from "@otpts/runtime";
import { expect, test } from "vitest";
import { additionalScenarios } from "../conformance/catalog.ts";
import { run } from "../conformance/harness/run.ts";

/**
 * A test body that runs in a process of its own. What it asserts reaches the runner; at its end its mailbox must be empty,
 * and what it started is killed and must be gone.
 */
export function inProcess(body: () => unknown): () => Promise<void> {
  return async () => {
    let failure: { readonly error: unknown } | undefined;
    const { lines, left } = await run(async () => {
      try {
        await body();
        expect(await erlang.receive(undefined, { after: 0 }), "the mailbox at the end").toBe(TIMEOUT);
      } catch (error) {
        failure = { error };
      }
    });
    if (failure !== undefined) throw failure.error;
    expect(lines).toEqual([]);
    expect(left).toEqual([]);
  };
}

/** One test for each recorded scenario of that prefix: named after the test case of OTP it stands for. */
export function recordedCases(prefix: string): void {
  for (const { id, title, run: scenario, trace } of additionalScenarios()) {
    if (!id.startsWith(prefix)) continue;
    test(`${id.slice(prefix.length)}: ${title}`, async () => {
      const { lines, left } = await run(scenario);
      expect(lines).toEqual(trace);
      expect(left).toEqual([]);
    });
  }
}

/** The next message, or TIMEOUT if none comes within two seconds. */
export function next(): Promise<unknown> {
  return erlang.receive(undefined, { after: 2000 });
}

/** Polls until `read` gives what `wanted` accepts; fails with the last value after ten seconds. */
export async function eventually<T>(read: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const until = performance.now() + 10_000;
  for (;;) {
    const value = await read();
    if (wanted(value)) return value;
    if (performance.now() > until) throw new Error(`It did not come about: ${String(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
