/** Monitors and aliases: references by which a process is notified of a death, or can be reached. */
import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { BADARG, DOWN, NOPROC, PROCESS } from "../term/atoms.ts";
import { NODE, Pid } from "../term/pid.ts";
import { Ref } from "../term/ref.ts";
import { settleLayout } from "../term/shape.ts";
import { discard } from "./mailbox.ts";
import { type Monitor, type Process, processOf } from "./process.ts";
import { find, isHere } from "./registry.ts";
import { type Name, atomOf } from "../term/name.ts";
import { abandon } from "./timer.ts";

/** When the alias of a monitor ends: with the monitor, with the monitor or the first reply, or only by `unalias`. */
export type AliasMode = "demonitor" | "reply_demonitor" | "explicit_unalias";

/** A reference that messages can be sent to. */
export class AliasRef extends Ref {
  readonly id = ++Ref.made;
  owner: Process | undefined;
  readonly mode: AliasMode;

  constructor(owner: Process, mode: AliasMode) {
    super();
    this.owner = owner;
    this.mode = mode;
    (owner.more.aliases ??= new Set()).add(this);
  }

  override get alias(): boolean {
    return true;
  }

  deactivate(): boolean {
    if (this.owner === undefined) return false;
    this.owner.more.aliases?.delete(this);
    this.owner = undefined;
    return true;
  }
}

/** A monitor. Its 'DOWN' names the process as the monitor did: by pid, or by `[name, node]`. */
export class MonitorRef extends Ref implements Monitor {
  readonly id = ++Ref.made;
  readonly watcher: Process;
  readonly item: unknown;
  target: Process | undefined;
  owner: Process | undefined = undefined;
  readonly mode: AliasMode | undefined;

  constructor(watcher: Process, item: unknown, target: Process | undefined, mode: AliasMode | undefined) {
    super();
    this.watcher = watcher;
    this.item = item;
    this.target = target;
    this.mode = mode;
    if (mode !== undefined) {
      this.owner = watcher;
      (watcher.more.aliases ??= new Set()).add(this);
    }
  }

  override get alias(): boolean {
    return this.mode !== undefined;
  }

  deactivate(): boolean {
    if (this.owner === undefined) return false;
    this.owner.more.aliases?.delete(this);
    this.owner = undefined;
    return true;
  }
}

/** Starts a monitor: `watcher` gets one 'DOWN' when the target dies, at once with `noproc` if it is dead. */
export function monitor(watcher: Process, item: Pid | Name | readonly [Name, Name], mode?: AliasMode): Ref {
  const name =
    item instanceof Pid ? undefined : isTuple(item) ? (item as readonly [Name, Name]) : ([item as Name, NODE] as const);
  if (name !== undefined && !isHere(name[1]))
    throw new ErlangError(
      BADARG,
      `Cannot monitor ${describe(item)}: there is no connection to the node ${describe(name[1])}; there is one node, ${NODE}`,
    );
  const target = name === undefined ? processOf(item as Pid) : find(name[0]);
  const shown = name === undefined ? item : [atomOf(name[0]), atomOf(name[1])];
  // A process that monitors itself gets a reference that is neither monitor nor alias, as in OTP.
  if (target === watcher) return new MonitorRef(watcher, shown, undefined, undefined);
  const ref = new MonitorRef(watcher, shown, target, mode);
  if (target === undefined) {
    down(ref, NOPROC);
  } else {
    (watcher.more.monitors ??= new Set()).add(ref);
    (target.more.watchers ??= new Set()).add(ref);
  }
  return ref;
}

/** Delivers the 'DOWN' of a monitor. */
export function down(ref: MonitorRef, reason: unknown): void {
  const { watcher } = ref;
  ref.target = undefined;
  watcher.extra?.monitors?.delete(ref);
  if (ref.mode === "demonitor" || ref.mode === "reply_demonitor") ref.deactivate();
  if (watcher.alive) watcher.accept([DOWN, ref, PROCESS, ref.item, reason]);
}

/** Whether a message is the 'DOWN' of this monitor. Never throws. */
export function isDown(message: unknown, ref: Ref): message is readonly [unknown, Ref, unknown, Pid, unknown] {
  return tagOf(message, 5) === DOWN && (message as readonly unknown[])[1] === ref;
}

/** Ends a monitor. True if it was still active, that is, if no 'DOWN' was delivered. */
export function demonitor(holder: Process, ref: Ref, flush: boolean): boolean {
  let active = false;
  if (ref instanceof MonitorRef && ref.watcher === holder) {
    const { target } = ref;
    active = target !== undefined;
    ref.target = undefined;
    target?.extra?.watchers?.delete(ref);
    holder.extra?.monitors?.delete(ref);
    if (ref.mode !== "explicit_unalias") ref.deactivate();
  }
  if (flush && !active) {
    discard(holder, (message) => isDown(message, ref));
  }
  return active;
}

/** Notifies the monitors of a dead process, in the order in which they were made. */
export function notifyMonitors(process: Process, reason: unknown): void {
  const watchers = process.extra?.watchers;
  if (watchers === undefined) return;
  process.more.watchers = undefined;
  for (const ref of watchers) down(ref as MonitorRef, reason);
}

/** Ends all monitors, aliases and timers of a process that died. */
export function forget(process: Process): void {
  const { extra } = process;
  if (extra === undefined) return;
  for (const ref of extra.monitors ?? []) ref.target?.extra?.watchers?.delete(ref);
  for (const ref of extra.aliases ?? []) (ref as AliasRef | MonitorRef).owner = undefined;
  for (const timer of extra.timers ?? []) abandon(timer);
  extra.monitors = undefined;
  extra.aliases = undefined;
  extra.timers = undefined;
}

/** The process behind an alias, if it is active. `reply`: the message is a reply, which ends an alias made for one. */
export function owner(ref: Ref): Process | undefined {
  if (!(ref instanceof AliasRef || ref instanceof MonitorRef)) return undefined;
  const process = ref.owner;
  if (process !== undefined && ref.mode === "reply_demonitor") {
    ref.deactivate();
    if (ref instanceof MonitorRef) demonitor(process, ref, false);
  }
  return process;
}

export function unalias(holder: Process, ref: Ref): boolean {
  if (!(ref instanceof AliasRef || ref instanceof MonitorRef) || ref.owner !== holder) return false;
  return ref.deactivate();
}

settleLayout(MonitorRef);
