export * as trace from "./trace/functions.ts";
/**
 * Watching one process for a limited time: its messages, replies, links, the processes it starts, and its end. OTP's
 * `trace` with recon's limits: every trace stops by itself, after a number of events or a time, with a last event.
 */
declare module "./trace/functions.ts" {}
export type { Ending, Flag, Trace, TraceEvent, TraceOptions } from "./trace/trace.ts";
