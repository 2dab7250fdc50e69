/** The vocabulary of the steps (CONVENTIONS.md), as functions. The reference is erlang/lib/oracle.erl. */
import {
  DOWN,
  ErlangError,
  Exit,
  OK,
  OtpError,
  TIMEOUT,
  Thrown,
  TRAP_EXIT,
  IGNORE,
  erlang,
  supervisor,
  atoms,
} from "@otpts/runtime";
import type { Pid, Ref, ServerRef } from "@otpts/runtime";
import { format } from "./format.ts";
import { a, list } from "./term.ts";
import { world } from "./world.ts";

const { PROCESS } = atoms;

type Action = () => unknown;

// ------------------------------------------------------------ tracing

/** Writes a line in the name of the calling process. */
export function log(text: string): void {
  const { closed, lines } = world();
  if (!closed) lines.push(`${nameOf(erlang.self())}: ${text}`);
}

/** The text of a term. */
export function fmt(term: unknown): string {
  return format(term, nameOf);
}

/** Performs the action, then writes `label -> result`, or how it failed. */
export async function step(label: string, action: Action): Promise<void> {
  const text = await attempt(action);
  log(`${label} -> ${text}`);
}

async function attempt(action: Action): Promise<string> {
  try {
    return fmt(await action());
  } catch (error) {
    if (error instanceof OtpError) return `{error,${fmt(error.reason)}}`;
    if (error instanceof Exit) return `exit ${fmt(error.reason)}`;
    if (error instanceof ErlangError) return `error ${fmt(error.reason)}`;
    if (error instanceof Thrown) return `throw ${fmt(error.value)}`;
    return `error ${fmt(error)}`;
  }
}

/** The result of a function that returns `{ok, X}` in Erlang. */
export async function ok(result: unknown): Promise<unknown> {
  const value = await result;
  return value === IGNORE ? IGNORE : [OK, value];
}

/** The result of start_child and restart_child: `{ok, Child}` or `{ok, Child, Info}`. */
export async function okChild(result: unknown): Promise<unknown> {
  const value = await result;
  return Array.isArray(value) ? [OK, ...value] : [OK, value];
}

/** Takes the first message and writes it; gives up after `ms` milliseconds. */
export async function recv(ms = 2000): Promise<unknown> {
  const message = await erlang.receive(undefined, { after: ms });
  log(message === TIMEOUT ? "got nothing" : `got ${fmt(message)}`);
  return message;
}

/** Settles, then writes everything in the mailbox. */
export async function mailbox(): Promise<void> {
  await settle();
  log(`mailbox ${fmt(await drain())}`);
}

/** Takes all messages out of the mailbox. */
export async function drain(): Promise<readonly unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    const message = await erlang.receive(undefined, { after: 0 });
    if (message === TIMEOUT) return list(messages);
    messages.push(message);
  }
}

export async function sleep(ms: number): Promise<void> {
  await erlang.sleep(ms);
}

/** Waits until nothing moves any more: a pause, and then no new line during two further turns. */
export async function settle(): Promise<void> {
  await sleep(80);
  for (let quiet = 0, seen = world().lines.length; quiet < 2; quiet += 1) {
    await sleep(1);
    if (world().lines.length === seen) continue;
    seen = world().lines.length;
    quiet = -1;
  }
}

// ------------------------------------------------------------ processes

/** Gives a process its name in the trace. */
export function name(pid: Pid, called: string): void {
  const { names, pids } = world();
  names.set(String(pid), called);
  pids.set(called, pid);
}

/** The n-th process that asks for `base` is called `base.n`. */
export function incarnation(base: string): string {
  const { incarnations } = world();
  const n = (incarnations.get(base) ?? 0) + 1;
  incarnations.set(base, n);
  return `${base}.${n}`;
}

/** The process last called so. */
export function pid(called: string): Pid {
  const found = world().pids.get(called);
  if (found === undefined) throw new Error(`No process is called "${called}" yet`);
  return found;
}

