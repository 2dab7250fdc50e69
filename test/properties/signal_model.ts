/**
 * OTP's signal rules as a pure function: what a few processes that spawn, link, monitor, send, trap, exit, register and use
 * aliases look like after each step, if all signals have arrived before the next one. Inventory P20 to P74 in one page.
 */
import fc from "fast-check";

/** How many processes there are at first, and at most. */
export const PROCESSES = 3;
export const MOST = 7;
const REASONS = ["normal", "boom", "kill", "shutdown", "killed"] as const;
const NAMES = ["n1", "n2"] as const;
const MODES = ["explicit_unalias", "demonitor", "reply_demonitor"] as const;

/** A step: what process `by` does. References (monitors, aliases) are counted for each process, in the order it made them. */
export type Step =
  | { readonly do: "spawn" | "spawn_link" | "spawn_monitor"; readonly by: number }
  | { readonly do: "link" | "unlink" | "monitor"; readonly by: number; readonly to: number }
  | { readonly do: "monitor_alias"; readonly by: number; readonly to: number; readonly mode: string }
  | { readonly do: "alias"; readonly by: number }
  | {
      readonly do: "unalias" | "demonitor" | "demonitor_flush" | "demonitor_info";
      readonly by: number;
      readonly nth: number;
    }
  | { readonly do: "send_ref"; readonly by: number; readonly to: number; readonly nth: number; readonly n: number }
  | { readonly do: "trap"; readonly by: number; readonly on: boolean }
  | { readonly do: "send"; readonly by: number; readonly to: number; readonly n: number }
  | { readonly do: "send_name"; readonly by: number; readonly name: string; readonly n: number }
  | { readonly do: "exit2"; readonly by: number; readonly to: number; readonly reason: string }
  | { readonly do: "exit" | "throw" | "error"; readonly by: number; readonly reason: string }
  | { readonly do: "return"; readonly by: number }
  | { readonly do: "register"; readonly by: number; readonly name: string; readonly to: number }
  | { readonly do: "unregister"; readonly by: number; readonly name: string };

/** What is seen after a step. */
export interface Sight {
  /** What the step's action returned or raised; `died` if the process did not come back from it; `dead` if it was. */
  readonly result: string;
  readonly processes: readonly Look[];
}

export interface Look {
  /** The exit reason of a dead process. */
  readonly dead: string | undefined;
  /** The mailbox, oldest first. What one step put there has no order among itself: it is in one group. */
  readonly mailbox: readonly (readonly string[])[];
  readonly links: readonly number[];
}

const by = fc.nat({ max: MOST - 1 });
const nth = fc.nat({ max: 2 });
const n = fc.nat({ max: 9 });
const reason = fc.constantFrom(...REASONS);
const name = fc.constantFrom(...NAMES);
const verb = <const V extends readonly string[]>(...verbs: V) => fc.constantFrom(...(verbs as readonly V[number][]));

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: verb("spawn", "spawn_link", "spawn_monitor"), by }) },
    { weight: 6, arbitrary: fc.record({ do: verb("link", "monitor"), by, to: by }) },
    { weight: 2, arbitrary: fc.record({ do: verb("unlink"), by, to: by }) },
    { weight: 3, arbitrary: fc.record({ do: verb("monitor_alias"), by, to: by, mode: fc.constantFrom(...MODES) }) },
    { weight: 1, arbitrary: fc.record({ do: verb("alias"), by }) },
    {
      weight: 4,
      arbitrary: fc.record({ do: verb("unalias", "demonitor", "demonitor_flush", "demonitor_info"), by, nth }),
    },
    { weight: 4, arbitrary: fc.record({ do: verb("send_ref"), by, to: by, nth, n }) },
    { weight: 4, arbitrary: fc.record({ do: verb("trap"), by, on: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: verb("send"), by, to: by, n }) },
    { weight: 2, arbitrary: fc.record({ do: verb("send_name"), by, name, n }) },
    { weight: 3, arbitrary: fc.record({ do: verb("exit2"), by, to: by, reason }) },
    { weight: 2, arbitrary: fc.record({ do: verb("exit", "throw", "error"), by, reason }) },
    { weight: 1, arbitrary: fc.record({ do: verb("return"), by }) },
    { weight: 2, arbitrary: fc.record({ do: verb("register"), by, name, to: by }) },
    { weight: 1, arbitrary: fc.record({ do: verb("unregister"), by, name }) },
  ),
  { minLength: 1, maxLength: 30, size: "max" },
);

