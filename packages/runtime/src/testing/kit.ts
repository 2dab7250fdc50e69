/** The kit of a test file: children that end with their test, captured reports, and a check for leftover processes. */
import { describe } from "../term/describe.ts";
import { KILL, SHUTDOWN } from "../term/atoms.ts";
import { Pid } from "../term/pid.ts";
import * as erlang from "../erlang.ts";
import * as logger from "../logger.ts";
import * as supervisor from "../supervisor.ts";
import { eventually, type Patience } from "./eventually.ts";
import { Probe } from "./probe.ts";
import { type Clock, installClock } from "./clock.ts";

/** The test runner's hooks: those of vitest, jest, node:test, Bun and Deno's bdd module all fit. */
export interface Hooks {
  readonly beforeEach: (hook: () => void | Promise<void>) => unknown;
  readonly afterEach: (hook: () => void | Promise<void>) => unknown;
}

/** Selects a report: by a part of its text, a pattern for it, its event (`process_crash`), or a function. */
export type ReportPattern = string | RegExp | ((report: logger.Report) => boolean);

/**
 * The kit of a file of tests. Made by `testing.setup`. It is for tests that run one after the other: reports and processes
 * belong to the whole program.
 */
export class Kit {
  private top: Pid | undefined;
  private readonly probes: Probe[] = [];
  private captured: logger.Report[] = [];
  private readonly expected = new Set<logger.Report>();
  private handler: logger.Handler | undefined;
  private before = new Set<Pid>();
  private clock: Clock | undefined;
  private allowed = false;

  constructor({ beforeEach, afterEach }: Hooks) {
    beforeEach(() => this.begin());
    afterEach(() => this.end());
  }

  /**
   * Starts a child under the supervisor of this test. It is restarted according to its specification, and stopped after
   * the test.
   *
   * @param child a child specification, or a function that starts a linked process
   * @returns its pid
   * @throws OtpError with the child's reason, if it does not start
   */
  async start_supervised(child: supervisor.ChildSpec | (() => unknown)): Promise<Pid> {
    this.top ??= await supervisor.start([], { max_restarts: 1_000_000, max_seconds: 1 });
    const spec = typeof child === "function" ? supervisor.child_spec({ id: erlang.make_ref(), task: child }) : child;
    const started = await supervisor.start_child(this.top, spec);
    const pid = Array.isArray(started) ? (started as readonly [Pid, unknown])[0] : started;
    if (!(pid instanceof Pid)) {
      throw new Error(`Cannot start child ${describe(spec.id)} for this test: its start function returned IGNORE`);
    }
    if (isUnlinked(pid, this.top)) {
      await this.stop_supervised(spec.id);
      erlang.exit(pid, KILL);
      throw new Error(
        "Cannot start a child for this test: it is not linked, and would outlive the test. Write () => gen_server.start_link(…), not start",
      );
    }
    return pid;
  }

  /** Stops a child before the end of the test. @param id the id of its specification */
  async stop_supervised(id: unknown): Promise<void> {
    if (this.top === undefined) throw new Error(`Cannot stop child ${describe(id)}: this test has started none`);
    await supervisor.terminate_child(this.top, id);
    await supervisor.delete_child(this.top, id).catch(() => undefined);
  }

  /** A process whose mailbox the test reads. It ends with the test. @param name registered name */
  probe(name?: string): Probe {
    const probe = new Probe(name);
    this.probes.push(probe);
    return probe;
  }

  /** The reports of this test so far. */
  get reports(): readonly logger.Report[] {
    return this.captured;
  }

  /** Waits for a report that the test provokes, which then does not fail the test. @returns the report */
  async expect_report(pattern: ReportPattern, patience?: Patience): Promise<logger.Report> {
    const report = await eventually(() => {
      const found = this.captured.find((one) => !this.expected.has(one) && isMeant(one, pattern));
      if (found !== undefined) return found;
      throw new Error(
        `No report matches ${describe(pattern)}; there are ${this.captured.length}${listed(this.captured)}`,
      );
    }, patience);
    this.expected.add(report);
    return report;
  }

  /** Allows any reports in this test. */
  allow_reports(): void {
    this.allowed = true;
  }

  /**
   * Replaces the runtime's clock with a simulated one until the test ends: time-outs, timers and sleeps of processes
   * follow it when the test advances it. Call it before anything waits.
   */
  simulated_clock(): Clock {
    return (this.clock ??= installClock());
  }

  /**
   * Waits until every process started by this test, except its supervisor and probes, has ended.
   *
   * @throws Error that lists the remaining ones
   */
  async no_process_left(patience?: Patience): Promise<void> {
    const own = new Set([...(this.top === undefined ? [] : [this.top]), ...this.probes.map(({ pid }) => pid)]);
    await eventually(() => {
      const left = erlang.processes().filter((pid) => !this.before.has(pid) && !own.has(pid));
      if (left.length === 0) return true;
      const many = left.length === 1 ? "1 process is left" : `${left.length} processes are left`;
      throw new Error(`${many}:${left.map((pid) => `\n  ${portrait(pid)}`).join("")}`);
    }, patience);
  }

  private begin(): void {
    this.captured = [];
    this.expected.clear();
    this.allowed = false;
    this.before = new Set(erlang.processes());
    const captured = this.captured;
    this.handler = logger.set_handler((report) => void captured.push(report));
  }

  private async end(): Promise<void> {
    const { top, probes } = this;
    this.top = undefined;
    try {
      this.clock?.restore();
      this.clock = undefined;
      if (top !== undefined) await supervisor.stop(top, SHUTDOWN);
      for (const { pid } of probes.splice(0)) erlang.exit(pid, KILL);
    } finally {
      logger.set_handler(this.handler);
    }
    if (this.allowed) return;
    const unexpected = this.captured.filter((one) => one.level === "error" && !this.expected.has(one));
    if (unexpected.length > 0) {
      const many = unexpected.length === 1 ? "a report" : `${unexpected.length} reports`;
      throw new Error(
        `This test caused ${many} that it did not expect (await kit.expect_report(…) for each)${listed(unexpected)}`,
      );
    }
  }
}

// A process that lives, without a link to its supervisor.
function isUnlinked(pid: Pid, top: Pid): boolean {
  const links = erlang.process_info(pid, "links") as readonly unknown[] | undefined;
  return links !== undefined && !links.includes(top);
}

function isMeant(report: logger.Report, pattern: ReportPattern): boolean {
  if (typeof pattern === "function") return pattern(report);
  if (typeof pattern === "string") return report.event === pattern || report.text.includes(pattern);
  return pattern.test(report.text);
}

function listed(reports: readonly logger.Report[]): string {
  return reports.map(({ event, text }) => `\n  ${event}: ${text.replaceAll("\n", "\n    ")}`).join("");
}

function portrait(pid: Pid): string {
  const info = erlang.process_info(pid);
  if (info === undefined) return `${pid}`;
  const { registered_name, initial_call, status } = info as unknown as Record<string, unknown>;
  const name = registered_name === undefined ? "" : ` "${String(registered_name)}"`;
  return `${pid}${name} (${String(initial_call)}, ${String(status)})`;
}
