/** One trace: its events, its limits, and its outputs. */
import { quoted } from "../term/name.ts";
import { describe } from "../term/describe.ts";
import type { Pid } from "../term/pid.ts";
import { inWords } from "../term/reason.ts";
import type { Atom } from "../term/atom.ts";
import { outside } from "../process/context.ts";
import { Deadline } from "../process/deadline.ts";
import type { Process } from "../process/process.ts";
import { nameOf } from "../process/registry.ts";
import { report } from "../process/report.ts";
import { abandon, wait } from "../process/timer.ts";
import { showable } from "../behaviour/sensitive.ts";

/** What can be traced: messages out and in, links, names, and starts and ends of processes. */
export type Flag = "send" | "receive" | "links" | "names" | "procs";
export const FLAGS: readonly Flag[] = ["send", "receive", "links", "names", "procs"];

/** Why a trace ended: a limit, the end of the process, `stop()`, or a function `to` that failed. */
export type Ending = "max_events" | "time" | "exit" | "stopped" | "failed";

/** Limits of a trace, the traced events, and the outputs. */
export interface TraceOptions {
  /** Maximum number of events: 1 to 100,000. Default: 100. */
  readonly max_events?: number | undefined;
  /** Maximum duration in ms: up to an hour. Default: 10,000. */
  readonly time?: number | undefined;
  /** The traced events. Default: all of `"send"`, `"receive"`, `"links"`, `"names"`, `"procs"`. */
  readonly flags?: readonly Flag[] | undefined;
  /**
   * Called with each event as it happens, outside all processes: messages that it sends to the process are not traced.
   * An error ends the trace, and is reported.
   */
  readonly to?: ((event: TraceEvent) => void) | undefined;
  /** Whether each event is also reported through the logger. Default: `true` without `to`. */
  readonly log?: boolean | undefined;
}

/** One event of a traced process. */
export interface TraceEvent {
  /** Number of the event, from 1. */
  readonly number: number;
  readonly at: Date;
  /** The traced process. */
  readonly pid: Pid;
  /** Its name at that moment. */
  readonly name: Atom | undefined;
  readonly event:
    | "send"
    | "receive"
    | "link"
    | "unlink"
    | "getting_linked"
    | "getting_unlinked"
    | "register"
    | "unregister"
    | "spawn"
    | "exit"
    | "stop";
  /** The kind of message. `system` is a request of `sys`; `failure` is the failure of a call that the process made. */
  readonly kind?: "call" | "cast" | "message" | "reply" | "failure" | "system";
  /**
   * The other process: the receiver, the sender, the linked or the started process. Undefined for code outside
   * processes.
   */
  readonly peer?: Pid | undefined;
  /** The message sent or received; a request as shown by `gen_server.sensitive`. */
  readonly message?: unknown;
  /** The reason of an exit, a failure or a stop. */
  readonly reason?: unknown;
  /** The event in one line, for humans. */
  readonly text: string;
}

/** The fields of an event without the common ones. */
export type Seen = Omit<TraceEvent, "number" | "at" | "pid" | "name" | "text">;

/** Options with their defaults. */
export interface Checked {
  readonly max_events: number;
  readonly time: number;
  readonly flags: readonly Flag[];
  readonly to: ((event: TraceEvent) => void) | undefined;
  readonly log: boolean;
}

const GROUP: { readonly [E in Exclude<TraceEvent["event"], "stop">]: Flag } = {
  send: "send",
  receive: "receive",
  link: "links",
  unlink: "links",
  getting_linked: "links",
  getting_unlinked: "links",
  register: "names",
  unregister: "names",
  spawn: "procs",
  exit: "procs",
};

/** A trace started by `trace.process`. */
export class Trace {
  readonly pid: Pid;
  /** The events so far, oldest first. */
  readonly events: TraceEvent[] = [];
  /** Resolves with the reason when the trace has ended. */
  readonly ended: Promise<Ending>;
  /** @internal */
  readonly process: Process;
  private readonly options: Checked;
  private readonly deadline: Deadline;
  private settle: (ending: Ending) => void = () => {};
  private telling = false;
  private over = false;
  /** The function `to`, until it fails. */
  private to: Checked["to"];
  private left: (() => void) | undefined = undefined;

