/**
 * A kit for testing programs made of processes, with any test runner.
 *
 *   import { afterEach, beforeEach, test } from "vitest"; // or node:test, jest, bun:test
 *   const kit = testing.setup({ beforeEach, afterEach });
 */
import { type Hooks, Kit } from "./kit.ts";

export { eventually, type Patience } from "./eventually.ts";
export { ANY, type Pattern } from "./pattern.ts";
export { death, inside } from "./processes.ts";
export { Probe } from "./probe.ts";
export type { Clock } from "./clock.ts";
export type { Hooks, Kit, ReportPattern } from "./kit.ts";

/**
 * The kit of a file of tests: call it once, at the top.
 *
 * After each test its children are stopped and the logger is restored, and the test fails if there was an unexpected
 * error report.
 *
 * @param hooks `beforeEach` and `afterEach` of the test runner
 * @throws TypeError if one of them is missing
 */
export function setup(hooks: Hooks): Kit {
  for (const name of ["beforeEach", "afterEach"] as const) {
    if (typeof (hooks as Partial<Hooks> | undefined)?.[name] !== "function") {
      throw new TypeError(
        `Cannot set up the testing kit: it needs the test runner's beforeEach and afterEach, and ${name} is missing: testing.setup({ beforeEach, afterEach })`,
      );
    }
  }
  return new Kit(hooks);
}
