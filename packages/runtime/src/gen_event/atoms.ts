/** The atoms of OTP's gen_event, by the names this package exports them under. */
import { ensure } from "../term/atom.ts";

export { ERROR, HIBERNATE, OK, STOP } from "../term/atoms.ts";

export const GEN_EVENT = ensure("gen_event");
/** `[GEN_EVENT_EXIT, handler, reason]` is the message to the process that added a supervised handler when it ends. */
export const GEN_EVENT_EXIT = ensure("gen_event_EXIT");
/** Returned by a callback, removes the handler. */
export const REMOVE_HANDLER = ensure("remove_handler");
/** `[SWAP_HANDLER, args, state, new_handler, new_args]`, returned by a callback, puts another handler in its place. */
export const SWAP_HANDLER = ensure("swap_handler");
/** `[SWAPPED, handler, pid]` is the reason in `GEN_EVENT_EXIT` when another handler took the place. */
export const SWAPPED = ensure("swapped");
export const BAD_MODULE = ensure("bad_module");
export const MODULE_NOT_FOUND = ensure("module_not_found");
export const CRASH = ensure("crash");
