/** What went wrong with a handler, in words. The reasons stay OTP's; the sentences go beside them, into messages and reports. */
import { ERROR, EXIT } from "../term/atoms.ts";
import { describe } from "../term/describe.ts";
import { isTuple, tagOf } from "../term/guarded.ts";
import { listed } from "../term/options.ts";
import { inWords } from "../term/reason.ts";
import { nameOfModule } from "../behaviour/module_name.ts";

const EVENT = "[OK, state], REMOVE_HANDLER or [SWAP_HANDLER, args, state, handler, new_args]";

const RESULTS = {
  init: "[OK, state] or [ERROR, reason]",
  handle_event: EVENT,
  handle_info: EVENT,
  handle_call: "[OK, reply, state], [REMOVE_HANDLER, reply] or [SWAP_HANDLER, reply, args, state, handler, new_args]",
};

/** A callback whose result is read. */
export type Callback = keyof typeof RESULTS;

/** Why a callback's result is none: what it failed with, or what it returned and may return. */
export function wrongResult(module: object, callback: Callback, result: unknown): string {
  if (tagOf(result, 2) === EXIT) return inWords((result as readonly unknown[])[1]);
  if (callback === "init" && tagOf(result, 2) === ERROR)
    return `its init refused: ${inWords((result as readonly unknown[])[1])}`;
  return `${callback} of ${nameOfModule(module)} returned ${describe(result)}, and must return ${RESULTS[callback]}`;
}

/** A handler for people. */
export function nameOfHandler(ref: unknown): string {
  const [module, ...id] = isTuple(ref) ? ref : [ref];
  const name = nameOfModule(module as object);
  return id.length === 0 ? name : `[${name}, ${describe(id[0])}]`;
}

const MANY = 5;

/** Why a handler cannot be asked or removed: it is not there. */
export function notInstalled(reason: unknown, installed: readonly unknown[]): string {
  const names = installed.slice(0, MANY).map(nameOfHandler);
  const all = installed.length > MANY ? [...names, `${installed.length - MANY} more`] : names;
  const there = all.length === 0 ? "no handler is" : `installed are ${listed(all)}`;
  return `it is not installed (${describe(reason)}); ${there}`;
}
