/** Supervisors and workers of the scenarios. The reference is erlang/lib/tsup.erl. */
import { OK, erlang, supervisor } from "@otpts/runtime";
import type { Pid, Via } from "@otpts/runtime";
import { name } from "./oracle.ts";
import * as probe from "./probe.ts";
import type { ProbeOptions } from "./probe.ts";
import { a, list } from "./term.ts";

// oxlint-disable-next-line typescript/no-explicit-any -- scenarios also give flags and specifications that are invalid
type Any = any;

/** The callback module: its argument is the name in the trace and what init returns. */
const tsup: Any = {
  name: "tsup",
  init([called, result]: [string, Any]): Any {
    name(erlang.self(), called);
    return flagged(typeof result === "function" ? result() : result);
  },
};

/** OTP's flags `intensity` and `period` are the options max_restarts and max_seconds here. */
function flagged(result: Any): Any {
  if (!Array.isArray(result) || !Array.isArray(result[1])) return result;
  const [flags, specs] = result[1];
  if (typeof flags !== "object" || Object.getPrototypeOf(flags) !== Object.prototype) return result;
  const { intensity, period, ...rest } = flags;
  const limits = { max_restarts: intensity, max_seconds: period };
  const given = Object.entries(limits).filter(([, value]) => value !== undefined);
  return [OK, [{ ...rest, ...Object.fromEntries(given) }, specs]];
}

/** A linked, unregistered supervisor. */
export function start(called: string, flags: Any, specs: Any): Promise<Pid> {
  return supervisor.start_link(tsup, [called, [OK, [flags, list(specs)]]]) as Promise<Pid>;
}

/** The same, registered. */
export function startRegistered(reg: string | Via, called: string, flags: Any, specs: Any): Promise<Pid> {
  return supervisor.start_link(tsup, [called, [OK, [flags, list(specs)]]], { name: reg }) as Promise<Pid>;
}

/** A supervisor whose init returns `result` as it is. */
export function raw(result: Any): Promise<Any> {
  return supervisor.start_link(tsup, ["sup", result]) as Promise<Any>;
}

export interface WorkerOptions extends ProbeOptions {
  restart?: Any;
  shutdown?: Any;
  type?: Any;
  significant?: Any;
  modules?: Any;
}

/** The child specification of a probe worker that traps exits. */
export function w(id: string, options: WorkerOptions = {}): Any {
  const { restart, shutdown, type, significant, modules, ...rest } = options;
  const given = Object.entries({ restart, shutdown, type, significant, modules }).filter(([, v]) => v !== undefined);
  return { id: a(id), task: probe.child, args: [id, { trap: true, ...rest }], ...Object.fromEntries(given) };
}