  /** @internal */
  constructor(process: Process, options: Checked) {
    this.process = process;
    this.pid = process.pid;
    this.options = options;
    this.to = options.to;
    this.ended = new Promise((resolve) => (this.settle = resolve));
    // In the background: a trace does not keep the program alive.
    this.deadline = new Deadline(() => this.end("time"), true);
    wait(this.deadline, options.time);
  }

  /** Ends the trace. No effect if it has ended. */
  stop(): void {
    this.end("stopped");
  }

  /** @internal Sets a function to call when it ends. */
  whenOver(left: () => void): void {
    this.left = left;
  }

  /** @internal Records an event. */
  saw(seen: Seen): void {
    // Tracing the effects of `to` and the logger on the process would never end.
    if (this.telling || this.over) return;
    if (seen.event !== "stop" && this.options.flags.includes(GROUP[seen.event])) {
      this.add(seen);
      if (this.events.length >= this.options.max_events) this.end("max_events");
    }
    if (seen.event === "exit") this.end("exit");
  }

  private end(reason: Ending): void {
    if (this.over) return;
    this.over = true;
    abandon(this.deadline);
    this.left?.();
    this.add({ event: "stop", reason });
    this.settle(reason);
  }

  private add(seen: Seen): void {
    const name = nameOf(this.process);
    const number = this.events.length + 1;
    const shown = "message" in seen ? { ...seen, message: showable(seen.message) } : seen;
    const text = `${name === undefined ? this.pid : `${quoted(name)} ${this.pid}`} ${sentence(shown)}`;
    const event: TraceEvent = { number, at: new Date(), pid: this.pid, name, ...shown, text };
    this.events.push(event);
    const before = this.telling;
    this.telling = true;
    outside(() => this.handOn(event));
    this.telling = before;
  }

  private handOn(event: TraceEvent): void {
    const { log } = this.options;
    const { pid, name, text } = event;
    if (log) {
      report(
        "info",
        "trace",
        () => ({ pid, name, trace: event }),
        () => `*TRACE* ${text}`,
      );
    }
    try {
      this.to?.(event);
    } catch (error) {
      // It gets no further event, not even the last.
      this.to = undefined;
      report(
        "warning",
        "trace_function_failed",
        () => ({ pid, name, error }),
        () => `The trace of ${pid} ends, because the function "to" failed: ${describe(error)}`,
      );
      this.end("failed");
    }
  }
}

const KINDS = { call: "call ", cast: "cast ", message: "", reply: "reply ", system: "system request " } as const;

function sentence({ event, kind = "message", peer, message, reason }: Seen): string {
  const who = peer === undefined ? "code outside all processes" : String(peer);
  switch (event) {
    case "send":
      return `sent ${kind === "failure" ? "" : KINDS[kind]}${describe(message)} to ${who}`;
    case "receive":
      if (kind === "failure")
        return `was notified that its call ${describe(message)} to ${who} failed: ${inWords(reason)}`;
      return `received ${KINDS[kind]}${describe(message)}${kind === "message" && peer === undefined ? "" : ` from ${who}`}`;
    case "link":
      return `linked to ${who}`;
    case "unlink":
      return `unlinked from ${who}`;
    case "getting_linked":
      return `was linked by ${who}`;
    case "getting_unlinked":
      return `lost its link to ${who}`;
    case "register":
      return `was registered as ${describe(message)}`;
    case "unregister":
      return `gave up its name ${describe(message)}`;
    case "spawn":
      return `started ${who}`;
    case "exit":
      return `ended with reason ${inWords(reason)}`;
    case "stop":
      return `is no longer traced: ${WHY[reason as Ending]}`;
  }
}

const WHY: { readonly [E in Ending]: string } = {
  max_events: "max_events is reached",
  time: "its time is over",
  exit: "the process has ended",
  stopped: "stop was called",
  failed: 'the function "to" failed',
};
