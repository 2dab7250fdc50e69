import { telemetry } from "@otpts/runtime";
import type { ChangedPath } from "./core/diff.ts";
import type { Secrets } from "./core/secrets.ts";
import { ConfigSourceError, ConfigValidationError } from "./errors.ts";
import type { Due } from "./outbox.ts";
import type { ReloadReport } from "./protocol.ts";

/**
 * The events that a manager emits, on `telemetry.attach` and as `node:diagnostics_channel`. Secrets are redacted in all.
 *
 *   config.changed            { changes: 1 }       { manager, path, old_value, new_value }
 *   config.reload.start       { system_time }      { manager }
 *   config.reload.stop        { duration }         { manager, version, changed, sources }
 *   config.reload.exception   { duration }         { manager, code, error }
 *   config.source_error       { errors: 1 }        { manager, source, code, error, file?, line?, column? }
 *   config.source_recovered   { down_for }         { manager, source }
 *   config.validation_failed  { problems }         { manager, action, problems }
 *   config.subscriber_error   { errors: 1 }        { manager, pattern, path, error }
 *   config.subscriber_slow    { running_for }      { manager, pattern, path }
 *
 * Times are in milliseconds. `error` is a text.
 */
export const CHANGED = "config.changed";

/** Whether anybody wants to know of changes: finding all changed leaves is work. */
export function wantsChanges(): boolean {
  return telemetry.listening(CHANGED);
}

export function changed(manager: string, { path, segments, before, after }: ChangedPath, secrets: Secrets): void {
  const old_value = secrets.redact(segments, before);
  telemetry.emit(CHANGED, { changes: 1 }, { manager, path, old_value, new_value: secrets.redact(segments, after) });
}

export function reloadStarted(manager: string): void {
  telemetry.emit("config.reload.start", { system_time: Date.now() }, { manager });
}

export function reloadStopped(manager: string, duration: number, report: ReloadReport): void {
  if (!telemetry.listening("config.reload.stop")) return;
  const { version, changed, sources } = report;
  telemetry.emit("config.reload.stop", { duration }, { manager, version, changed: changed.length, sources });
}

export function reloadRefused(manager: string, duration: number, error: Error): void {
  const code =
    error instanceof ConfigSourceError ? error.code : error instanceof ConfigValidationError ? "validation" : "failed";
  telemetry.emit("config.reload.exception", { duration }, { manager, code, error: error.message });
}

export function sourceError(manager: string, source: string, error: Error): void {
  const place = error instanceof ConfigSourceError ? { code: error.code, ...placeOf(error) } : { code: "failed" };
  telemetry.emit("config.source_error", { errors: 1 }, { manager, source, error: error.message, ...place });
}

export function sourceRecovered(manager: string, source: string, down_for: number): void {
  telemetry.emit("config.source_recovered", { down_for }, { manager, source });
}

export function validationFailed(manager: string, action: string, error: ConfigValidationError): void {
  const { problems } = error;
  telemetry.emit("config.validation_failed", { problems: Math.max(1, problems.length) }, { manager, action, problems });
}

export function subscriberError(manager: string, { pattern, path }: Due, error: string): void {
  telemetry.emit("config.subscriber_error", { errors: 1 }, { manager, pattern, path, error });
}

export function subscriberSlow(manager: string, { pattern, path }: Due, running_for: number): void {
  telemetry.emit("config.subscriber_slow", { running_for }, { manager, pattern, path });
}

/** Where in a file an error is, as far as it is known. */
export function placeOf(error: ConfigSourceError): { file?: string; line?: number; column?: number } {
  const { file, line, column } = error;
  return {
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
