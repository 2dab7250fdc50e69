/**
 * A kit to test programs made of processes, for any test runner.
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
 * After each test the children that it started are stopped, the logger is put back, and the test fails if something was
 * reported as an error that it did not expect.
 *
 * @param hooks `beforeEach` and `afterEach` of the test runner
 */
export function setup(hooks: Hooks): Kit {
  return new Kit(hooks);
}
