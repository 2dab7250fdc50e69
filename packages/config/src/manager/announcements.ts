import { logger, telemetry } from "@otpts/runtime";
import { newBudget } from "../budget.ts";
import type { ChangedPath } from "../core/diff.ts";
import { holdsMore } from "../core/making.ts";
import { andThen } from "../core/maybe.ts";
import { printable } from "../core/printable.ts";
import type { ValueAtPath } from "../core/secrets.ts";
import { type Budget, eachInTurn, inSlices, UNLIMITED } from "../core/sliced.ts";
import type { Segments, Value } from "../core/value.ts";
import { ConfigSourceError, ConfigValidationError } from "../errors.ts";
import type { Announcement } from "./effect.ts";
import { messageOf } from "./thrown.ts";
import { RateLimit } from "./rate_limit.ts";
import { StandingTrouble } from "./standing_trouble.ts";
import { ticks } from "./ticks.ts";
import { meetSecrets, scrub } from "./scrub.ts";
import type { State } from "./state.ts";
import { codeOf } from "./step/announced.ts";

/**
 * A manager's reports: events for `telemetry.attach` and on `node:diagnostics_channel`, and problems also as lines of
 * the runtime's logger. Secrets are redacted in all of them.
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
 *
 */
export class Announcements {
  private readonly lines = new RateLimit();
  private readonly standing = new StandingTrouble();
  /** Announcements waiting for the current one, and the end of all of them. */
  private readonly waiting: (readonly [Announcement, State])[] = [];
  private left: Promise<void> | undefined;

  /** Reports at once, or in slices if it takes long; always in order. */
  announce(announcement: Announcement, state: State): void {
    if (this.left === undefined) {
      const done = this.announceOne(announcement, state, newBudget());
      if (done instanceof Promise) this.left = done.then(() => this.announceRest());
    } else this.waiting.push([announcement, state]);
  }

  /** Resolves when everything has been reported. */
  async done(): Promise<void> {
    await this.left;
  }

