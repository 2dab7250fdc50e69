/**
 * A page that shows a running program and steers it: its processes, its configuration, its changes, sources and events. It mounts
 * in any web framework, or serves by itself as a supervised child: `import { dashboard } from "@otpts/config/dashboard"`.
 */
export { dashboard } from "./dashboard/dashboard.ts";
export type { Dashboard, DashboardOptions, Visitor } from "./dashboard/options.ts";
