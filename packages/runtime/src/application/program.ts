/** A whole program: started, ready, drained, stopped. */
import { ensure } from "../term/atom.ts";
import { ALREADY_STARTED, BADARG, PERMANENT, SHUTDOWN } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { ErlangError, OtpError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import { milliseconds, type Timeout } from "../term/timeout.ts";
import { outside } from "../process/context.ts";
import { forever } from "../process/forever.ts";
import { report } from "../process/report.ts";
import { now } from "../process/clock.ts";
import { endProgram, listen, reportNoSignals, type Stoppable, unlisten } from "../behaviour/os_signals.ts";
import { all, beginAll, onFatal } from "./controller.ts";
import { drainOne } from "./draining.ts";
import { readyOf } from "./health.ts";
import { pause } from "./pause.ts";
import { type Application, inOrder, keyOf } from "./specification.ts";
import { program, type ProgramPhase } from "./state.ts";

/** How long each phase may take, for the program as a whole, in ms. */
export interface Timeouts {
  /** The start of all applications. After that it fails, and the started ones are stopped. Default: 60,000. */
  readonly start?: Timeout | undefined;
  /** The wait until all applications are ready. After that the start fails as well. Default: 60,000. */
  readonly ready?: Timeout | undefined;
  /** Finishing the work in progress. After that it is reported and abandoned. Default: 10,000. */
  readonly drain?: Timeout | undefined;
  /** The stop of all applications. After that their processes are killed. Default: 10,000. */
  readonly stop?: Timeout | undefined;
}

/** How a program is run. */
export interface RunOptions {
  /** How long each phase may take. */
  readonly timeouts?: Timeouts | undefined;
  /**
   * How long the program goes on taking work after readiness has become false, in ms: a load balancer needs time to
   * notice, and a client that connects at the moment when a server stops listening is cut off. Default: 0.
   */
  readonly accept_grace?: number | undefined;
  /** SIGTERM and SIGINT drain and stop the program; a second one ends it at once. Default: true. */
  readonly signals?: boolean | undefined;
  /**
   * Whether the operating system's process ends, with a status, after a signal and when an application has failed.
   * Default: true.
   */
  readonly exit?: boolean | undefined;
}

/** A running program. */
export interface Program {
  /** Its current phase. */
  readonly phase: ProgramPhase;
  /** Drains it, and stops all applications in reverse. Resolves when all have stopped. */
  stop(): Promise<void>;
}

const DEFAULTS = { start: 60_000, ready: 60_000, drain: 10_000, stop: 10_000 };
const NOT_READY = ensure("not_ready");
const ASK_AGAIN = 50;

let present: Run | undefined;

class Run implements Program, Stoppable {
  readonly exit: boolean;
  readonly first = true;
  private readonly app: Application;
  private readonly limits: Record<keyof Timeouts, number>;
  private readonly grace: number;
  private starting: Promise<void> | undefined = undefined;
  private stopping: Promise<void> | undefined = undefined;

  constructor(app: Application, options: RunOptions) {
    // A program that cannot run takes no other's place.
    inOrder(app);
    checkOptions(options, ["timeouts", "accept_grace", "signals", "exit"], "run a program");
    const { timeouts = {}, accept_grace = 0, exit = true, signals = true } = options;
    for (const [key, value] of Object.entries({ exit, signals }))
      if (typeof value !== "boolean")
        throw new ErlangError(BADARG, `Cannot run a program: ${key} must be true or false, got ${describe(value)}`);
    checkOptions(timeouts, Object.keys(DEFAULTS), "run a program");
    const limit = (phase: keyof Timeouts) => milliseconds(timeouts[phase] ?? DEFAULTS[phase], "run a program");
    this.limits = { start: limit("start"), ready: limit("ready"), drain: limit("drain"), stop: limit("stop") };
    this.grace = milliseconds(accept_grace, "run a program");
    this.app = app;
    this.exit = exit;
  }

  /** Whether its end has begun. */
  get stopped(): boolean {
    return this.stopping !== undefined;
  }

  get phase(): ProgramPhase {
    return program.phase;
  }

  get shown(): string {
    return `program "${keyOf(this.app)}"`;
  }

  start(): Promise<void> {
    return (this.starting = this.begin());
  }

  private async begin(): Promise<void> {
    const began = now();
    enter("starting", `Program "${keyOf(this.app)}" starts`);
    const end = began + this.limits.start;
    try {
      await beginAll(this.app, PERMANENT, { start: () => Math.max(0, end - now()), stop: this.limits.stop });
      await this.ready();
    } catch (error) {
      if (this.stopping === undefined) await this.stopAll();
      throw error;
    }
    if (this.stopping !== undefined) return;
    enter("ready", `Program "${keyOf(this.app)}" is ready after ${since(began)} ms`);
  }

  private async ready(): Promise<void> {
    const { ready: limit } = this.limits;
    const end = now() + limit;
    for (;;) {
      if (this.stopping !== undefined) return;
      const left = Math.max(1, end - now());
      const asked = await Promise.all(all().map((running) => readyOf(running, Math.min(left, 10_000))));
      const missing = asked.filter(({ ok }) => !ok);
      if (missing.length === 0) return;
      if (now() >= end)
        throw new OtpError(
          [NOT_READY, missing.map(({ name }) => name)],
          `Program "${keyOf(this.app)}" is not ready within ${limit} ms: ${missing.map(({ name, reason }) => `"${name}": ${reason ?? "its ready function does not return true"}`).join("; ")}`,
        );
      await pause(Math.min(ASK_AGAIN, left));
    }
  }

  stop(): Promise<void> {
    return (this.stopping ??= this.end(true));
  }

  /** Stops it without draining, because an application that others need has ended. */
  fail(): Promise<void> {
    return (this.stopping ??= this.end(false));
  }

  private async end(drains: boolean): Promise<void> {
    if (drains && program.phase === "ready") await this.drain();
    else for (const running of all()) running.abort(SHUTDOWN, "the program is stopped");
    await this.stopAll();
    await this.starting?.catch(() => undefined);
    // The applications that an interrupted start has started meanwhile.
    if (all().length > 0) await this.stopAll();
  }

  private async drain(): Promise<void> {
    const began = now();
    enter("draining", `Program "${keyOf(this.app)}" is not ready any more, and drains`);
    if (this.grace > 0) await pause(this.grace);
    const end = now() + this.limits.drain;
    for (const running of all().toReversed()) await drainOne(running, Math.max(0, end - now()));
    report(
      "info",
      "program_drained",
      () => ({ duration: since(began) }),
      () => `Program "${keyOf(this.app)}" has drained after ${since(began)} ms`,
    );
  }

  private async stopAll(): Promise<void> {
    const began = now();
    enter("stopping", `Program "${keyOf(this.app)}" stops`);
    const end = began + this.limits.stop;
    for (const running of all().toReversed()) await running.stop(Math.max(0, end - now()));
    enter("stopped", `Program "${keyOf(this.app)}" has stopped after ${since(began)} ms`);
    this.forget();
  }

  private forget(): void {
    unlisten(this);
    if (present === this) present = undefined;
  }
}

/**
 * Runs a program: starts the application and all those it needs, in order, and waits until all are ready. SIGTERM and
 * SIGINT make it not ready, drain it, and stop it in reverse order; then the operating system's process ends with the
 * signal's status. When an application ends by itself, the others are stopped, and the status is 1.
 *
 * @throws OtpError `[name, reason]` for an application that does not start, `[not_ready, names]`, `[already_started,
 *   name]`; no application is left running
 */
export async function run(app: Application, options: RunOptions = {}): Promise<Program> {
  const begun = new Run(app, options);
  if (present !== undefined)
    throw new OtpError(
      [ALREADY_STARTED, keyOf(app)],
      `Cannot run program "${keyOf(app)}": ${present.shown} is already running`,
    );
  present = begun;
  if (options.signals !== false) listen(begun);
  if (options.signals === true) reportNoSignals(begun.shown);
  try {
    await begun.start();
  } catch (error) {
    // The program ends with the signal's status, not because of a start that the signal has stopped.
    if (begun.exit && begun.stopped) return forever();
    throw error;
  }
  // It has been stopped while it was starting, and ends.
  if (begun.exit && begun.stopped) return forever();
  return begun;
}

onFatal(() => {
  const running = present;
  outside(() => {
    void (running === undefined ? stopOthers() : running.fail()).then(() => {
      if (running?.exit !== false) endProgram(1);
    });
  });
});

async function stopOthers(): Promise<void> {
  for (const running of all().toReversed()) await running.stop(DEFAULTS.stop);
}

function enter(phase: ProgramPhase, text: string): void {
  program.phase = phase;
  report(
    "info",
    "program_phase",
    () => ({ phase }),
    () => text,
  );
}

function since(began: number): number {
  return Math.round(now() - began);
}
