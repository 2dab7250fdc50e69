/** The atoms of OTP's gen_statem, by the names this package exports them under. */
import { ensure } from "../term/atom.ts";

export { CALL, HIBERNATE, IGNORE, INFINITY, INFO, NORMAL, OK, REPLY, STOP, TIMEOUT } from "../term/atoms.ts";

export const GEN_STATEM = ensure("gen_statem");

// Callback modes.
export const STATE_FUNCTIONS = ensure("state_functions");
export const HANDLE_EVENT_FUNCTION = ensure("handle_event_function");
export const STATE_ENTER = ensure("state_enter");

// Types of events.
export const CAST = ensure("cast");
export const INTERNAL = ensure("internal");
export const STATE_TIMEOUT = ensure("state_timeout");
export const ENTER = ensure("enter");

// Results.
export const NEXT_STATE = ensure("next_state");
export const KEEP_STATE = ensure("keep_state");
export const KEEP_STATE_AND_DATA = ensure("keep_state_and_data");
export const REPEAT_STATE = ensure("repeat_state");
export const REPEAT_STATE_AND_DATA = ensure("repeat_state_and_data");
export const STOP_AND_REPLY = ensure("stop_and_reply");

// Actions.
export const POSTPONE = ensure("postpone");
export const NEXT_EVENT = ensure("next_event");
export const CANCEL = ensure("cancel");
export const UPDATE = ensure("update");
export const ABS = ensure("abs");
export const CHANGE_CALLBACK_MODULE = ensure("change_callback_module");
export const PUSH_CALLBACK_MODULE = ensure("push_callback_module");
export const POP_CALLBACK_MODULE = ensure("pop_callback_module");

// Time-outs of a call.
export const CLEAN_TIMEOUT = ensure("clean_timeout");
export const DIRTY_TIMEOUT = ensure("dirty_timeout");

// Errors.
export const BAD_RETURN_FROM_INIT = ensure("bad_return_from_init");
export const BAD_RETURN_FROM_CALLBACK_MODE = ensure("bad_return_from_callback_mode");
export const BAD_RETURN = ensure("bad_return_from_state_function");
export const BAD_ACTION = ensure("bad_action_from_state_function");
export const BAD_REPLY_ACTION = ensure("bad_reply_action_from_state_function");
export const BAD_ENTER_RETURN = ensure("bad_state_enter_return_from_state_function");
export const BAD_ENTER_ACTION = ensure("bad_state_enter_action_from_state_function");
