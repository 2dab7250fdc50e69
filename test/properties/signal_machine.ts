/** The programs of signal_model.ts, carried out by processes of the runtime. */
import { DOWN, EXIT, KILL, Pid, Ref, TIMEOUT, TRAP_EXIT, atom, erlang, atoms } from "@otpts/runtime";
import { MOST, PROCESSES } from "./signal_model.ts";
import type { Look, Step } from "./signal_model.ts";
import { fmt } from "../conformance/harness/oracle.ts";

const { BADARG, FLUSH, INFO, PROCESS } = atoms;

const DO = atom.ensure("do");
const DONE = atom.ensure("done");

/** Some processes, and what their steps need to know of each other. */
export class Machine {
  readonly #pids: Pid[] = [];
  readonly #reasons = new Map<Pid, unknown>();
  readonly #refs: Ref[][] = [];
  #watched = 0;

  /** To be made inside a process, which watches the others. */
  constructor() {
    for (let n = 0; n < PROCESSES; n += 1) this.#born(erlang.spawn(obey));
  }

  #born(pid: Pid): void {
    this.#pids.push(pid);
    this.#refs.push([]);
  }

  /** Watches those that are new. */
  #watch(): void {
    for (; this.#watched < this.#pids.length; this.#watched += 1) erlang.monitor(PROCESS, this.#pids[this.#watched]!);
  }

  /** Carries out a step and returns its result. */
  async perform(step: Step): Promise<string> {
    this.#watch();
    await this.#bury();
    const pid = this.#pids[step.by];
    if (pid === undefined || ("to" in step && this.#pids[step.to] === undefined)) return "nobody";
    if (this.#reasons.has(pid)) return "dead";
    const ref = erlang.make_ref();
    erlang.send(pid, [DO, ref, erlang.self(), () => this.#action(step)]);
    const answer = (await erlang.receive((m) => Array.isArray(m) && (m[1] === ref || (m[0] === DOWN && m[3] === pid)), {
      after: 5000,
    })) as unknown[] | typeof TIMEOUT;
    if (answer === TIMEOUT || !Array.isArray(answer)) return "no answer";
    if (answer[0] === DOWN) {
      this.#reasons.set(pid, answer[4]);
      return "died";
    }
    return String(answer[2]);
  }

  /** What the processes look like: their mailboxes are flat. */
  async look(): Promise<readonly (Omit<Look, "mailbox"> & { readonly messages: readonly string[] })[]> {
    this.#watch();
    await this.#bury();
    return this.#pids.map((pid) => {
      if (this.#reasons.has(pid)) return { dead: fmt(this.#reasons.get(pid)), messages: [], links: [] };
      const info = erlang.process_info(pid);
      if (info === undefined) return { dead: "?", messages: [], links: [] };
      return {
        dead: undefined,
        messages: info.messages.map((message) => this.#text(message, pid)),
        links: info.links.map((linked) => this.#pids.indexOf(linked)).toSorted((x, y) => x - y),
      };
    });
  }

  /** Kills what still lives. */
  async end(): Promise<void> {
    for (const pid of this.#pids) erlang.exit(pid, KILL);
    while (this.#reasons.size < this.#pids.length) await this.#bury(1000);
  }

  /** Records the reported deaths. */
  async #bury(ms = 0): Promise<void> {
    for (;;) {
      const message = await erlang.receive((m) => Array.isArray(m) && m[0] === DOWN, { after: ms });
      if (message === TIMEOUT) return;
      const [, , , pid, reason] = message as [unknown, unknown, unknown, Pid, unknown];
      this.#reasons.set(pid, reason);
      if (this.#reasons.size === this.#pids.length) return;
    }
  }

  #text(message: unknown, reader: Pid): string {
    if (!Array.isArray(message)) return String(message);
    if (message[0] === EXIT) return `'EXIT' ${this.#pids.indexOf(message[1])} ${fmt(message[2])}`;
    const nth = this.#refs[this.#pids.indexOf(reader)]!.indexOf(message[1]);
    return `'DOWN' ${nth} ${this.#pids.indexOf(message[3])} ${fmt(message[4])}`;
  }

  #spawn(how: "spawn" | "spawn_link" | "spawn_monitor", mine: Ref[]): string {
    if (this.#pids.length === MOST) return "enough";
    if (how === "spawn_monitor") {
      const [pid, ref] = erlang.spawn_monitor(obey);
      mine.push(ref);
      this.#born(pid);
    } else this.#born(how === "spawn" ? erlang.spawn(obey) : erlang.spawn_link(obey));
    return "pid";
  }

  #action(step: Step): unknown {
    const at = (index: number): Pid => this.#pids[index]!;
    const mine = this.#refs[step.by]!;
    const made = "nth" in step ? this.#refs["to" in step ? step.to : step.by]![step.nth] : undefined;
    if ("nth" in step && made === undefined) return "none";
    switch (step.do) {
      case "spawn":
      case "spawn_link":
      case "spawn_monitor":
        return this.#spawn(step.do, mine);
      case "link":
        return erlang.link(at(step.to));
      case "unlink":
        return erlang.unlink(at(step.to));
      case "monitor":
        mine.push(erlang.monitor(PROCESS, at(step.to)));
        return "ref";
      case "monitor_alias":
        mine.push(erlang.monitor(PROCESS, at(step.to), { alias: step.mode as "demonitor" }));
        return "ref";
      case "alias":
        mine.push(erlang.alias());
        return "ref";
      case "unalias":
        return erlang.unalias(made!);
      case "demonitor":
        return erlang.demonitor(made!);
      case "demonitor_flush":
        return erlang.demonitor(made!, [FLUSH]);
      case "demonitor_info":
        return erlang.demonitor(made!, [INFO]);
      case "send_ref":
        return erlang.send(made!, `m${step.n}`);
      case "trap":
        return erlang.process_flag(TRAP_EXIT, step.on);
      case "send":
        return erlang.send(at(step.to), `m${step.n}`);
      case "send_name":
        return erlang.send(step.name, `m${step.n}`);
      case "exit2":
        return erlang.exit(at(step.to), atom.ensure(step.reason));
      case "exit":
        return new Uncaught(() => erlang.exit(atom.ensure(step.reason)));
      case "throw":
        return new Uncaught(() => erlang.throw(atom.ensure(step.reason)));
      case "error":
        return new Uncaught(() => erlang.error(atom.ensure(step.reason)));
      case "return":
        return new Uncaught(undefined);
      case "register":
        return erlang.register(step.name, at(step.to));
      case "unregister":
        return erlang.unregister(step.name);
    }
  }
}

/** How a process is to end: by what this raises, or by returning. */
class Uncaught {
  readonly raise: (() => never) | undefined;
  constructor(raise: (() => never) | undefined) {
    this.raise = raise;
  }
}

async function obey(): Promise<void> {
  for (;;) {
    const message = await erlang.receive((m) => Array.isArray(m) && m[0] === DO);
    const [, ref, from, action] = message as [unknown, Ref, Pid, () => unknown];
    let result: unknown;
    try {
      result = action();
    } catch (error) {
      result = raised(error);
    }
    if (result instanceof Uncaught) {
      result.raise?.();
      return;
    }
    erlang.send(from, [DONE, ref, result]);
  }
}

function raised(error: unknown): string {
  const { reason } = error as { reason: unknown };
  return reason === BADARG ? "badarg" : fmt(reason);
}
