/** The traced processes, and which events are theirs. Nothing is watched while no process is traced. */
import { DOWN, EXIT } from "../term/atoms.ts";
import { tagOf } from "../term/guarded.ts";
import type { Pid } from "../term/pid.ts";
import { acting } from "../process/context.ts";
import { type Entry, Envelope } from "../process/mailbox.ts";
import { Process } from "../process/process.ts";
import { tap } from "../process/tap.ts";
import { type Call, type Happening, setTracer, type Tracer } from "../process/tracer.ts";
import { Cast } from "../call/cast.ts";
import { Request } from "../call/request.ts";
import type { Seen, Trace } from "./trace.ts";

const traces = new Map<Process, Set<Trace>>();
let untap: (() => void) | undefined;

/** Starts a trace. */
export function watch(trace: Trace): Trace {
  const { process } = trace;
  const of = traces.get(process) ?? new Set();
  traces.set(process, of.add(trace));
  if (untap === undefined) {
    untap = tap(passing);
    setTracer(tracer);
  }
  trace.whenOver(() => {
    of.delete(trace);
    if (of.size === 0 && traces.get(process) === of) traces.delete(process);
    if (traces.size > 0 || untap === undefined) return;
    untap();
    untap = undefined;
    setTracer(undefined);
  });
  return trace;
}

function record(process: Process | undefined, seen: () => Seen): void {
  const of = process && traces.get(process);
  if (of !== undefined) for (const trace of of) trace.saw(seen());
}

// An entry about to be put into a mailbox.
function passing(to: unknown, entry: Entry): void {
  if (!(to instanceof Process) || !to.alive) return;
  const sender = acting();
  if (!traces.has(to) && (sender === undefined || !traces.has(sender))) return;
  const what = contentOf(entry);
  if (isSignal(entry)) record(to, () => ({ event: "receive", ...what }));
  else {
    record(sender, () => ({ event: "send", ...what, peer: to.pid }));
    record(to, () => ({ event: "receive", ...what, peer: sender?.pid }));
  }
}

function contentOf(entry: Entry): Pick<Seen, "kind" | "message"> & { readonly kind: NonNullable<Seen["kind"]> } {
  if (entry instanceof Request) {
    const { handlers, payload } = entry;
    if (!handlers.system) return { kind: "call", message: payload };
    return { kind: "system", message: (payload as { readonly op: string }).op };
  }
  if (entry instanceof Cast) return { kind: "cast", message: entry.message };
  return { kind: "message", message: entry.term };
}

// Messages caused by a death have no sender.
function isSignal(entry: Entry): boolean {
  if (!(entry instanceof Envelope)) return false;
  return tagOf(entry.message, 3) === EXIT || tagOf(entry.message, 5) === DOWN;
}

const tracer: Tracer = {
  happened(process, happening) {
    record(process, () => seenOf(happening));
  },
  replied({ callee, caller, handlers }, value) {
    if (handlers.system) return;
    record(callee, () => ({ event: "send", kind: "reply", peer: caller?.pid, message: value }));
    record(caller, () => ({ event: "receive", kind: "reply", peer: callee.pid, message: value }));
  },
  failed({ callee, caller, server, payload, handlers }: Call, reason) {
    if (server === undefined || handlers.system) return;
    record(caller, () => ({ event: "receive", kind: "failure", peer: callee.pid, message: payload, reason }));
  },
};

function seenOf(happening: Happening): Seen {
  switch (happening.what) {
    case "exit":
      return { event: "exit", reason: happening.reason };
    case "register":
    case "unregister":
      return { event: happening.what, message: happening.name };
    default:
      return { event: happening.what, peer: happening.pid as Pid };
  }
}
