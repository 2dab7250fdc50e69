/** The programs of supervisor_model.ts, carried out by a supervisor of the runtime. */
import {
  EXIT,
  Exit,
  KILL,
  NOREPLY,
  OK,
  OtpError,
  Pid,
  STOP,
  TRAP_EXIT,
  atom,
  erlang,
  gen_server,
  supervisor,
} from "@otpts/runtime";
import { fmt } from "../conformance/harness/oracle.ts";
import type { Id, Program, Step } from "./supervisor_model.ts";

const BOOM = atom.ensure("boom");
const BAD = atom.ensure("bad");

export class Machine {
  /** What was logged since it was last taken. */
  log: string[] = [];
  readonly #program: Program;
  readonly #starts = new Map<Id, number>();
  #supervisor: Pid | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Starts the supervisor, linked to the calling process, which must trap exits. */
  begin(): Promise<string> {
    const { strategy, intensity, auto, initial, specs } = this.#program;
    const ids = (Object.keys(specs) as Id[]).slice(0, initial);
    return this.#answer(async () => {
      this.#supervisor = await supervisor.start_link(
        ids.map((id) => this.#spec(id)),
        { strategy, max_restarts: intensity, max_seconds: 10_000, auto_shutdown: auto },
      );
      return OK;
    });
  }

  /** Carries out a step and tells its result. */
  perform(step: Step): Promise<string> {
    const sup = this.#supervisor;
    if (sup === undefined) return Promise.resolve("noproc");
    const id = atom.ensure(step.id);
    return this.#answer(async () => {
      switch (step.do) {
        case "crash": {
          const children = await supervisor.which_children(sup);
          const child = children.find(([each]) => each === id)?.[1];
          if (!(child instanceof Pid)) return "none";
          if (step.reason === "kill") erlang.exit(child, KILL);
          else gen_server.cast(child as never, step.reason as never);
          return OK;
        }
        case "terminate":
          return supervisor.terminate_child(sup, id);
        case "restart":
          return supervisor.restart_child(sup, id).then(() => OK);
        case "delete":
          return supervisor.delete_child(sup, id);
        case "start":
          return supervisor.start_child(sup, this.#spec(step.id)).then(() => OK);
      }
    });
  }

  /** The children in start order; undefined if the supervisor has ended. */
  async children(): Promise<readonly string[] | undefined> {
    const sup = this.#supervisor;
    if (sup === undefined || !erlang.is_process_alive(sup)) return undefined;
    try {
      const children = await supervisor.which_children(sup);
      return children.map(([id, child]) => `${fmt(id)} ${child instanceof Pid ? "pid" : fmt(child)}`).toReversed();
    } catch (error) {
      if (error instanceof Exit) return undefined;
      throw error;
    }
  }

  /** Ends the supervisor, and takes what it left in the mailbox of the calling process: its 'EXIT', if anything. */
  async end(): Promise<void> {
    const sup = this.#supervisor;
    if (sup !== undefined && erlang.is_process_alive(sup)) await supervisor.stop(sup);
    await erlang.receive((m) => Array.isArray(m) && m[0] === EXIT, { after: 1000 });
  }

  async #answer(action: () => Promise<unknown>): Promise<string> {
    try {
      const result = await action();
      return typeof result === "string" ? result : fmt(result);
    } catch (error) {
      if (error instanceof OtpError) return `{error,${reasonText(error.reason)}}`;
      if (error instanceof Exit) return "noproc";
      throw error;
    }
  }

  #spec(id: Id): supervisor.ChildSpec {
    const { restart, significant } = this.#program.specs[id];
    return supervisor.child_spec({ id: atom.ensure(id), task: () => this.#start(id), restart, significant });
  }

  async #start(id: Id): Promise<Pid> {
    const { fails } = this.#program.specs[id];
    const module = {
      init: () => {
        erlang.process_flag(TRAP_EXIT, true);
        const nth = (this.#starts.get(id) ?? 0) + 1;
        this.#starts.set(id, nth);
        this.log.push(`start ${id}`);
        return fails.includes(nth) ? ([STOP, BAD] as const) : ([OK, id] as const);
      },
      handle_cast: (reason: string, state: Id) => {
        if (reason === "boom") erlang.exit(BOOM);
        return reason === "none" ? ([NOREPLY, state] as const) : ([STOP, atom.ensure(reason), state] as const);
      },
      terminate: (reason: unknown) => this.log.push(`stop ${id} ${fmt(reason)}`),
    };
    return (await gen_server.start_link(module as never, undefined as never)) as Pid;
  }
}

/** start_child tells more than the model: who runs already, and the specification that failed. */
function reasonText(reason: unknown): string {
  if (!Array.isArray(reason)) return fmt(reason);
  const [tag] = reason;
  return tag === BAD || tag === atom.ensure("already_started") ? fmt(tag) : fmt(reason);
}