  private async announceRest(): Promise<void> {
    const budget = newBudget();
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      await this.announceOne(...next, budget);
    }
    this.left = undefined;
  }

  private announceOne(announcement: Announcement, state: State, budget: Budget): void | Promise<void> {
    if (announcement.what === "changed") return this.changes(announcement.changes, state, budget);
    const met = QUOTING.has(announcement.what) ? meetSecrets(state, budget, quotedBy(announcement)) : undefined;
    return andThen(met, () => this.report(announcement, state));
  }

  /** Large values are redacted in slices. */
  private changes(
    changes: readonly ChangedPath[],
    { spec: { name: manager, secrets } }: State,
    budget: Budget,
  ): void | Promise<void> {
    const shown = (path: Segments, value: Value | undefined): Value | undefined | Promise<Value> =>
      value === undefined ? undefined : inSlices(secrets.redaction(path, value), budget);
    const emit = ({ path, segments, before, after }: ChangedPath): void | Promise<void> =>
      andThen(shown(segments, before), (old_value) =>
        andThen(shown(segments, after), (new_value) =>
          telemetry.emit(CHANGED, { changes: 1 }, { manager, path, old_value, new_value }),
        ),
      );
    return eachInTurn(changes, emit, isMuch(changes) ? budget : UNLIMITED);
  }

  private report(announcement: Exclude<Announcement, Changes>, state: State): void {
    const { name: manager } = state.spec;
    switch (announcement.what) {
      case "reload_started":
        return telemetry.emit("config.reload.start", { system_time: Date.now() }, { manager });
      case "reload_stopped": {
        if (!telemetry.listening("config.reload.stop")) return;
        const { duration, report } = announcement;
        const { version, changed, sources } = report;
        return telemetry.emit(
          "config.reload.stop",
          { duration },
          { manager, version, changed: changed.length, sources },
        );
      }
      case "reload_refused": {
        const { duration } = announcement;
        const error = scrub(state, announcement.error.message);
        const code = codeOf(announcement.error);
        return telemetry.emit("config.reload.exception", { duration }, { manager, code, error });
      }
      case "source_failed": {
        const { source } = announcement;
        const error = scrub(state, announcement.error.message);
        const place = announcement.error instanceof ConfigSourceError ? placeOf(announcement.error) : {};
        const metadata = { manager, source, error, code: codeOf(announcement.error), ...place };
        telemetry.emit("config.source_error", { errors: 1 }, metadata);
        if (!this.standing.isNews(source, error, ticks())) return;
        return this.log(state, "error", "config.source_error", source, () =>
          error.includes(source) ? error : `${source}: ${error}`,
        );
      }
      case "source_recovered": {
        const { source, down_for } = announcement;
        telemetry.emit("config.source_recovered", { down_for }, { manager, source });
        this.standing.ended(source);
        return this.log(
          state,
          "info",
          "config.source_recovered",
          source,
          () => `"${source}" works again after ${Math.round(down_for)} ms`,
        );
      }
      case "source_gone": {
        const { source, keep } = announcement;
        const values = keep
          ? "its last values stay in effect while the program runs"
          : "its values are no longer in effect";
        return this.log(state, "warning", "config.source_gone", source, () => `"${source}" is gone: ${values}`);
      }
      case "noticed": {
        const { source, code, message, path = "" } = announcement.diagnostic;
        return this.log(state, "warning", `config.${code}`, `${source} ${path}`, () => scrub(state, message));
      }
      case "refused": {
        const { action, error } = announcement;
        if (error instanceof ConfigValidationError) {
          const problems = error.problems.map((one) => ({ ...one, message: scrub(state, one.message) }));
          const measurements = { problems: Math.max(1, problems.length) };
          telemetry.emit("config.validation_failed", measurements, { manager, action, problems });
        }
        // A failed source has been reported already, and so has a put that could not be saved.
        if (error instanceof ConfigSourceError && (!announcement.put || this.standing.has(scrub(state, error.message))))
          return;
        const event = announcement.put ? "config.put_refused" : "config.reload_refused";
        const text = (): string => {
          const message = scrub(state, error.message);
          return message.startsWith("Cannot ") ? message : `${action}: ${message}`;
        };
        return this.log(state, announcement.put ? "warning" : "error", event, action, text);
      }
      case "subscriber_failed": {
        const { pattern, path } = announcement.notification;
        const error = scrub(state, announcement.error, quotedBy(announcement));
        telemetry.emit("config.subscriber_error", { errors: 1 }, { manager, pattern, path, error });
        const text = () => `A callback subscribed to "${pattern}" failed on "${path}": ${error}`;
        return this.log(state, "error", "config.subscriber_error", pattern, text);
      }
      case "subscriber_slow": {
        const { pattern, path } = announcement.notification;
        const { running_for } = announcement;
        telemetry.emit("config.subscriber_slow", { running_for }, { manager, pattern, path });
        const text = () =>
          `A callback subscribed to "${pattern}" has been running on "${path}" for ${Math.round(running_for)} ms: until it returns, puts do not wait for it`;
        return this.log(state, "warning", "config.subscriber_slow", pattern, text);
      }
      case "overrides_damaged":
        return this.log(state, "error", "config.overrides_damaged", "", () => announcement.message);
      case "write_slow": {
        const { file, running_for } = announcement;
        const text = () =>
          `Writing the runtime overrides of "${file}" has not ended after ${running_for} ms: puts wait for it`;
        return this.log(state, "error", "config.write_slow", file, text);
      }
    }
  }

  private log(state: State, level: Level, event: string, about: string, text: () => string): void {
    const { name, log } = state.spec;
    if (log === false) return;
    const suppressed = this.lines.admit(`${event} ${about}`, ticks());
    if (suppressed === undefined) return;
    const more = suppressed === 0 ? "" : ` (and ${suppressed} more like it)`;
    // Each message becomes one line.
    const line = printable(`${name}: ${text().replaceAll(/\s*\n\s*/gu, " ")}${more}`);
    if (typeof log === "function") {
      try {
        return log(line, level);
      } catch (error) {
        const failed = `The log function of the specification failed: ${messageOf(error)}`;
        logger.report(
          "error",
          "config.log_failed",
          () => ({ manager: name }),
          () => `${name}: ${failed}`,
        );
      }
    }
    logger.report(
      level,
      event,
      () => ({ manager: name }),
      () => line,
    );
  }
}

/** Up to this many changes are reported at once, and values of up to this many values. */
const MOST_AT_ONCE = 1_000;

function isMuch(changes: readonly ChangedPath[]): boolean {
  return (
    changes.length > MOST_AT_ONCE ||
    changes.some(({ before, after }) => holdsMore(before, MOST_AT_ONCE) || holdsMore(after, MOST_AT_ONCE))
  );
}

type Changes = Extract<Announcement, { readonly what: "changed" }>;

/** These quote errors of foreign code, which may quote secrets. */
const QUOTING: ReadonlySet<Announcement["what"]> = new Set([
  "reload_refused",
  "source_failed",
  "noticed",
  "refused",
  "subscriber_failed",
]);

/** Values that a callback was called with, which may be gone. */
function quotedBy(announcement: Announcement): readonly ValueAtPath[] {
  if (announcement.what !== "subscriber_failed") return [];
  const { segments, old_value, new_value } = announcement.notification;
  return [old_value, new_value].map((value) => [segments, value as Value | undefined]);
}

export const CHANGED = "config.changed";

type Level = "error" | "warning" | "info";

/** The place of an error in a file, as far as it is known. */
export function placeOf(error: ConfigSourceError): { file?: string; line?: number; column?: number } {
  const { file, line, column } = error;
  return {
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
    ...(column === undefined ? {} : { column }),
  };
}
