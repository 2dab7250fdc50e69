/**
 * A page that shows and controls a running program: its processes, its configuration, its changes, sources and events.
 * It mounts in any web framework, or listens on its own as a supervised child: `import { dashboard } from
 * "@otpts/config/dashboard"`.
 */
export { dashboard } from "./dashboard/dashboard.ts";
export type { Dashboard, DashboardOptions, Visitor } from "./dashboard/options.ts";
