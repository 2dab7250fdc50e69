import { ConfigSourceError, ConfigValidationError } from "../../errors.ts";
import type { Announcement } from "../effect.ts";
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

/** The code of an error. */
export function codeOf(error: Error): string {
  if (error instanceof ConfigSourceError) return error.code;
  return error instanceof ConfigValidationError ? "validation" : "failed";
}
