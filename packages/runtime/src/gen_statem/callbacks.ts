/** A gen_statem's callback module as its loop sees it, without the callbacks' own types (`types.ts`). */
import { Atom } from "../term/atom.ts";
import { isTuple } from "../term/guarded.ts";
import type { Shown } from "../behaviour/served.ts";
import { HANDLE_EVENT_FUNCTION, STATE_ENTER, STATE_FUNCTIONS } from "./atoms.ts";

export interface AnyModule extends Shown {
  callback_mode?(): unknown;
  init?(arg: unknown): unknown;
  handle_event?(type: unknown, content: unknown, state: unknown, data: unknown): unknown;
  terminate?(reason: unknown, state: unknown, data: unknown): unknown;
}

/** How a module's callbacks are called. */
export interface Mode {
  /** Whether the function named after the state is called, instead of handle_event. */
  readonly functions: boolean;
  /** Whether it is also called when a state is entered. */
  readonly enter: boolean;
}

/** Reads the result of callback_mode: a mode, or a list of a mode and `STATE_ENTER`. Undefined if it is invalid. */
export function modeOf(result: unknown): Mode | undefined {
  let functions: boolean | undefined;
  let enter = false;
  for (const word of isTuple(result) ? result : [result]) {
    if (word === STATE_FUNCTIONS) functions = true;
    else if (word === HANDLE_EVENT_FUNCTION) functions = false;
    else if (word === STATE_ENTER) enter = true;
    else return undefined;
  }
  return functions === undefined ? undefined : { functions, enter };
}

/** The callbacks that no state can be named after. */
export const RESERVED: ReadonlySet<string> = new Set([
  "callback_mode",
  "init",
  "handle_event",
  "terminate",
  "format_status",
  "code_change",
  "name",
  "behaviour",
  "constructor",
]);

/** The name of a state that has a function: an atom or a string. Undefined for any other term. */
export function nameOfState(state: unknown): string | undefined {
  return typeof state === "string" ? state : state instanceof Atom ? state.name : undefined;
}

export type StateFunction = (...args: unknown[]) => unknown;

/** The function of this name in a module, unless it is a callback or a method of every object. */
export function functionOf(module: object, name: string): StateFunction | undefined {
  if (RESERVED.has(name)) return undefined;
  const there: unknown = (module as Record<string, unknown>)[name];
  return typeof there === "function" && there !== (Object.prototype as unknown as Record<string, unknown>)[name]
    ? (there as StateFunction)
    : undefined;
}

/** Whether this can be a callback module. */
export function isModule(module: unknown): module is AnyModule {
  return (
    (typeof module === "object" || typeof module === "function") &&
    module !== null &&
    !(module instanceof Atom) &&
    !isTuple(module)
  );
}
