/** The package `consul`, also in a bundle (`require.ts`). */
export { Consul } from "./consul_package.ts";
import "./consul_after.ts";
