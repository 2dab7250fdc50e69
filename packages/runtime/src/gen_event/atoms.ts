/** The atoms of OTP's gen_event, by the names this package exports them under. */
import { ensure } from "../term/atom.ts";

export { ERROR, HIBERNATE, OK, STOP } from "../term/atoms.ts";

export const GEN_EVENT = ensure("gen_event");
export const GEN_EVENT_EXIT = ensure("gen_event_EXIT");
export const REMOVE_HANDLER = ensure("remove_handler");
export const SWAP_HANDLER = ensure("swap_handler");
export const SWAPPED = ensure("swapped");
export const BAD_MODULE = ensure("bad_module");
export const MODULE_NOT_FOUND = ensure("module_not_found");
export const CRASH = ensure("crash");
