import { describe } from "../term/describe.ts";
import { ErlangError } from "../term/error.ts";
import { checkOptions } from "../term/options.ts";
import type { ServerRef } from "../term/protocol.ts";
import { absence, locate, nameOf } from "../behaviour/gen.ts";
import { type Checked, FLAGS, type Flag, Trace, type TraceOptions } from "./trace.ts";
import { watch } from "./watched.ts";

export type { Ending, Flag, Trace, TraceEvent, TraceOptions } from "./trace.ts";

const MAX_EVENTS = 100_000;
const MAX_TIME = 3_600_000;

/**
 * Traces a process: collects its events and passes them on as they happen, until there were `max_events` events, `time`
 * is over, the process has ended or `stop` is called, whichever comes first. The last event has the reason.
 *
 * @param target the process: a pid, a name, `[name, node]` or `{ via }`
 * @returns the trace: its `events` so far, `stop()`, and `ended`, which resolves with the reason of its end
 * @throws ErlangError with reason `noproc` if there is no such process, TypeError or RangeError for invalid options
 *
 * @example
 * const traced = trace.process("orders", { max_events: 20, time: 5_000, to: ({ text }) => console.log(text) });
 * await traced.ended; // "max_events"
 */
function traceProcess(target: ServerRef, options: TraceOptions = {}): Trace {
  const checked = check(options);
  const process = locate(target);
  if (process === undefined)
    throw new ErlangError(absence(target), `Cannot trace ${nameOf(target)}: there is no such process`);
  return watch(new Trace(process, checked));
}

export { traceProcess as process };

function check(options: TraceOptions): Checked {
  checkOptions(options, ["max_events", "time", "flags", "to", "log"], "trace a process");
  const { max_events = 100, time = 10_000, flags = FLAGS, to, log = to === undefined } = options;
  if (!Number.isInteger(max_events) || max_events < 1 || max_events > MAX_EVENTS)
    throw new RangeError(
      `Cannot trace a process: max_events must be a whole number from 1 to ${MAX_EVENTS}, got ${describe(max_events)}`,
    );
  if (typeof time !== "number" || !(time > 0 && time <= MAX_TIME))
    throw new RangeError(
      `Cannot trace a process: time must be a number of milliseconds from 1 to ${MAX_TIME} (an hour), got ${describe(time)}`,
    );
  if (!Array.isArray(flags) || !flags.every((each: unknown) => FLAGS.includes(each as Flag)))
    throw new TypeError(
      `Cannot trace a process: flags must be an array of ${FLAGS.map((each) => `"${each}"`).join(", ")}, got ${describe(flags)}`,
    );
  if (to !== undefined && typeof to !== "function")
    throw new TypeError(`Cannot trace a process: to must be a function, got ${describe(to)}`);
  if (typeof log !== "boolean")
    throw new TypeError(`Cannot trace a process: log must be true or false, got ${describe(log)}`);
  return { max_events, time, flags, to, log };
}
