/**
 * A report for programs that end while calls wait for a reply.
 *
 * Node ends a program when nothing more can happen in it. A call that still waits would wait for ever, which is very
 * hard to find without a report. So stderr shows what waits for what, and the exit status is not 0. Processes that wait
 * for messages are idle, which is not an error.
 */
import { quoted } from "../term/name.ts";
import type { Process } from "./process.ts";
import { processOf } from "./process.ts";
import { tell } from "./stderr.ts";
import { outsideWaits } from "./awaited.ts";
import type { Awaited } from "./waiting.ts";
import { pids } from "./table.ts";
import { WHOLE } from "./whole.ts";

/** A waiting caller (undefined: code outside processes), the process it waits for, and the awaited reply. */
interface Wait {
  readonly who: Process | undefined;
  readonly whom: Process;
  readonly what: string;
}

// As many lines as a person reads.
const LINES = 20;
// Of a longer cycle only the beginning is shown.
const STEPS = 12;

// All copies of this package in the program; the first one listens for all of them.
const KEY = Symbol.for("@otpts/runtime/stranded/1");
const shared = globalThis as typeof globalThis & { [KEY]?: (() => string[])[] };

let watching = false;

/** Watches for the end of the program, from the first process on. */
export function tellStranded(): void {
  if (watching) return;
  watching = true;
  const copies = (shared[KEY] ??= []);
  copies.push(stranded);
  if (copies.length > 1) return;
  let idle = false;
  process.on("beforeExit", () => {
    idle = true;
  });
  process.on("exit", () => {
    // A call of process.exit is deliberate.
    if (!idle) return;
    const lines = copies.flatMap((linesOf) => linesOf());
    if (lines.length === 0) return;
    for (const line of lines.slice(0, LINES)) tell(`${line}\n`);
    if (lines.length > LINES) tell(`… and ${lines.length - LINES} more\n`);
    if (Number(process.exitCode ?? 0) === 0) process.exitCode = 1;
  });
}

/** A line for each cycle and each chain of waiting calls, if nothing more can happen. */
export function stranded(): string[] {
  const waits = allWaits();
  const from = new Map<Process | undefined, Wait[]>();
  const awaited = new Set<Process>();
  for (const wait of waits) {
    from.set(wait.who, [...(from.get(wait.who) ?? []), wait]);
    if (wait.who !== wait.whom) awaited.add(wait.whom);
  }
  const reported = new Set<Wait>();
  const lines: string[] = [];
  // Callers that nothing waits for come first: their lines contain everything that they wait for. After that only
  // cycles are left.
  const begins = (wait: Wait) => wait.who === undefined || !awaited.has(wait.who);
  for (const wait of [...waits.filter(begins), ...waits]) {
    if (reported.has(wait)) continue;
    const chain: Wait[] = [];
    let next: Wait | undefined = wait;
    while (next !== undefined && !chain.includes(next)) {
      // A wait in another line is not repeated, except for its first step.
      const known = reported.has(next);
      chain.push(next);
      reported.add(next);
      next = known ? undefined : from.get(next.whom)?.[0];
    }
    // Everything else that its members wait for is part of it.
    if (next !== undefined)
      for (const each of chain) for (const other of from.get(each.whom) ?? []) reported.add(other);
    lines.push(sentence(chain, next !== undefined));
  }
  return lines;
}

function sentence(chain: readonly Wait[], cycle: boolean): string {
  const first = chain[0] as Wait;
  const last = chain.at(-1) as Wait;
  const steps = chain.slice(0, STEPS).map(({ what, whom }) => `waits for ${what.replace("%", shown(whom))}`);
  if (chain.length > STEPS) steps.push("…");
  const end = cycle ? "None of them can go on" : doing(last.whom);
  return `The ${WHOLE} ends during a wait for a reply that cannot come: ${first.who === undefined ? "code outside all processes" : shown(first.who)} ${steps.join(", which ")}. ${end}`;
}

function shown(process: Process): string {
  return `${process.initialCall}${process.name === undefined ? "" : ` ${quoted(process.name)}`} ${process.pid}`;
}

// Why it does not reply.
function doing(process: Process): string {
  const it = String(process.pid);
  if (process.waiter !== undefined) return `${it} waits for a message that is never sent`;
  if ((process as { suspended?: boolean }).suspended === true) return `${it} is suspended (sys.resume)`;
  if (process.listening) return `${it} has taken the request and never replied (gen_server.reply)`;
  return `${it} waits for a promise that is never settled`;
}

function allWaits(): Wait[] {
  const found: Wait[] = [];
  const note = (who: Process | undefined, { whom, what }: Awaited) => {
    const process = processOf(whom);
    if (process !== undefined) found.push({ who, whom: process, what: what() });
  };
  for (const each of outsideWaits()) note(undefined, each);
  for (const pid of pids()) {
    const whom = processOf(pid);
    if (whom === undefined) continue;
    if (whom.extra?.awaited !== undefined) note(whom, whom.extra.awaited);
    const { starter } = whom as { starter?: { readonly caller: Process | undefined } };
    if (starter !== undefined) found.push({ who: starter.caller, whom, what: "the start of %" });
    // Oldest first: the list has the newest in front.
    const answers: Wait[] = [];
    for (let waiting = whom.incoming; waiting !== undefined; waiting = waiting.nextIn) {
      const { awaited, caller } = waiting;
      if (awaited) answers.unshift({ who: caller && processOf(caller), whom, what: waiting.what() });
    }
    found.push(...answers);
  }
  return found;
}
