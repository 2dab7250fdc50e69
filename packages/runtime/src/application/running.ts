/**
 * A running application: a separate process, the master, starts the tree, is notified of its end, and stops it. OTP's
 * `application_master`. All processes of the application have the master among their ancestors.
 */
import { ensure } from "../term/atom.ts";
import { DOWN, EXIT, KILL, NORMAL, SHUTDOWN, TIMEOUT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { OtpError } from "../term/error.ts";
import { isA, isTuple, tagOf } from "../term/guarded.ts";
import { Pid } from "../term/pid.ts";
import { inWords, reasonOf } from "../term/reason.ts";
import { outside } from "../process/context.ts";
import { signal } from "../process/death.ts";
import { isLinked } from "../process/link.ts";
import { type Process, processOf } from "../process/process.ts";
import { report } from "../process/report.ts";
import { pids } from "../process/table.ts";
import { cancel, wait } from "../process/timer.ts";
import { Deadline } from "../process/deadline.ts";
import { startError } from "../behaviour/init_ack.ts";
import { stop } from "../behaviour/stopping.ts";
import * as erlang from "../erlang.ts";
import * as proc_lib from "../proc_lib.ts";
import { type Application, keyOf } from "./specification.ts";

const STOP_APPLICATION = ensure("$stop_application");
const START = ensure("start");
const BAD_RETURN = ensure("bad_return");

/** The phase of an application. */
export type Phase = "starting" | "started" | "draining" | "stopping" | "stopped";

/** An application from its start to its end. */
export class Running {
  readonly app: Application;
  readonly key: string;
  /** The effect of its end on the program: permanent, transient or temporary. */
  readonly type: unknown;
  phase: Phase = "starting";
  tree: Pid | undefined = undefined;
  state: unknown = undefined;
  /** Settles when it has started or failed to start. */
  readonly started: Promise<void>;
  /** Resolves with its exit reason, in an array, when all its processes have ended. Never rejects. */
  readonly ended: Promise<readonly [reason: unknown]>;
  private readonly master: Pid;
  private resolve!: () => void;
  private reject!: (error: OtpError) => void;
  private tellEnd!: (reason: readonly [unknown]) => void;
  private reason: unknown = undefined;
  /** Whether the tree was started with a link to the master, which is its parent then. */
  private linked = true;
  /** Whether it has started. */
  wasStarted = false;
  /** The function of its end that is running. */
  private calling: string | undefined = undefined;
  /** Whether its end was requested. */
  stopsOnPurpose = false;

  /** @param ms how long its start may take */
  constructor(app: Application, type: unknown, ms: number) {
    this.app = app;
    this.key = keyOf(app);
    this.type = type;
    this.started = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.ended = new Promise((resolve) => (this.tellEnd = resolve));
    const patience = new Deadline(() =>
      this.abort(TIMEOUT, `it did not start within ${Math.ceil(ms)} ms; its processes were killed`),
    );
    // It has no owner: the process that requests the start is not an ancestor.
    let master!: Pid;
    outside(() => {
      master = proc_lib.spawn(() => this.run());
      erlang.spawn(() => this.watch(master));
      wait(patience, ms);
    });
    this.master = master;
    const over = () => cancel(patience);
    void this.started.then(over, over);
  }

  /** Whether a process belongs to it. */
  owns(process: Process): boolean {
    return process.pid === this.master || process.ancestors.includes(this.master);
  }

  /** Its processes, without the master. */
  processes(): Process[] {
    return pids().flatMap((pid) => {
      const process = processOf(pid);
      return process !== undefined && pid !== this.master && this.owns(process) ? [process] : [];
    });
  }

  /** Stops it in order. Resolves when all its processes have ended. @param ms time until they are killed */
  async stop(ms: number): Promise<void> {
    await this.started.catch(() => undefined);
    this.stopsOnPurpose = true;
    if (this.phase !== "stopped") this.phase = "stopping";
    const deadline = new Deadline(() => {
      report(
        "error",
        "application_timeout",
        () => ({ application: this.key, phase: "stopping", timeout: ms }),
        () =>
          `Application "${this.key}" did not stop within ${Math.ceil(ms)} ms: ${this.unfinished(this.processes().length)}`,
      );
      this.kill();
    });
    wait(deadline, ms);
    erlang.send(this.master, [STOP_APPLICATION]);
    await this.ended;
    cancel(deadline);
  }

  private unfinished(processes: number): string {
    const killed = `its ${processes === 1 ? "process is" : `${processes} processes are`} killed`;
    const { calling } = this;
    return calling === undefined
      ? killed
      : `its ${calling} function has not finished${processes === 0 ? "" : `; ${killed}`}`;
  }

  /** Abandons a start: the processes started so far are killed. */
  abort(reason: unknown, text: string): void {
    if (this.phase !== "starting") return;
    this.reject(startError({ behaviour: "application", name: this.key }, this.startReason(reason), text));
    this.kill();
  }

  private kill(): void {
    for (const { pid } of this.processes()) signal(pid, this.master, KILL, false);
    signal(this.master, this.master, KILL, false);
  }

  // The master's body. `watch` reports its exit reason, so nothing is thrown here.
  private async run(): Promise<void> {
    erlang.process_flag("trap_exit", true);
    try {
      this.take(await this.app.start?.());
    } catch (error) {
      if (isA(error, OtpError)) this.failed(this.startReason(error.reason), error.message, error);
      else {
        const reason = reasonOf(error);
        this.failed(
          [
            BAD_RETURN,
            [
              [this.key, START, [NORMAL]],
              [EXIT, reason],
            ],
          ],
          inWords(reason),
          error,
        );
      }
      return;
    }
    this.tie();
    this.phase = "started";
    this.wasStarted = true;
    this.resolve();
    const message = await erlang.receive((one) => this.isEnd(one) || tagOf(one, 1) === STOP_APPLICATION);
    if (this.isEnd(message)) this.reason = message[2];
    else await this.stopTree();
    await this.guarded("stop", () => this.app.stop?.(this.state));
  }

  // A tree that was started without a link gets one, as in OTP.
  private tie(): void {
    const { tree, key } = this;
    if (tree === undefined) return;
    const process = processOf(tree);
    this.linked = process === undefined || isLinked(process, this.master);
    erlang.link(tree);
    if (this.linked) return;
    report(
      "warning",
      "child_not_linked",
      () => ({ supervisor: this.master, name: undefined, id: key, pid: tree }),
      () =>
        `Application "${key}": its start returned ${tree}, which is not linked to it. Write start: () => supervisor.start_link(…), not start`,
    );
  }

  private take(result: unknown): void {
    if (this.app.start === undefined) return;
    if (isA(result, Pid)) this.tree = result;
    else if (isTuple(result) && result.length === 2 && isA(result[0], Pid)) [this.tree, this.state] = result;
    else {
      const reason = [BAD_RETURN, [[this.key, START, [NORMAL]], result]];
      throw new OtpError(reason, `start must return a pid or [pid, state], got ${describe(result)}`);
    }
  }

  private startReason(reason: unknown): unknown {
    return tagOf(reason, 2) === BAD_RETURN ? reason : [reason, [this.key, START, [NORMAL]]];
  }

  private failed(reason: unknown, text: string, cause: unknown): void {
    const error = startError({ behaviour: "application", name: this.key }, reason, text);
    error.cause = cause;
    this.reject(error);
  }

  private isEnd(message: unknown): message is readonly [unknown, Pid, unknown] {
    return this.tree !== undefined && tagOf(message, 3) === EXIT && (message as readonly unknown[])[1] === this.tree;
  }

  private async stopTree(): Promise<void> {
    this.reason = SHUTDOWN;
    await this.guarded("prep_stop", async () => {
      if (this.app.prep_stop !== undefined) this.state = await this.app.prep_stop(this.state);
    });
    if (this.tree === undefined) return;
    erlang.exit(this.tree, SHUTDOWN);
    // A supervisor or a server that traps exits obeys its parent alone, but `stop` from anyone.
    if (!this.linked && erlang.is_process_alive(this.tree))
      void stop(this.tree, SHUTDOWN, Infinity).catch(() => undefined);
    await erlang.receive((message) => this.isEnd(message));
  }

  private async guarded(name: string, call: () => unknown): Promise<void> {
    this.calling = name;
    try {
      await call();
    } catch (error) {
      report(
        "error",
        "application_callback_failed",
        () => ({ application: this.key, callback: name, error }),
        () => `Application "${this.key}": ${name} failed: ${inWords(reasonOf(error))}. It is stopped all the same`,
      );
    }
    this.calling = undefined;
  }

  private async watch(master: Pid): Promise<void> {
    erlang.monitor("process", master);
    const down = await erlang.receive((message) => tagOf(message, 5) === DOWN);
    const reason = (down as readonly unknown[])[4];
    // Processes left behind by the tree, and the tree itself if the master was killed.
    for (const { pid } of this.processes()) signal(pid, master, KILL, false);
    this.phase = "stopped";
    this.reject(startError({ behaviour: "application", name: this.key }, this.startReason(reason)));
    this.tellEnd([reason === NORMAL ? this.reason : reason]);
  }
}
