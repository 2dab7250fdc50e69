/** Reports of crashes, restarts and unexpected messages, written to stderr unless another handler is set. */
export { default_handler, set_handler } from "./process/report.ts";
export type { Handler, Report } from "./process/report.ts";
export { report } from "./process/report.ts";
