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
import { ended, whenDead } from "./ended.ts";
import { interrupt } from "./interrupting.ts";
import { stop as stopProcess } from "./stopping.ts";
import { nameOf, type State } from "./supervisor_state.ts";

const numbers = { SIGTERM: 15, SIGINT: 2 } as const;
type OsSignal = keyof typeof numbers;
const names = Object.keys(numbers) as OsSignal[];

/** A tree that the signals stop. */
export class Tree {
  /** Whether the program ends when the tree was stopped by a signal, or has given up. */
  readonly exit: boolean;
  #process: Process | undefined = undefined;
  /** Its supervisor's state, once there is one. */
  state: State | undefined = undefined;
  /** A signal came. */
  stopped = false;

  constructor(exit: boolean) {
    this.exit = exit;
    if (trees.size === 0) for (const name of names) process.on(name, handle);
    trees.add(this);
  }

  /** Its supervisor begins to start. False: a signal came before. */
  begun(supervisor: Process): boolean {
    this.#process = supervisor;
    whenDead(supervisor, undefined, () => {
      this.forget();
      if (this.exit && this.state?.gaveUp === true && ending === undefined)
        outside(() => {
          ending = endProgram(1);
        });
    });
    return !this.stopped;
  }

  /** It is no tree any more. */
  forget(): void {
    trees.delete(this);
    if (trees.size === 0 && ending === undefined) for (const name of names) process.off(name, handle);
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
        // It ended for another reason, which is its own report.
        if (supervisor.alive) throw error;
      });
    }
    await ended(supervisor);
  }
}

const trees = new Set<Tree>();
let ending: Promise<void> | undefined;

function handle(name: OsSignal): void {
  const status = 128 + numbers[name];
  if (ending !== undefined) process.exit(status);
  const all = [...trees];
  report(
    "info",
    "stopping",
    () => ({ signal: name, trees: all.length }),
    () =>
      `${name}: stopping ${all.map((tree) => tree.shown).join(", ")}${all.some((tree) => tree.exit) ? " and ending the program" : ""}. A second signal ends the program at once`,
  );
  outside(() => {
    ending = endProgram(status);
  });
}

// Stops all trees, the last started first, and ends the program if one of them wants that.
async function endProgram(status: number): Promise<void> {
  let exit = status === 1;
  for (let tree = [...trees].at(-1); tree !== undefined; tree = [...trees].at(-1)) {
    exit ||= tree.exit;
    try {
      await tree.stop();
    } catch (error) {
      report(
        "error",
        "stop_failed",
        () => ({ error }),
        () => `Cannot stop ${(tree as Tree).shown}: ${describe(error)}`,
      );
    }
    trees.delete(tree);
  }
  ending = undefined;
  for (const name of names) process.off(name, handle);
  if (exit) process.exit(status);
}
