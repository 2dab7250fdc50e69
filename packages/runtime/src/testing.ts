export * as testing from "./testing/functions.ts";
/**
 * A kit for testing programs made of processes: children that end with their test, probes, captured reports, a
 * simulated clock. Works with vitest, jest, node:test, Bun and Deno. `docs/testing.md` is the guide.
 */
declare module "./testing/functions.ts" {}
