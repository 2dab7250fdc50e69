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

  /** The log, in the order that counts: none under simple_one_for_one. */
  get seen(): readonly string[] {
    return this.#simple ? this.log.toSorted() : [...this.log];
  }

  readonly #program: Program;
  readonly #starts = new Map<Id, number>();
  /** The last process of each child. */
  readonly #pids = new Map<Id, Pid>();
  #supervisor: Pid | undefined;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Starts the supervisor, linked to the calling process, which must trap exits. */
  begin(): Promise<string> {
    const { strategy, intensity, auto, initial, specs } = this.#program;
    const ids = this.#simple ? (["c0"] as const) : (Object.keys(specs) as Id[]).slice(0, initial);
    return this.#answer(async () => {
      this.#supervisor = await supervisor.start_link(
        ids.map((id) => this.#spec(id)),
        { strategy, max_restarts: intensity, max_seconds: 10_000, auto_shutdown: auto },
      );
      return OK;
    });
  }

  get #simple(): boolean {
    return this.#program.strategy === "simple_one_for_one";
  }

  /** The process of a child that runs. */
  async #running(sup: Pid, id: Id): Promise<Pid | undefined> {
    const children = await supervisor.which_children(sup);
    const named = this.#pids.get(id);
    const found = children.find(([each, pid]) => (this.#simple ? pid === named : each === atom.ensure(id)))?.[1];
    return found instanceof Pid ? found : undefined;
  }

  /** Carries out a step and returns its result. */
  perform(step: Step): Promise<string> {
    const sup = this.#supervisor;
    if (sup === undefined) return Promise.resolve("noproc");
    return this.#answer(() => (this.#simple ? this.#performSimple(sup, step) : this.#perform(sup, step)));
  }

  async #performSimple(sup: Pid, step: Step): Promise<unknown> {
    const child = await this.#running(sup, step.id);
    switch (step.do) {
      case "crash":
        return this.#perform(sup, step);
      case "terminate":
        return child === undefined ? "none" : supervisor.terminate_child(sup, child);
      case "restart":
        return supervisor.restart_child(sup, atom.ensure("c0"));
      case "delete":
        return supervisor.delete_child(sup, atom.ensure("c0"));
      case "start":
        return child === undefined ? supervisor.start_child(sup, [step.id]).then(() => OK) : "running";
    }
  }

  async #perform(sup: Pid, step: Step): Promise<unknown> {
    const id = atom.ensure(step.id);
    switch (step.do) {
      case "crash": {
        const child = await this.#running(sup, step.id);
        if (child === undefined) return "none";
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
  }

  /** The children in start order; undefined if the supervisor has ended. */
  async children(): Promise<readonly string[] | undefined> {
    const sup = this.#supervisor;
    if (sup === undefined || !erlang.is_process_alive(sup)) return undefined;
    try {
      const children = await supervisor.which_children(sup);
      const shown = children.map(([id, child]) => {
        const called = this.#simple ? [...this.#pids].find(([, pid]) => pid === child)?.[0] : fmt(id);
        return `${called} ${child instanceof Pid ? "pid" : fmt(child)}`;
      });
      return this.#simple ? shown.toSorted() : shown.toReversed();
    } catch (error) {
      if (error instanceof Exit) return undefined;
      throw error;
    }
  }

  /** Ends the supervisor, and removes its 'EXIT', if any, from the calling process's mailbox. */
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
    const task = (called: unknown = id) => this.#start(called as Id);
    return supervisor.child_spec({ id: atom.ensure(id), task, restart, significant });
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
    const pid = (await gen_server.start_link(module as never, undefined as never)) as Pid;
    this.#pids.set(id, pid);
    return pid;
  }
}

/** start_child returns more than the model: the running process, and the failed specification. */
function reasonText(reason: unknown): string {
  if (!Array.isArray(reason)) return fmt(reason);
  const [tag] = reason;
  return tag === BAD || tag === atom.ensure("already_started") ? fmt(tag) : fmt(reason);
}
