/** Processes in nact actors: one actor each, which gives the process a turn for every message it gets. */
import { dispatch, type Ref as ActorRef, spawn, stop } from "nact";
import { KILLED } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { reasonOf } from "../term/reason.ts";
import { die } from "../process/death.ts";
import type { Dispatcher } from "../process/process.ts";
import { type Process, processOf } from "../process/process.ts";
import { run } from "../process/scheduler.ts";
import { pids } from "../process/table.ts";
import { concrete, isParent, isReference } from "./concrete.ts";
import { follow } from "./following.ts";

const TURN = Symbol("turn");
const soon = Promise.resolve();

type Seat = ActorRef<unknown>;

/**
 * A dispatcher that hosts every process in its own nact actor: a child of `parent`, named after the pid (`0.12.0` for
 * `<0.12.0>`), spawned when the process is started and stopped when it is dead. Pass it to `dispatcher.use`.
 *
 * A process whose actor nact stops (by itself, or with its parent or system) is dead with reason `killed`. A process that
 * cannot get an actor, because `parent` has stopped, ends at once: its start fails with the reason.
 *
 * @param parent a live nact system or actor
 * @throws TypeError if it is not a reference to a system or actor, Error if that has stopped
 */
export function nact_dispatcher(parent: ActorRef<unknown>): Dispatcher {
  if (!isReference(parent, "system", "actor")) {
    throw new TypeError(`Cannot host processes in nact: give a nact system or actor, got ${describe(parent)}`);
  }
  const found = concrete(parent);
  if (!isParent(found)) {
    throw new Error("Cannot host processes in nact: the given system or actor has stopped, or is not nact's");
  }
  let ended = false;
  const hosting: Dispatcher = {
    prompt: false,
    admit(process) {
      const { id, serial } = process.pid;
      const properties = { initialState: process, afterStop };
      try {
        if (ended) throw new Error("the system or actor they are hosted in has stopped");
        process.more.seat = spawn(parent, host, `0.${id}.${serial}`, properties);
      } catch (error) {
        const failure = new Error(`Cannot host process ${String(process.pid)} in nact: ${(error as Error).message}`, {
          cause: error,
        });
        // Not now: its starter is not ready to be notified of its end.
        void soon.then(() => die(process, reasonOf(failure)));
      }
    },
    schedule(process) {
      const seat = process.extra?.seat as Seat | undefined;
      if (seat !== undefined) dispatch(seat, TURN);
    },
    dismiss(process) {
      const seat = process.extra?.seat as Seat | undefined;
      if (seat === undefined) return;
      process.more.seat = undefined;
      stop(seat);
    },
  };
  follow(found, () => {
    ended = true;
    for (const pid of pids()) {
      const process = processOf(pid);
      if (process?.dispatcher === hosting) die(process, KILLED);
    }
  });
  return hosting;
}

/**
 * The hosting actor's code; its state is the process. A message that nact code dispatches to it is a message to the
 * process.
 */
function host(process: Process, message: unknown): Process {
  if (message !== TURN) {
    if (process.alive) process.accept(message);
    return process;
  }
  process.ready = false;
  run(process);
  return process;
}

function afterStop(process: Process): void {
  die(process, KILLED);
}
