/** Where reports of crashes go: a default logger on stderr that can be replaced or silenced, and telemetry. */

import { describe } from "../term/describe.ts";

/** One thing that went wrong, told once. */
export interface Report {
  readonly level: "error" | "warning" | "info";
  /** What happened, for programs: `process_crash`, `supervisor_report`, `unhandled_message`, `unhandled_rejection`. */
  readonly event: string;
  /** What happened, for people; may have several lines. */
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What takes reports. It may be asynchronous; nobody waits for it. */
export type Handler = (report: Report) => void | Promise<void>;

const standard: Handler = (report) => {
  process.stderr.write(`${new Date().toISOString()} [${report.level}] ${report.text}\n`);
};

let handler: Handler | undefined = standard;

/** What passes reports on as telemetry events (`telemetry.ts`, which stands above this layer). */
export interface Tap {
  listening(event: string): boolean;
  pass(report: Report): void;
}

let tap: Tap | undefined;

export function setTap(next: Tap): void {
  tap = next;
}

/** Replaces the logger; `undefined` silences it. Returns the one before. */
export function set_handler(next: Handler | undefined): Handler | undefined {
  const before = handler;
  handler = next;
  return before;
}

/** The logger that is there at the start: one report on stderr, with time and level. */
export const default_handler = standard;

/** Whether a report of this event would reach anybody: what goes into one can be dear. */
export function heard(event: string): boolean {
  return handler !== undefined || tap?.listening(event) === true;
}

/**
 * Tells it. `details` and `text` are made if anybody listens, and then at once: a moment later the process may be dead and
 * its name gone. A handler that throws is told of on stderr and hurts nobody else.
 */
export function report(
  level: Report["level"],
  event: string,
  details: () => Report["details"],
  text: () => string,
): void {
  if (!heard(event)) return;
  const entry: Report = {
    level,
    event,
    details: made(details, {}),
    text: made(text, `A report of ${event} that cannot be shown`),
  };
  try {
    const result: unknown = handler?.(entry);
    if (result instanceof Promise) result.catch((error: unknown) => failed(event, error));
  } catch (error) {
    failed(event, error);
  }
  tap?.pass(entry);
}

// What a report tells of was made by others: whoever reports must not fail of it.
function made<T>(make: () => T, otherwise: T): T {
  try {
    return make();
  } catch {
    return otherwise;
  }
}

function failed(event: string, error: unknown): void {
  process.stderr.write(`The logger's handler failed on a report of ${event}: ${describe(error)}\n`);
}
