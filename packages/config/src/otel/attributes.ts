/** The attributes of spans. None of them holds a value of the configuration. Those of metrics stand in `instruments.ts`. */
export const MANAGER = "config.manager";
export const SOURCE = "config.source";
/** `committed` or `refused`. */
export const OUTCOME = "config.reload.outcome";
export const VERSION = "config.version";
/** How many leaves changed. */
export const CHANGED = "config.changed";
export const PROBLEMS = "config.problems";
/** OpenTelemetry's own name for the class of an error: here `ConfigSourceError.code`. */
export const ERROR_TYPE = "error.type";
