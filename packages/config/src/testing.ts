/**
 * A kit for testing configured programs and custom sources: managers that end with their test, a source in memory,
 * temporary directories and environment variables, the contract of a source. Works with vitest, jest, node:test, Bun
 * and Deno. `docs/testing.md` is the guide.
 */
import { testing } from "@otpts/runtime/testing";
import { ConfigKit } from "./testing/kit.ts";

export { type Place, source_contract, type TestApi } from "./testing/contract.ts";
export { MemorySource, type MemorySourceOptions } from "./testing/memory_source.ts";
export { ConfigKit, TemporaryDirectory } from "./testing/kit.ts";

/**
 * The kit of a file of tests: call it once, at the top. It has the runtime's kit in `processes`, with the same work
 * after each test.
 *
 * @param hooks `beforeEach` and `afterEach` of the test runner
 */
export function setup(hooks: testing.Hooks): ConfigKit {
  return new ConfigKit(hooks);
}

/**
 * Calls a function until it returns something, and fails with the last value or error: the runtime's
 * `testing.eventually`.
 */
export const eventually: typeof testing.eventually = testing.eventually;
