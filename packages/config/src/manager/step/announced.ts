import type { ChangedPath } from "../../core/diff.ts";
import { formatPath } from "../../core/path.ts";
import { valueAt } from "../../core/snapshot.ts";
import type { Table } from "../../core/value.ts";
import { ConfigSourceError, ConfigValidationError } from "../../errors.ts";
import type { Announcement } from "../effect.ts";
import type { Request } from "../state.ts";
import { counted, reloaded, type Tally } from "../tally.ts";

/** The tally with an announcement counted. */
export function announced(tally: Tally, announcement: Announcement): Tally {
  switch (announcement.what) {
    case "reload_stopped":
      return reloaded(tally, "committed", announcement.duration);
    case "reload_refused":
      return reloaded(tally, "refused", announcement.duration);
    case "refused":
      return announcement.error instanceof ConfigValidationError ? counted(tally, "validation_failures", {}) : tally;
    case "source_failed": {
      const { source, error } = announcement;
      return counted(tally, "source_errors", { source, "error.type": codeOf(error) });
    }
    case "source_recovered":
      return counted(tally, "source_recoveries", { source: announcement.source });
    case "subscriber_failed":
      return counted(tally, "subscriber_errors", { pattern: announcement.notification.pattern });
    case "subscriber_slow":
      return counted(tally, "slow_calls", { pattern: announcement.notification.pattern });
    default:
      return tally;
  }
}

/** The changes for `config.changed`: a put as one change at its path, everything else leaf by leaf. */
export function changesOf(
  request: Request,
  before: Table,
  after: Table,
  leaves: readonly ChangedPath[],
): readonly ChangedPath[] {
  if (request.cause !== "put") return leaves;
  const { path: segments } = request;
  const outside = leaves.filter((leaf) => !segments.every((segment, i) => leaf.segments[i] === segment));
  // A leaf above the put became a table, or an empty one was replaced: that is part of the same change.
  const elsewhere = outside.filter((leaf) => !leaf.segments.every((segment, i) => segments[i] === segment));
  const old = valueAt(before, segments);
  const now = valueAt(after, segments);
  if (Object.is(old, now)) return elsewhere;
  return [{ path: formatPath(segments), segments, before: old, after: now }, ...elsewhere];
}

/** The code of an error. */
export function codeOf(error: Error): string {
  if (error instanceof ConfigSourceError) return error.code;
  return error instanceof ConfigValidationError ? "validation" : "failed";
}
