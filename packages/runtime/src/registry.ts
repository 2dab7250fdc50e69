export * as registry from "./registry/functions.ts";
/**
 * Processes registered under any term: `registry.register("users", ["session", 17])`, `{ via: [registry, ["users", 17]]
 * }`. Elixir's `Registry`. `docs/registry.md` is the guide.
 */
declare module "./registry/functions.ts" {}
export { ALREADY_REGISTERED } from "./registry/functions.ts";
export { REGISTER, UNREGISTER } from "./registry/server.ts";
