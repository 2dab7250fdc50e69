/** Tests whose body runs inside a process, and tests that are recorded scenarios. */
import { inspect } from "node:util";
import { TIMEOUT, erlang } from "@otpts/runtime";
import { testing } from "@otpts/runtime/testing";
import { expect, test } from "vitest";
import { additionalScenarios } from "../conformance/catalog.ts";
import { run, runUndisturbed } from "../conformance/harness/run.ts";

/**
 * A test body that runs in a separate process. Its failures reach the runner; at its end its mailbox must be empty,
 * and the processes that it started are killed.
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
      const { lines, left } = await runUndisturbed(scenario, trace);
      expect(lines).toEqual(trace);
      expect(left).toEqual([]);
    });
  }
}

/** The next message, or TIMEOUT if none comes within two seconds. */
export function next(): Promise<unknown> {
  return erlang.receive(undefined, { after: 2000 });
}

/** Waits until `read` gives what `wanted` accepts, as long as a loaded machine needs. @throws with the last value */
export async function eventually<T>(read: () => T | Promise<T>, wanted: (value: T) => boolean): Promise<T> {
  const { value } = await testing.eventually(
    async () => {
      const value = await read();
      if (wanted(value)) return { value };
      throw new Error(`not wanted: ${inspect(value)}`);
    },
    { timeout: 60_000 },
  );
  return value;
}
