/** The destinations of reports: a default logger on stderr, which can be replaced or silenced, and telemetry. */

import { types } from "node:util";

import { describe } from "../term/describe.ts";
import { tell } from "./stderr.ts";

/** A report of one problem. */
export interface Report {
  readonly level: "error" | "warning" | "info";
  /**
   * The kind of problem, for programs: `process_crash`, `child_terminated`, `unhandled_message` and so on;
   * `docs/events.md` lists them.
   */
  readonly event: string;
  /** A description for humans; may have several lines. */
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** A handler of reports. It may be asynchronous; it is not waited for. */
export type Handler = (report: Report) => void | Promise<void>;

const standard: Handler = (report) => {
  tell(`${new Date().toISOString()} [${report.level}] ${report.text}\n`);
};

let handler: Handler | undefined = standard;

/** Passes reports on as telemetry events (`telemetry.ts`, in the layer above). */
export interface Tap {
  listening(event: string): boolean;
  pass(report: Report): void;
}

let tap: Tap | undefined;

export function setTap(next: Tap): void {
  tap = next;
}

/** Replaces the logger; `undefined` silences it. Returns the previous one. @throws TypeError if it is not a function */
export function set_handler(next: Handler | undefined): Handler | undefined {
  if (next !== undefined && typeof next !== "function") {
    throw new TypeError(
      `Cannot set the logger's handler: it must be a function of one report, or undefined for none, got ${describe(next)}`,
    );
  }
  const before = handler;
  handler = next;
  return before;
}

/** The default logger: writes each report to stderr, with time and level. */
export const default_handler = standard;

/** Whether a report of this event would reach any handler: its data can be expensive to make. */
export function heard(event: string): boolean {
  return handler !== undefined || tap?.listening(event) === true;
}

/**
 * Sends a report. `details` and `text` are made only if there is a handler, and then at once: a moment later the
 * process may be dead and its name free. An error of a handler is written to stderr and has no other effect.
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
    if (types.isPromise(result)) result.catch((error: unknown) => failed(event, error));
  } catch (error) {
    failed(event, error);
  }
  tap?.pass(entry);
}

// A report contains foreign values: they must not make the reporting code fail.
function made<T>(make: () => T, otherwise: T): T {
  try {
    return make();
  } catch {
    return otherwise;
  }
}

function failed(event: string, error: unknown): void {
  tell(`The logger's handler failed on a report of ${event}: ${describe(error)}\n`);
}
