/** Reports of crashes, restarts and unexpected messages, written to stderr unless another handler is set. */
import { describe } from "./term/describe.ts";
import { report as makeReport, type Report } from "./process/report.ts";

export { default_handler, set_handler } from "./process/report.ts";
export type { Handler, Report } from "./process/report.ts";

const LEVELS = ["error", "warning", "info"];

/**
 * Makes a report.
 *
 * @param event the kind of report, for programs: telemetry's event is `otp.` and this name
 * @param details its data, made only if there is a handler, and then at once
 * @param text the description for humans, made only if there is a handler, and then at once
 * @throws TypeError for any other argument. An error of a handler, of `details` or of `text` has no effect
 */
export function report(
  level: Report["level"],
  event: string,
  details: () => Report["details"],
  text: () => string,
): void {
  if (!LEVELS.includes(level))
    throw new TypeError(`Cannot make a report: its level must be "error", "warning" or "info", got ${describe(level)}`);
  if (typeof event !== "string")
    throw new TypeError(`Cannot make a report: its event must be a string, got ${describe(event)}`);
  for (const [name, part] of Object.entries({ details, text }))
    if (typeof part !== "function")
      throw new TypeError(
        `Cannot make report ${describe(event)}: its ${name} must be given as a function, got ${describe(part)}`,
      );
  makeReport(level, event, details, text);
}
