/**
 * OTP's signal rules as a pure function: what a few processes that link, monitor, send, trap, exit and register look like
 * after each step, if all signals have arrived before the next one. Inventory P20 to P74 in one page.
 */
import fc from "fast-check";

export const PROCESSES = 4;
const REASONS = ["normal", "boom", "kill", "shutdown", "killed"] as const;
const NAMES = ["n1", "n2"] as const;

/** A step: what process `by` does. */
export type Step =
  | { readonly do: "link" | "unlink" | "monitor"; readonly by: number; readonly to: number }
  | { readonly do: "demonitor" | "demonitor_flush"; readonly by: number; readonly nth: number }
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

const who = fc.integer({ min: 0, max: PROCESSES - 1 });
const reason = fc.constantFrom(...REASONS);
const name = fc.constantFrom(...NAMES);
const n = fc.integer({ min: 0, max: 9 });

export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("link" as const, "monitor" as const), by: who, to: who }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("unlink" as const), by: who, to: who }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("demonitor" as const, "demonitor_flush" as const),
        by: who,
        nth: fc.nat({ max: 2 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("trap" as const), by: who, on: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("send" as const), by: who, to: who, n }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("send_name" as const), by: who, name, n }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("exit2" as const), by: who, to: who, reason }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constantFrom("exit" as const, "throw" as const, "error" as const),
        by: who,
        reason,
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("return" as const), by: who }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant("register" as const), by: who, name, to: who }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("unregister" as const), by: who, name }) },
  ),
  { minLength: 1, maxLength: 30, size: "max" },
);

interface Proc {
  dead: string | undefined;
  trap: boolean;
  readonly mailbox: string[][];
  readonly links: Set<number>;
  /** Monitors it made, by the order in which it made them. */
  readonly monitors: { readonly on: number; active: boolean }[];
}

/** What is seen after each of the steps. */
export function predict(program: readonly Step[]): readonly Sight[] {
  const procs: Proc[] = Array.from({ length: PROCESSES }, () => ({
    dead: undefined,
    trap: false,
    mailbox: [],
    links: new Set<number>(),
    monitors: [],
  }));
  const names = new Map<string, number>();
  return program.map((step) => {
    for (const { mailbox } of procs) mailbox.push([]);
    const result = perform(step);
    return { result, processes: procs.map(look) };
  });

  function perform(step: Step): string {
    const me = procs[step.by]!;
    if (me.dead !== undefined) return "dead";
    switch (step.do) {
      case "link":
        return link(me, step.by, step.to);
      case "unlink":
        me.links.delete(step.to);
        procs[step.to]!.links.delete(step.by);
        return "true";
      case "monitor":
        return monitor(me, step.by, step.to);
      case "demonitor":
      case "demonitor_flush":
        return demonitor(me, step.nth, step.do === "demonitor_flush");
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

  function link(me: Proc, by: number, to: number): string {
    const other = procs[to]!;
    if (to === by) return "true";
    if (other.dead !== undefined) {
      if (!me.trap) return "noproc";
      put(by, `'EXIT' ${to} noproc`);
      return "true";
    }
    me.links.add(to);
    other.links.add(by);
    return "true";
  }

  function monitor(me: Proc, by: number, to: number): string {
    const dead = procs[to]!.dead !== undefined;
    me.monitors.push({ on: to, active: !dead });
    if (dead) put(by, `'DOWN' ${me.monitors.length - 1} ${to} noproc`);
    return "ref";
  }

  function demonitor(me: Proc, nth: number, flush: boolean): string {
    const made = me.monitors[nth];
    if (made === undefined) return "none";
    made.active = false;
    if (flush) {
      for (const group of me.mailbox) {
        const at = group.findIndex((message) => message.startsWith(`'DOWN' ${nth} `));
        if (at >= 0) group.splice(at, 1);
      }
    }
    return "true";
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
    for (const made of proc.monitors) made.active = false;
    procs.forEach((watcher, by) => {
      watcher.monitors.forEach((made, nth) => {
        if (made.on !== index || !made.active || by === index) return;
        made.active = false;
        put(by, `'DOWN' ${nth} ${index} ${why}`);
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