function nameOf(who: Pid): string {
  return world().names.get(String(who)) ?? "?";
}

export function spawn(called: string, body: Action): Pid {
  return named(called, body, (main) => erlang.spawn(main));
}

export function spawnLink(called: string, body: Action): Pid {
  return named(called, body, (main) => erlang.spawn_link(main));
}

function named(called: string, body: Action, how: (main: Action) => Pid): Pid {
  const started = how(async () => {
    name(erlang.self(), called);
    return body();
  });
  name(started, called);
  return started;
}

const RUN = a("run");
const COMMANDS = new Set([RUN, a("exit"), a("error"), a("throw")]);

/** A process that does nothing until told: {exit,R}, {error,R}, {throw,R}, return, or an action by `tell`. */
export function idle(called: string): Pid {
  return spawn(called, () => obey((message) => isCommand(message)));
}

/** Like `idle`, but traps exits and writes every other message it gets. */
export async function trapper(called: string): Promise<Pid> {
  const started = spawn(called, async () => {
    erlang.process_flag(TRAP_EXIT, true);
    await obey(undefined);
  });
  await settle();
  return started;
}

async function obey(wanted: ((message: unknown) => boolean) | undefined): Promise<void> {
  for (;;) {
    const message = await erlang.receive(wanted);
    if (message === a("return")) return;
    if (!isCommand(message)) {
      log(`got ${fmt(message)}`);
      continue;
    }
    const [kind, argument, from, ref] = message as [unknown, unknown, Pid, Ref];
    if (kind === a("exit")) erlang.exit(argument);
    if (kind === a("error")) erlang.error(argument);
    if (kind === a("throw")) erlang.throw(argument);
    await (argument as Action)();
    erlang.send(from, [ref, a("done")]);
  }
}

function isCommand(message: unknown): boolean {
  if (message === a("return")) return true;
  return Array.isArray(message) && COMMANDS.has(message[0]);
}

/** Runs an action inside an idle process or trapper and waits until it has finished. */
export async function tell(who: Pid, action: Action): Promise<void> {
  const ref = order(who, action);
  const done = await erlang.receive((m) => Array.isArray(m) && m[0] === ref, { after: 2000 });
  if (done === TIMEOUT) throw new Error("The told process did not finish its action");
}

/** Makes an idle process or trapper run an action, without waiting. */
export function order(who: Pid, action: Action): Ref {
  const ref = erlang.make_ref();
  erlang.send(who, [RUN, action, erlang.self(), ref]);
  return ref;
}

/** A monitor on a process, and the process. */
export type Watch = readonly [Ref, Pid];

export function watch(who: Pid): Watch {
  return [erlang.monitor(PROCESS, who), who];
}

/** Waits for the death of a watched process and writes its reason. */
export async function down([ref, who]: Watch): Promise<void> {
  const message = await erlang.receive(isDown(ref), { after: 5000 });
  log(`down ${fmt(who)} ${message === TIMEOUT ? "timeout" : fmt((message as unknown[])[4])}`);
}

/** Waits for the death of a watched process. */
export async function gone([ref, who]: Watch): Promise<void> {
  const message = await erlang.receive(isDown(ref), { after: 5000 });
  if (message === TIMEOUT) throw new Error(`Process ${fmt(who)} did not die`);
}

function isDown(ref: Ref): (message: unknown) => boolean {
  return (message) => Array.isArray(message) && message[0] === DOWN && message[1] === ref;
}

/** A process of that name that has already returned. */
export async function deceased(called: string): Promise<Pid> {
  const dead = spawn(called, () => OK);
  await gone(watch(dead));
  return dead;
}

/** Writes which_children as {Id,Child,Type}, sorted by id. */
export async function kids(sup: ServerRef, label = "which_children"): Promise<void> {
  await step(label, async () => {
    const children = await supervisor.which_children(sup);
    const entries = children.map(([id, child, type]) => [id, child, type]);
    return list(entries.toSorted(([x], [y]) => (fmt(x) < fmt(y) ? -1 : 1)));
  });
}
