/**
 * The events of the runtime, the configuration and the program, for display: the last ones, each in one line, and the
 * count of each kind. Listens while there are viewers.
 */
import { Atom, Pid, telemetry } from "@otpts/runtime";
import type { Managers } from "./managers.ts";
import type { TraceEvent } from "@otpts/runtime/trace";
import { cut, keyOf, tagOf, textOf } from "./text.ts";

/** One event as plain data. */
export interface Line {
  /** Rises by one with each. */
  readonly seq: number;
  readonly at: string;
  readonly event: string;
  readonly level: "error" | "warning" | "info";
  readonly text: string;
  /** The processes it is about, as used in addresses. */
  readonly pids: readonly string[];
  readonly path?: string;
}

const KEPT = 500;
/** How many lines are written per second; further events are only counted. */
const MOST = 100;
/** Fields that may contain data of the program, or are shown elsewhere. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  "state",
  "data",
  "message",
  "messages",
  "queue",
  "postponed",
  "timeouts",
  "log",
  "dictionary",
  "request",
  "level",
  "ancestors",
  "initial_call",
  "stack",
  "args",
  "spec",
]);
const WORSE: Readonly<Record<string, Line["level"]>> = {
  "config.source_error": "error",
  "config.validation_failed": "error",
  "config.subscriber_error": "error",
  "config.reload.exception": "error",
  "config.subscriber_slow": "warning",
};

let attachments = 0;

export class Events {
  private readonly managers: Managers;
  private readonly heard: (line: Line) => void;
  private readonly id = `otpts.dashboard.${++attachments}`;
  private lines: Line[] = [];
  private counts = new Map<string, number>();
  private crashes = new Map<string, Line>();
  private seq = 0;
  private second = 0;
  private written = 0;
  /** Events that were only counted. */
  skipped = 0;

  constructor(managers: Managers, heard: (line: Line) => void) {
    this.managers = managers;
    this.heard = heard;
  }

  attach(): void {
    telemetry.attach(this.id, "**", (event, measurements, metadata) => this.note(event, measurements, metadata));
  }

  detach(): void {
    telemetry.detach(this.id);
    this.lines = [];
    this.counts = new Map();
    this.crashes = new Map();
    this.skipped = 0;
  }

  /** The events after a number, oldest first. */
  after(seq: number): readonly Line[] {
    return this.lines.filter((line) => line.seq > seq);
  }

  /** The last noteworthy events, newest first. */
  noteworthy(count: number): readonly Line[] {
    return this.lines
      .filter(
        ({ level, event }) => level !== "info" || event === "config.changed" || event === "config.source_recovered",
      )
      .slice(-count)
      .reverse();
  }

  /** The count of each kind of event while there were viewers. */
  rates(): readonly { readonly event: string; readonly count: number }[] {
    return Array.from(this.counts, ([event, count]) => ({ event, count })).sort((a, b) => b.count - a.count);
  }

  /** The crash of a process, or of an earlier one with its name, while there were viewers. */
  crashOf(keys: readonly (string | undefined)[]): Line | undefined {
    for (const key of keys) {
      const found = key === undefined ? undefined : this.crashes.get(key);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Adds an event of a process's trace. */
  traced({ pid, peer, event, kind, text, number, at, message }: TraceEvent, full: boolean): void {
    // The content of a message is shown only if states are.
    const shown = full || message === undefined ? text : `${kind ?? "message"} ${tagOf(message)}`;
    this.keep({
      seq: ++this.seq,
      at: at.toISOString(),
      event: `trace.${event}`,
      level: "info",
      text: this.managers.scrub(cut(`${number}. ${shown}`, 600)),
      pids: [pid, peer].flatMap((one) => keyOf(one) ?? []),
    });
  }

  private keep(line: Line): void {
    this.counts.set(line.event, (this.counts.get(line.event) ?? 0) + 1);
    this.lines.push(line);
    if (this.lines.length > KEPT * 2) this.lines = this.lines.slice(-KEPT);
    this.heard(line);
  }

  private note(event: string, measurements: telemetry.Measurements, metadata: telemetry.Metadata): void {
    this.counts.set(event, (this.counts.get(event) ?? 0) + 1);
    const now = Date.now();
    const second = Math.floor(now / 1_000);
    if (second !== this.second) {
      this.second = second;
      this.written = 0;
    }
    if (++this.written > MOST) {
      this.skipped++;
      return;
    }
    const line = this.line(event, measurements, metadata, now);
    this.lines.push(line);
    if (this.lines.length > KEPT * 2) this.lines = this.lines.slice(-KEPT);
    if (event === "otp.process_crash") {
      const { name } = metadata;
      for (const key of [...line.pids.slice(0, 1), ...(name instanceof Atom ? [name.name] : [])]) {
        this.crashes.set(key, line);
        if (this.crashes.size > KEPT) this.crashes.delete(this.crashes.keys().next().value as string);
      }
    }
    this.heard(line);
  }

  private line(event: string, measurements: telemetry.Measurements, metadata: telemetry.Metadata, now: number): Line {
    const pids: string[] = [];
    const parts: string[] = [];
    let path: string | undefined;
    let level: Line["level"] = WORSE[event] ?? "info";
    try {
      for (const [key, value] of Object.entries(metadata)) {
        if (key === "level" && (value === "error" || value === "warning")) level = value;
        if (key === "path" && typeof value === "string") path = value;
        if (value instanceof Pid) pids.push(keyOf(value) as string);
        if (value !== undefined && !LEFT_OUT.has(key)) parts.push(`${key} ${wordOf(key, value)}`);
      }
      for (const [key, value] of Object.entries(measurements))
        if (key !== "count" && key !== "system_time") parts.push(`${key} ${Math.round(value * 100) / 100}`);
    } catch {
      parts.push("its details cannot be read");
    }
    return {
      seq: ++this.seq,
      at: new Date(now).toISOString(),
      event,
      level,
      text: this.managers.scrub(cut(parts.join(" · "), 600)),
      pids,
      ...(path === undefined ? {} : { path }),
    };
  }
}

function wordOf(key: string, value: unknown): string {
  // A crash is [error, stack]: only the error is shown.
  if (key === "reason" && Array.isArray(value) && value[0] instanceof Error) return textOf(value[0].message, 300);
  if (value instanceof Error) return textOf(`${value.name}: ${value.message}`, 300);
  return textOf(value, 200);
}