/** A reference that a process made: a monitor, an alias, or both. */
interface Made {
  readonly on: number | undefined;
  monitors: boolean;
  alias: string | undefined;
}

interface Proc {
  dead: string | undefined;
  trap: boolean;
  readonly mailbox: string[][];
  readonly links: Set<number>;
  readonly refs: Made[];
}

/** What is seen after each of the steps. */
export function predict(program: readonly Step[]): readonly Sight[] {
  const procs: Proc[] = [];
  while (procs.length < PROCESSES) born();
  const names = new Map<string, number>();
  return program.map((step) => {
    for (const { mailbox } of procs) mailbox.push([]);
    const result = perform(step);
    return { result, processes: procs.map(look) };
  });

  function born(): number {
    return procs.push({ dead: undefined, trap: false, mailbox: [[]], links: new Set(), refs: [] }) - 1;
  }

  function perform(step: Step): string {
    const me = procs[step.by];
    if (me === undefined || ("to" in step && procs[step.to] === undefined)) return "nobody";
    if (me.dead !== undefined) return "dead";
    switch (step.do) {
      case "spawn":
      case "spawn_link":
      case "spawn_monitor": {
        if (procs.length === MOST) return "enough";
        const child = born();
        if (step.do === "spawn_link") connect(step.by, child);
        if (step.do === "spawn_monitor") me.refs.push({ on: child, monitors: true, alias: undefined });
        return "pid";
      }
      case "link":
        return link(me, step.by, step.to);
      case "unlink":
        me.links.delete(step.to);
        procs[step.to]!.links.delete(step.by);
        return "true";
      case "monitor":
        return monitor(me, step.by, step.to, undefined);
      case "monitor_alias":
        return monitor(me, step.by, step.to, step.mode);
      case "alias":
        me.refs.push({ on: undefined, monitors: false, alias: "explicit_unalias" });
        return "ref";
      case "unalias": {
        const made = me.refs[step.nth];
        if (made === undefined) return "none";
        const was = made.alias !== undefined;
        made.alias = undefined;
        return String(was);
      }
      case "demonitor":
      case "demonitor_flush":
      case "demonitor_info":
        return demonitor(me, step.nth, step.do);
      case "send_ref":
        return sendRef(procs[step.to]!, step.to, step.nth, `m${step.n}`);
      case "trap": {
        const before = me.trap;
        me.trap = step.on;
        return String(before);
      }
      case "send":
        put(step.to, `m${step.n}`);
        return `m${step.n}`;
      case "send_name": {
        const to = names.get(step.name);
        if (to === undefined) return "badarg";
        put(to, `m${step.n}`);
        return `m${step.n}`;
      }
      case "exit2":
        signal(step.to, step.by, step.reason, "sent");
        return me.dead === undefined ? "true" : "died";
      case "exit":
        die(step.by, step.reason);
        return "died";
      case "throw":
        die(step.by, `{{nocatch,${step.reason}},STACK}`);
        return "died";
      case "error":
        die(step.by, `{${step.reason},STACK}`);
        return "died";
      case "return":
        die(step.by, "normal");
        return "died";
      case "register": {
        const taken = names.has(step.name) || [...names.values()].includes(step.to);
        if (taken || procs[step.to]!.dead !== undefined) return "badarg";
        names.set(step.name, step.to);
        return "true";
      }
      case "unregister":
        return names.delete(step.name) ? "true" : "badarg";
    }
  }

  function connect(one: number, other: number): void {
    procs[one]!.links.add(other);
    procs[other]!.links.add(one);
  }

  function link(me: Proc, from: number, to: number): string {
    if (to === from) return "true";
    if (procs[to]!.dead === undefined) {
      connect(from, to);
      return "true";
    }
    if (!me.trap) return "noproc";
    put(from, `'EXIT' ${to} noproc`);
    return "true";
  }

  function monitor(me: Proc, from: number, to: number, alias: string | undefined): string {
    // A monitor on oneself is none, and no alias.
    me.refs.push({ on: to, monitors: to !== from, alias: to === from ? undefined : alias });
    if (procs[to]!.dead !== undefined) down(from, me.refs.length - 1, "noproc");
    return "ref";
  }

  /** The 'DOWN' of a monitor: it is over, and an alias that is not to outlive it too. */
  function down(watcher: number, index: number, why: string): void {
    const made = procs[watcher]!.refs[index]!;
    made.monitors = false;
    if (made.alias !== "explicit_unalias") made.alias = undefined;
    put(watcher, `'DOWN' ${index} ${made.on} ${why}`);
  }

  function demonitor(me: Proc, index: number, how: string): string {
    const made = me.refs[index];
    if (made === undefined) return "none";
    const was = made.monitors;
    made.monitors = false;
    if (was && made.alias !== "explicit_unalias") made.alias = undefined;
    if (how === "demonitor_flush") {
      for (const group of me.mailbox) {
        const at = group.findIndex((message) => message.startsWith(`'DOWN' ${index} `));
        if (at >= 0) group.splice(at, 1);
      }
    }
    return how === "demonitor_info" ? String(was) : "true";
  }

  function sendRef(owner: Proc, to: number, index: number, message: string): string {
    const made = owner.refs[index];
    if (made === undefined) return "none";
    if (made.alias !== undefined) put(to, message);
    if (made.alias === "reply_demonitor") {
      made.alias = undefined;
      made.monitors = false;
    }
    return message;
  }

  function put(to: number, message: string): void {
    const other = procs[to]!;
    if (other.dead === undefined) other.mailbox.at(-1)!.push(message);
  }

  /** An exit signal arrives: over a link, or sent with exit/2. */
  function signal(to: number, from: number, why: string, how: "link" | "sent"): void {
    const target = procs[to]!;
    if (target.dead !== undefined) return;
    if (how === "sent" && why === "kill") die(to, "killed");
    else if (target.trap) put(to, `'EXIT' ${from} ${why}`);
    else if (why !== "normal" || (how === "sent" && to === from)) die(to, why);
  }

  function die(index: number, why: string): void {
    const proc = procs[index]!;
    proc.dead = why;
    proc.mailbox.length = 0;
    for (const [reg, holder] of names) if (holder === index) names.delete(reg);
    const linked = [...proc.links];
    proc.links.clear();
    for (const other of linked) procs[other]!.links.delete(index);
    for (const made of proc.refs) Object.assign(made, { monitors: false, alias: undefined });
    procs.forEach((watcher, at) => {
      watcher.refs.forEach((made, ref) => {
        if (made.on === index && made.monitors) down(at, ref, why);
      });
    });
    for (const other of linked) signal(other, index, why, "link");
  }

  function look(proc: Proc): Look {
    return {
      dead: proc.dead,
      mailbox: proc.mailbox.filter((group) => group.length > 0).map((group) => group.toSorted()),
      links: [...proc.links].toSorted((x, y) => x - y),
    };
  }
}

/** A mailbox as read, in the groups that are predicted, so that the two can be compared. */
export function grouped(messages: readonly string[], like: readonly (readonly string[])[]): readonly string[][] {
  const groups: string[][] = [];
  let at = 0;
  for (const { length } of like) {
    groups.push(messages.slice(at, at + length).toSorted());
    at += length;
  }
  if (at < messages.length) groups.push(messages.slice(at));
  return groups;
}
