/** The attributes of spans. None of them has a value of the configuration. Those of metrics are in `instruments.ts`. */
export const MANAGER = "config.manager";
export const SOURCE = "config.source";
/** `committed` or `refused`. */
export const OUTCOME = "config.reload.outcome";
export const VERSION = "config.version";
/** Number of changed leaves. */
export const CHANGED = "config.changed";
export const PROBLEMS = "config.problems";
/** OpenTelemetry's own name for the class of an error: here `ConfigSourceError.code`. */
export const ERROR_TYPE = "error.type";
