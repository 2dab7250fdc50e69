/**
 * Watching one process for a while: what it receives, sends and replies, whom it links to and starts, how it ends. OTP's `trace`
 * and recon's limits: every trace stops by itself, after so many events or so much time, and says so.
 */
export * as trace from "./trace/functions.ts";
export type { Ending, Flag, Trace, TraceEvent, TraceOptions } from "./trace/trace.ts";
