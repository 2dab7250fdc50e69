/**
 * SIGTERM and SIGINT for supervision trees: the first stops them in order, the last started first, and ends the program with
 * the signal's status; the second ends the program at once.
 */
import { KILL, SHUTDOWN } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { signal } from "../process/death.ts";
import { outside } from "../process/context.ts";
import type { Process } from "../process/process.ts";
import { report } from "../process/report.ts";
import { getsSignals } from "../process/whole.ts";
import { ended, whenDead } from "./ended.ts";
import { interrupt } from "./interrupting.ts";
import { stop as stopProcess } from "./stopping.ts";
import { nameOf, type State } from "./supervisor_state.ts";

const numbers = { SIGTERM: 15, SIGINT: 2 } as const;
type OsSignal = keyof typeof numbers;
const names = Object.keys(numbers) as OsSignal[];

/** Something that the signals stop. */
export interface Stoppable {
  /** Whether the program ends after a signal has stopped it. */
  readonly exit: boolean;
  /** Whether it is stopped before all others: a program that has to be drained. */
  readonly first: boolean;
  /** Its description, for reports. */
  readonly shown: string;
  /** Stops it. Resolves when it has stopped. */
  stop(): Promise<void>;
}

/** Reports that a tree meant to be stopped by signals runs in a worker thread, where no signals arrive. */
export function reportNoSignals(shown: string): void {
  if (getsSignals) return;
  report(
    "warning",
    "no_signals",
    () => ({ shown }),
    () =>
      `No signal stops ${shown}: it runs in a worker thread, and signals arrive only in the main thread. Let the main thread post a message to the worker, and stop it there`,
  );
}

/** Registers something for the signals to stop. */
export function listen(one: Stoppable): void {
  if (all.size === 0) for (const name of names) process.on(name, handle);
  all.add(one);
}

/** Removes it again. */
export function unlisten(one: Stoppable): void {
  all.delete(one);
  if (all.size === 0 && ending === undefined) for (const name of names) process.off(name, handle);
}

/** A tree that the signals stop. */
export class Tree implements Stoppable {
  readonly first = false;
  /** Whether the program ends after a signal has stopped the tree, or when the tree has given up. */
  readonly exit: boolean;
  #process: Process | undefined = undefined;
  /** Its supervisor's state, once there is one. */
  state: State | undefined = undefined;
  /** A signal has arrived. */
  stopped = false;

  constructor(exit: boolean) {
    this.exit = exit;
    listen(this);
  }

  /** Called when its supervisor begins to start. False if a signal arrived before. */
  begun(supervisor: Process): boolean {
    this.#process = supervisor;
    reportNoSignals(this.shown);
    whenDead(supervisor, undefined, () => this.forget());
    return !this.stopped;
  }

  /** Called when it is gone because it gave up. Ends the program, which `exit` says. */
  fail(): void {
    if (this.exit) endProgram(1);
  }

  /** Removes the tree. */
  forget(): void {
    unlisten(this);
  }

  get shown(): string {
    return this.#process === undefined ? "a supervisor that starts" : `supervisor ${nameOf(this.#process)}`;
  }

  /** Stops it. Resolves when it is dead. */
  async stop(): Promise<void> {
    this.stopped = true;
    const supervisor = this.#process;
    if (supervisor === undefined || !supervisor.alive) return;
    const { state } = this;
    if (state === undefined) signal(supervisor.pid, supervisor.pid, KILL, false);
    else if (state.initialising) interrupt(state);
    else {
      stopProcess(supervisor.pid, SHUTDOWN, Infinity).catch((error: unknown) => {
        // It ended for another reason, which is reported separately.
        if (supervisor.alive) throw error;
      });
    }
    await ended(supervisor);
  }
}

const all = new Set<Stoppable>();
let ending: Promise<void> | undefined;

function handle(name: OsSignal): void {
  const status = 128 + numbers[name];
  if (ending !== undefined) process.exit(status);
  const stopped = [...all];
  report(
    "info",
    "stopping",
    () => ({ signal: name, trees: stopped.length }),
    () =>
      `${name}: stopping ${stopped.map((one) => one.shown).join(", ")}${stopped.some((one) => one.exit) ? " and ending the program" : ""}. A second signal ends the program at once`,
  );
  outside(() => {
    ending = stopAll(status);
  });
}

/** Ends a failed program: everything is stopped, and it ends with this status. */
export function endProgram(status: number): void {
  if (ending !== undefined) return;
  outside(() => {
    ending = stopAll(status);
  });
}

function next(): Stoppable | undefined {
  const stopped = [...all];
  return stopped.findLast((one) => one.first) ?? stopped.at(-1);
}

// Stops everything, the last started first, and ends the program if any of it asks for that.
async function stopAll(status: number): Promise<void> {
  let exit = status === 1;
  for (let one = next(); one !== undefined; one = next()) {
    exit ||= one.exit;
    const { shown } = one;
    try {
      await one.stop();
    } catch (error) {
      report(
        "error",
        "stop_failed",
        () => ({ error }),
        () => `Cannot stop ${shown}: ${describe(error)}`,
      );
    }
    all.delete(one);
  }
  ending = undefined;
  for (const name of names) process.off(name, handle);
  if (exit) process.exit(status);
}
